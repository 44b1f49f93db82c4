"""Staff on the web: the link in the chat, the password in the browser, and leaving."""

from __future__ import annotations

import pyotp
import pytest

from handlers.screen import Code, Screen, UrlButton
from shop_core.conversations.sign_in import acting_as, enter
from shop_core.customers.people import Address
from tests.admin.office import OWNER_CHANNEL, OWNER_ID, STRANGER, Office, buttons_of, links_of, text_of

BROWSER = ("web", "s0123456789abcdef")
OWNER = f"{OWNER_CHANNEL}:{OWNER_ID}"


async def a_signed_in_browser(office: Office) -> None:
    screen = await office.type("/web")
    (url,) = [button.url for button in buttons_of(screen) if isinstance(button, UrlButton)]
    assert url.startswith("https://shop.test/staff/enter/")
    await office.shop.write(enter, Address(*BROWSER), url.rpartition("/")[2])


def codes_of(screen: Screen) -> list[str]:
    return [line.secret.reveal() for line in screen.lines if isinstance(line, Code)]


async def test_the_browser_of_an_owner_runs_the_shop_in_his_name(office: Office) -> None:
    await a_signed_in_browser(office)
    home = await office.press("admin", who=BROWSER)
    assert "订单" in links_of(home)
    await office.type("/category add 音乐", who=BROWSER)
    (entry,) = await office.audit_of("category add")
    assert entry.actor == OWNER


async def test_a_customer_gets_no_link(office: Office) -> None:
    screen = await office.type("/web", who=STRANGER)
    assert not [button for button in buttons_of(screen) if isinstance(button, UrlButton)]


async def test_a_password_is_set_in_the_browser_only(office: Office) -> None:
    refused = await office.type("/web password hunter2hunter2")
    assert "只能在网页里设" in text_of(refused)
    await a_signed_in_browser(office)
    asked = await office.press("admin/web/password", who=BROWSER)
    assert asked.prompt is not None
    assert asked.prompt.is_secret
    weak = await office.type("short", who=BROWSER)
    assert "10 到 64" in text_of(weak)
    shown = await office.type("correct horse battery", who=BROWSER)
    assert shown.qr is not None
    totp = pyotp.parse_uri(shown.qr.text)
    assert isinstance(totp, pyotp.TOTP)
    assert codes_of(shown) == [totp.secret]
    assert "6 位数字不对" in text_of(await office.type("abc", who=BROWSER))
    ready = await office.type(totp.at(office.market.clock.now()), who=BROWSER)
    assert OWNER in text_of(ready)
    assert await office.audit_of("web password")


@pytest.mark.parametrize("way", ["leave", "close"])
async def test_who_leaves_is_a_stranger_from_then_on(office: Office, way: str) -> None:
    await a_signed_in_browser(office)
    await office.press(f"admin/web/{way}", who=BROWSER)
    assert await office.shop.read(acting_as, *BROWSER) is None
    assert "订单" not in links_of(await office.press("admin/orders", who=BROWSER))
