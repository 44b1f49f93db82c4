"""微信客服 from end to end: callbacks that only hint, messages that are pulled, answers within WeCom's limits."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

import httpx

from tests.channels.premises import until
from tests.channels.wecom.stage import NAME, a_wecom_shop
from tests.standins.wecom import Account, WeComStandIn

LETTERS: Final = "SELECT count(*) FROM inbox"
DONE: Final = "SELECT count(*) FROM inbox WHERE done_at IS NOT NULL"
SENT: Final = "SELECT count(*) FROM messages WHERE state = 'sent'"
WRITTEN: Final = "SELECT count(*) FROM thread_messages"
OWNER: Final = "wmOwnerOfTheShop"


async def test_from_hi_to_an_answer_by_staff(sqlite_url: str, tmp_path: Path) -> None:
    async with a_wecom_shop(tmp_path, sqlite_url, owner=OWNER) as stage:
        await stage.product("月卡", ["AB-1"])
        owner, person = stage.wecom.customer(OWNER), stage.wecom.customer()
        await owner.say("hi")
        await owner.hears("云卡小铺")
        await person.say("hi")
        home = await person.hears("云卡小铺")
        assert "‹1 月卡  ¥15.00  仅剩 1›" in home, "something to touch"
        await person.touch("1 月卡  ¥15.00  仅剩 1")
        await person.hears("买 1 张")
        await person.say("订单")
        await person.hears("还没有订单")
        await person.say("客服")
        await person.hears("和客服的对话")
        await person.say("收到的卡用不了 ]]> 😀")
        notice = await owner.hears("收到的卡用不了 ]]> 😀")
        assert "/thread reply" in notice
        [item] = [one.items[0] for one in owner.shown if one.text == notice]
        await owner.touch(item)
        await owner.hears("收到的卡用不了")
        await owner.say("马上给你换一张。")
        await person.hears("马上给你换一张。")
        assert await stage.count(WRITTEN) == 2
        assert len({one.msgid for one in stage.wecom.shown}) == len(stage.wecom.shown)


async def test_the_console_takes_the_address_and_strangers_get_nothing(
    sqlite_url: str, tmp_path: Path
) -> None:
    async with a_wecom_shop(tmp_path, sqlite_url) as stage:
        wecom, [address] = stage.wecom, stage.wecom.webhooks
        assert await wecom.verify_address(address)
        echo = wecom.account.cipher.encrypt("123")
        old = wecom.signed(echo, timestamp="1700000000")
        other = type(wecom.account)(corp_id="wwother00000").cipher.encrypt("123")
        async with httpx.AsyncClient(trust_env=False) as http:
            for query in (
                {},
                {"echostr": "123"},
                {**old, "echostr": echo},
                {**wecom.signed(echo), "echostr": echo[:-8] + "AAAAAAA="},
                {**wecom.signed(other), "echostr": other},
            ):
                answer = await http.get(address, params=query)
                assert (answer.status_code, answer.text) == (403, ""), query
            query, body = wecom.envelope("<xml><Event>kf_msg_or_event</Event></xml>")
            assert (await http.post(address, params=query, content=body)).text == "success"
            query["msg_signature"] = "0" * 40
            assert (await http.post(address, params=query, content=body)).status_code == 403
            query, _ = wecom.envelope("")
            assert (await http.post(address, params=query, content=b"<xml>")).status_code == 403
            huge = await http.post(address, params=query, content=b"x" * 20_000)
            assert huge.status_code == 413
        assert await stage.count(LETTERS) == 0


async def test_who_opens_the_chat_is_welcomed_once_and_led_where_the_code_leads(
    sqlite_url: str, tmp_path: Path
) -> None:
    async with a_wecom_shop(tmp_path, sqlite_url) as stage:
        await stage.product("月卡", ["AB-1"])
        person, other = stage.wecom.customer(), stage.wecom.customer()
        await person.enter()
        home = await person.hears("云卡小铺")
        assert "月卡" in home
        await person.say("1")
        await person.hears("买 1 张")
        await other.enter("p_1")
        await other.hears("买 1 张")
        assert [one.on_event for one in (*person.shown, *other.shown)] == [True, False, True]


async def test_a_lost_callback_is_made_up_for_by_looking(sqlite_url: str, tmp_path: Path) -> None:
    async with a_wecom_shop(tmp_path, sqlite_url, poll_s=0.3) as stage:
        await stage.until("SELECT count(*) FROM pulls WHERE cursor <> ''", 1)
        stage.wecom.calls_back = False
        person = stage.wecom.customer()
        await person.say("hi")
        await person.hears("云卡小铺")
        assert not any(has_hint for _, has_hint in stage.wecom.pulled)


async def test_callbacks_that_come_twice_and_pages_of_one_are_read_once(
    sqlite_url: str, tmp_path: Path
) -> None:
    async with a_wecom_shop(tmp_path, sqlite_url) as stage:
        wecom = stage.wecom
        await stage.until("SELECT count(*) FROM pulls WHERE cursor <> ''", 1)
        wecom.per_page = 1
        wecom.calls_back = False
        person = wecom.customer()
        for text in ("hi", "订单", "余额"):
            await person.say(text)
        wecom.entries.append(dict(wecom.entries[0]))
        assert [await wecom.call_back(hint="same") for _ in range(3)] == [200, 200, 200]
        await stage.until(DONE, 3)
        assert len(person.shown) == 3
        assert await stage.count("SELECT count(*) FROM pulls WHERE cursor = 'c4'") == 1
        assert ("c1", True) in wecom.pulled, "with what the callback brought"


async def test_two_processes_pull_each_message_once(postgresql_url: str, tmp_path: Path) -> None:
    async with a_wecom_shop(tmp_path, postgresql_url, processes=2) as stage:
        wecom = stage.wecom
        wecom.per_page = 3
        people = [wecom.customer() for _ in range(8)]
        await asyncio.gather(*(person.say("hi") for person in people))
        await asyncio.gather(*(person.hears("云卡小铺") for person in people))
        await stage.until(DONE, 8)
        assert [len(person.shown) for person in people] == [1] * 8
        cursors = [cursor for cursor, _ in wecom.pulled]
        assert [int(cursor[1:] or 0) if cursor else 0 for cursor in cursors] == sorted(
            int(cursor[1:]) if cursor else 0 for cursor in cursors
        ), "never behind what was read"


async def test_a_token_that_ends_before_its_time_is_fetched_once_more_and_a_refused_menu_is_a_text(
    sqlite_url: str, tmp_path: Path
) -> None:
    async with a_wecom_shop(tmp_path, sqlite_url) as stage:
        await stage.product("月卡", ["AB-1"])
        person = stage.wecom.customer()
        await person.say("hi")
        await person.hears("云卡小铺")
        first = stage.wecom.tokens[0]
        stage.wecom.forget_tokens()
        await person.say("订单")
        await person.hears("还没有订单")
        assert stage.wecom.tokens[0] != first
        assert len(person.shown) == 2
        stage.wecom.has_menus = False
        await person.say("hi")
        home = await person.hears("云卡小铺")
        assert "\n1 月卡  ¥15.00  仅剩 1\n" in home
        stage.wecom.faults["kf/send_msg"] = [0, "half"]
        await person.say("余额")
        await person.hears("余额 ¥0.00")
        await person.say("hi")
        await person.hears("云卡小铺")
        await stage.until(DONE, 5)
        assert len(person.shown) == 5, (
            "a text that nobody knew of in the place of a refused menu is there once"
        )


async def test_an_answer_that_nobody_knows_of_is_there_once(sqlite_url: str, tmp_path: Path) -> None:
    async with a_wecom_shop(tmp_path, sqlite_url) as stage:
        person = stage.wecom.customer()
        stage.wecom.faults["kf/send_msg"] = ["half"]
        await person.say("客服")
        await person.hears("和客服的对话")
        await stage.until(DONE, 1)
        assert len(person.shown) == 1
        await person.say("卡用不了")
        await person.hears("已送到客服")
        assert await stage.count(WRITTEN) == 1, "what it asked is asked"
        assert stage.wecom.faults["kf/send_msg"] == []


async def test_what_was_said_before_the_channel_was_there_is_not_answered(
    sqlite_url: str, tmp_path: Path
) -> None:
    async with a_wecom_shop(tmp_path, sqlite_url) as stage:
        wecom = stage.wecom
        person = wecom.customer()
        old = {"origin": 3, "external_userid": person.person, "send_time": 1_700_000_000}
        await wecom.put({**old, "msgtype": "text", "text": {"content": "hi"}})
        await wecom.put({"origin": 3, "external_userid": "a person", "msgtype": "text", "text": {}})
        await wecom.put({"origin": 3, "msgtype": 7, "open_kfid": "wkother", "external_userid": person.person})

        async def is_read() -> bool:
            return await stage.count("SELECT count(*) FROM pulls WHERE cursor = 'c3'") == 1

        await until(is_read)
        assert await stage.count(LETTERS) == 0
        assert NAME in stage.programs[0].channels


async def test_the_address_of_one_account_hears_for_all_of_the_app(sqlite_url: str, tmp_path: Path) -> None:
    other = Account(open_kfid="wkOTHERAAAZSfhHCt7IFSvLKtMPxyJTw")
    more = f"""
[channels.second]
kind = "wecom"
corp_id = "{other.corp_id}"
secret = "file:secret.key"
token = "file:token.key"
encoding_aes_key = "file:aes.key"
open_kfid = "{other.open_kfid}"
api_base_url = "{{api}}"
"""
    async with (
        WeComStandIn(other).serving() as second,
        a_wecom_shop(tmp_path, sqlite_url, more=more.format(api=second.base_url)) as stage,
    ):
        await stage.until("SELECT count(*) FROM pulls WHERE cursor <> ''", 2)
        second.webhooks = stage.wecom.webhooks
        person = second.customer()
        await person.say("hi")
        await person.hears("云卡小铺")
        assert second.pulled[-1] == ("c0", True)
        assert await stage.count("SELECT count(*) FROM identities WHERE channel = 'second'") == 1
        # What he is on another channel is one with this, once both sides say so.
        elsewhere = stage.wecom.customer()
        await elsewhere.say("关联")
        await elsewhere.hears("关联其他渠道")
        await elsewhere.say("获取关联码")
        code = (await elsewhere.hears("你的关联码")).splitlines()[1]
        await person.say("关联")
        await person.hears("关联其他渠道")
        await person.say(code)
        await person.hears("这是你自己吗")
        await person.say("1")
        await person.hears("还差一步")
        await elsewhere.hears("关联")
        await elsewhere.say("关联")
        await elsewhere.hears("是我")
        await elsewhere.say("1")
        await person.hears("关联好了")
        assert await stage.count("SELECT count(DISTINCT person_id) FROM identities") == 1
