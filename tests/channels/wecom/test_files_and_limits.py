"""Files both ways, five messages within 48 hours, and what WeCom says did not arrive."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from shop_core.customers.people import Address, find_customer
from shop_core.db.tx import Tx, View
from shop_core.kernel.money import Money
from shop_core.messaging.queue import NewsKind, queue_message
from shop_core.threads.answer import answer_customer
from shop_core.threads.read import get_message, list_threads, open_file
from shop_core.threads.sealing import LARGEST_FILE, Said, SentFile
from shop_core.vault.vault import Vault
from shop_core.wallet.balance import adjust
from tests.channels.wecom.stage import NAME, Stage, a_wecom_shop
from tests.standins.wecom import Customer

PNG: Final = b"\x89PNG\r\n\x1a\n" + bytes(range(60))
SENT: Final = "SELECT count(*) FROM messages WHERE state = 'sent'"
DONE: Final = "SELECT count(*) FROM inbox WHERE done_at IS NOT NULL"


async def _topped_up(stage: Stage, person: Customer, *minor: int) -> None:
    def queue(tx: Tx) -> None:
        for amount in minor:
            args = {"amount_minor": amount}
            queue_message(tx, Address(NAME, person.person), NewsKind.TOPPED_UP, args, cause=f"got {amount}")

    await stage.shop.write(queue)


async def _answer(stage: Stage, said: Said, key: str) -> None:
    [thread] = await stage.shop.read(list_threads, limit=9)
    await answer_customer(stage.shop, thread.id, said, key=key, by="shell:test")


async def test_files_both_ways(sqlite_url: str, tmp_path: Path) -> None:
    async with a_wecom_shop(tmp_path, sqlite_url) as stage:
        wecom, person = stage.wecom, stage.wecom.customer()
        await person.send("image", PNG)
        await person.hears("先回复「客服」")
        await person.say("客服")
        assert "截图、文件也可以" in await person.hears("和客服的对话")
        await person.send("image", PNG)
        await person.hears("已送到客服")
        await person.send("file", b"%PDF-1.4 ...", "付款 截图.pdf")
        await person.hears("已送到客服")
        await person.send("voice", b"#!AMR\n....")
        await person.hears("已送到客服")
        await person.send("file", bytes(LARGEST_FILE + 1), "huge.bin")
        await person.hears("超过 10 MB")
        await stage.until("SELECT count(*) FROM prompts WHERE link = 'support'", 1)
        wecom.faults["media/get"] = [40007]
        await person.send("image", PNG)
        await person.hears("看不到")

        def files(view: View) -> list[tuple[str, bytes]]:
            vault = stage.shop.get(Vault)
            found = [open_file(view, vault, get_message(view, vault, number)) for number in (1, 2, 3)]
            return [(one.view.name, one.content) for one in found]

        assert await stage.shop.read(files) == [
            ("picture.png", PNG),
            ("付款 截图.pdf", b"%PDF-1.4 ..."),
            ("voice.amr", b"#!AMR\n...."),
        ]
        await _answer(stage, Said("看图：", SentFile("where.png", PNG)), "shell:1")
        await person.hears("看图：")
        await _answer(stage, Said("", SentFile("说明.txt", "先登录…".encode())), "shell:2")
        await stage.until(SENT, 2)
        assert [(kind, content) for kind, _, content in person.files] == [
            ("image", PNG),
            ("file", "先登录…".encode()),
        ]
        # Asked for in the conversation it is sent again, and not sent up again.
        wecom.faults["kf/send_msg"] = ["half"]
        await person.say("客服")
        talk = await person.hears("和客服的对话")
        item = "📎 说明.txt（1 KB）"
        assert item in talk.splitlines()[-1]
        await person.say(item)
        await stage.until(DONE, 9)
        assert [kind for kind, _, _ in person.files] == ["image", "file", "file"]
        assert wecom.uploads == 2


async def test_five_messages_and_the_rest_with_the_next_word(sqlite_url: str, tmp_path: Path) -> None:
    async with a_wecom_shop(tmp_path, sqlite_url) as stage:
        person = stage.wecom.customer()
        await person.say("hi")
        await person.hears("云卡小铺")
        for number, amount in enumerate((100, 200, 300), start=1):
            await _topped_up(stage, person, amount)
            await stage.until(SENT, number)
        await _topped_up(stage, person, 400, 500)
        await stage.until("SELECT count(*) FROM messages WHERE problem LIKE '%nothing may be sent'", 2)
        assert len(person.shown) == 4, "the last one is kept for orders"
        await person.say("余额")
        both = await person.hears("¥4.00")
        assert "¥5.00" in both, "as one message"
        await stage.until(SENT, 5)
        assert not any("95001" in line for line in stage.wecom.asked)


async def test_what_did_not_arrive_waits_or_is_a_case(sqlite_url: str, tmp_path: Path) -> None:
    async with a_wecom_shop(tmp_path, sqlite_url) as stage:
        wecom, person = stage.wecom, stage.wecom.customer()
        await person.say("hi")
        await person.hears("云卡小铺")
        wecom.faults["kf/send_msg"] = ["half"]
        await _topped_up(stage, person, 100)
        await stage.until(SENT, 1)
        [_, told] = person.shown
        assert "¥1.00" in told.text, "and once, although nobody knew"
        await wecom.lose(told, 6)
        await stage.until(
            "SELECT count(*) FROM messages WHERE state = 'queued' AND problem LIKE '%lost, 6'", 1
        )
        await person.say("余额")
        await person.hears("¥1.00 已存入")
        await stage.until(SENT, 1)
        told = [one for one in person.shown if "已存入" in one.text][-1]
        await wecom.lose(told, 13)
        await stage.until("SELECT count(*) FROM cases WHERE kind = 'message' AND closed_at IS NULL", 1)
        assert await stage.count("SELECT count(*) FROM messages WHERE state = 'failed'") == 1
        # One that is none of ours, and one that was told before.
        await wecom.lose(wecom.shown[0], 0)
        await wecom.put(dict(wecom.entries[-2], msgid="again"))
        await stage.until(DONE, 6)
        assert await stage.count("SELECT count(*) FROM cases") == 1


async def test_wecom_is_believed_where_it_counts_otherwise(sqlite_url: str, tmp_path: Path) -> None:
    async with a_wecom_shop(tmp_path, sqlite_url) as stage:
        wecom, person = stage.wecom, stage.wecom.customer()
        await person.say("hi")
        await person.hears("云卡小铺")
        wecom.session(person.person).left = 0
        await _topped_up(stage, person, 100)
        await stage.until("SELECT count(*) FROM messages WHERE problem LIKE '%nothing may be sent'", 1)
        assert await stage.count("SELECT said_left FROM allowances") == 0
        assert await stage.count("SELECT count(*) FROM parcels WHERE arrived_at IS NULL") == 0
        # An answer that may not be sent is not waited with: his next word gets one.
        wecom.faults["kf/send_msg"] = [95002, 95002, 95002]
        await person.say("余额")
        await stage.until(DONE, 2)
        wecom.faults.clear()
        await person.say("余额")
        await person.hears("余额 ¥0.00")
        await stage.until(SENT, 1)
        assert len([text for text in person.texts if "¥1.00" in text]) == 1


async def test_a_code_is_shown_to_who_asks_and_is_in_no_news(sqlite_url: str, tmp_path: Path) -> None:
    async with a_wecom_shop(tmp_path, sqlite_url) as stage:
        await stage.product("月卡", ["AB-CD-1"])
        person = stage.wecom.customer()
        await person.say("hi")
        await person.hears("云卡小铺")

        def give(tx: Tx) -> None:
            customer = find_customer(tx, channel=NAME, external_id=person.person)
            assert customer is not None
            adjust(tx, customer.person_id, Money(5000, "CNY"), key="adjust:test:1")

        await stage.shop.write(give)
        await person.say("1")
        await person.hears("买 1 张")
        await person.say("1")
        bill = await person.hears("余额")
        [pay] = [line for line in bill.splitlines() if line.startswith("‹1")]
        await person.touch(pay.strip("‹›"))
        delivered = await person.hears("已发货")
        assert "提货" in delivered or "卡密" in delivered
        assert not any("AB-CD-1" in text for text in person.texts)
        await person.say("提货")
        assert "AB-CD-1" in (await person.hears("AB-CD-1")).splitlines()
