"""``/upload/TOKEN``: one file of staff, or pasted lines, where their chat takes no files. Works without a script."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from html import escape
from http import HTTPStatus
from pathlib import Path
from string import Template
from typing import Final

import structlog
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.types import Message

from admin_cmds import uploads
from admin_cmds.uploads import UploadPage
from bot.web.form import BadForm
from handlers.incoming import Upload
from handlers.words import Phrases, Words
from shop_core.conversations.upload_links import NoSuchUpload
from shop_core.db.shop import Shop

LARGEST: Final = 20 * 1024 * 1024
"""Bytes: what a chat that takes files takes."""
_AROUND: Final = 64 * 1024
"""What a browser puts around a file."""
_FILES: Final = Path(__file__).parent / "page"
_LANGUAGES: Final = {"zh": "zh-CN", "en": "en"}
_NOT_KEPT: Final = {"Cache-Control": "no-store"}
_PASTED: Final = "pasted.txt"

_log = structlog.get_logger(__name__)


class UploadPages:
    """Takes files for commands that wait for them."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._page = Template((_FILES / "upload.html").read_text("utf-8"))

    def routes(self) -> list[Route]:
        return [
            Route("/upload/{token}", self.show, methods=["GET"]),
            Route("/upload/{token}", self.take, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """The page; a look uses nothing up."""
        try:
            page = await uploads.show(self._shop, request.path_params["token"])
        except NoSuchUpload:
            return self._nowhere()
        return self._draw(page, HTTPStatus.OK)

    async def take(self, request: Request) -> Response:
        """One file. What is too large is not waited for."""
        token = request.path_params["token"]
        try:
            asked = await uploads.show(self._shop, token)
            page = await self._receive(request, token, asked)
        except NoSuchUpload:
            return self._nowhere()
        return self._draw(page, HTTPStatus.BAD_REQUEST if page.said else HTTPStatus.OK)

    async def _receive(self, request: Request, token: str, asked: UploadPage) -> UploadPage:
        say = self._say(asked.language)
        try:
            file = await _read_file(request)
        except BadForm as error:
            _log.warning("upload.refused", reason=error.reason)
            return replace(asked, said=say("error.file_too_large"))
        if file is None:
            return replace(asked, said=say("admin.upload.nothing"))
        return await uploads.receive(self._shop, token, file)

    def _nowhere(self) -> Response:
        language = self._shop.policy.languages[0]
        text = f"<h1>{escape(self._say(language)('error.conversations.no_such_upload'))}</h1>"
        return self._filled(language, text, HTTPStatus.NOT_FOUND)

    def _draw(self, page: UploadPage, status: HTTPStatus) -> Response:
        inside = "\n".join(_inside(page, self._say(page.language)))
        return self._filled(page.language, inside, status)

    def _filled(self, language: str, inside: str, status: HTTPStatus) -> Response:
        shown = {"language": _LANGUAGES.get(language, language), "title": escape(self._shop.policy.name)}
        return HTMLResponse(self._page.substitute(shown, inside=inside), status, _NOT_KEPT)

    def _say(self, language: str) -> Phrases:
        return self._shop.get(Words).to(language)


def _inside(page: UploadPage, say: Phrases) -> Iterator[str]:
    if page.said:
        yield f'<p class="said" role="alert">{escape(page.said)}</p>'
    title, *rest = page.lines or ("",)
    state = "" if page.until is not None else ' class="paid" role="status"'
    yield f"<h1{state}>{escape(title)}</h1>"
    yield from (f"<p>{escape(line)}</p>" for line in rest)
    if page.until is None:
        yield f'<p class="muted">{escape(say("admin.upload.done"))}</p>'
        return
    yield f"""\
<form method="post" enctype="multipart/form-data">
  <label>{escape(say("admin.upload.file"))}
    <input type="file" name="file" accept=".txt,.csv,.xlsx,text/plain,text/csv"></label>
  <label>{escape(say("admin.upload.paste"))}
    <textarea name="codes" rows="5" autocomplete="off" autocapitalize="off" spellcheck="false"></textarea></label>
  <button class="key primary">{escape(say("admin.upload.send"))}</button>
</form>
<p class="muted">{escape(say("admin.upload.until", until=say.clock(page.until)))}</p>"""


async def _read_file(request: Request) -> Upload | None:
    """The file of a form, else its pasted lines; None: neither. It stays in memory: codes are in it.

    Raises:
        BadForm: Too large, or no form.
    """
    read = 0

    async def receive() -> Message:
        nonlocal read
        message = await request.receive()
        read += len(message.get("body", b""))
        if read > LARGEST + _AROUND:
            raise BadForm(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large")
        return message

    parser = MultiPartParser(
        request.headers,
        Request(request.scope, receive).stream(),
        max_files=1,
        max_fields=1,
        max_part_size=LARGEST,
    )
    parser.spool_max_size = LARGEST + _AROUND
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError):
        raise BadForm(HTTPStatus.BAD_REQUEST, "no_form") from None
    try:
        file, pasted = form.get("file"), form.get("codes")
        if isinstance(file, UploadFile) and file.filename:
            return Upload(file.filename, await file.read())
        text = pasted.strip() if isinstance(pasted, str) else ""
        return Upload(_PASTED, text.encode()) if text else None
    finally:
        await form.close()
