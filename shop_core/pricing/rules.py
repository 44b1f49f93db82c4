"""The owner's rules: for a supplier, a category with all below it, or one variant. The nearest one counts, alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

from sqlalchemy import delete, select

from shop_core.catalog.errors import NoSuchCategory
from shop_core.catalog.models import Category
from shop_core.catalog.read import get_variant
from shop_core.db.tx import Tx, View
from shop_core.db.upsert import insert_or
from shop_core.pricing.markup import Ending, Markup
from shop_core.pricing.models import MarkupRule
from shop_core.supply.supplier import NoSuchSupplier

_LONGEST_ID: Final = 18


class Scope(StrEnum):
    """What a rule is for."""

    SUPPLIER = "supplier"
    CATEGORY = "category"
    VARIANT = "variant"


@dataclass(frozen=True, slots=True)
class Subject:
    """What one rule is for: a supplier by its name, a category or a variant by its id."""

    scope: Scope
    name: str

    @classmethod
    def of(cls, text: str) -> Self:
        """From how it is stored."""
        scope, _, name = text.partition(":")
        return cls(Scope(scope), name)

    def __str__(self) -> str:
        return f"{self.scope.value}:{self.name}"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a variant is, as far as rules go."""

    variant_id: int
    category_id: int | None
    supplier: str


@dataclass(frozen=True, slots=True)
class Rules:
    """All rules at one moment.

    Attributes:
        above: Category → the one above it.
    """

    by_subject: Mapping[str, Markup]
    above: Mapping[int, int | None]

    def find(self, place: Place) -> Markup | None:
        """The nearest rule; None: there is none, and the price is not ours to make."""
        found = self.by_subject.get(f"variant:{place.variant_id}")
        category = place.category_id
        while found is None and category is not None:
            found = self.by_subject.get(f"category:{category}")
            category = self.above.get(category)
        return found or self.by_subject.get(f"supplier:{place.supplier}")

    def with_rule(self, subject: Subject, markup: Markup | None) -> Rules:
        """The same with one rule set, or dropped: what a preview looks at."""
        changed = {key: rule for key, rule in self.by_subject.items() if key != str(subject)}
        return Rules(changed if markup is None else changed | {str(subject): markup}, self.above)


def load_rules(view: View) -> Rules:
    """Every rule, and the tree of categories."""
    rows = view.execute(select(*MarkupRule.__table__.columns).order_by(MarkupRule.subject))
    markups = {
        row.subject: Markup(row.percent_bp, row.plus_minor, Ending(row.ending), row.floor_bp) for row in rows
    }
    tree = view.execute(select(Category.id, Category.parent_id))
    return Rules(markups, {row.id: row.parent_id for row in tree})


def check_subject(view: View, subject: Subject) -> None:
    """Insist that there is such a thing.

    Raises:
        NoSuchSupplier, NoSuchCategory, NoSuchVariant: There is not.
    """
    match subject.scope:
        case Scope.SUPPLIER:
            if subject.name not in view.policy.suppliers:
                raise NoSuchSupplier(supplier=subject.name[:40])
        case Scope.CATEGORY:
            known = select(Category.id).where(Category.id == _id_of(subject))
            if view.execute(known).first() is None:
                raise NoSuchCategory
        case Scope.VARIANT:
            get_variant(view, _id_of(subject))


def _id_of(subject: Subject) -> int:
    """The id that a name is; 0, which nothing has, where it is none."""
    name = subject.name
    is_id = name.isascii() and name.isdecimal() and len(name) <= _LONGEST_ID and not name.startswith("0")
    return int(name) if is_id else 0


def put_rule(tx: Tx, subject: Subject, markup: Markup) -> None:
    """Set a rule. Prices change when they are next made.

    Raises:
        NoSuchSupplier, NoSuchCategory, NoSuchVariant: Nothing changed.
    """
    check_subject(tx, subject)
    values = {
        "percent_bp": markup.percent_bp,
        "plus_minor": markup.plus_minor,
        "ending": markup.ending.value,
        "floor_bp": markup.floor_bp,
        "set_at": tx.now,
    }
    new = insert_or(tx, MarkupRule).values(subject=str(subject), **values)
    tx.execute(new.on_conflict_do_update(index_elements=[MarkupRule.subject], set_=values))


def drop_rule(tx: Tx, subject: Subject) -> bool:
    """Drop a rule. False: there was none."""
    return tx.execute(delete(MarkupRule).where(MarkupRule.subject == str(subject))).rowcount == 1
