"""What a variant is, codes, direct top-ups or redeem links, and what the buyers of a top-up are asked."""

from __future__ import annotations

from admin_cmds.command import Desk
from handlers.screen import Button, Line, Screen, Style, Weight
from shop_core.catalog.edit import set_fields
from shop_core.catalog.errors import BadField
from shop_core.catalog.goods import LONGEST_INPUT, Field, FieldKind, GoodsKind
from shop_core.catalog.read import VariantView, get_variant, pick
from shop_core.db.tx import Tx
from shop_core.delivery.kinds import change_kind
from shop_core.staff import audit


async def goods(desk: Desk, variant_id: int, kind: str | None) -> Screen:
    """What a variant is; said, it becomes that."""
    if kind is not None:
        await desk.shop.write(_become, variant_id, GoodsKind(kind), desk.actor)
    variant = await desk.shop.read(get_variant, variant_id)
    screen = _draw(desk, variant)
    return screen if kind is None else screen.with_toast(desk.say("admin.goods.done"))


def _become(tx: Tx, variant_id: int, kind: GoodsKind, by: str) -> None:
    change_kind(tx, variant_id, kind)
    audit.record(tx, actor=by, command="goods", details={"variant": variant_id, "kind": kind.value})


def _draw(desk: Desk, variant: VariantView) -> Screen:
    say, number = desk.say, str(variant.id)
    lines = [
        Line(f"#{variant.id} {variant.full_name(desk.language)}", Style.TITLE),
        Line(say(f"admin.goods.is.{variant.kind.value}")),
    ]
    rows: list[tuple[Button, ...]] = []
    if variant.kind is GoodsKind.TOP_UP:
        lines += [Line(field_text(desk, field)) for field in variant.fields]
        lines += [] if variant.fields else [Line(say("admin.goods.no_field"), Style.WARNING)]
        rows = [
            (
                desk.button(
                    "admin.button.field_remove",
                    "field",
                    "remove",
                    number,
                    field.key,
                    label=pick(field.labels, desk.language),
                ),
            )
            for field in variant.fields
        ]
        rows.append((desk.button("admin.button.field_add", "field", "add", number, weight=Weight.PRIMARY),))
    others = [kind for kind in GoodsKind if kind is not variant.kind]
    rows.append(
        tuple(desk.button(f"admin.button.goods.{kind.value}", "goods", number, kind.value) for kind in others)
    )
    if desk.shop.policy.suppliers:
        rows.append((desk.button("admin.button.routes_of", "routes", number),))
    back = desk.button("admin.button.product", "product", "show", str(variant.product_id))
    return Screen(tuple(lines), (*rows, (back, desk.home_button())))


def field_text(desk: Desk, field: Field) -> str:
    """A field in a line: what it is called, what it looks like, whether it must be answered."""
    say = desk.say
    kind = say(f"admin.field.kind.{field.kind.value}")
    facts = [pick(field.labels, desk.language), kind, *field.choices]
    if not field.is_required:
        facts.append(say("admin.field.optional"))
    return " · ".join(facts)


async def field_add(  # noqa: PLR0913 - one parameter for each of the command's
    desk: Desk,
    *,
    variant_id: int,
    key: str,
    label: tuple[str, ...],
    kind: str,
    en: str | None,
    optional: bool,
    choices: str | None,
    shortest: int,
    longest: int,
) -> Screen:
    """Ask the buyers of a direct top-up for one thing more; under a key that is there, for something else."""
    listed = () if choices is None else tuple(one.strip() for one in choices.replace("，", ",").split(","))
    field = Field(key, desk.named(label, en), FieldKind(kind), not optional, listed, shortest, longest)
    await desk.shop.write(add_field, variant_id, field, desk.actor)
    return (await goods(desk, variant_id, None)).with_toast(desk.say("admin.field.added"))


def add_field(tx: Tx, variant_id: int, field: Field, by: str) -> None:
    """The step.

    Raises:
        NoSuchVariant, BadField: Nothing changed.
    """
    variant = get_variant(tx, variant_id)
    if variant.kind is not GoodsKind.TOP_UP:
        raise BadField(key=field.key[:LONGEST_INPUT], problem="kind")
    there = [one.key for one in variant.fields]
    fields = [field if one.key == field.key else one for one in variant.fields]
    set_fields(tx, variant_id, fields if field.key in there else [*fields, field])
    audit.record(tx, actor=by, command="field add", details={"variant": variant_id, "key": field.key})


async def field_remove(desk: Desk, variant_id: int, key: str) -> Screen:
    """Do not ask for it any more. Placed orders keep what was said."""
    await desk.shop.write(_remove, variant_id, key, desk.actor)
    return (await goods(desk, variant_id, None)).with_toast(desk.say("admin.field.removed"))


def _remove(tx: Tx, variant_id: int, key: str, by: str) -> None:
    variant = get_variant(tx, variant_id)
    if key not in {field.key for field in variant.fields}:
        return
    set_fields(tx, variant_id, [field for field in variant.fields if field.key != key])
    audit.record(tx, actor=by, command="field remove", details={"variant": variant_id, "key": key})
