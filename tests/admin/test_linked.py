"""What staff read of a buyer who has linked his channels: with whom, when, by whom; and what left again."""

from __future__ import annotations

import pytest

from shop_core.customers.people import meet
from shop_core.pairing.part import list_identities, part
from shop_core.privacy.erase import erase
from tests.admin.office import Office, text_of
from tests.core.builders import OWNER
from tests.core.pairs import link, now


@pytest.mark.parametrize(
    ("language", "merged", "parted"),
    [
        (
            "zh",
            "关联：#{gone} 并入 #{kept}，wx c2 发起，web c1 确认",
            "解除关联：wx c2 从 #{kept} 分出，成为 #{fresh}，web c1 操作",
        ),
        (
            "en",
            "linked: #{gone} went into #{kept}; wx c2 asked, web c1 said yes",
            "unlinked: wx c2 left #{kept} and is #{fresh} now; web c1 did it",
        ),
    ],
    ids=["zh", "en"],
)
async def test_an_order_tells_what_was_linked_and_what_left_again(
    office: Office, language: str, merged: str, parted: str
) -> None:
    channel, _, external_id = OWNER.partition(":")
    await office.shop.write(meet, channel=channel, external_id=external_id, name="老板", language=language)
    market = office.market
    maker, typer = await market.a_customer(), await market.a_customer(channel="wx")
    order = await market.an_order(maker)
    before = text_of(await office.type(f"/order {order.number}"))
    assert "关联" not in before
    assert "linked" not in before
    kept = (await link(market, maker, typer)).person_id
    left = next(
        one
        for one in await office.shop.read(list_identities, await now(market, maker))
        if one.address.channel == "wx"
    )
    market.clock.advance(days=1)
    await part(office.shop, await now(market, maker), left.id)
    fresh = (await now(market, typer)).person_id
    names = {"gone": typer.person_id, "kept": kept, "fresh": fresh}
    shown = text_of(await office.type(f"/order {order.number}")).splitlines()
    told = [line for line in shown if "关联" in line or "linked" in line]
    assert told == [f"11-21 12:00 {parted.format(**names)}", f"11-20 12:00 {merged.format(**names)}"]


async def test_of_who_was_erased_only_the_numbers_are_told(office: Office) -> None:
    market = office.market
    maker, typer = await market.a_customer(), await market.a_customer(channel="wx")
    order = await market.an_order(maker, paid=True)
    him = await link(market, maker, typer)
    await erase(office.shop, him)
    shown = text_of(await office.type(f"/order {order.number}"))
    assert f"关联：#{typer.person_id} 并入 #{maker.person_id}\n" in f"{shown}\n"


async def test_what_somebody_was_before_he_was_linked_is_his(office: Office) -> None:
    market = office.market
    first, second, third = [await market.a_customer(channel=channel) for channel in ("web", "wx", "tg")]
    order = await market.an_order(first)
    stranger = await market.an_order(await market.a_customer())
    linked = await link(market, second, third)
    await link(market, first, linked)
    shown = text_of(await office.type(f"/order {order.number}"))
    assert shown.count("关联：") == 2
    assert f"#{third.person_id} 并入 #{second.person_id}" in shown
    assert "关联：" not in text_of(await office.type(f"/order {stranger.number}"))
