"""The tree of categories: looking at it, and adding to it."""

from __future__ import annotations

from admin_cmds import edits
from admin_cmds.command import Desk
from admin_cmds.product_screen import goods_row
from handlers.screen import Line, Screen, Style
from shop_core.catalog.overview import Branch, list_tree
from shop_core.catalog.read import pick


async def category_list(desk: Desk) -> Screen:
    """All categories as a tree, with the numbers that other commands want."""
    tree = await desk.shop.read(list_tree)
    lines = [Line(desk.say("admin.categories.title"), Style.TITLE)]
    lines += [Line(_branch(desk, branch)) for branch in tree]
    if not tree:
        lines.append(Line(desk.say("admin.categories.none"), Style.MUTED))
    rows = ((desk.button("admin.button.category_add", "category", "add"),), goods_row(desk))
    return Screen(tuple(lines), rows)


def _branch(desk: Desk, branch: Branch) -> str:
    return f"{'　' * branch.depth}#{branch.id} {pick(branch.names, desk.language)}"


async def category_add(desk: Desk, name: tuple[str, ...], en: str | None, parent_id: int | None) -> Screen:
    """Make a category."""
    made = await edits.add_category(desk.shop, desk.named(name, en), parent_id, by=desk.actor)
    key = "admin.categories.made" if made.is_new else "admin.categories.there"
    return (await category_list(desk)).with_toast(desk.say(key, id=made.id))
