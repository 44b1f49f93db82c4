"""Every command of the table, typed in the chat, typed in the shell, and forged by somebody who is not staff."""

from __future__ import annotations

import getpass
from pathlib import Path

import click
import pytest

from admin_cmds.command import Command
from admin_cmds.links import link_to, split_words
from admin_cmds.registry import COMMANDS, find, parse
from bot.commands.admin import Terminal
from handlers.incoming import LONGEST_LINK
from handlers.screen import Code, LinkButton, Screen
from shop_core.kernel.policy import Policy
from shop_core.staff.roles import Role, Roster
from tests.admin.office import STRANGER, buttons_of, text_of
from tests.admin.workplace import LINES, Workplace

CHANGING = (
    "category add",
    "product add",
    "product hide",
    "product publish",
    "product refund",
    "product verify",
    "contact reset",
    "variant add",
    "price",
    "limits",
    "goods",
    "field add",
    "field remove",
    "task take",
    "task look",
    "task leave",
    "task done",
    "task cannot",
    "import",
    "import undo",
    "refund",
    "wallet",
    "suspense pay",
    "suspense credit",
    "case close",
    "offer connect",
    "offer disconnect",
    "price accept",
    "price keep",
    "price stop",
    "variant hide",
    "variant publish",
    "markup",
    "markup drop",
    "follow",
    "unfollow",
    "purchase ask",
    "purchase bought",
    "purchase none",
    "purchase known",
    "supplier book",
    "reconcile close",
    "reconcile sign",
    "job run",
    "staff invite",
    "staff uninvite",
    "staff add",
    "staff role",
    "staff remove",
    "reseller add",
    "reseller remove",
    "reseller tell",
    "thread reply",
    "thread done",
)
"""Commands that leave a line in the audit log when the lines below are run one after another."""

TOLD_ANEW = (
    "refund",
    "import undo",
    "wallet",
    "ask",
    "audit",
    "case show",
    "case close",
    "staff invite",
    "staff remove",
    "reseller add",
    "reseller remove",
    "thread show",
    "supplier book",
    "offer disconnect",
    "price accept",
    "price keep",
    "price stop",
    "markup",
    "markup drop",
    "unfollow",
    "purchase ask",
    "purchase none",
    "purchase known",
    "reconcile close",
    "reconcile sign",
    "queue",
    "task show",
    "task take",
    "task look",
    "task leave",
    "task done",
    "task cannot",
)
"""Commands that do not say the same twice: a question has a new key, what was settled is told as settled."""


PNG = b"\x89PNG\r\n\x1a\n picture"

IN_A_BROWSER = ("web password", "web code", "web leave")
"""Commands for whoever is signed in on the web; ``test_web.py`` has them."""


def test_every_command_has_a_line_here() -> None:
    assert set(LINES) == {command.name for command in COMMANDS}


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_the_example_is_written_as_the_command_wants_it(command: Command) -> None:
    found, rest = find(split_words(command.example), Role.OWNER)
    assert found is command
    assert set(parse(found, rest, Policy())) == {param.name for param in command.params}


async def test_the_owner_types_each_in_the_chat(workplace: Workplace) -> None:
    for name in LINES:
        screen = await workplace.office.type(f"/{workplace.line(name)}")
        said = text_of(screen)
        assert said, name
        assert "写法" not in said, name
        assert "现在做不了" not in said, name
        assert_fits(screen)


async def test_the_owner_presses_each_as_a_button(workplace: Workplace) -> None:
    for name in LINES:
        link = link_to(*split_words(workplace.line(name)))
        screen = await workplace.office.press(link)
        assert "写法" not in text_of(screen), name
        assert_fits(screen)
        again = await workplace.office.press(link)
        assert again.lines == screen.lines or name in TOLD_ANEW, name


async def test_the_owner_types_each_in_the_shell(
    workplace: Workplace, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(click, "confirm", lambda *_args, **_kwargs: True)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "codes.txt").write_text("FRESH-1\nFRESH-2\nFRESH-2\n")
    (tmp_path / "code.txt").write_text("FRESH-3\n")
    mine = "UPDATE tasks SET claimed_by = :by WHERE claimed_by IS NOT NULL"
    await workplace.office.market.sql(mine, by=f"shell:{getpass.getuser()}")
    for name in [name for name in LINES if name not in IN_A_BROWSER]:
        words = [*split_words(workplace.line(name))]
        if name == "import":
            words.append(str(tmp_path / "codes.txt"))
        if name == "purchase bought":
            words.append(str(tmp_path / "code.txt"))
        await Terminal(workplace.office.shop, "zh").run(words)
        printed = capsys.readouterr().out
        assert printed.strip(), name
        assert "FRESH" not in printed
    by_shell = [entry.command for entry in await workplace.office.audit() if entry.actor.startswith("shell:")]
    assert by_shell == [name.replace("suspense ", "suspense.") for name in LINES if name in CHANGING]


async def test_a_stranger_gets_what_any_unknown_link_gives_him(workplace: Workplace) -> None:
    office, market = workplace.office, workplace.office.market
    unknown = await office.press("no/such/link", who=STRANGER)
    before = await market.everything()
    for name in LINES:
        assert await office.press(link_to(*split_words(workplace.line(name))), who=STRANGER) == unknown, name
        typed = await office.type(f"/{workplace.line(name)}", who=STRANGER)
        assert not [button for button in buttons_of(typed) if _is_staff(button)], name
    assert await office.press("admin", who=STRANGER) == unknown
    assert await office.press("admin/go/abcdefghij", who=STRANGER) == unknown
    assert "要发给客服" in text_of(await office.send("codes.txt", b"MINE-1\n", who=STRANGER))
    assert await market.everything() == before


async def test_an_owner_who_is_removed_from_the_config_is_out_at_once(workplace: Workplace) -> None:
    office = workplace.office
    assert "管理" in str(await office.press(""))
    asked = await office.press(f"admin/import/{workplace.values['variant']}")
    assert asked.prompt is not None
    office.shop._services[Roster] = Roster(frozenset())
    unknown = await office.press("no/such/link")
    assert await office.press("admin") == unknown
    assert "要发给客服" in text_of(await office.send("codes.txt", b"LATE-1\n"))
    assert await office.market.cards() == {"available": 3, "held": 1, "delivered": 2}


async def test_no_screen_of_staff_ever_shows_a_code(workplace: Workplace) -> None:
    for name in LINES:
        screen = await workplace.office.type(f"/{workplace.line(name)}")
        # What the buyer of a top-up said is opened for who has taken it, hidden until touched. That is no code.
        opened = [line for line in screen.lines if isinstance(line, Code)]
        assert len(opened) == (name == "task look")
        assert "CODE-" not in str(screen)


def assert_fits(screen: Screen) -> None:
    """Links fit into the narrowest channel's buttons; a notice into its box."""
    for button in buttons_of(screen):
        if isinstance(button, LinkButton):
            assert len(button.link.encode()) <= LONGEST_LINK, button
    assert len(screen.toast or "") <= 200


def _is_staff(button: object) -> bool:
    return isinstance(button, LinkButton) and button.link.startswith("admin")
