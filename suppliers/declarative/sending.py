"""Signed requests from a file's tables: a literal stays as it is, a name is replaced by its value, nothing empty is sent."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shop_core.kernel.secret import Secret
from shop_core.supply.supplier import PurchaseRequest
from shop_core.wire.site import Call
from suppliers.declarative import signing
from suppliers.declarative.schema import Parts, Protocol, SortedFields, name_in

_TYPES: Final = {"form": "application/x-www-form-urlencoded", "json": "application/json; charset=utf-8"}


class NothingToSayError(Exception):
    """The request needs something that we do not have; ``name`` says what. Nothing was sent."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


@dataclass(frozen=True, slots=True)
class Signer:
    """Builds the calls of one account."""

    protocol: Protocol
    account: str
    key: Secret

    def call(self, path: str, send: Mapping[str, str], values: Mapping[str, str], now: datetime) -> Call:
        """A signed request.

        Args:
            path: The page, as the file has it.
            send: The file's table of what is sent.
            values: By name, what this call knows beside the account and the time.
            now: For time stamps.

        Raises:
            NothingToSayError: A buyer's word that the table names is not among the values.
        """
        known = {**values, **self._always(now)}
        fields = {name: _filled(value, known) for name, value in send.items()}
        fields = {name: value for name, value in fields.items() if value}
        page = path.lstrip("/")
        signature = self._signature(fields, page, now)
        if self.protocol.signing.field:
            fields[self.protocol.signing.field] = signature
        return self._call(page, fields, {**known, "signature": signature})

    def _call(self, page: str, fields: Mapping[str, str], known: Mapping[str, str]) -> Call:
        headers = {name: _filled(value, known) for name, value in self.protocol.headers.items()}
        match self.protocol.protocol.sends:
            case "query":
                return Call(method="GET", page=page, query=fields, headers=headers)
            case "form":
                return Call(method="POST", page=page, form=fields, headers=headers)
            case "json":
                headers |= {"Content-Type": _TYPES["json"]}
                return Call(method="POST", page=page, content=body_of(fields).encode(), headers=headers)

    def _always(self, now: datetime) -> dict[str, str]:
        ms = round(now.timestamp() * 1000)
        return {"account": self.account, "timestamp": str(ms // 1000), "timestamp_ms": str(ms)}

    def _signature(self, fields: Mapping[str, str], page: str, now: datetime) -> str:
        method = "GET" if self.protocol.protocol.sends == "query" else "POST"
        body = body_of(fields) if self.protocol.protocol.sends == "json" else ""
        facts = {"method": method, "path": f"/{page}", "body": body, **self._always(now)}
        return signature_of(self.protocol, fields, facts, self.key)


def body_of(fields: Mapping[str, str]) -> str:
    """A JSON body: compact, names in order, everything readable as it is. What is signed is what is sent."""
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def signature_of(protocol: Protocol, fields: Mapping[str, str], facts: Mapping[str, str], key: Secret) -> str:
    """The signature of a request, by the recipe of its file.

    Args:
        protocol: The file.
        fields: What is sent, without the signature.
        facts: ``method``, ``path``, ``body``, ``account`` and the time stamps, for ``parts``.
        key: The account's.
    """
    recipe = protocol.signing
    match recipe:
        case SortedFields():
            text = signing.sorted_fields(fields)
            return signing.sign_text(
                text, key, digest=recipe.digest, before_key=recipe.before_key, letters=recipe.letters
            )
        case Parts():
            known = {**facts, "key": key.reveal(), "body_md5": _md5(facts["body"])}
            text = recipe.join.join(_filled(part, known) for part in recipe.parts)
            found = signing.digest_of(text, key, recipe.digest)
            return found.upper() if recipe.letters == "upper" else found


def is_signed(protocol: Protocol, fields: Mapping[str, str], key: Secret) -> bool:
    """Tell whether a callback's fields carry our key's signature, in constant time.

    Whether what is empty is signed there, the documents leave open: both are accepted, either needs the key.
    """
    recipe = protocol.signing
    if not isinstance(recipe, SortedFields):
        return False
    told = {name: value for name, value in fields.items() if name != recipe.field}
    expected = [
        signing.sign_text(
            text, key, digest=recipe.digest, before_key=recipe.before_key, letters=recipe.letters
        )
        for text in (signing.sorted_fields(told), signing.sorted_with_empty(told))
    ]
    return signing.is_same(fields.get(recipe.field, ""), expected)


def values_of(request: PurchaseRequest) -> dict[str, str]:
    """What placing can say: by the names of the file."""
    words = {key: secret.reveal() for key, secret in request.inputs.items()}
    in_order = [words[key] for key in sorted(words, key=lambda key: (len(key), key))]
    return {
        "number": request.number,
        "offer": request.offer_ref,
        "quantity": str(request.quantity),
        "at_most": request.at_most.decimal_text() if request.at_most else "",
        "callback_url": request.callback_url or "",
        "inputs": json.dumps(in_order, ensure_ascii=False, separators=(",", ":")) if words else "",
        **{f"input.{key}": value for key, value in words.items()},
    }


def _filled(value: str, known: Mapping[str, str]) -> str:
    name = name_in(value)
    if name is None:
        return value
    if name not in known:
        raise NothingToSayError(name)
    return known[name]


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
