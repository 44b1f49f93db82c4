"""Categories, products, prices, stock."""

from __future__ import annotations

from typing import Final

import click
from click import Argument, Option

from admin_cmds import (
    categories,
    goods_kind,
    imports,
    product_screen,
    products,
    scenes,
    shelf,
    variants,
    verifying,
)
from admin_cmds.arguments import AMOUNT, COUNT, DAY, ID
from admin_cmds.command import Command
from admin_cmds.forms.walk import begin_field, begin_price, begin_product, begin_variant, form_step
from admin_cmds.tables.options import en, number, words, yes
from shop_core.catalog.goods import LONGEST_INPUT, FieldKind, GoodsKind
from shop_core.catalog.read import RefundTo
from shop_core.staff.roles import Right

COMMANDS: Final[tuple[Command, ...]] = (
    Command(
        "category add",
        categories.category_add,
        "category add 视频会员 --en Video",
        Right.GOODS,
        (words("name"), en(), Option(["--parent", "parent_id"], type=ID)),
    ),
    Command("category list", categories.category_list, "category list", Right.GOODS),
    Command(
        "product add",
        products.product_add,
        "product add 爱奇艺黄金会员 --en iQIYI --category 3",
        Right.GOODS,
        (
            words("name"),
            en(),
            Option(["--category", "category_id"], type=ID),
            Option(["--description"], metavar="TEXT"),
        ),
        guide=begin_product,
    ),
    Command(
        "product list",
        products.product_list,
        "product list 2",
        Right.LOOK,
        (Argument(["page"], type=COUNT, default="1"),),
    ),
    Command(
        "product show", product_screen.product_show, "product show 7", Right.LOOK, (number("product_id"),)
    ),
    Command(
        "product publish", products.product_publish, "product publish 7", Right.GOODS, (number("product_id"),)
    ),
    Command(
        "product qr",
        scenes.product_qr,
        "product qr 7",
        Right.LOOK,
        (number("product_id"), Argument(["channel"], required=False)),
    ),
    Command("product hide", products.product_hide, "product hide 7", Right.GOODS, (number("product_id"),)),
    Command(
        "product refund",
        products.product_refund,
        "product refund 7 wallet",
        Right.GOODS,
        (number("product_id"), Argument(["to"], type=click.Choice([to.value for to in RefundTo]))),
    ),
    Command(
        "product verify",
        verifying.product_verify,
        "product verify 7 phone",
        Right.GOODS,
        (
            number("product_id"),
            Argument(["ask"], type=click.Choice(verifying.ASKS), required=False),
        ),
    ),
    Command(
        "variant add",
        variants.variant_add,
        "variant add 7 15.00 月卡 --cost 12.30 --per-person 5",
        Right.GOODS,
        (
            number("product_id"),
            Argument(["price"], type=AMOUNT),
            Argument(["name"], nargs=-1, required=False),
            en(),
            Option(["--cost"], type=AMOUNT),
            Option(["--per-order"], type=COUNT),
            Option(["--per-person"], type=COUNT),
            Option(["--sell-until-days"], type=COUNT, default="0"),
        ),
        guide=begin_variant,
    ),
    Command(
        "price",
        variants.set_price,
        "price 12 15.00 12.30",
        Right.GOODS,
        (
            number("variant_id"),
            Argument(["price"], type=AMOUNT),
            Argument(["cost"], type=AMOUNT, required=False),
        ),
        guide=begin_price,
    ),
    Command(
        "limits",
        variants.set_limits,
        "limits 12 2 5",
        Right.GOODS,
        (
            number("variant_id"),
            Argument(["per_order"], type=COUNT),
            Argument(["per_person"], type=COUNT),
        ),
    ),
    Command(
        "goods",
        goods_kind.goods,
        "goods 12 top_up",
        Right.GOODS,
        (
            number("variant_id"),
            Argument(["kind"], type=click.Choice([kind.value for kind in GoodsKind]), required=False),
        ),
    ),
    Command(
        "field add",
        goods_kind.field_add,
        "field add 12 phone 手机号 --kind phone --en Phone",
        Right.GOODS,
        (
            number("variant_id"),
            Argument(["key"]),
            words("label"),
            Option(["--kind"], type=click.Choice([kind.value for kind in FieldKind]), default="text"),
            en(),
            Option(["--optional"], is_flag=True),
            Option(["--choices"], metavar="LIST"),
            Option(["--shortest"], type=COUNT, default="1"),
            Option(["--longest"], type=COUNT, default=str(LONGEST_INPUT)),
        ),
        guide=begin_field,
    ),
    Command(
        "field remove",
        goods_kind.field_remove,
        "field remove 12 phone",
        Right.GOODS,
        (number("variant_id"), Argument(["key"])),
    ),
    Command(
        "import",
        imports.import_file,
        "import 12 --cost 12.30 --expires 2027-03-31",
        Right.GOODS,
        (
            number("variant_id"),
            Option(["--cost"], type=AMOUNT),
            Option(["--expires"], type=DAY),
            Option(["--origin"], metavar="TEXT"),
        ),
        takes_file=True,
    ),
    Command("import show", imports.import_show, "import show 7", Right.GOODS, (number("batch_id"),)),
    Command("import undo", imports.import_undo, "import undo 7", Right.GOODS, (number("batch_id"), yes())),
    Command(
        "stock",
        shelf.stock,
        "stock 12",
        Right.LOOK,
        (Argument(["variant_id"], type=ID, required=False),),
    ),
    Command(
        "form",
        form_step,
        "form abcdefghij name drop",
        Right.GOODS,
        (
            Argument(["key"]),
            Argument(["step"]),
            Argument(["action"]),
            Argument(["value"], nargs=-1, type=click.UNPROCESSED),
        ),
        takes_sign=True,
        is_step=True,
    ),
)
