"""The button that sends one's own number: it hangs below the chat while it is asked for, and no longer."""

from __future__ import annotations

import asyncio

from handlers.incoming import Contact
from handlers.screen import ContactButton, Line, LinkButton, Screen
from tests.channels.telegram.stage import Stage, to
from tests.standins.telegram import TelegramUser

HINT = "“发送我的号码”在下面"
ASKING = Screen(
    (Line("先验证一下你的手机号"),),
    ((ContactButton("发送我的号码", HINT),), (LinkButton("再问一次", "ask"),)),
)


def seen(user: TelegramUser) -> tuple[int, bool]:
    """How often the hint is in the chat, and whether the button hangs below it."""
    return [message.text for message in user.messages()].count(HINT), user.is_asked_for_number


async def test_the_button_hangs_while_it_is_asked_for_and_is_taken_away_after(stage: Stage) -> None:
    stage.teller.pages |= {"ask": ASKING, "": Screen((Line("云卡小铺"),), ((to("ask"),),))}
    user = await stage.somebody_at_home()
    await asyncio.to_thread(user.press, "ask")
    await user.wait_for_async(HINT)
    await stage.rest()
    assert seen(user) == (1, True)
    # Asked again, it hangs already.
    await asyncio.to_thread(user.press, "再问一次")
    await asyncio.to_thread(user.wait_until_answered)
    await stage.rest()
    assert seen(user) == (1, True)
    await asyncio.to_thread(user.share_number, "8613812341234")
    await user.wait_for_async("你的号码 8613812341234")
    await stage.rest()
    assert seen(user) == (0, False)
    assert "…" not in [message.text for message in user.messages()]
    assert stage.failures == []


async def test_only_ones_own_contact_sent_by_oneself_is_ones_own(stage: Stage) -> None:
    user = await stage.somebody_at_home()
    for user_id, is_passed_on in ((user.id, False), (user.id, True), (user.id + 1, False), (None, False)):
        await asyncio.to_thread(user.send_contact, "8613812341234", user_id, is_passed_on=is_passed_on)
    await stage.rest()
    heard = [one.content for one in stage.teller.heard if isinstance(one.content, Contact)]
    assert [contact.is_own for contact in heard] == [True, False, False, False]
    assert "13812341234" not in repr(heard)
