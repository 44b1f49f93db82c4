"""Arguments of a call, however they were sent: query string, form, multipart or JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request

from tests.standins.telegram.refusals import Json, bad_request

_NESTED = {
    "allowed_updates", "caption_entities", "commands", "entities", "link_preview_options", "media",
    "message_ids", "prices", "reply_markup", "reply_parameters", "scope",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with the call."""

    name: str
    mime_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Params:
    """The arguments by name; forms carry nested values as JSON text, JSON bodies carry them as they are."""

    values: Mapping[str, Any]
    files: Mapping[str, Upload] = field(default_factory=dict)

    def has(self, name: str) -> bool:
        """Whether it was given at all."""
        return name in self.values or name in self.files

    def text(self, name: str) -> str:
        """A string; empty where missing."""
        value = self.values.get(name)
        if value is None:
            return ""
        if isinstance(value, bool):
            return str(value).lower()
        return value if isinstance(value, str) else json.dumps(value)

    def integer(self, name: str, default: int = 0) -> int:
        """A whole number; the vendor reads what is none as zero."""
        try:
            return int(self.text(name)) if self.has(name) else default
        except ValueError:
            return 0

    def flag(self, name: str) -> bool:
        """A truth value, as the vendor reads it."""
        return self.text(name).lower() in {"true", "yes", "1"}

    def nested(self, name: str) -> Any:
        """An object or array; None where missing.

        Raises:
            RefusedError: 400 where it is no JSON.
        """
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return json.loads(value)
        except ValueError as error:
            raise bad_request(f"can't parse {name} JSON object") from error

    def chat_id(self) -> int | None:
        """The chat meant; None where it is a @name (no chat of the stand-in has one).

        Raises:
            RefusedError: 400 where it is missing.
        """
        text = self.text("chat_id")
        if not text:
            raise bad_request("chat_id is empty")
        try:
            return int(text)
        except ValueError:
            return None

    def record(self) -> Json:
        """The arguments for the log: nested values decoded, files as name and size."""
        files = {
            name: {"file_name": upload.name, "mime_type": upload.mime_type, "size": len(upload.content)}
            for name, upload in self.files.items()
        }
        return {name: _decoded(name, value) for name, value in self.values.items()} | files


async def read_params(request: Request) -> Params:
    """Read the arguments of a call; those in the body win over those in the address."""
    values: dict[str, Any] = dict(request.query_params)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        try:
            body = json.loads(await request.body() or b"{}")
        except ValueError as error:
            raise bad_request("can't parse request: invalid JSON") from error
        if not isinstance(body, dict):
            raise bad_request("object expected")
        return Params(values | body)
    files: dict[str, Upload] = {}
    async with request.form(max_part_size=60 << 20) as form:
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                mime_type = value.content_type or "application/octet-stream"
                files[name] = Upload(value.filename or name, mime_type, await value.read())
            else:
                values[name] = value
    return Params(values, files)


def _decoded(name: str, value: Any) -> Any:
    if name in _NESTED and isinstance(value, str):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value
