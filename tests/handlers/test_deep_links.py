"""Payloads of addresses: there and back, and never to anything but a look."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.deep_links import PUBLIC, link_of, payload_of
from handlers.flows import FLOWS
from handlers.links import link, match

CHANGING = {
    "buy",
    "ask_quantity",
    "typed_quantity",
    "pay",
    "wallet",
    "rest",
    "paid",
    "cancel",
    "code",
    "pick_up",
    "set_language",
    "join",
}


@pytest.mark.parametrize(
    ("path", "payload"),
    [
        ("p/12", "p_12"),
        ("v/9223372036854775807", "v_9223372036854775807"),
        ("c/3/2", "c_3_2"),
        ("o/K7M2-9QXD", "o_K7M2-9QXD"),
        ("orders", "orders"),
        ("help", "help"),
        ("join/ABCDEFGHJKMNPQRS", "join_ABCDEFGHJKMNPQRS"),
    ],
)
def test_a_public_link_is_a_payload_and_a_link_again(path: str, payload: str) -> None:
    assert payload_of(path) == payload
    assert link_of(payload) == path


@given(st.integers(0, 2**63 - 1))
def test_every_product_has_an_address(product_id: int) -> None:
    path = link("product", product_id=product_id)
    payload = payload_of(path)
    assert payload is not None
    assert re.fullmatch("[A-Za-z0-9_-]{1,64}", payload)
    assert link_of(payload) == path


@pytest.mark.parametrize(
    "path",
    [
        "buy/12/1/abcdefghij",
        "n/12/abcdefghij",
        "n/12/abcdefghij/2",
        "o/K7M29QXD/wallet",
        "o/K7M29QXD/pay/alipay",
        "o/K7M29QXD/paid",
        "o/K7M29QXD/cancel",
        "o/K7M29QXD/code",
        "language/en",
        "join/ABCDEFGHJKMNPQRS/yes",
        "admin",
        "admin/price/12/1",
        "admin/go/abcdefghij",
        "find/abc",
        "nowhere",
    ],
)
def test_what_changes_something_or_belongs_to_staff_has_no_address(path: str) -> None:
    assert payload_of(path) is None
    assert link_of(path.replace("/", "_")) is None


@given(st.text(max_size=80))
def test_any_text_is_a_public_link_or_none(payload: str) -> None:
    path = link_of(payload)
    if path is not None:
        found = match(path)
        assert found is not None
        assert found[0] in PUBLIC


def test_nothing_that_changes_something_is_public() -> None:
    assert FLOWS.keys() | {"set_language"} >= CHANGING
    assert set() == CHANGING & PUBLIC
