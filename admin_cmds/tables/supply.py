"""Suppliers, their offers, and purchases that need a person."""

from __future__ import annotations

from typing import Final

import click
from click import Argument, Option

from admin_cmds import following, markups, purchases, reconciling, suppliers, variants
from admin_cmds.arguments import AMOUNT, COUNT, ENDING, PERCENT, SCOPE
from admin_cmds.command import Command
from admin_cmds.forms.walk import begin_markup
from admin_cmds.tables.options import number, yes
from shop_core.reconciliation.close import Way
from shop_core.staff.roles import Right

_WAYS: Final = click.Choice([way.value for way in Way])


def _supplier() -> Argument:
    return Argument(["name"])


def _subject() -> tuple[Argument, Argument]:
    return Argument(["scope"], type=SCOPE), Argument(["name"])


COMMANDS: Final[tuple[Command, ...]] = (
    Command("suppliers", suppliers.suppliers, "suppliers", Right.BOOKS),
    Command("supplier show", suppliers.supplier_show, "supplier show fulu", Right.BOOKS, (_supplier(),)),
    Command("supplier read", suppliers.supplier_read, "supplier read fulu", Right.BOOKS, (_supplier(),)),
    Command("supplier book", suppliers.supplier_book, "supplier book fulu", Right.MONEY, (_supplier(),)),
    Command(
        "offers",
        suppliers.offers,
        "offers fulu 爱奇艺 月卡",
        Right.GOODS,
        (_supplier(), Argument(["words"], nargs=-1, required=False)),
    ),
    Command("offer show", suppliers.offer_show, "offer show 7", Right.GOODS, (number("offer_id"),)),
    Command(
        "offer connect",
        suppliers.offer_connect,
        "offer connect 7 12 --priority 2 --max-cost 12.30",
        Right.GOODS,
        (
            number("offer_id"),
            number("variant_id"),
            Option(["--priority"], type=COUNT, default="1"),
            Option(["--max-cost"], type=AMOUNT),
        ),
    ),
    Command(
        "offer disconnect",
        suppliers.offer_disconnect,
        "offer disconnect 7 12",
        Right.GOODS,
        (number("offer_id"), number("variant_id")),
    ),
    Command("routes", suppliers.routes, "routes 12", Right.GOODS, (number("variant_id"),)),
    Command("markups", markups.markups, "markups", Right.GOODS),
    Command(
        "markup",
        markups.markup,
        "markup supplier fulu --percent 20 --ending 90 --floor 5",
        Right.GOODS,
        (
            *_subject(),
            Option(["--percent"], type=PERCENT),
            Option(["--plus"], type=AMOUNT),
            Option(["--ending"], type=ENDING),
            Option(["--floor"], type=PERCENT),
            yes(),
        ),
        guide=begin_markup,
    ),
    Command("markup drop", markups.markup_drop, "markup drop category 3", Right.GOODS, (*_subject(), yes())),
    Command("follow", following.follow, "follow 12", Right.GOODS, (number("variant_id"), yes())),
    Command("unfollow", following.unfollow, "unfollow 12", Right.GOODS, (number("variant_id"),)),
    Command(
        "price accept",
        following.price_accept,
        "price accept 12 18.00",
        Right.GOODS,
        (number("variant_id"), Argument(["price"], type=AMOUNT)),
    ),
    Command("price keep", following.price_keep, "price keep 12", Right.GOODS, (number("variant_id"),)),
    Command("price stop", following.price_stop, "price stop 12", Right.GOODS, (number("variant_id"),)),
    Command("variant hide", variants.variant_hide, "variant hide 12", Right.GOODS, (number("variant_id"),)),
    Command(
        "variant publish",
        variants.variant_publish,
        "variant publish 12",
        Right.GOODS,
        (number("variant_id"),),
    ),
    Command(
        "purchase show", purchases.purchase_show, "purchase show 3", Right.LOOK, (number("purchase_id"),)
    ),
    Command("purchase ask", purchases.purchase_ask, "purchase ask 3", Right.GOODS, (number("purchase_id"),)),
    Command(
        "purchase bought",
        purchases.purchase_bought,
        "purchase bought 3",
        Right.GOODS,
        (number("purchase_id"),),
        takes_file=True,
    ),
    Command(
        "purchase none",
        purchases.purchase_none,
        "purchase none 3",
        Right.GOODS,
        (number("purchase_id"), yes()),
    ),
    Command(
        "purchase known", purchases.purchase_known, "purchase known 3", Right.GOODS, (number("purchase_id"),)
    ),
    Command("reconcile", reconciling.reconcile, "reconcile", Right.BOOKS),
    Command("reconcile day", reconciling.reconcile_day, "reconcile day 3", Right.BOOKS, (number("day_id"),)),
    Command(
        "reconcile show", reconciling.reconcile_show, "reconcile show 7", Right.BOOKS, (number("line_id"),)
    ),
    Command(
        "reconcile close",
        reconciling.reconcile_close,
        "reconcile close 7 write_off",
        Right.MONEY,
        (number("line_id"), Argument(["way"], type=_WAYS), Argument(["stamp"], required=False)),
    ),
    Command(
        "reconcile sign",
        reconciling.reconcile_sign,
        "reconcile sign 3",
        Right.MONEY,
        (number("day_id"), yes()),
    ),
    Command(
        "reconcile sheet",
        reconciling.reconcile_sheet,
        "reconcile sheet 3",
        Right.BOOKS,
        (number("day_id"),),
    ),
)
