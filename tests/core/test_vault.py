"""The vault: a sealed code opens in its own place, under its own keys, unchanged - or not at all."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop_core.kernel.secret import Secret
from shop_core.vault.vault import BadVaultKeys, CannotOpen, Vault, new_key
from tests.core.builders import VAULT_KEYS

VAULT = Vault("k1", VAULT_KEYS)


def key() -> Secret:
    return Secret(new_key())


@given(st.text(), st.text(max_size=40))
def test_what_was_sealed_opens_as_it_was(code: str, place: str) -> None:
    assert VAULT.open(VAULT.seal(code, place=place), place=place).reveal() == code


@given(st.binary())
def test_a_sealed_text_does_not_show_what_it_is(data: bytes) -> None:
    first, second = (VAULT.seal_bytes(data, place="p") for _ in range(2))
    assert first != second
    assert len(data) < 4 or data not in first


@given(st.data())
def test_a_single_changed_bit_is_noticed(data: st.DataObject) -> None:
    sealed = bytearray(VAULT.seal("K7M2-9QXD", place="card:1"))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(CannotOpen):
        VAULT.open(bytes(sealed), place="card:1")


@given(st.integers(0, 60))
def test_a_cut_text_is_noticed(kept: int) -> None:
    sealed = VAULT.seal("K7M2-9QXD", place="card:1")
    if kept < len(sealed):
        with pytest.raises(CannotOpen):
            VAULT.open(sealed[:kept], place="card:1")


def test_a_text_moved_to_another_row_does_not_open() -> None:
    with pytest.raises(CannotOpen):
        VAULT.open(VAULT.seal("code", place="card:1"), place="card:2")


def test_another_key_under_the_same_name_does_not_open() -> None:
    stranger = Vault("k1", VAULT_KEYS | {"k1": key()})
    with pytest.raises(CannotOpen):
        stranger.open(VAULT.seal("code", place="p"), place="p")


def test_old_keys_still_open_and_the_active_one_seals() -> None:
    newer = Vault("k2", VAULT_KEYS | {"k2": key()})
    assert newer.open(VAULT.seal("code", place="p"), place="p").reveal() == "code"
    with pytest.raises(CannotOpen):
        VAULT.open(newer.seal("code", place="p"), place="p")


def test_a_fingerprint_outlives_a_change_of_keys_and_says_nothing_without_its_own() -> None:
    newer = Vault("k2", VAULT_KEYS | {"k2": key()})
    assert newer.fingerprint("code") == VAULT.fingerprint("code")
    assert VAULT.fingerprint("code") != VAULT.fingerprint("Code")
    assert Vault("k1", VAULT_KEYS | {"fingerprint": key()}).fingerprint("code") != VAULT.fingerprint("code")


@pytest.mark.parametrize(
    ("active", "keys", "problem"),
    [
        ("k1", {}, "missing"),
        ("k1", {"k1": VAULT_KEYS["k1"]}, "missing"),
        ("k2", VAULT_KEYS, "missing"),
        ("fingerprint", VAULT_KEYS, "reserved"),
        ("k1", VAULT_KEYS | {"k1": Secret("not base64!")}, "not_base64"),
        ("k1", VAULT_KEYS | {"k1": Secret("c2hvcnQ=")}, "not_32_bytes"),
        ("k1", VAULT_KEYS | {"k2": VAULT_KEYS["k1"]}, "equal"),
        ("k1", VAULT_KEYS | {"钥匙": Secret(new_key())}, "bad_id"),
        ("k1", VAULT_KEYS | {"k" * 41: Secret(new_key())}, "bad_id"),
    ],
)
def test_a_vault_without_its_keys_does_not_start(active: str, keys: dict[str, Secret], problem: str) -> None:
    with pytest.raises(BadVaultKeys) as refused:
        Vault(active, keys)
    assert refused.value.details["problem"] == problem
    assert not any(secret.reveal() in str(refused.value) for secret in keys.values())


def test_a_secret_does_not_print_itself() -> None:
    secret = Secret("hunter2")
    assert "hunter2" not in f"{secret} {secret!r} {secret:>20} {[secret]} {secret!s}"
    assert secret == Secret("hunter2")
    assert secret != Secret("hunter3")
    with pytest.raises(TypeError):
        pickle.dumps(secret)
