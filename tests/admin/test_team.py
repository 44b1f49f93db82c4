"""Inviting colleagues, and letting them go."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta

import pytest

from handlers.screen import CopyButton, Screen, ShareButton
from shop_core.conversations.at_the_desk import find_at_desk
from shop_core.conversations.sign_in import enter, make_link
from shop_core.customers.people import Address
from shop_core.messaging.queue import NewsKind
from shop_core.staff.invitations import invite
from shop_core.staff.members import list_members, take_on
from shop_core.staff.roles import Role, Roster
from tests.admin.office import OWNER_CHANNEL, Office, button, buttons_of, links_of, text_of
from tests.core.builders import OWNER

COLLEAGUE = ("tg", "77")
ACTOR = "tg:77"


async def an_invitation(office: Office, role: str = "客服") -> tuple[Screen, str]:
    """The owner invites by pressing alone. The screen, and the code."""
    home = await office.press("admin")
    team = await office.press(button(home, "店员"))
    which = await office.press(button(team, "邀请同事"))
    made = await office.press(button(which, role))
    code = next(found for line in text_of(made).splitlines() if (found := line.replace("-", "")).isalnum())
    return made, code


async def roles(office: Office) -> dict[str, str]:
    return {
        row["actor"]: row["role"]
        for row in await office.market.rows("SELECT actor, role FROM staff WHERE revoked_at IS NULL")
    }


async def test_a_colleague_is_invited_accepts_and_is_greeted_and_the_owner_hears_of_it(
    office: Office,
) -> None:
    made, code = await an_invitation(office)
    (share,) = [one for one in buttons_of(made) if isinstance(one, ShareButton)]
    (copy,) = [one for one in buttons_of(made) if isinstance(one, CopyButton)]
    assert copy.secret.reveal().replace("-", "") == code
    shown = await office.press(share.link, who=COLLEAGUE)
    assert "请你来当客服" in text_of(shown)
    assert await roles(office) == {}, "a look decides nothing"
    joined = await office.press(button(shown, "接受"), who=COLLEAGUE)
    assert "你现在是客服" in text_of(joined)
    assert joined.menu
    assert await roles(office) == {ACTOR: "support"}
    counter = await office.press(button(joined, "去柜台"), who=COLLEAGUE)
    assert "订单" in links_of(counter)
    news = [
        screen
        for message, screen in await office.news(OWNER_CHANNEL)
        if message.news is NewsKind.STAFF_JOINED
    ]
    assert "接受了邀请，现在是客服" in text_of(news[0] or made)
    assert [entry.command for entry in await office.audit()] == ["staff invite", "staff add"]
    assert "code" not in str(await office.audit())
    assert code not in str(await office.audit())


async def test_the_code_may_be_typed_as_people_pass_it_on(office: Office) -> None:
    _, code = await an_invitation(office, "财务")
    said = await office.type(f" {code[:4]}-{code[4:8]} {code[8:].lower()} ", who=COLLEAGUE)
    await office.press(button(said, "接受"), who=COLLEAGUE)
    assert await roles(office) == {ACTOR: "finance"}


async def test_an_invitation_works_once_however_many_press(office: Office) -> None:
    _, code = await an_invitation(office)
    await asyncio.gather(*(office.press(f"join/{code}/yes", who=("tg", f"6{n}")) for n in range(5)))
    assert len(await roles(office)) == 1
    late = await office.press(f"join/{code}", who=("tg", "69"))
    assert "用过了" in text_of(late)


@pytest.mark.parametrize("code", ["ABCDEFGHJKMNPQRS", "abcdefghijklmnop", "%%%%%%%%%%%%%%%%"])
async def test_a_code_that_nobody_made_opens_nothing(office: Office, code: str) -> None:
    await an_invitation(office)
    for path in (f"join/{code}", f"join/{code}/yes"):
        assert not links_of(await office.press(path, who=COLLEAGUE)).get("接受邀请")
    assert await roles(office) == {}


async def test_an_invitation_is_over_after_a_day(office: Office) -> None:
    _, code = await an_invitation(office)
    office.market.clock.moment += timedelta(days=1)
    assert "过期" in text_of(await office.press(f"join/{code}/yes", who=COLLEAGUE))
    assert await roles(office) == {}


async def test_an_invitation_can_be_taken_back(office: Office) -> None:
    _, code = await an_invitation(office)
    team = await office.press("admin/staff")
    back = await office.press(button(team, "收回邀请"))
    assert "收回了" in text_of(back)
    assert "收回了" in text_of(await office.press(f"join/{code}/yes", who=COLLEAGUE))
    assert await roles(office) == {}


async def test_who_may_not_invite_any_more_has_invited_nobody(office: Office) -> None:
    roster = office.shop.get(Roster)
    admin = await office.shop.write(take_on, roster, "tg:66", Role.ADMIN, by=OWNER)
    code = (await office.shop.write(invite, roster, Role.SUPPORT, by="tg:66")).reveal()
    await office.type(f"/staff role {admin.id} support")
    assert "收回" in text_of(await office.press(f"join/{code}/yes", who=COLLEAGUE))
    assert await roles(office) == {"tg:66": "support"}


async def test_an_owner_does_not_make_himself_less_by_opening_his_own_invitation(office: Office) -> None:
    _, code = await an_invitation(office)
    assert "已经是店员" in text_of(await office.press(f"join/{code}/yes"))
    await office.press(f"join/{code}/yes", who=COLLEAGUE)
    assert await roles(office) == {ACTOR: "support"}


async def test_a_guests_browser_is_no_place_for_the_keys_of_the_shop(office: Office) -> None:
    _, code = await an_invitation(office)
    guests = frozenset({"web"})
    object.__setattr__(office.shop.policy, "guest_channels", guests)
    shown = await office.press(f"join/{code}", who=("web", "77"))
    assert "机器人里打开" in text_of(shown)
    await office.press(f"join/{code}/yes", who=("web", "77"))
    assert await roles(office) == {}


async def test_who_is_removed_is_out_at_once_also_in_the_middle_of_something_and_in_his_browser(
    office: Office,
) -> None:
    variant = await office.market.a_variant(codes=3)
    roster = office.shop.get(Roster)
    member = await office.shop.write(take_on, roster, ACTOR, Role.ADMIN, by=OWNER)
    browser = Address("web", "s77")
    await office.shop.write(enter, browser, await office.shop.write(make_link, ACTOR))
    assert await office.shop.read(find_at_desk, roster, browser) is not None
    asked = await office.press(f"admin/import/{variant}", who=COLLEAGUE)
    assert asked.prompt is not None
    held = await office.press(f"admin/wallet/{1}/5/x", who=COLLEAGUE)
    assert "收回" not in text_of(held)
    await office.press(f"admin/import/{variant}", who=COLLEAGUE)

    card = await office.press(f"admin/staff/show/{member.id}")
    sure = await office.press(button(card, "请他离开"))
    assert await roles(office) == {ACTOR: "admin"}, "asked first"
    gone = await office.press(button(sure, "请他离开"))
    assert "不再是店员" in text_of(gone)

    assert await office.shop.read(find_at_desk, roster, browser) is None
    assert await office.market.one("SELECT count(*) FROM staff_sessions") == 0
    assert "要发给客服" in text_of(await office.send("codes.txt", b"LATE-1\n", who=COLLEAGUE))
    unknown = await office.press("no/such/link", who=COLLEAGUE)
    assert await office.press("admin", who=COLLEAGUE) == unknown
    assert await office.market.cards() == {"available": 3}
    told = [screen for message, screen in await office.news("tg") if message.news is NewsKind.ROLE_CHANGED]
    assert "不再是这家店的店员" in text_of(told[0] or gone)
    assert told[0] is not None
    assert told[0].menu
    assert await office.shop.read(list_members) == []
    assert re.search("staff remove", str(await office.audit_of("staff remove")))


async def test_who_was_removed_can_be_taken_on_again(office: Office) -> None:
    roster = office.shop.get(Roster)
    for role in (Role.SUPPORT, Role.FINANCE):
        member = await office.shop.write(take_on, roster, ACTOR, role, by=OWNER)
        assert await roles(office) == {ACTOR: role.value}
        await office.type(f"/staff remove {member.id} --yes")
    assert await roles(office) == {}
    assert await office.market.one("SELECT count(*) FROM staff") == 2


async def test_a_change_of_role_counts_from_the_next_message(office: Office) -> None:
    member = await office.shop.write(take_on, office.shop.get(Roster), ACTOR, Role.SUPPORT, by=OWNER)
    assert "没有“suspense”" in text_of(await office.type("/suspense", who=COLLEAGUE))
    card = await office.press(f"admin/staff/show/{member.id}")
    await office.press(button(card, "改为财务"))
    assert "没有“suspense”" not in text_of(await office.type("/suspense", who=COLLEAGUE))
    [told] = [screen for message, screen in await office.news("tg") if message.news is NewsKind.ROLE_CHANGED]
    assert "你现在是财务" in text_of(told or card)
