"""Telegram brings updates: proven, stored, answered, each once, beside a bot that is polled for."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from bot.channels.telegram.webhook import LARGEST_UPDATE, PROOF
from handlers.incoming import Link, Text
from shop_core.db.inbox import InboxRow
from shop_core.db.shop import Shop
from shop_core.vault.vault import Vault
from tests.channels.telegram.stage import NAME, SECRET, Door, Stage, running, until


@asynccontextmanager
async def open_for_telegram(stage: Stage) -> AsyncIterator[None]:
    async with running(stage.channel.run()):
        await until(lambda: stage.tg.calls_to("setWebhook"))
        yield


async def stored(shop: Shop) -> list[str]:
    """The numbers of the updates in the inbox."""
    return await shop.read(
        lambda view: list(view.execute(select(InboxRow.external_id).order_by(InboxRow.id)).scalars())
    )


def an_update(number: int = 7, text: str = "你好") -> dict[str, Any]:
    person = {"id": 2**40 + 1, "is_bot": False, "first_name": "小明"}
    chat = {"id": person["id"], "type": "private", "first_name": "小明"}
    message = {"message_id": 1, "date": 1, "chat": chat, "from": person, "text": text}
    return {"update_id": number, "message": message}


async def post(door: Door, update: object, *, proof: str | None = None, **rest: Any) -> int:
    """Bring an update as Telegram does, or not quite."""
    headers = {"content-type": "application/json", PROOF: door.hook().proof.reveal()}
    headers |= {} if proof is None else {PROOF: proof}
    headers |= rest.pop("headers", {})
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    content = rest.pop("content", json.dumps(update).encode())
    async with httpx.AsyncClient(trust_env=False) as client:
        address = f"{door.url}/channels/{rest.pop('to', NAME)}/webhook"
        answer = await client.request(rest.pop("method", "POST"), address, content=content, headers=raw)
    return answer.status_code


async def test_what_telegram_brings_is_answered(hooked: Stage) -> None:
    user = hooked.somebody()
    user.start()
    async with open_for_telegram(hooked), running(hooked.work()):
        await user.wait_for_async("云卡小铺")
        user.say("有月卡吗")
        await user.wait_for_async("你说 有月卡吗")
    assert [incoming.content for incoming in hooked.teller.heard] == [Link(""), Text("有月卡吗")]
    assert hooked.tg.calls_to("getUpdates") == ()
    assert hooked.tg.pending_updates() == []


async def test_telegram_is_told_what_to_bring_and_how_to_prove_itself(hooked: Stage, door: Door) -> None:
    async with open_for_telegram(hooked):
        (call,) = hooked.tg.calls_to("setWebhook")
    assert call.params["url"] == f"{door.url}/channels/{NAME}/webhook"
    assert call.params["secret_token"] == door.hook().proof.reveal()
    assert call.params["allowed_updates"] == [
        "message",
        "callback_query",
        "my_chat_member",
        "pre_checkout_query",
    ]
    assert int(call.params["max_connections"]) == 40
    assert "drop_pending_updates" not in call.params
    assert call.error_code is None


async def test_the_same_update_twice_is_stored_once_and_answered_as_before(hooked: Stage, door: Door) -> None:
    assert [await post(door, an_update()), await post(door, an_update())] == [200, 200]
    at_once = await asyncio.gather(*(post(door, an_update(8)) for _ in range(5)))
    assert set(at_once) == {200}
    assert await stored(hooked.shop) == ["7", "8"]


async def test_an_update_that_telegram_repeats_is_handled_once(hooked: Stage) -> None:
    user = hooked.somebody()
    user.start()
    async with open_for_telegram(hooked), running(hooked.work()):
        await user.wait_for_async("云卡小铺")
        (update,) = hooked.tg.updates()
        hooked.tg.repeat_update(update["update_id"])
        await until(lambda: not hooked.tg.pending_updates())
        user.say("还在吗")
        await user.wait_for_async("你说 还在吗")
    assert [incoming.content for incoming in hooked.teller.heard] == [Link(""), Text("还在吗")]


@pytest.mark.parametrize("proof", ["", "x", "f" * 64, "卡铺"])
async def test_who_cannot_prove_to_be_telegram_is_refused(hooked: Stage, door: Door, proof: str) -> None:
    assert await post(door, an_update(), proof=proof) == 403
    assert await post(door, None, content=b"x" * (LARGEST_UPDATE + 1), proof=proof) == 403
    assert await stored(hooked.shop) == []


async def test_the_proof_of_one_bot_opens_no_other(hooked: Stage, door: Door) -> None:
    assert await post(door, an_update(), proof=door.hook("other").proof.reveal()) == 403
    assert await post(door, an_update(), to="other") == 404
    assert await stored(hooked.shop) == []


@pytest.mark.parametrize(
    ("rest", "status"),
    [
        ({"content": b"x" * (LARGEST_UPDATE + 1)}, 413),
        ({"content": b"{"}, 400),
        ({"content": b"\xff\xfe"}, 400),
        ({"content": b"[" * 100_000}, 400),
        ({"content": b"[]"}, 400),
        ({"content": b"{}"}, 400),
        ({"content": b'{"update_id": true}'}, 400),
        ({"content": b'{"update_id": "7"}'}, 400),
        ({"headers": {"content-type": "text/plain"}}, 415),
        ({"headers": {"content-type": "application/x-www-form-urlencoded"}}, 415),
        ({"method": "GET"}, 405),
    ],
)
async def test_what_is_no_update_is_refused(
    hooked: Stage, door: Door, rest: dict[str, Any], status: int
) -> None:
    assert await post(door, an_update(), **rest) == status
    assert await stored(hooked.shop) == []


async def test_what_concerns_nobody_is_taken_and_not_kept(hooked: Stage, door: Door) -> None:
    assert await post(door, {"update_id": 9, "poll": {"id": "1"}}) == 200
    assert await stored(hooked.shop) == []


async def test_what_was_not_stored_is_not_confirmed_and_comes_again(
    hooked: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed: list[object] = []

    async def fails(*args: object) -> None:
        failed.append(args)
        raise OSError("the disk is full")

    user = hooked.somebody()
    async with open_for_telegram(hooked):
        with monkeypatch.context() as patched:
            patched.setattr(Shop, "write", fails)
            user.start()
            await until(lambda: failed)
            assert len(hooked.tg.pending_updates()) == 1
        async with running(hooked.work()):
            await user.wait_for_async("云卡小铺")
            await until(lambda: not hooked.tg.pending_updates())
    assert [incoming.content for incoming in hooked.teller.heard] == [Link("")]


async def test_the_inbox_holds_nothing_in_clear(hooked: Stage, door: Door) -> None:
    assert await post(door, an_update(text="我的卡密 AB-12")) == 200
    row = await hooked.shop.read(
        lambda view: view.execute(select(InboxRow.external_id, InboxRow.lane, InboxRow.payload)).one()
    )
    assert b"AB-12" not in row.payload
    opened = hooked.shop.get(Vault).open_bytes(row.payload, place=f"inbox:{NAME}:{row.external_id}")
    assert json.loads(opened) == an_update(text="我的卡密 AB-12")
    assert row.lane == f"{NAME}:{2**40 + 1}"


async def test_polling_and_webhook_take_turns_and_lose_nothing(quiet_stage: Stage, hooked: Stage) -> None:
    user = hooked.somebody()
    async with running(hooked.work()):
        async with running(hooked.channel.run()):
            user.start()
            await user.wait_for_async("云卡小铺")
        async with running(quiet_stage.channel.run()):
            user.say("改回轮询")
            await user.wait_for_async("你说 改回轮询")
        async with running(hooked.channel.run()):
            user.say("又是推送")
            await user.wait_for_async("你说 又是推送")
    assert len(hooked.tg.calls_to("deleteWebhook")) == 1
    assert len(hooked.teller.heard) == 3


async def test_neither_the_secret_nor_the_proof_is_told(
    hooked: Stage, door: Door, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    async with open_for_telegram(hooked):
        await post(door, an_update(), proof="wrong")
    ours = [record.getMessage() for record in caplog.records if record.name != "uvicorn.access"]
    written = "\n".join([*ours, *capsys.readouterr()])
    assert "telegram.webhook_refused" in written
    assert door.hook().proof.reveal() not in written
    assert SECRET.reveal() not in written
