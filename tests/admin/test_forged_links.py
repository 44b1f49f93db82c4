"""A staff link is a stranger's word, from staff as well: ids, numbers, amounts, roles and states are the database's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from admin_cmds.links import link_to, split_words
from admin_cmds.registry import COMMANDS
from shop_core.kernel.numbers import new_number
from tests.admin.test_every_command import CHANGING
from tests.admin.test_roles import everything
from tests.admin.workplace import Workplace
from tests.core.builders import OWNER

FORGED: Final[Mapping[str, tuple[str, ...]]] = {
    "category add": ("x --parent {nobodys}", "x --parent -1", "长" * 121),
    "product add": ("x --category {nobodys}", "x --category {huge}", "长" * 121),
    "product publish": ("{nobodys}", "{huge}", "-1"),
    "product hide": ("{nobodys}", "{huge}", "-1"),
    "product verify": ("{nobodys} phone", "{product} blood", "{huge} email"),
    "contact reset": ("#{nobodys} phone", "#{huge} phone", "#-1 email"),
    "product refund": ("{nobodys} wallet", "{product} thief", "{huge} payer"),
    "variant add": (
        "{nobodys} 5 x",
        "{product} 0 x",
        "{product} -5 x",
        "{product} {huge} x",
        "{product} 5 x --cost -1",
        "{product} 5 x --per-order -1",
        "{product} 5 x --sell-until-days 9999",
    ),
    "price": (
        "{nobodys} 5",
        "{variant} 0",
        "{variant} -1",
        "{variant} 1.001",
        "{variant} {huge}",
        "{variant} 5 -1",
    ),
    "limits": ("{nobodys} 1 1", "{variant} -1 1", "{variant} 1 {huge}"),
    "import": ("{nobodys}", "{huge}", "{variant} --cost -1"),
    "import undo": ("{nobodys} --yes", "{huge} --yes"),
    "refund": ("{unpaid} --yes", "{unpaid} --even-if-seen --yes", "{nonumber} --yes"),
    "wallet": (
        "{order} 0 x",
        "{order} -9999 x --key=abcdefghij",
        "#{nobodys} 5 x --key=abcdefghij",
        "{order} 5 x --key=short",
        "{order} 5 x --key=abcdefghi!",
        "{order} {huge} x --key=abcdefghij",
    ),
    "suspense pay": (
        "{receipt} {order}",
        "{nobodys} {unpaid}",
        "{fitting} {nonumber}",
        "{meant} {unpaid}",
    ),
    "suspense credit": ("{nobodys} {order}", "{receipt} {nonumber}", "{meant} {order}"),
    "suspense return": ("{nobodys}", "{meant}", "{huge}"),
    "case close": ("{nobodys}", "{suspense_case}", "{huge}"),
    "staff invite": ("owner", "emperor"),
    "staff uninvite": ("{nobodys}",),
    "staff add": ("tg:5 owner", f"{OWNER} support", "shell:root admin", "nobody support", "TG:5 support"),
    "staff role": ("{nobodys} finance", "{member} owner"),
    "staff remove": ("{nobodys} --yes", "{huge} --yes"),
    "thread reply": ("{nobodys} hi", "{huge} hi", "-1 hi", "x hi"),
    "thread done": ("{nobodys}", "{huge}", "-1"),
    "reseller add": ("#{nobodys}", "{huge}", "{nonumber}"),
    "reseller remove": ("{nobodys} --yes", "{huge} --yes", "-1 --yes"),
    "reseller tell": ("{nobodys}", "{huge}", "-1"),
    "supplier book": ("nobody", "first", "{huge}", "../x"),
    "offer connect": (
        "{nobodys} {variant}",
        "{offer} {nobodys}",
        "{huge} {variant}",
        "{offer} {variant} --priority -1",
        "{offer} {variant} --max-cost 0",
        "{offer} {variant} --max-cost -1",
        "{offer} {variant} --max-cost {huge}",
    ),
    "offer disconnect": ("{nobodys} {variant}", "{offer} {nobodys}", "-1 -1"),
    "price accept": (
        "{nobodys} 5",
        "{huge} 5",
        "{jumped} 9.61",
        "{jumped} {huge}",
        "{variant} 15",
        "{jumped} 0",
    ),
    "price keep": ("{nobodys}", "{huge}", "{variant}", "-1"),
    "price stop": ("{nobodys}", "{huge}", "{variant}", "-1"),
    "variant hide": ("{nobodys}", "{huge}", "-1"),
    "variant publish": ("{nobodys}", "{huge}", "{variant}"),
    "markup": (
        "supplier nobody --percent 5 --yes",
        "supplier {huge} --percent 5 --yes",
        "category {nobodys} --percent 5 --yes",
        "category x --percent 5 --yes",
        "variant {nobodys} --percent 5 --yes",
        "variant -1 --percent 5 --yes",
        "emperor first --percent 5 --yes",
        "supplier first --percent -5 --yes",
        "supplier first --percent {huge} --yes",
        "supplier first --percent 5.123 --yes",
        "supplier first --ending 37 --yes",
        "supplier first --plus -1 --yes",
        "supplier first --floor {huge} --yes",
    ),
    "markup drop": ("supplier nobody --yes", "category {nobodys} --yes", "variant {huge} --yes", "x x --yes"),
    "follow": ("{nobodys} --yes", "{huge} --yes", "{variant} --yes"),
    "unfollow": ("{nobodys}", "{huge}", "{variant}"),
    "purchase ask": ("{nobodys}", "{huge}", "{reversed}"),
    "purchase bought": ("{nobodys}", "{huge}", "{unknown}"),
    "purchase none": ("{nobodys} --yes", "{huge} --yes", "{reversed} --yes"),
    "purchase known": ("{nobodys}", "{huge}", "{unknown}"),
    "reconcile close": (
        "{nobodys} known",
        "{huge} known",
        "{difference} correct",
        "{difference} known",
        "{difference} steal",
        "{difference} write_off 00000000",
        "-1 write_off",
    ),
    "reconcile sign": ("{nobodys} --yes", "{huge} --yes", "{day} --yes", "-1 --yes"),
    "goods": ("{nobodys} top_up", "{huge} top_up", "{variant} top_up", "{top_up} card2", "{top_up} password"),
    "field add": (
        "{nobodys} x x",
        "{variant} x x",
        "{top_up} x x --kind password",
        "{top_up} x x --kind choice",
        "{top_up} x x --choices 一区",
        "{top_up} x x --kind choice --choices 一区,一区",
        "{top_up} x x --shortest 0",
        "{top_up} x x --shortest 9 --longest 8",
        "{top_up} x x --longest 101",
        "{top_up} {long} x",
        "{top_up} x {long}",
    ),
    "field remove": ("{nobodys} phone", "{variant} phone", "{top_up} nothing"),
    "task take": ("{nobodys}", "{huge}", "-1"),
    "task look": ("{nobodys}", "{waits}", "{huge}"),
    "task leave": ("{nobodys}", "{waits}"),
    "task done": (
        "{nobodys} --bare",
        "{waits} --bare",
        "{waits} 流水",
        "{mine} {long}{long}{long}{long}{long}",
    ),
    "task cannot": ("{nobodys} input", "{waits} other", "{mine} emperor"),
    "job run": ("nobody", "{huge}", "' OR 1=1 --", "../x"),
    "form": ("abcdefghij preview make publish", "abcdefghij name say x", "x x x x"),
}
"""Command → words after it that ask for what is not so."""

MERELY_LOOKING: Final = frozenset({command.name for command in COMMANDS}) - set(FORGED)


def test_every_command_that_changes_something_is_forged() -> None:
    assert set(FORGED) >= set(CHANGING)
    assert set(FORGED) <= {command.name for command in COMMANDS}


async def test_a_bent_link_of_an_owner_changes_nothing_pressed_or_typed(workplace: Workplace) -> None:
    market = workplace.office.market
    values = {
        **workplace.values,
        "nobodys": str(2**40),
        "huge": "9" * 25,
        "nonumber": new_number(market.random),
        "long": "长" * 41,
        "meant": str(await market.one("SELECT min(id) FROM receipts WHERE state = 'applied'")),
        "suspense_case": str(await market.one("SELECT min(id) FROM cases WHERE kind = 'suspense'")),
    }
    before = await everything(workplace.office)
    for name, lines in FORGED.items():
        for rest in lines:
            line = f"{name} {rest.format_map(values)}"
            await workplace.office.type(f"/{line}")
            await workplace.office.press(link_to(*split_words(line)))
            assert await everything(workplace.office) == before, line


async def test_a_bent_link_that_only_looks_shows_nothing_that_is_not_there(workplace: Workplace) -> None:
    before = await everything(workplace.office)
    for name in MERELY_LOOKING - {"web", "web close", "ask"}:
        for rest in (str(2**40), "9" * 25, "-1", "%00", "' OR 1=1 --", "../../etc"):
            await workplace.office.press(link_to(*name.split(), rest))
            await workplace.office.press(link_to(*name.split(), rest, rest))
    assert await everything(workplace.office) == before
