"""Orders and the money that hangs on them."""

from __future__ import annotations

from typing import Final

import click
from click import Argument, Option

from admin_cmds import odd_money, resellers, sales, wallets, why
from admin_cmds.arguments import ORDER_NUMBER, PERSON, SIGNED_AMOUNT
from admin_cmds.command import Command
from admin_cmds.tables.options import number, words, yes
from shop_core.orders.models import OrderState
from shop_core.staff.roles import Right

_STATES: Final = click.Choice([state.value for state in OrderState])

COMMANDS: Final[tuple[Command, ...]] = (
    Command("orders", sales.orders, "orders --state paid", Right.LOOK, (Option(["--state"], type=_STATES),)),
    Command("order", sales.order, "order K7M2-9QX9", Right.LOOK, (words("number"),)),
    Command("why", why.why, "why K7M2-9QX9", Right.LOOK, (Argument(["number"]),)),
    Command("ask", sales.ask, "ask K7M2-9QX9", Right.LOOK, (Argument(["number"], type=ORDER_NUMBER),)),
    Command(
        "refund",
        sales.refund,
        "refund K7M2-9QX9",
        Right.MONEY,
        (
            Argument(["number"], type=ORDER_NUMBER),
            Option(["--to"], type=click.Choice([sales.TO_PAYER, sales.TO_WALLET])),
            Option(["--even-if-seen"], is_flag=True),
            yes(),
        ),
    ),
    Command(
        "wallet",
        wallets.wallet,
        "wallet K7M2-9QX9 5.00 晚到补偿",
        Right.MONEY,
        (
            Argument(["person"], type=PERSON),
            Argument(["amount"], type=SIGNED_AMOUNT),
            words("reason"),
            yes(),
            Option(["--key"], hidden=True),
        ),
        takes_sign=True,
    ),
    Command("suspense", odd_money.suspense, "suspense", Right.MONEY),
    Command(
        "suspense show",
        odd_money.suspense_show,
        "suspense show 4",
        Right.MONEY,
        (number("receipt_id"),),
    ),
    Command(
        "suspense for",
        odd_money.suspense_for,
        "suspense for 4 K7M2",
        Right.MONEY,
        (number("receipt_id"), Argument(["number"], nargs=-1)),
    ),
    Command(
        "suspense pay",
        odd_money.suspense_pay,
        "suspense pay 4 K7M2-9QX9",
        Right.MONEY,
        (number("receipt_id"), Argument(["number"], type=ORDER_NUMBER)),
    ),
    Command(
        "suspense credit",
        odd_money.suspense_credit,
        "suspense credit 4 K7M2-9QX9",
        Right.MONEY,
        (number("receipt_id"), Argument(["number"], type=ORDER_NUMBER)),
    ),
    Command(
        "suspense return",
        odd_money.suspense_return,
        "suspense return 4",
        Right.MONEY,
        (number("receipt_id"),),
    ),
    Command("reseller", resellers.reseller, "reseller", Right.MONEY),
    Command(
        "reseller add",
        resellers.reseller_add,
        "reseller add K7M2-9QX9",
        Right.MONEY,
        (Argument(["person"], type=PERSON),),
    ),
    Command(
        "reseller remove",
        resellers.reseller_remove,
        "reseller remove 3",
        Right.MONEY,
        (number("reseller_id"), yes()),
    ),
    Command(
        "reseller tell", resellers.reseller_tell, "reseller tell 3", Right.MONEY, (number("reseller_id"),)
    ),
)
