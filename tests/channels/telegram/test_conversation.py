"""A person's conversation with the bot, over HTTP."""

import asyncio
import json
import logging

import httpx
import pytest
from sqlalchemy import select
from telegram.error import BadRequest

from bot.channels.telegram.channel import TelegramChannel
from bot.channels.telegram.errors import BadToken
from handlers.incoming import Link, Text, Upload
from handlers.screen import Code, CopyButton, File, Line, Qr, Screen, order_slot
from shop_core.customers.people import Address, find_customer, list_addresses, mark_unreachable
from shop_core.db.inbox import InboxRow, count_pending
from shop_core.db.shop import Shop
from shop_core.kernel.secret import Secret
from shop_core.vault.vault import Vault
from tests.channels.telegram.stage import NAME, Stage, Teller, a_screen, running, settings_for, to, until
from tests.standins.telegram import TelegramStandIn

CODE = '<&>"🎁 AB-12'
ORDER = order_slot("K7M2-9QXD")
PAYING = Qr("https://pay.example/K7M29QXD", "扫码付款")


# ------------------------------------------------------------------------------------------------- receiving


async def test_somebody_who_starts_the_bot_sees_the_shop(stage: Stage) -> None:
    user = stage.somebody(first_name="小明", language_code="zh-hans")
    user.start()
    message = await user.wait_for_async("云卡小铺")
    assert message.marked("bold") == ("云卡小铺",)
    (incoming,) = stage.teller.heard
    assert (incoming.channel, incoming.external_id) == (NAME, str(user.id))
    assert (incoming.name, incoming.language, incoming.content) == ("小明", "zh-hans", Link(""))


async def test_the_menu_hangs_in_both_languages(stage: Stage) -> None:
    await until(lambda: len(stage.tg.calls_to("setMyCommands")) == 3)
    calls = stage.tg.calls_to("setMyCommands")
    shown = {call.params.get("language_code"): call.params["commands"] for call in calls}
    assert shown[None] == shown["zh"]
    assert "My orders" in str(shown["en"])


async def test_an_update_told_twice_is_answered_once(stage: Stage) -> None:
    user = await stage.somebody_at_home()
    (update,) = stage.tg.updates()
    stage.tg.repeat_update(update["update_id"])
    await until(lambda: not stage.tg.pending_updates())
    user.say("还在吗")
    await user.wait_for_async("你说 还在吗")
    assert [incoming.content for incoming in stage.teller.heard] == [Link(""), Text("还在吗")]


async def test_what_was_stored_before_a_crash_is_answered_once_after_it(quiet_stage: Stage) -> None:
    stage = quiet_stage
    stage.tg.fail("getUpdates", "delay_before", seconds=0)
    user = stage.somebody()
    user.start()
    async with running(stage.channel.run()):
        await until(lambda: len(stage.tg.calls_to("getUpdates")) >= 2)
    assert await stage.shop.read(count_pending) == 1
    # The new process polls without an offset: Telegram tells it everything that was not confirmed.
    user.say("第二句")
    again = TelegramChannel(settings_for(stage.tg), stage.shop, stage.teller.answer)
    async with running(again.run(), stage.work()):
        await user.wait_for_async("你说 第二句")
    assert [incoming.content for incoming in stage.teller.heard] == [Link(""), Text("第二句")]
    await again.close()


async def test_what_was_not_stored_is_not_confirmed_and_comes_again(
    quiet_stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = quiet_stage
    user = stage.somebody()
    user.start()
    failed: list[object] = []

    async def fails(*args: object) -> None:
        failed.append(args)
        raise OSError("the disk is full")

    async with running(stage.channel.run()):
        with monkeypatch.context() as patched:
            patched.setattr(Shop, "write", fails)
            await until(lambda: len(failed) >= 2)
            assert len(stage.tg.pending_updates()) == 1
        async with running(stage.work()):
            await user.wait_for_async("云卡小铺")
    assert not stage.tg.pending_updates()
    assert [incoming.content for incoming in stage.teller.heard] == [Link("")]


async def test_the_inbox_holds_nothing_in_clear(quiet_stage: Stage) -> None:
    stage = quiet_stage
    user = stage.somebody()
    user.say("我的卡密 AB-12")
    async with running(stage.channel.run()):
        await until(lambda: not stage.tg.pending_updates())
    row = await stage.shop.read(
        lambda view: view.execute(select(InboxRow.external_id, InboxRow.lane, InboxRow.payload)).one()
    )
    assert b"AB-12" not in row.payload
    opened = stage.shop.get(Vault).open_bytes(row.payload, place=f"inbox:{NAME}:{row.external_id}")
    assert json.loads(opened)["message"]["text"] == "我的卡密 AB-12"
    assert row.lane == f"{NAME}:{user.id}"


async def test_groups_are_answered_with_nothing(stage: Stage) -> None:
    group = stage.tg.add_group()
    user = await stage.somebody_at_home()
    user.say("/start", chat_id=group)
    await until(lambda: not stage.tg.pending_updates())
    user.say("私聊")
    await user.wait_for_async("你说 私聊")
    assert [message.text for message in stage.tg.group_messages(group)] == ["/start"]
    assert [incoming.content for incoming in stage.teller.heard] == [Link(""), Text("私聊")]


async def test_only_a_webhook_that_is_there_is_taken_away(quiet_stage: Stage) -> None:
    stage = quiet_stage
    async with running(stage.channel.run()):
        await until(lambda: stage.tg.calls_to("getUpdates"))
    assert stage.tg.calls_to("deleteWebhook") == ()
    async with httpx.AsyncClient(trust_env=False) as client:
        hook = {"url": "https://old.example/hook"}
        await client.post(f"{stage.tg.base_url}{stage.tg.token}/setWebhook", json=hook)
    user = stage.somebody()
    async with running(stage.channel.run(), stage.work()):
        await until(lambda: stage.tg.calls_to("deleteWebhook"))
        user.start()
        await user.wait_for_async("云卡小铺")


async def test_a_wrong_token_ends_the_channel_and_is_not_told(tg: TelegramStandIn, shop: Shop) -> None:
    settings = settings_for(tg, token=Secret("42:AA-nobody-has-this"))
    channel = TelegramChannel(settings, shop, Teller().answer)
    with pytest.raises(BadToken) as caught:
        await channel.run()
    assert "telegram" in str(caught.value)
    assert "nobody" not in str(caught.value)
    await channel.close()


@pytest.mark.parametrize("kind", ["500", "502", "429", "drop_before", "drop_after"])
async def test_receiving_goes_on_after_trouble(quiet_stage: Stage, kind: str) -> None:
    stage = quiet_stage
    stage.tg.fail("getMe", kind, seconds=1)
    stage.tg.fail("getUpdates", kind, times=2 if kind != "429" else 1, seconds=1)
    user = stage.somebody()
    user.start()
    async with running(stage.channel.run(), stage.work()):
        await user.wait_for_async("云卡小铺")
    assert len(stage.teller.heard) == 1


async def test_a_second_program_with_the_same_bot_is_complained_about(
    stage: Stage, shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    user = await stage.somebody_at_home()
    twin = TelegramChannel(settings_for(stage.tg), shop, stage.teller.answer)
    async with running(twin.run()):
        # To which of the two it is said depends on whether some test before set up the log.
        await until(lambda: "taken_elsewhere" in "".join(capsys.readouterr()))
        user.say("还行吗")
        await user.wait_for_async("你说 还行吗")
    await twin.close()


# --------------------------------------------------------------------------------------------------- walking


async def test_a_press_edits_the_screen_and_is_answered_once(stage: Stage) -> None:
    stage.teller.pages[""] = a_screen("云卡小铺", (to("p/12"),))
    stage.teller.pages["p/12"] = a_screen("月卡", (to("home", "返回"),)).with_toast("已更新")
    user = await stage.somebody_at_home()
    user.press("p/12")
    shown = await user.wait_for_async("月卡")
    assert shown.is_edited
    assert len(user.messages()) == 2
    (answer,) = await asyncio.to_thread(user.wait_until_answered)
    assert (answer.text, answer.is_alert) == ("已更新", False)
    assert len(stage.tg.calls_to("answerCallbackQuery")) == 1
    assert "已更新" not in shown.text


async def test_the_same_screen_again_is_no_error(stage: Stage) -> None:
    stage.teller.pages[""] = a_screen("云卡小铺", (to("again", "刷新"),))
    stage.teller.pages["again"] = a_screen("云卡小铺", (to("again", "刷新"),)).with_toast("没有变化")
    user = await stage.somebody_at_home()
    user.press_twice("刷新")
    await asyncio.to_thread(user.wait_until_answered)
    assert [answer.text for answer in user.answers] == ["没有变化", "没有变化"]
    assert len(user.messages()) == 2


async def test_a_slow_answer_is_told_to_be_under_way_and_says_its_toast_in_the_screen(stage: Stage) -> None:
    stage.teller.pages[""] = a_screen("云卡小铺", (to("check", "我已付款"),))
    stage.teller.pages["check"] = a_screen("待付款").with_toast("还没有收到")
    user = await stage.somebody_at_home()
    stage.teller.open.clear()
    user.press("我已付款")
    (answer,) = await asyncio.to_thread(user.wait_until_answered)
    assert (answer.text, answer.is_alert) == ("处理中…", False)
    stage.teller.open.set()
    shown = await user.wait_for_async("待付款")
    assert shown.text.startswith("还没有收到\n待付款")
    assert len(stage.tg.calls_to("answerCallbackQuery")) == 1


async def test_who_reads_english_is_told_in_english_that_it_takes_a_moment(stage: Stage) -> None:
    stage.teller.pages[""] = a_screen("云卡小铺", (to("check", "I have paid"),))
    user = stage.somebody(language_code="en")
    user.start()
    await user.wait_for_async("云卡小铺")
    stage.teller.open.clear()
    user.press("I have paid")
    (answer,) = await asyncio.to_thread(user.wait_until_answered)
    stage.teller.open.set()
    assert answer.text == "Processing…"


async def test_a_press_from_before_an_outage_is_answered_all_the_same(quiet_stage: Stage) -> None:
    stage = quiet_stage
    stage.teller.pages[""] = a_screen("云卡小铺", (to("p/12"),))
    stage.teller.pages["p/12"] = a_screen("月卡")
    async with running(stage.channel.run(), stage.work()):
        user = await stage.somebody_at_home()
        await stage.rest()
    async with running(stage.channel.run()):
        user.press("p/12")
        await until(lambda: not stage.tg.pending_updates())
    stage.tg.advance(200)
    async with running(stage.work()):
        await user.wait_for_async("月卡")
    assert stage.failures == []


async def test_forged_callback_data_is_only_a_link(stage: Stage) -> None:
    user = await stage.somebody_at_home()
    user.press("o/K7M29QXD/codes", forge=True)
    await user.wait_for_async("没有 o/K7M29QXD/codes")
    assert stage.teller.heard[-1].content == Link("o/K7M29QXD/codes")


async def test_words_bring_the_screen_below_them(stage: Stage) -> None:
    user = await stage.somebody_at_home()
    first = user.last
    said = user.say("月卡")
    shown = await user.wait_for_async("你说 月卡")
    assert shown.id > said
    await until(lambda: first.id not in {message.id for message in user.messages()})


async def test_a_screen_that_telegram_will_not_edit_comes_as_a_new_message(stage: Stage) -> None:
    stage.teller.pages[""] = a_screen("云卡小铺", (to("p/12"),))
    stage.teller.pages["p/12"] = a_screen("月卡")
    user = await stage.somebody_at_home()
    old = user.last
    stage.tg.fail("editMessageText", "400", description="message can't be edited")
    user.press("p/12")
    shown = await user.wait_for_async("月卡")
    assert shown.id > old.id


async def test_a_cut_line_while_showing_is_sat_out(stage: Stage) -> None:
    user = await stage.somebody_at_home()
    stage.tg.fail("sendMessage", "drop_before")
    user.say("一")
    await user.wait_for_async("你说 一")
    stage.tg.fail("sendMessage", "429", seconds=1)
    user.say("二")
    await user.wait_for_async("你说 二")
    assert len(stage.teller.heard) == 3


# ---------------------------------------------------------------------------------------------------- orders


async def test_buying_turns_the_screen_into_the_order_and_the_order_stays(stage: Stage) -> None:
    stage.teller.pages |= {
        "": a_screen("云卡小铺", (to("buy", "买 1 张"),)),
        "buy": a_screen("待付款", (to("again", "再来一单"),), slot=ORDER, qr=PAYING),
        "again": a_screen("月卡"),
    }
    user = await stage.somebody_at_home()
    first = user.last
    user.press("买 1 张")
    bill = await user.wait_for_async("待付款")
    assert bill.id == first.id
    assert bill.photo is not None
    assert user.read(bill.photo).startswith(b"\x89PNG")
    assert "扫码付款" in bill.text
    user.press("再来一单")
    product = await user.wait_for_async("月卡")
    assert product.id > bill.id
    assert bill.id in {message.id for message in user.messages()}


async def test_a_picture_gives_way_to_words(stage: Stage) -> None:
    stage.teller.pages |= {
        "": a_screen("云卡小铺", (to("buy", "买 1 张"),)),
        "buy": a_screen("待付款", (to("cancel", "取消"),), slot=ORDER, qr=PAYING),
        "cancel": a_screen("已取消", slot=ORDER),
    }
    user = await stage.somebody_at_home()
    user.press("买 1 张")
    bill = await user.wait_for_async("待付款")
    user.press("取消")
    shown = await user.wait_for_async("已取消")
    assert shown.photo is None
    await until(lambda: bill.id not in {message.id for message in user.messages()})


async def test_buying_twice_in_a_row_leaves_one_order_message(stage: Stage) -> None:
    stage.teller.pages |= {
        "": a_screen("云卡小铺", (to("buy", "买 1 张"),)),
        "buy": Screen((Line("已发货"), Code(Secret(CODE))), slot=ORDER),
    }
    user = await stage.somebody_at_home()
    user.press_twice("买 1 张")
    await user.wait_for_async("已发货")
    await asyncio.to_thread(user.wait_until_answered)
    await until(lambda: len(stage.teller.heard) == 3)
    await until(
        lambda: [message.text for message in user.messages() if not message.is_mine] == [f"已发货\n{CODE}"]
    )


async def test_codes_are_hidden_protected_and_can_be_copied(stage: Stage) -> None:
    secret = Secret(CODE)
    stage.teller.pages |= {
        "": a_screen("云卡小铺", (to("codes", "查看"),)),
        "codes": Screen((Line("已发货"), Code(secret)), ((CopyButton("复制卡密", secret),),), slot=ORDER),
    }
    user = await stage.somebody_at_home()
    unprotected = user.last
    user.press("查看")
    shown = await user.wait_for_async("已发货")
    assert shown.spoilers == (CODE,)
    assert shown.marked("code") == ()
    assert shown.is_protected
    assert shown.id != unprotected.id
    pressed = user.press("复制卡密")
    assert (pressed.kind, pressed.value) == ("copy", CODE)
    await until(lambda: unprotected.id not in {message.id for message in user.messages()})


async def test_many_codes_come_as_a_file(stage: Stage) -> None:
    codes = [f"CODE-{number:03}" for number in range(30)]
    stage.teller.pages["codes"] = Screen(
        (Line("已发货 30 张"), *(Code(Secret(code)) for code in codes)), slot=ORDER
    )
    stage.teller.pages["file"] = Screen(
        (Line("已导出"),), slot=None, file=File("report.txt", Secret("a,b\n"))
    )
    user = await stage.somebody_at_home()
    user.press("codes", forge=True)
    shown = await user.wait_for_async("已发货 30 张")
    assert shown.document is not None
    assert shown.document.name == "K7M2-9QXD.txt"
    assert user.read(shown.document).decode().split() == codes
    assert shown.is_protected
    assert "CODE" not in shown.text
    user.press("file", forge=True)
    shown = await user.wait_for_async("已导出")
    assert user.read(shown.document) == b"a,b\n"


# ----------------------------------------------------------------------------------------------------- files


async def test_a_file_reaches_the_shop(stage: Stage) -> None:
    user = await stage.somebody_at_home()
    user.send_document("卡密.txt", b"AB-12\nAB-13\n")
    await user.wait_for_async("收到 卡密.txt，12 字节")
    content = stage.teller.heard[-1].content
    assert isinstance(content, Upload)
    assert content.content == b"AB-12\nAB-13\n"


async def test_a_file_of_codes_leaves_the_chat_once_it_is_safe(stage: Stage) -> None:
    user = await stage.somebody_at_home()
    stage.teller.file_answer = a_screen("入库 1 张", clears_upload=True)
    stage.teller.open.clear()
    sent = user.send_document("卡密.txt", b"AB-12\n")
    await until(lambda: isinstance(stage.teller.heard[-1].content, Upload))
    assert sent in {message.id for message in user.messages()}, "not before it is safe"
    stage.teller.open.set()
    await user.wait_for_async("入库 1 张")
    await stage.rest()
    assert sent not in {message.id for message in user.messages()}
    assert stage.teller.heard[-1].message, "the shop can tell when it is answered again"


async def test_a_file_that_cannot_be_taken_away_any_more_is_answered_all_the_same(stage: Stage) -> None:
    user = await stage.somebody_at_home()
    stage.teller.file_answer = a_screen("入库 1 张", clears_upload=True)
    stage.tg.fail("deleteMessages", "400", times=2, description="message can't be deleted")
    user.send_document("卡密.txt", b"AB-12\n")
    await user.wait_for_async("入库 1 张")
    await stage.rest()
    assert stage.failures == []


async def test_a_file_too_large_for_bots_is_refused_before_it_is_fetched(stage: Stage) -> None:
    user = await stage.somebody_at_home()
    user.send_document("大.txt", b"x" * ((20 << 20) + 1))
    await user.wait_for_async("文件太大")
    assert stage.tg.calls_to("getFile") == ()
    assert len(stage.teller.heard) == 1


async def test_a_picture_is_taken_as_a_file(stage: Stage) -> None:
    user = await stage.somebody_at_home()
    png = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + (9).to_bytes(4, "big") * 2 + b"\x08\x00\x00\x00\x00"
    user.send_photo(png, caption="看这里")
    await user.wait_for_async("收到 photo.jpg")
    (taken,) = [said.content for said in stage.teller.heard if isinstance(said.content, Upload)]
    assert (taken.content, taken.text) == (png, "看这里")


# ------------------------------------------------------------------------------------------------- reachable


async def _is_reachable(stage: Stage, address: Address) -> bool:
    customer = await stage.shop.read(find_customer, channel=address.channel, external_id=address.external_id)
    return customer is not None and address in await stage.shop.read(list_addresses, customer.person_id)


async def test_blocking_and_coming_back_are_remembered_and_not_answered(stage: Stage) -> None:
    user = await stage.somebody_at_home()
    address = stage.address(user)
    user.block()
    await until(lambda: not stage.tg.pending_updates())
    await stage.rest()
    assert not await _is_reachable(stage, address)
    user.unblock()
    await until(lambda: not stage.tg.pending_updates())
    await stage.rest()
    assert await _is_reachable(stage, address)
    assert len(stage.teller.heard) == 1
    assert len([message for message in user.messages() if not message.is_mine]) == 1


async def test_who_writes_is_reachable(stage: Stage) -> None:
    user = await stage.somebody_at_home()
    address = stage.address(user)
    await stage.shop.write(mark_unreachable, address)
    user.say("我在")
    await user.wait_for_async("你说 我在")
    assert await _is_reachable(stage, address)


async def test_who_blocks_before_the_answer_is_unreachable(quiet_stage: Stage) -> None:
    stage = quiet_stage
    user = stage.somebody()
    user.start()
    stage.tg.fail("sendMessage", "403")
    async with running(stage.channel.run(), stage.work()):
        await until(lambda: stage.teller.heard)
        await stage.rest()
    assert not await _is_reachable(stage, stage.address(user))
    assert stage.failures == []


# ------------------------------------------------------------------------------------------------------ logs


async def test_neither_the_token_nor_a_code_is_logged(
    stage: Stage, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("httpx", "httpcore", "telegram", "telegram.Bot"):
        caplog.set_level(logging.DEBUG, logger=name)
    stage.teller.pages["codes"] = Screen((Line("已发货"), Code(Secret("TOP-SECRET-1"))), slot=ORDER)
    user = await stage.somebody_at_home()
    stage.tg.fail("sendMessage", "502")
    user.press("codes", forge=True)
    await user.wait_for_async("已发货")
    user.send_document("a.txt", b"TOP-SECRET-2")
    await user.wait_for_async("收到 a.txt")
    # The stand-in runs in this process too: what its web server says of its addresses is not ours.
    ours = [record.getMessage() for record in caplog.records if record.name != "uvicorn.access"]
    written = "\n".join([*ours, *capsys.readouterr()])
    assert "/bot…/sendMessage" in written
    assert "/file/bot…/" in written
    assert stage.tg.token not in written
    assert stage.tg.token.partition(":")[2] not in written
    assert "TOP-SECRET" not in written


async def test_a_screen_that_telegram_does_not_take_is_a_bug(quiet_stage: Stage) -> None:
    stage = quiet_stage
    user = stage.somebody()
    user.start()
    stage.tg.fail("sendMessage", "400")
    async with running(stage.channel.run(), stage.work()):
        await until(lambda: stage.failures)
    assert [type(failure) for failure in stage.failures] == [BadRequest]
