"""Every command, in one table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import click
from click import Argument, Option

from admin_cmds import books, goods, home, imports, odd_money, pending, sales, shelf, wallets, web, why
from admin_cmds.arguments import AMOUNT, COUNT, DAY, ID, ORDER_NUMBER, PERSON, SIGNED_AMOUNT
from admin_cmds.command import Command, Desk, Misused, NoSuchCommand, Unfinished
from handlers.screen import Screen
from shop_core.kernel.policy import Policy
from shop_core.orders.models import OrderState
from shop_core.staff.roles import Role

_STATES: Final = click.Choice([state.value for state in OrderState])


def _words(name: str) -> Argument:
    return Argument([name], nargs=-1, required=True)


def _en() -> Option:
    return Option(["--en"], metavar="NAME")


def _yes() -> Option:
    return Option(["--yes"], is_flag=True)


COMMANDS: Final[tuple[Command, ...]] = (
    Command("home", home.home, "home"),
    Command(
        "category add",
        goods.category_add,
        "category add 视频会员 --en Video",
        (_words("name"), _en(), Option(["--parent", "parent_id"], type=ID)),
    ),
    Command("category list", goods.category_list, "category list"),
    Command(
        "product add",
        goods.product_add,
        "product add 爱奇艺黄金会员 --en iQIYI --category 3",
        (
            _words("name"),
            _en(),
            Option(["--category", "category_id"], type=ID),
            Option(["--description"], metavar="TEXT"),
        ),
    ),
    Command(
        "product list", goods.product_list, "product list 2", (Argument(["page"], type=COUNT, default="1"),)
    ),
    Command("product show", goods.product_show, "product show 7", (Argument(["product_id"], type=ID),)),
    Command(
        "product publish", goods.product_publish, "product publish 7", (Argument(["product_id"], type=ID),)
    ),
    Command("product hide", goods.product_hide, "product hide 7", (Argument(["product_id"], type=ID),)),
    Command(
        "variant add",
        goods.variant_add,
        "variant add 7 15.00 月卡 --cost 12.30 --per-person 5",
        (
            Argument(["product_id"], type=ID),
            Argument(["price"], type=AMOUNT),
            Argument(["name"], nargs=-1, required=False),
            _en(),
            Option(["--cost"], type=AMOUNT),
            Option(["--per-order"], type=COUNT),
            Option(["--per-person"], type=COUNT),
            Option(["--sell-until-days"], type=COUNT, default="0"),
        ),
    ),
    Command(
        "price",
        goods.set_price,
        "price 12 15.00 12.30",
        (
            Argument(["variant_id"], type=ID),
            Argument(["price"], type=AMOUNT),
            Argument(["cost"], type=AMOUNT, required=False),
        ),
    ),
    Command(
        "limits",
        goods.set_limits,
        "limits 12 2 5",
        (
            Argument(["variant_id"], type=ID),
            Argument(["per_order"], type=COUNT),
            Argument(["per_person"], type=COUNT),
        ),
    ),
    Command(
        "import",
        imports.import_file,
        "import 12 --cost 12.30 --expires 2027-03-31",
        (
            Argument(["variant_id"], type=ID),
            Option(["--cost"], type=AMOUNT),
            Option(["--expires"], type=DAY),
            Option(["--origin"], metavar="TEXT"),
        ),
        takes_file=True,
    ),
    Command("import show", imports.import_show, "import show 7", (Argument(["batch_id"], type=ID),)),
    Command("import undo", imports.import_undo, "import undo 7", (Argument(["batch_id"], type=ID), _yes())),
    Command("stock", shelf.stock, "stock 12", (Argument(["variant_id"], type=ID, required=False),)),
    Command("orders", sales.orders, "orders --state paid", (Option(["--state"], type=_STATES),)),
    Command("order", sales.order, "order K7M2-9QX9", (Argument(["number"]),)),
    Command("why", why.why, "why K7M2-9QX9", (Argument(["number"]),)),
    Command("ask", sales.ask, "ask K7M2-9QX9", (Argument(["number"], type=ORDER_NUMBER),)),
    Command(
        "refund",
        sales.refund,
        "refund K7M2-9QX9",
        (Argument(["number"], type=ORDER_NUMBER), Option(["--even-if-seen"], is_flag=True), _yes()),
    ),
    Command(
        "wallet",
        wallets.wallet,
        "wallet K7M2-9QX9 5.00 晚到补偿",
        (
            Argument(["person"], type=PERSON),
            Argument(["amount"], type=SIGNED_AMOUNT),
            _words("reason"),
            _yes(),
            Option(["--key"], hidden=True),
        ),
        takes_sign=True,
    ),
    Command("suspense", odd_money.suspense, "suspense"),
    Command(
        "suspense show", odd_money.suspense_show, "suspense show 4", (Argument(["receipt_id"], type=ID),)
    ),
    Command(
        "suspense credit",
        odd_money.suspense_credit,
        "suspense credit 4 K7M2-9QX9",
        (Argument(["receipt_id"], type=ID), Argument(["number"], type=ORDER_NUMBER)),
    ),
    Command(
        "suspense return",
        odd_money.suspense_return,
        "suspense return 4",
        (Argument(["receipt_id"], type=ID),),
    ),
    Command("cases", pending.cases, "cases"),
    Command("case show", pending.case_show, "case show 3", (Argument(["case_id"], type=ID),)),
    Command("case close", pending.case_close, "case close 3", (Argument(["case_id"], type=ID),)),
    Command("funnel", books.funnel, "funnel 7", (Argument(["days"], type=COUNT, default="7"),)),
    Command("audit", books.audit, "audit 20", (Argument(["n"], type=COUNT, default="20"),)),
    Command("web", web.web, "web", (Argument(["actor"], required=False),)),
    Command(
        "web password", web.web_password, "web password", (Argument(["password"], nargs=-1, required=False),)
    ),
    Command("web code", web.web_code, "web code 123456", (Argument(["code"]),)),
    Command("web leave", web.web_leave, "web leave"),
    Command("web close", web.web_close, "web close"),
    Command("verify", books.verify, "verify", (Option(["--codes"], is_flag=True),)),
)

_BY_NAME: Final[Mapping[str, Command]] = {command.name: command for command in COMMANDS}
_MOST_WORDS: Final = 2


def find(words: Sequence[str], role: Role) -> tuple[Command, tuple[str, ...]]:
    """The command that words begin with, and the words after it. No words at all mean the first screen.

    Raises:
        NoSuchCommand: None, or none for this role.
    """
    wanted = tuple(words) or ("home",)
    for length in range(_MOST_WORDS, 0, -1):
        command = _BY_NAME.get(" ".join(wanted[:length]).lower())
        if command is not None and command.is_for(role):
            return command, wanted[length:]
    raise NoSuchCommand(word=wanted[0][:40])


def parse(command: Command, words: Sequence[str], policy: Policy) -> Mapping[str, Any]:
    """Read a command's arguments.

    Raises:
        Unfinished: Something is missing at the end.
        Misused: Not as the command is written.
        ShopError: An argument that the shop itself refuses: no amount, no order's number.
    """
    try:
        with command.parser.make_context(command.name, list(words), obj=policy) as context:
            return dict(context.params)
    except click.MissingParameter:
        raise Unfinished(command=command.word) from None
    except click.UsageError:
        raise Misused(command=command.word) from None


async def carry_out(desk: Desk, role: Role, words: Sequence[str]) -> Screen:
    """Run the command that words spell.

    Raises:
        NoSuchCommand, Misused: Nothing was run.
        ShopError: The command refused.
    """
    command, rest = find(words, role)
    return await command.run(desk, **parse(command, rest, desk.shop.policy))
