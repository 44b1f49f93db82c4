"""Loading a protocol file: checked whole, told all at once, and used only if its own vectors come out right."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from shop_core.supply.supplier import BadSupplierSettings
from suppliers.declarative.faults import Fault, faults_of
from suppliers.declarative.schema import Protocol
from suppliers.declarative.vectors import wrong_vectors

SHIPPED: Final = ("dayuanren", "kakayun")
"""The protocols whose files come with the shop."""

FILE_LIMIT_BYTES: Final = 262_144


class BadProtocolFile(BadSupplierSettings):
    """A protocol file cannot be used. Raised once for all faults of a file."""

    code = "supply.bad_protocol_file"

    def __init__(self, file: str, faults: Sequence[Fault]) -> None:
        super().__init__(file=file, problem="; ".join(str(fault) for fault in faults))
        self.file = file
        self.faults = tuple(faults)

    def __str__(self) -> str:
        count = "1 thing" if len(self.faults) == 1 else f"{len(self.faults)} things"
        return "\n".join([f"{self.file}: {count} to mend", *(f"  {fault}" for fault in self.faults)])


def shipped(name: str) -> Protocol:
    """A protocol that comes with the shop.

    Raises:
        BadProtocolFile: Its vectors do not come out right.
    """
    return _load(_protocols() / f"{name}.toml", f"{name}.toml")


def load(path: Path) -> Protocol:
    """An operator's own protocol.

    Raises:
        BadProtocolFile: It cannot be read, something in it is wrong, or its vectors do not come out right.
    """
    return _load(path, str(path))


def template() -> str:
    """The text of a file to begin with; it loads as it stands."""
    return (_protocols() / "template.toml").read_text(encoding="utf-8")


def _protocols() -> Traversable:
    return resources.files("suppliers.declarative") / "protocols"


def _load(path: Path | Traversable, file: str) -> Protocol:
    try:
        protocol = Protocol.model_validate(_read(path, file))
    except ValidationError as error:
        raise BadProtocolFile(file, faults_of(error)) from None
    if wrong := [Fault(*each) for each in wrong_vectors(protocol)]:
        raise BadProtocolFile(file, wrong)
    return protocol


def _read(path: Path | Traversable, file: str) -> Mapping[str, object]:
    try:
        raw = path.read_bytes()
        if len(raw) > FILE_LIMIT_BYTES:
            raise BadProtocolFile(
                file, [Fault("the file", f"{len(raw)} bytes", f"at most {FILE_LIMIT_BYTES}")]
            )
        return tomllib.loads(raw.decode("utf-8-sig"))
    except OSError as error:
        reason = error.strerror or "no file"
        raise BadProtocolFile(file, [Fault("the file", reason, "a file that can be read")]) from None
    except UnicodeDecodeError:
        raise BadProtocolFile(file, [Fault("the file", "other bytes", "UTF-8")]) from None
    except tomllib.TOMLDecodeError as error:
        raise BadProtocolFile(file, [Fault("the file", str(error), "TOML")]) from None
