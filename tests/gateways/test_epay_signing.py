"""Signatures of epay V1: the published vectors, and what implementations differ about."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from shop_core.gateways.epay import signing
from shop_core.kernel.secret import Secret

VECTORS = json.loads((Path(__file__).parents[1] / "data" / "epay_vectors.json").read_text("utf-8"))
KEY = Secret("testkey0123456789abcdef01234567")

texts = st.text(st.characters(codec="utf-8"), max_size=20)
parameters = st.dictionaries(
    st.text("abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=12), texts, max_size=8
)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_the_published_vectors_hold(vector: Mapping[str, Any]) -> None:
    params, key = vector["params"], Secret(vector["key"])
    assert signing.signed_text(params) + key.reveal() == vector["sign_string"]
    assert signing.sign(params, key) == vector["expected"]
    assert signing.is_genuine({**params, "sign": vector["expected"]}, key)


def test_only_what_is_empty_is_left_out() -> None:
    text = signing.signed_text({"b": "", "a": "0", "c": " x ", "sign": "s", "sign_type": "MD5"})
    assert text == "a=0&c= x "


def test_names_are_sorted_as_ascii_not_as_words() -> None:
    assert signing.signed_text({"b": "1", "B": "2", "a_b": "3", "ab": "4"}) == "B=2&a_b=3&ab=4&b=1"


def test_capital_hex_is_the_same_signature() -> None:
    signed = signing.with_signature({"money": "9.90"}, KEY)
    assert signing.is_genuine({**signed, "sign": signed["sign"].upper()}, KEY)


def test_a_fork_may_call_the_signature_otherwise() -> None:
    names = signing.Names("signature", "signature_type")
    signed = signing.with_signature({"money": "9.90"}, KEY, names)
    assert signed.keys() == {"money", "signature", "signature_type"}
    assert signing.is_genuine(signed, KEY, names)
    assert not signing.is_genuine(signed, KEY)


@pytest.mark.parametrize("signature", ["", "é", "\ud800", "0" * 32, "0" * 33])
def test_no_made_up_signature_passes_or_crashes(signature: str) -> None:
    assert not signing.is_genuine({"money": "9.90", "name": "\ud800", "sign": signature}, KEY)


@given(parameters)
def test_what_is_signed_is_genuine_under_the_same_key_only(params: dict[str, str]) -> None:
    signed = signing.with_signature(params, KEY)
    assert signing.is_genuine(signed, KEY)
    assert not signing.is_genuine(signed, Secret("another key"))


@given(parameters, st.data())
def test_changing_any_signed_value_breaks_the_signature(params: dict[str, str], data: st.DataObject) -> None:
    signed = signing.with_signature(params, KEY)
    covered = sorted(name for name in params if name not in signing.USUAL)
    assume(covered)
    name = data.draw(st.sampled_from(covered))
    changed = {**signed, name: data.draw(texts)}
    # Shifting text from one value to the next may spell the same line; that weakness is the protocol's own.
    assume(signing.signed_text(changed) != signing.signed_text(signed))
    assert not signing.is_genuine(changed, KEY)
