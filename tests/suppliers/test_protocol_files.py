"""Protocol files: every error names the file, the key and what was expected, and no file is used that fails its vectors."""

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shop_core.supply.supplier import BadSupplierSettings
from suppliers.declarative.file import SHIPPED, BadProtocolFile, load, shipped, template
from tests.suppliers.vectors import vector

Change = Callable[[dict[str, Any]], object]


def written(folder: Path, change: Change) -> Path:
    """The template, changed; written as JSON-like TOML that tomllib reads back."""
    told = tomllib.loads(template())
    change(told)
    path = folder / "mine.toml"
    path.write_text(_as_toml(told), encoding="utf-8")
    return path


def _as_toml(table: dict[str, Any]) -> str:
    return "\n".join(f"{_value(key)} = {_value(value)}" for key, value in table.items())


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_value(k)} = {_value(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(_value(each) for each in value) + "]"
    if isinstance(value, bool | int):
        return str(value).lower()
    escaped = "".join(f"\\u{ord(c):04x}" if c in '"\\\n' else c for c in value)
    return f'"{escaped}"'


def test_the_files_that_come_with_the_shop_load() -> None:
    for name in SHIPPED:
        protocol = shipped(name)
        assert protocol.vectors.signatures[0].expected in {
            vector("kakayun_buy")["expected"],
            vector("dayuanren_recharge")["expected"],
        }


def test_the_template_loads_as_it_stands(tmp_path: Path) -> None:
    path = written(tmp_path, lambda _: None)
    assert load(path).place.path == "/api/order"


WRONG: list[tuple[str, Change, str]] = [
    (
        "extra",
        lambda it: it["place"].update(retry=3),
        "place.retry: found a key nobody knows; expected one of",
    ),
    ("near", lambda it: it["place"].update(no_code=[]), "expected a known one, perhaps no_codes"),
    ("table", lambda it: it.update(places={}), "places: found a key nobody knows"),
    ("missing", lambda it: it["answers"].pop("yes"), "answers.yes: found nothing; expected a value"),
    ("none", lambda it: it.pop("balance"), "balance: found nothing"),
    (
        "recipe",
        lambda it: it["signing"].update(recipe="lua"),
        'signing.recipe: found "lua"; expected "sorted_fields" or',
    ),
    (
        "digest",
        lambda it: it["signing"].update(digest="crc32"),
        'signing.digest: found "crc32"; expected "md5", "sha1"',
    ),
    (
        "signing",
        lambda it: it["signing"].update(salt="x"),
        "signing.salt: found a key nobody knows; expected one of recipe",
    ),
    (
        "state",
        lambda it: it["states"].update({"4": "gone"}),
        'states.4: found "gone"; expected "accepted", "done"',
    ),
    (
        "path",
        lambda it: it["query"].update(items="data[0]"),
        'query.items: found "data[0]"; expected a path such as',
    ),
    (
        "kind",
        lambda it: it["offers"]["offer"].update(kind="pass"),
        'offers.offer.kind: found "pass"; expected "card"',
    ),
    (
        "most",
        lambda it: it["offers"]["offer"].update(most=[1]),
        "offers.offer.most: found a list; expected a number",
    ),
    ("type", lambda it: it["place"].update(no_codes="9"), "place.no_codes: found a text"),
    (
        "name",
        lambda it: it["place"]["send"].update(t="{nonce}"),
        'place.send.t: found "{nonce}"; expected a literal',
    ),
    (
        "formula",
        lambda it: it["place"]["send"].update(t="{quantity*2}"),
        'place.send.t: found "{quantity*2}"',
    ),
    ("joined", lambda it: it["place"]["send"].update(t="a-{number}"), 'place.send.t: found "a-{number}"'),
    ("python", lambda it: it["place"]["send"].update(t="{number.__class__}"), "place.send.t"),
    ("not there", lambda it: it["query"]["send"].update(t="{quantity}"), "query.send.t"),
    (
        "unsigned",
        lambda it: it["signing"].update(field=""),
        "signing.field: found none; expected the signature in one",
    ),
    ("twice", lambda it: it.update(headers={"Sign": "{signature}"}), "signing.field: found two places"),
    (
        "callback",
        lambda it: it.update(
            signing={"recipe": "parts", "digest": "sha1", "parts": ["{key}"], "field": "sign"}
        ),
        "callback: found a callback; expected none",
    ),
    (
        "guard",
        lambda it: it["promises"].update(guards_price=True),
        "promises.guards_price: found true; expected a value",
    ),
    (
        "number",
        lambda it: it["query"]["send"].pop("out_no"),
        "promises.finds_our_number: found true; expected a value",
    ),
    (
        "currency",
        lambda it: it["protocol"].update(currency="CNH"),
        'protocol.currency: found "CNH"; expected a currency',
    ),
    ("signature", lambda it: it["signing"].update(letters="upper"), "vectors.signatures.1: found"),
    (
        "meaning",
        lambda it: it["states"].update({"2": "failed"}),
        'vectors.answers.4.means: found "unknown"; expected "done"',
    ),
    ("fact", lambda it: it["place"]["purchase"].update(cost="out_no"), "vectors.answers.1.cost: found null"),
    (
        "why",
        lambda it: it["place"].update(no_words={"price": ["余额不足"]}),
        'vectors.answers.2.why: found "price"',
    ),
    (
        "json",
        lambda it: it["vectors"]["answers"][0].update(answer="<html>"),
        "vectors.answers.1.answer: found something",
    ),
    ("no vectors", lambda it: it["vectors"].update(answers=[]), "vectors.answers: found"),
]


@pytest.mark.parametrize(
    ("change", "told"), [(c, t) for _, c, t in WRONG], ids=[name for name, _, _ in WRONG]
)
def test_what_is_wrong_is_named_by_file_key_and_what_was_expected(
    tmp_path: Path, change: Change, told: str
) -> None:
    path = written(tmp_path, change)
    with pytest.raises(BadProtocolFile) as caught:
        load(path)
    assert told in str(caught.value)
    assert str(path) in str(caught.value)
    assert isinstance(caught.value, BadSupplierSettings)


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    def change(it: dict[str, Any]) -> None:
        it["answers"].pop("yes")
        it["states"]["4"] = "gone"
        it["offers"]["offer"].pop("ref")

    with pytest.raises(BadProtocolFile) as caught:
        load(written(tmp_path, change))
    assert [fault.key for fault in caught.value.faults] == ["answers.yes", "states.4", "offers.offer.ref"]
    assert "3 things to mend" in str(caught.value)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"a = ", "expected TOML"),
        (b"\xff\xfe", "expected UTF-8"),
        (b"#" * 300_000, "at most"),
        (None, "can be read"),
    ],
    ids=["half", "bytes", "long", "none"],
)
def test_a_file_that_is_no_file_of_ours_is_refused(tmp_path: Path, content: bytes | None, told: str) -> None:
    path = tmp_path / "mine.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BadProtocolFile, match=told):
        load(path)


def test_a_callback_whose_signature_nothing_can_verify_is_never_in_a_file(tmp_path: Path) -> None:
    def change(it: dict[str, Any]) -> None:
        it.pop("callback")
        it["vectors"]["answers"].pop()
        it["signing"] = {
            "recipe": "parts",
            "digest": "sha1",
            "parts": ["{timestamp}", "{key}"],
            "field": "sign",
        }
        it["vectors"]["signatures"] = [{"key": "k", "timestamp": 7, "expected": "0" * 40}]

    with pytest.raises(BadProtocolFile, match=r"vectors\.signatures\.1: found \"[0-9a-f]{40}\"") as caught:
        load(written(tmp_path, change))
    assert len(caught.value.faults) == 1
