"""Stock: how much there is, and bringing in more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from admin_cmds.command import Desk
from admin_cmds.goods import stock_text
from admin_cmds.links import link_to
from handlers.screen import Button, Line, LinkButton, Prompt, Screen, Style, Weight
from shop_core.catalog.read import ProductState, VariantView, get_product, get_variant, list_all_products
from shop_core.db.tx import View
from shop_core.kernel.money import Money
from shop_core.stock.count import Shelf, count_on_shelf
from shop_core.stock.import_codes import Import, ImportResult, import_codes

MOST_BAD_LINES: Final = 10
"""Line numbers named in the answer to an import; who has more bad lines has another file in hand."""
MOST_PRODUCTS: Final = 200
LONGEST_ORIGIN: Final = 40


async def import_file(
    desk: Desk, variant_id: int, cost: Money | None, expires: date | None, origin: str | None
) -> Screen:
    """Import the file that came along, or ask for it."""
    variant = await desk.shop.read(get_variant, variant_id)
    if desk.upload is None:
        return _ask_for_file(desk, variant, _again(variant_id, cost, expires, origin))
    order = Import(
        variant_id,
        desk.upload.name[:120],
        desk.upload.content,
        desk.actor,
        origin=(origin or "")[:LONGEST_ORIGIN],
        cost_minor=None if cost is None else cost.minor,
        expires_on=expires,
    )
    result = await import_codes(desk.shop, order, on_progress=desk.on_progress)
    shelves = await desk.shop.read(count_on_shelf, [(variant.id, variant.sell_until_days)])
    return _imported(desk, variant, result, shelves[variant.id])


def _again(variant_id: int, cost: Money | None, expires: date | None, origin: str | None) -> tuple[str, ...]:
    words = ["import", str(variant_id)]
    if cost is not None:
        words.append(f"--cost={cost.decimal_text()}")
    if expires is not None:
        words.append(f"--expires={expires.isoformat()}")
    if origin:
        words.append(f"--origin={origin[:LONGEST_ORIGIN]}")
    return tuple(words)


def _ask_for_file(desk: Desk, variant: VariantView, words: tuple[str, ...]) -> Screen:
    lines = (
        Line(variant.full_name(desk.language), Style.TITLE),
        Line(desk.say("admin.import.ask")),
        Line(desk.say("admin.import.hint"), Style.MUTED),
    )
    back = desk.button("button.back", "product", "show", str(variant.product_id))
    return Screen(lines, ((back,),), prompt=Prompt(link_to(*words), desk.say("admin.import.placeholder")))


def _imported(desk: Desk, variant: VariantView, result: ImportResult, shelf: Shelf) -> Screen:
    say = desk.say
    lines = [
        Line(say.count("admin.import.added", result.added), Style.TITLE),
        Line(f"{variant.full_name(desk.language)} · {stock_text(desk, shelf)}"),
    ]
    if result.already_there:
        lines.append(Line(say.count("admin.import.already", result.already_there)))
    if result.twice_in_input:
        lines.append(Line(say.count("admin.import.twice", result.twice_in_input)))
    if result.bad:
        lines.append(Line(say.count("admin.import.bad", len(result.bad), which=_which(desk, result.bad))))
    rows: list[tuple[Button, ...]] = []
    if variant.product_state is not ProductState.PUBLISHED:
        publish = ("product", "publish", str(variant.product_id))
        rows.append((desk.button("admin.button.publish", *publish, weight=Weight.PRIMARY),))
    more = desk.button("admin.button.import_more", "import", str(variant.id))
    product = desk.button("admin.button.product", "product", "show", str(variant.product_id))
    return Screen(tuple(lines), (*rows, (more, product), (desk.home_button(),)))


def _which(desk: Desk, bad: Sequence[tuple[int, str]]) -> str:
    """Bad lines by number and reason; their text is not repeated, it may hold half a code."""
    named = [
        desk.say("admin.import.line", line=line, problem=desk.say(f"admin.import.problem.{problem}"))
        for line, problem in bad[:MOST_BAD_LINES]
    ]
    return "、".join([*named, "…"] if len(bad) > MOST_BAD_LINES else named)


async def stock(desk: Desk, variant_id: int | None) -> Screen:
    """What is on the shelf, of one variant or of all, emptiest first."""
    shown = await desk.shop.read(_on_shelf, variant_id)
    lines = [Line(desk.say("admin.stock.title"), Style.TITLE)]
    rows: list[tuple[Button, ...]] = []
    for variant, shelf in shown:
        style = Style.WARNING if shelf.count == 0 else Style.PLAIN
        lines.append(
            Line(f"#{variant.id} {variant.full_name(desk.language)} · {stock_text(desk, shelf)}", style)
        )
        if shelf.count <= desk.shop.policy.low_stock:
            name = variant.full_name(desk.language)
            text = desk.say("admin.button.import", name=name)
            rows.append((LinkButton(text, link_to("import", str(variant.id))),))
    if not shown:
        lines.append(Line(desk.say("admin.products.none"), Style.MUTED))
    return Screen(tuple(lines), (*rows[:PAGE_OF_BUTTONS], (desk.home_button(),)))


PAGE_OF_BUTTONS: Final = 6


def _on_shelf(view: View, variant_id: int | None) -> Sequence[tuple[VariantView, Shelf]]:
    if variant_id is None:
        listed = list_all_products(view, limit=MOST_PRODUCTS)
        variants = [variant for product in listed for variant in product.variants]
    else:
        wanted = get_variant(view, variant_id)
        variants = [
            variant for variant in get_product(view, wanted.product_id).variants if variant.id == wanted.id
        ]
    shelves = count_on_shelf(view, [(variant.id, variant.sell_until_days) for variant in variants])
    return sorted(((variant, shelves[variant.id]) for variant in variants), key=lambda pair: pair[1].count)
