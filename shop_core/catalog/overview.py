"""The catalogue as those who run it look at it: every category, and whether a name is taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, or_, select

from shop_core.catalog.goods import Names
from shop_core.catalog.models import Category, Product, Variant
from shop_core.catalog.read import pick
from shop_core.db.tx import View


@dataclass(frozen=True, slots=True)
class Branch:
    """A category and how deep it stands, 0 at the top."""

    id: int
    names: Names
    depth: int


def list_tree(view: View) -> Sequence[Branch]:
    """Every category, each before those that stand in it."""
    rows = view.execute(
        select(Category.id, Category.parent_id, Category.names).order_by(Category.position, Category.id)
    ).all()
    below: dict[int | None, list[Any]] = {}
    for row in rows:
        below.setdefault(row.parent_id, []).append(row)
    tree: list[Branch] = []
    waiting = [(row, 0) for row in reversed(below.get(None, []))]
    while waiting:
        row, depth = waiting.pop()
        tree.append(Branch(row.id, row.names, depth))
        waiting += [(child, depth + 1) for child in reversed(below.get(row.id, []))]
    return tree


def name_of_category(view: View, category_id: int, language: str) -> str:
    """A category's name, hidden or not; its number where it is gone."""
    names = view.execute(select(Category.names).where(Category.id == category_id)).scalar()
    return f"#{category_id}" if names is None else pick(names, language)


def find_category_named(view: View, names: Names, parent_id: int | None) -> int | None:
    """A category of the same name in the same place."""
    place = Category.parent_id.is_(None) if parent_id is None else Category.parent_id == parent_id
    return view.execute(select(Category.id).where(place, _is_named(Category, names)).limit(1)).scalar()


def find_product_named(view: View, names: Names) -> int | None:
    """A product that has one of these names in its language."""
    return view.execute(select(Product.id).where(_is_named(Product, names)).limit(1)).scalar()


def find_variant_named(view: View, product_id: int, names: Names) -> int | None:
    """A variant that customers could not tell from one so named: of the same name, or without one as well."""
    rows = view.execute(select(Variant.id, Variant.names).where(Variant.product_id == product_id))
    return next((row.id for row in rows if row.names == dict(names)), None)


def _is_named(table: type[Any], names: Names) -> ColumnElement[bool]:
    return or_(*(table.names[language].as_string() == name for language, name in names.items()))
