"""A file against its own vectors: every signature, every answer, each time it is loaded."""

from __future__ import annotations

import json
from collections.abc import Iterator

from shop_core.kernel.errors import Unknown
from shop_core.kernel.secret import Secret
from shop_core.supply.supplier import (
    Accepted,
    Done,
    Failed,
    Outcome,
    Partial,
    Refused,
    SupplierRefused,
)
from shop_core.wire.reading import NotReadable, read_facts
from suppliers.declarative.schema import AnswerVector, Meaning, Protocol, SignatureVector
from suppliers.declarative.sending import signature_of
from suppliers.declarative.translate import Reader, meaning_of


def wrong_vectors(protocol: Protocol) -> Iterator[tuple[str, str, str]]:
    """What does not come out as the file says: the key, what was found, what the file expects."""
    for i, signed in enumerate(protocol.vectors.signatures, 1):
        if (found := _signature(protocol, signed)) != signed.expected:
            yield f"vectors.signatures.{i}", f'"{found}"', f'"{signed.expected}"'
    for i, told in enumerate(protocol.vectors.answers, 1):
        for key, seen, expected in _wrong_facts(protocol, told):
            yield f"vectors.answers.{i}.{key}", seen, expected


def _signature(protocol: Protocol, vector: SignatureVector) -> str:
    facts = {
        "method": vector.method,
        "path": vector.path,
        "body": vector.body,
        "account": vector.account,
        "timestamp": str(vector.timestamp),
        "timestamp_ms": str(vector.timestamp),
    }
    return signature_of(protocol, vector.fields, facts, Secret(vector.key))


def _wrong_facts(protocol: Protocol, vector: AnswerVector) -> Iterator[tuple[str, str, str]]:
    try:
        means, outcome = _meaning(protocol, vector)
    except NotReadable:
        yield "answer", "something else", "a JSON object"
        return
    if means != vector.means:
        yield "means", f'"{means}"', f'"{vector.means}"'
        return
    for key, found in _facts(outcome).items():
        expected = getattr(vector, key)
        if expected is not None and found != expected:
            yield key, json.dumps(found, ensure_ascii=False), json.dumps(expected, ensure_ascii=False)


def _meaning(protocol: Protocol, vector: AnswerVector) -> tuple[Meaning, Outcome | None]:
    try:
        outcome = _read(protocol, vector)
    except Unknown:
        return "unknown", None
    except SupplierRefused:
        return "keys", None
    return meaning_of(outcome), outcome


def _read(protocol: Protocol, vector: AnswerVector) -> Outcome:
    # The key of a vector is made up: no answer repeats it.
    reader = Reader("the vector", protocol, Secret(""))
    answer = read_facts(vector.answer.encode())
    match vector.to:
        case "place":
            return reader.placed(answer, vector.number, vector.quantity)
        case "query":
            return reader.queried(answer, vector.number, vector.supplier_ref)
        case "callback":
            if protocol.callback is None:
                raise Unknown("the file has no callback")
            return reader.purchase(answer, protocol.callback.purchase)


def _facts(outcome: Outcome | None) -> dict[str, object]:
    """The facts of an outcome that a vector can name, as texts."""
    found: dict[str, object] = {}
    if isinstance(outcome, Accepted | Done | Partial | Failed):
        found["supplier_ref"] = outcome.supplier_ref
    if isinstance(outcome, Accepted | Done | Partial):
        found["cost"] = outcome.cost.decimal_text() if outcome.cost else None
    if isinstance(outcome, Done | Partial):
        found["goods"] = tuple(piece.reveal() for piece in outcome.goods)
    if isinstance(outcome, Refused):
        found["why"] = outcome.why.value
    return found
