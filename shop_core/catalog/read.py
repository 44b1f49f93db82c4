"""Looking at the catalogue, as customers may and as staff may."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Select, and_, bindparam, case, exists, func, or_, select

from shop_core.catalog.errors import NoSuchCategory, NoSuchProduct, NoSuchVariant
from shop_core.catalog.folding import START, pattern, words_of
from shop_core.catalog.goods import Field, GoodsKind, Names, fields_of
from shop_core.catalog.models import Category, Product, Variant
from shop_core.db.tx import View
from shop_core.kernel.money import Money
from shop_core.kernel.policy import Ask


class ProductState(StrEnum):
    """Whether a product is for sale."""

    DRAFT = "draft"
    PUBLISHED = "published"
    HIDDEN = "hidden"


class RefundTo(StrEnum):
    """Where the money for a product goes when nobody can deliver it. A refund by staff is theirs to choose."""

    PAYER = "payer"
    """Back the way it came, where that can be; else to the wallet."""
    WALLET = "wallet"
    """To the wallet, whatever way it came."""


def pick(names: Names, language: str) -> str:
    """The text in a language, or in whatever language there is."""
    return names.get(language) or next(iter(names.values()), "")


@dataclass(frozen=True, slots=True)
class CategoryView:
    """A category as listed; ``count`` is its published products, those of its sub-categories included."""

    id: int
    parent_id: int | None
    names: Names
    count: int


@dataclass(frozen=True, slots=True)
class VariantView:
    """A variant with what its product says."""

    id: int
    product_id: int
    product_names: Names
    names: Names
    price: Money
    cost: Money
    per_order: int | None
    per_person: int | None
    sell_until_days: int
    hidden: bool
    product_state: ProductState
    kind: GoodsKind
    fields: tuple[Field, ...]
    price_held: bool = False
    verify: Ask = Ask.NOTHING

    def full_name(self, language: str) -> str:
        """Product and variant in one line; a single unnamed variant is just the product."""
        own = pick(self.names, language)
        product = pick(self.product_names, language)
        return f"{product} {own}".strip()

    @property
    def is_for_sale(self) -> bool:
        """Whether a customer may buy it, stock aside."""
        return not self.hidden and self.product_state is ProductState.PUBLISHED


@dataclass(frozen=True, slots=True)
class ProductView:
    """A product with the variants that the reader may see."""

    id: int
    category_id: int | None
    names: Names
    descriptions: Names
    attributes: Names
    state: ProductState
    variants: tuple[VariantView, ...]
    refund_to: RefundTo = RefundTo.PAYER
    verify: Ask = Ask.NOTHING


_HAS_SOMETHING_TO_BUY: Final = and_(
    Product.state == ProductState.PUBLISHED.value,
    exists().where(Variant.product_id == Product.id, Variant.hidden.is_(False)).correlate(Product),
)


def _listed(category_id: int | None) -> Select[Any]:
    """Products that customers are shown: published, with a variant, and in no category that is hidden or in a hidden one."""
    chosen = select(Product).where(_HAS_SOMETHING_TO_BUY)
    if category_id is not None:
        return chosen.where(Product.category_id == category_id)
    hidden = select(Category.id).where(Category.hidden.is_(True)).cte("hidden", recursive=True)
    hidden = hidden.union_all(select(Category.id).join(hidden, Category.parent_id == hidden.c.id))
    return chosen.where(or_(Product.category_id.is_(None), Product.category_id.not_in(select(hidden.c.id))))


def _variants() -> Select[Any]:
    return select(
        *Variant.__table__.columns,
        Product.names.label("product_names"),
        Product.state.label("product_state"),
        Product.verify,
    ).join(Product, Product.id == Variant.product_id)


_ONE_VARIANT: Final = _variants().where(Variant.id == bindparam("variant"))


def get_variant(view: View, variant_id: int) -> VariantView:
    """Any variant, also hidden ones: for staff, and for lines of old orders.

    Raises:
        NoSuchVariant: Not there.
    """
    row = view.execute(_ONE_VARIANT, {"variant": variant_id}).first()
    if row is None:
        raise NoSuchVariant
    return _variant(row, view.policy.currency)


def get_variant_for_sale(view: View, variant_id: int) -> VariantView:
    """A variant that a customer may buy.

    Raises:
        NoSuchVariant: Not there, hidden, or its product is not published.
    """
    variant = get_variant(view, variant_id)
    if not variant.is_for_sale:
        raise NoSuchVariant
    return variant


def get_product(view: View, product_id: int) -> ProductView:
    """Any product with all its variants: for staff.

    Raises:
        NoSuchProduct: Not there.
    """
    found = _products(view, select(Product).where(Product.id == product_id), only_for_sale=False)
    if not found:
        raise NoSuchProduct
    return found[0]


def get_product_for_sale(view: View, product_id: int) -> ProductView:
    """A product that a customer may see.

    Raises:
        NoSuchProduct: Not there or not published; a stranger's guess learns nothing.
    """
    product = get_product(view, product_id)
    if product.state is not ProductState.PUBLISHED:
        raise NoSuchProduct
    shown = tuple(variant for variant in product.variants if not variant.hidden)
    return ProductView(
        product.id,
        product.category_id,
        product.names,
        product.descriptions,
        product.attributes,
        product.state,
        shown,
        product.refund_to,
        product.verify,
    )


def is_kept_in_wallets(view: View, variant_ids: Sequence[int]) -> bool:
    """Whether the money for one of these is not given back the way it came, where nobody can deliver."""
    kept = (
        select(Product.id)
        .join(Variant, Variant.product_id == Product.id)
        .where(Variant.id.in_(variant_ids), Product.refund_to == RefundTo.WALLET.value)
    )
    return view.execute(kept.limit(1)).first() is not None


def get_category(view: View, category_id: int) -> CategoryView:
    """A category that customers see.

    Raises:
        NoSuchCategory: Not there or hidden.
    """
    found = view.execute(
        select(Category).with_only_columns(*Category.__table__.c).where(Category.id == category_id)
    ).first()
    if found is None or found.hidden:
        raise NoSuchCategory
    return CategoryView(found.id, found.parent_id, found.names, 0)


def list_categories(view: View, parent_id: int | None) -> Sequence[CategoryView]:
    """The visible categories below one (None: the top), with the number of products that each leads to."""
    tree = (
        select(Category.id.label("top"), Category.id.label("id"))
        .where(
            Category.parent_id.is_(None) if parent_id is None else Category.parent_id == parent_id,
            Category.hidden.is_(False),
        )
        .cte("tree", recursive=True)
    )
    below = (
        select(tree.c.top, Category.id)
        .join(tree, Category.parent_id == tree.c.id)
        .where(Category.hidden.is_(False))
    )
    tree = tree.union_all(below)
    counted = (
        select(tree.c.top, func.count(Product.id).label("number"))
        .join(Product, Product.category_id == tree.c.id)
        .where(_HAS_SOMETHING_TO_BUY)
        .group_by(tree.c.top)
        .subquery()
    )
    rows = view.execute(
        select(Category.id, Category.parent_id, Category.names, counted.c.number)
        .join(counted, counted.c.top == Category.id)
        .order_by(Category.position, Category.id)
    )
    return [CategoryView(row.id, row.parent_id, row.names, row.number) for row in rows]


def list_products(
    view: View, *, category_id: int | None, limit: int, offset: int = 0
) -> Sequence[ProductView]:
    """What customers see of one category (None: of the whole shop), in the owner's order."""
    chosen = _listed(category_id).order_by(Product.position, Product.id).limit(limit).offset(offset)
    return _products(view, chosen, only_for_sale=True)


def count_products(view: View, *, category_id: int | None = None) -> int:
    """How many products ``list_products`` has in all."""
    return int(
        view.execute(
            _listed(category_id).with_only_columns(func.count(), maintain_column_froms=True)
        ).scalar_one()
    )


def list_all_products(view: View, *, limit: int, offset: int = 0) -> Sequence[ProductView]:
    """Every product, drafts and hidden ones too: for staff."""
    return _products(
        view,
        select(Product).order_by(Product.position, Product.id).limit(limit).offset(offset),
        only_for_sale=False,
    )


def search_products(view: View, typed: str, *, limit: int, offset: int = 0) -> Sequence[ProductView]:
    """Products in whose names, description, variants or categories all the words are; two Chinese characters will do.

    Names that begin with the first word come first, then those that have it, then the rest.
    """
    words = words_of(typed)
    if not words:
        return []
    chosen = _listed(None)
    for word in words:
        anywhere = (Product.search_names, Product.search_rest)
        chosen = chosen.where(or_(*(column.like(pattern(word), escape="\\") for column in anywhere)))
    rank = case(
        (Product.search_names.like(pattern(words[0], after=START), escape="\\"), 0),
        (Product.search_names.like(pattern(words[0]), escape="\\"), 1),
        else_=2,
    )
    ordered = chosen.order_by(rank, Product.position, Product.id).limit(limit).offset(offset)
    return _products(view, ordered, only_for_sale=True)


def _products(view: View, chosen: Select[Any], *, only_for_sale: bool) -> list[ProductView]:
    products = view.execute(chosen.with_only_columns(*Product.__table__.columns)).all()
    if not products:
        return []
    wanted = _variants().where(Variant.product_id.in_([row.id for row in products]))
    if only_for_sale:
        wanted = wanted.where(Variant.hidden.is_(False))
    variants: dict[int, list[VariantView]] = {}
    for row in view.execute(wanted.order_by(Variant.position, Variant.id)):
        variants.setdefault(row.product_id, []).append(_variant(row, view.policy.currency))
    return [
        ProductView(
            row.id,
            row.category_id,
            row.names,
            row.descriptions,
            row.attributes,
            ProductState(row.state),
            tuple(variants.get(row.id, ())),
            RefundTo(row.refund_to),
            Ask(row.verify),
        )
        for row in products
    ]


def _variant(row: Any, currency: str) -> VariantView:  # noqa: ANN401 - a row of _variants()
    return VariantView(
        row.id,
        row.product_id,
        row.product_names,
        row.names,
        Money(row.price_minor, currency),
        Money(row.cost_minor, currency),
        row.per_order,
        row.per_person,
        row.sell_until_days,
        row.hidden,
        ProductState(row.product_state),
        GoodsKind(row.kind),
        fields_of(row.inputs),
        row.price_held,
        Ask(row.verify),
    )
