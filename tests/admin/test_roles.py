"""Every command and every role: what each may, and that everything else does not exist for him."""

from __future__ import annotations

from typing import Any, Final

import pytest

from admin_cmds.allowed import HELP
from admin_cmds.links import GO, link_to, split_words, words_of
from admin_cmds.menu import list_menus
from admin_cmds.registry import COMMANDS
from handlers.screen import LinkButton, Screen
from shop_core.staff.members import change_role, take_on
from shop_core.staff.roles import GRANTS, RIGHTS, Role, Roster
from tests.admin.office import Office, buttons_of, text_of
from tests.admin.workplace import COLLEAGUE, LINES, Workplace
from tests.core.builders import OWNER

ANYBODY: Final = frozenset(Role)
RUNS: Final = frozenset({Role.OWNER, Role.ADMIN})
COUNTS: Final = RUNS | {Role.FINANCE}
TALKS: Final = RUNS | {Role.SUPPORT}

MAY: Final[dict[str, frozenset[Role]]] = {
    "home": ANYBODY,
    "cases": ANYBODY,
    "case show": ANYBODY,
    "case close": ANYBODY,
    "orders": ANYBODY,
    "order": ANYBODY,
    "why": ANYBODY,
    "ask": ANYBODY,
    "product list": ANYBODY,
    "product show": ANYBODY,
    "stock": ANYBODY,
    "web": ANYBODY,
    "web password": ANYBODY,
    "web code": ANYBODY,
    "web leave": ANYBODY,
    "web close": ANYBODY,
    "threads": TALKS,
    "thread show": TALKS,
    "thread reply": TALKS,
    "thread done": TALKS,
    "thread orders": TALKS,
    "thread file": TALKS,
    "queue": TALKS,
    "task show": TALKS,
    "task take": TALKS,
    "task look": TALKS,
    "task leave": TALKS,
    "task done": TALKS,
    "task cannot": TALKS,
    "goods": RUNS,
    "field add": RUNS,
    "field remove": RUNS,
    "purchase show": ANYBODY,
    "suppliers": COUNTS,
    "supplier show": COUNTS,
    "supplier read": COUNTS,
    "supplier book": COUNTS,
    "reconcile": COUNTS,
    "reconcile day": COUNTS,
    "reconcile show": COUNTS,
    "reconcile close": COUNTS,
    "reconcile sheet": COUNTS,
    "reconcile sign": COUNTS,
    "offers": RUNS,
    "offer show": RUNS,
    "offer connect": RUNS,
    "offer disconnect": RUNS,
    "routes": RUNS,
    "price accept": RUNS,
    "price keep": RUNS,
    "price stop": RUNS,
    "variant hide": RUNS,
    "variant publish": RUNS,
    "markups": RUNS,
    "markup": RUNS,
    "markup drop": RUNS,
    "follow": RUNS,
    "unfollow": RUNS,
    "purchase ask": RUNS,
    "purchase bought": RUNS,
    "purchase none": RUNS,
    "purchase known": RUNS,
    "refund": COUNTS,
    "wallet": COUNTS,
    "suspense": COUNTS,
    "suspense show": COUNTS,
    "suspense for": COUNTS,
    "suspense pay": COUNTS,
    "suspense credit": COUNTS,
    "suspense return": COUNTS,
    "reseller": COUNTS,
    "reseller add": COUNTS,
    "reseller remove": COUNTS,
    "reseller tell": COUNTS,
    "funnel": COUNTS,
    "audit": COUNTS,
    "verify": COUNTS,
    "jobs": COUNTS,
    "job run": COUNTS,
    "category add": RUNS,
    "category list": RUNS,
    "product add": RUNS,
    "product publish": RUNS,
    "product hide": RUNS,
    "product refund": RUNS,
    "product verify": RUNS,
    "contact reset": RUNS,
    "product qr": ANYBODY,
    "variant add": RUNS,
    "price": RUNS,
    "limits": RUNS,
    "import": RUNS,
    "import show": RUNS,
    "import undo": RUNS,
    "form": RUNS,
    "staff": RUNS,
    "staff show": RUNS,
    "staff invite": RUNS,
    "staff uninvite": RUNS,
    "staff add": RUNS,
    "staff role": RUNS,
    "staff remove": RUNS,
}
"""Written out, not worked out: whoever changes who may do what says so here, too."""

HIRED: Final = [Role.ADMIN, Role.FINANCE, Role.SUPPORT]
KEPT: Final = (
    "products",
    "variants",
    "categories",
    "markup_rules",
    "followed_prices",
    "batches",
    "staff",
    "staff_invitations",
    "audit_log",
    "sign_in_links",
    "resellers",
    "jobs",
    "reconciled_days",
    "reconciled_lines",
)
"""Tables that staff change and buyers do not."""


async def hire(office: Office, role: Role) -> tuple[str, str]:
    """Somebody of this role, and where he writes from."""
    if role is Role.OWNER:
        channel, _, external_id = OWNER.partition(":")
        return channel, external_id
    await office.shop.write(take_on, office.shop.get(Roster), f"tg:7{role.value}", role, by=OWNER)
    return "tg", f"7{role.value}"


async def everything(office: Office) -> dict[str, list[dict[str, Any]]]:
    kept = {table: await office.market.rows(f"SELECT * FROM {table}") for table in KEPT}
    return kept | await office.market.everything()


def is_unknown(screen: Screen, word: str) -> bool:
    """Whether this is what anybody of the staff hears about a command that there is not."""
    return text_of(screen) == f"没有“{word}”这个命令。"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """Rights are a table in the program: on which database a command is refused makes no difference."""
    return sqlite_url


def test_the_table_of_this_test_has_every_command() -> None:
    assert {command.name for command in COMMANDS} == set(MAY) == set(LINES)


@pytest.mark.parametrize("role", Role)
async def test_a_role_may_what_the_table_says_and_nothing_else_exists_for_it(
    workplace: Workplace, role: Role
) -> None:
    office = workplace.office
    who = await hire(office, role)
    before = await everything(office)
    forbidden = [name for name in LINES if role not in MAY[name]]
    for name in forbidden:
        line = workplace.line(name)
        word = name.split()[0]
        for screen in (
            await office.type(f"/{line}", who=who),
            await office.type(f"/{name}", who=who),
            await office.press(link_to(*split_words(line)), who=who),
        ):
            assert is_unknown(screen, word), name
            assert screen.prompt is None
    assert await everything(office) == before
    for name in [name for name in LINES if name not in forbidden]:
        screen = await office.type(f"/{workplace.line(name)}", who=who)
        assert not is_unknown(screen, name.split()[0]), name


@pytest.mark.parametrize("role", Role)
async def test_a_screen_has_no_button_that_its_reader_may_not_press(workplace: Workplace, role: Role) -> None:
    office = workplace.office
    who = await hire(office, role)
    pressed = 0
    for name in LINES:
        screen = await office.type(f"/{workplace.line(name)}", who=who)
        for button in buttons_of(screen):
            words = words_of(button.link) if isinstance(button, LinkButton) else None
            if words is None or words[:1] in {(GO,), (HELP,)}:
                continue
            pressed += 1
            two, one = " ".join(words[:2]), (words or ("home",))[0]
            assert role in MAY[two if two in MAY else one], words
    assert pressed


@pytest.mark.parametrize("role", Role)
async def test_the_menu_and_the_manual_of_a_role_have_what_it_may(office: Office, role: Role) -> None:
    who = await hire(office, role)
    menu = (await list_menus(office.shop, "tg"))[who[1]]
    offered = set(menu) & set(MAY)
    assert {"orders", "cases"} <= offered
    assert offered <= {name for name, roles in MAY.items() if role in roles}
    assert ("staff" in menu) == (role in RUNS)
    manual = text_of(await office.type("/help", who=who))
    listed = {name for name in MAY if f"\n/{name}" in manual}
    assert listed >= {name for name, roles in MAY.items() if role in roles} - {"form"}
    for name in set(MAY) - {name for name, roles in MAY.items() if role in roles}:
        assert f"\n/{name} " not in manual


async def test_a_case_is_told_to_those_whose_work_it_is_and_to_nobody_else(workplace: Workplace) -> None:
    office = workplace.office
    places = {role: await hire(office, role) for role in HIRED}
    await office.market.run_news()
    told = await office.market.rows("SELECT external_id, args FROM messages WHERE news = 'case_opened'")
    suspense = await office.market.one("SELECT min(id) FROM cases WHERE kind = 'suspense'")
    heard = {row["external_id"] for row in told if f"{suspense}" in str(row["args"])}
    assert heard == {"1", places[Role.ADMIN][1], places[Role.FINANCE][1]}
    for role, who in places.items():
        listed = str(await office.type("/cases", who=who))
        assert ("来路不明" in listed or "没有归属" in listed or f"case/show/{suspense}" in listed) == (
            role is not Role.SUPPORT
        )
    shown = await office.type(f"/case show {suspense}", who=places[Role.SUPPORT])
    assert "处理过" in text_of(shown)


@pytest.mark.parametrize("granter", Role)
@pytest.mark.parametrize("granted", Role)
async def test_nobody_gives_changes_or_takes_more_than_the_table_lets_him(
    workplace: Workplace, granter: Role, granted: Role
) -> None:
    office = workplace.office
    who = await hire(office, granter)
    member = workplace.values["member"]
    may = granted in GRANTS[granter]
    attempts = (
        f"/staff add tg:55 {granted.value}",
        f"/staff role {member} {granted.value}",
        f"/staff invite {granted.value}",
    )
    for line in attempts:
        before = await everything(office)
        await office.type(line, who=who)
        changed = await everything(office) != before
        # Support is what the colleague of ``workplace`` is already.
        assert changed == (may and not (granted is Role.SUPPORT and "role" in line)), line
    assert not may or RIGHTS[granted] <= RIGHTS[granter]
    if granted is Role.OWNER:
        return
    roster = office.shop.get(Roster)
    await office.shop.write(change_role, roster, int(member), granted, by=OWNER)
    before = await everything(office)
    for other in {"support", "finance"} - {granted.value}:
        await office.type(f"/staff role {member} {other}", who=who)
        await office.type(f"/staff add {COLLEAGUE} {other}", who=who)
    assert (await everything(office) == before) == (not may), (
        "what he is may be above the one who would change it"
    )
    await office.shop.write(change_role, roster, int(member), granted, by=OWNER)
    before = await everything(office)
    await office.type(f"/staff remove {member} --yes", who=who)
    assert (await everything(office) == before) == (not may)


async def test_an_owner_of_the_config_is_nobodys_to_change(workplace: Workplace) -> None:
    office = workplace.office
    admin = await hire(office, Role.ADMIN)
    before = await everything(office)
    for who in (admin, await hire(office, Role.OWNER)):
        said = text_of(await office.type(f"/staff add {OWNER} support", who=who))
        assert "写在配置里" in said
        assert "渠道:ID" in text_of(await office.type("/staff add shell:root support", who=who))
        await office.type(f"/staff add {COLLEAGUE} owner", who=who)
    assert await everything(office) == before
