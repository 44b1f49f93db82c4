"""Two bots of one shop: one catalogue, people of each answered by theirs, one polled for and one with a webhook."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlsplit

from bot.demo.setting import free_port
from bot.outside import Outside
from bot.run import serve
from bot.timing import Timing
from tests.process.premises import PATIENCE_S, Premises
from tests.standins.telegram import TelegramStandIn

OTHER: Final = "7300000002:AAG-standin-token-of-the-second-bot"
_CHANNELS: Final = """
[channels.one]
kind = "telegram"
token = "file:one.key"
api_base_url = "{api}"

[channels.two]
kind = "telegram"
token = "file:two.key"
api_base_url = "{api}"
mode = "webhook"
webhook_secret = "file:session.key"
"""


async def test_two_bots_sell_the_same_goods_each_to_its_own_people(database_url: str, tmp_path: Path) -> None:
    with TelegramStandIn() as tg:
        tg.add_bot(OTHER, "kapu_two_bot")
        premises = lay(tmp_path, database_url, tg)
        stop = asyncio.Event()
        outside = Outside(timing=Timing(poll_s=0.1, drain_s=2), telegram={"trust_env": False})
        async with premises.hands() as hands:
            variant = await hands.stock(3)
            product = await hands.one("SELECT product_id FROM variants WHERE id = :variant", variant=variant)
            serving = asyncio.create_task(serve(premises.config(), outside, stop=stop))
            one = tg.user()
            two = one.with_bot(OTHER)
            for user in (one, two):
                user.start()
                home = await user.wait_for_async("云卡小铺")
                user.press(next(label for label in home.labels if "季卡" in label))
                await user.wait_for_async("仅剩 3")
            for user, name in ((one, "kapu_test_bot"), (two, "kapu_two_bot")):
                (share,) = [button for button in user.last.buttons if button.text == "分享"]
                assert parse_qs(urlsplit(share.value).query)["url"] == [
                    f"https://t.me/{name}?start=p_{product}"
                ]
            before = [message.text for message in one.messages()]
            two.press(f"buy/{variant}/1/{hands.key()}", forge=True)
            await two.wait_for_async("待付款")
            assert [message.text for message in one.messages()] == before
            assert await hands.rows("SELECT channel, external_id FROM orders") == [
                {"channel": "two", "external_id": str(two.id)}
            ]
            letters = await hands.rows("SELECT source, external_id FROM inbox ORDER BY id")
            for channel, token in (("one", tg.token), ("two", OTHER)):
                told = [str(update["update_id"]) for update in tg.updates(token)]
                assert [row["external_id"] for row in letters if row["source"] == channel] == told
            stop.set()
            async with asyncio.timeout(PATIENCE_S):
                await serving
        assert {call.token for call in tg.calls_to("getUpdates")} == {tg.token}
        assert {call.token for call in tg.calls_to("setWebhook")} == {OTHER}
        assert tg.pending_updates() == tg.pending_updates(OTHER) == []


def lay(folder: Path, url: str, tg: TelegramStandIn) -> Premises:
    port = free_port()
    premises = Premises.lay(folder, url, port=port)
    config = premises.config_file.read_text("utf-8")
    config = config.replace("[http]\n", f'[http]\npublic_url = "http://127.0.0.1:{port}"\n')
    premises.config_file.write_text(config + _CHANNELS.format(api=tg.base_url), "utf-8")
    (folder / "one.key").write_text(tg.token, "utf-8")
    (folder / "two.key").write_text(OTHER, "utf-8")
    return premises
