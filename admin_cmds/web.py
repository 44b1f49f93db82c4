"""The staff's side in a browser: a one-time link there, a password for next time, and leaving."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from admin_cmds.command import Desk
from admin_cmds.links import link_to
from handlers.screen import Button, Code, Line, Prompt, Qr, Screen, Style, UrlButton
from shop_core.conversations.sign_in import (
    SHORTEST_PASSWORD,
    StaffDoor,
    confirm_login,
    make_link,
    set_login,
    sign_out,
    sign_out_everywhere,
)
from shop_core.customers.people import Address
from shop_core.kernel.errors import ShopError
from shop_core.kernel.secret import Secret
from shop_core.staff.roles import Roster


class NoWebChat(ShopError):
    """The config has no web chat, so there is no page to open."""

    code = "admin.no_web_chat"


class NotInABrowser(ShopError):
    """A password typed into a chat would stay there for everybody who finds the phone."""

    code = "admin.not_in_a_browser"


class NotStaff(ShopError):
    """Only staff can be let in."""

    code = "admin.not_staff"


async def web(desk: Desk, actor: str | None) -> Screen:
    """A link that signs its reader in on the web. In the shell, for the member of staff that is named."""
    if desk.browser is not None:
        return _signed_in_screen(desk)
    door = desk.shop.get(StaffDoor)
    if door.url is None:
        raise NoWebChat
    whom = (actor or "") if desk.is_shell else desk.actor
    if await desk.shop.read(desk.shop.get(Roster).role_of, whom) is None:
        raise NotStaff
    url = door.link(await desk.shop.write(make_link, whom))
    say = desk.say
    lines = [Line(say("admin.web.title"), Style.TITLE), Line(say("admin.web.text"))]
    if desk.is_shell:
        lines.append(Line(url))
    close = desk.button("admin.button.web_close", "web", "close")
    return Screen(
        tuple(lines), ((UrlButton(say("admin.button.web_open"), url),), (close, desk.home_button()))
    )


def _signed_in_screen(desk: Desk) -> Screen:
    say = desk.say
    lines = (
        Line(say("admin.web.here"), Style.TITLE),
        Line(say("admin.web.name", name=desk.actor), Style.MUTED),
    )
    rows: tuple[tuple[Button, ...], ...] = (
        (desk.button("admin.button.web_password", "web", "password"),),
        (
            desk.button("admin.button.web_leave", "web", "leave"),
            desk.button("admin.button.web_close", "web", "close"),
        ),
        (desk.home_button(),),
    )
    return Screen(lines, rows)


async def web_password(desk: Desk, password: tuple[str, ...]) -> Screen:
    """Set a password and show the secret for an authenticator; its first code makes both count."""
    _require_browser(desk)
    say = desk.say
    if not password:
        title, text = say("admin.web.password"), say("admin.web.password.text", shortest=SHORTEST_PASSWORD)
        prompt = Prompt(link_to("web", "password"), say("admin.web.password.placeholder"), is_secret=True)
        return Screen((Line(title, Style.TITLE), Line(text)), ((desk.home_button(),),), prompt=prompt)
    uri = (await set_login(desk.shop, desk.actor, Secret(" ".join(password)))).reveal()
    secret = parse_qs(urlsplit(uri).query)["secret"][0]
    lines = (
        Line(say("admin.web.scan"), Style.TITLE),
        Line(say("admin.web.scan.text")),
        Code(Secret(secret)),
    )
    prompt = Prompt(link_to("web", "code"), say("admin.web.code.placeholder"))
    return Screen(lines, ((desk.home_button(),),), qr=Qr(uri, say("admin.web.scan")), prompt=prompt)


async def web_code(desk: Desk, code: str) -> Screen:
    """The authenticator's first code."""
    _require_browser(desk)
    await confirm_login(desk.shop, desk.actor, code)
    lines = (
        Line(desk.say("admin.web.ready"), Style.TITLE),
        Line(desk.say("admin.web.name", name=desk.actor)),
    )
    return Screen(lines, ((desk.home_button(),),))


async def web_leave(desk: Desk) -> Screen:
    """Sign this browser out."""
    await desk.shop.write(sign_out, _require_browser(desk))
    return _left(desk, desk.say("admin.web.left"))


async def web_close(desk: Desk) -> Screen:
    """Sign every browser of this member of staff out."""
    closed = await desk.shop.write(sign_out_everywhere, desk.actor)
    text = desk.say.count("admin.web.closed", closed)
    if desk.browser is not None:
        return _left(desk, text)
    return Screen((Line(text, Style.TITLE),), ((desk.home_button(),),))


def _left(desk: Desk, text: str) -> Screen:
    again = UrlButton(desk.say("admin.button.web_again"), desk.shop.get(StaffDoor).url or "")
    return Screen((Line(text, Style.TITLE),), ((again,),))


def _require_browser(desk: Desk) -> Address:
    """Insist on the staff's page.

    Raises:
        NotInABrowser: It is a chat, or the shell.
    """
    if desk.browser is None:
        raise NotInABrowser
    return desk.browser
