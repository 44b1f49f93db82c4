"""A purchase whose end only a person can find out: what was asked and answered, then buttons that say what they do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from admin_cmds.command import Desk, ask_first
from admin_cmds.file_links import upload_button
from admin_cmds.links import link_to
from handlers.screen import Button, Line, LinkButton, Prompt, Screen, Style, Weight
from shop_core.cases.cases import CaseKind, list_subjects
from shop_core.catalog.goods import GoodsKind
from shop_core.catalog.read import get_variant
from shop_core.conversations.keys import new_key
from shop_core.db.tx import View
from shop_core.kernel.secret import Secret
from shop_core.orders.decide import (
    ask_again,
    count_missing,
    get_purchase,
    know_reversed,
    say_bought,
    say_not_bought,
)
from shop_core.orders.read import OrderView, get_by_line
from shop_core.stock.codes import read_codes
from shop_core.supply.asks import Ask, list_asks
from shop_core.supply.calls import What
from shop_core.supply.models import PurchaseState
from shop_core.supply.purchases import PurchaseView

MOST_ASKS: Final = 8
"""The latest questions shown: enough to see what the supplier did."""
_TROUBLE: Final = {
    "ReadTimeout": "slow",
    "WriteTimeout": "slow",
    "TimeoutError": "slow",
    "ReadError": "cut",
    "WriteError": "cut",
    "RemoteProtocolError": "cut",
    "ConnectError": "closed",
    "ConnectTimeout": "closed",
}
"""What a call to a supplier dies of, by what ``shop_core.wire`` says of it → the word for staff."""
UNDECIDED: Final = frozenset({PurchaseState.UNKNOWN, PurchaseState.ACCEPTED})


@dataclass(frozen=True, slots=True)
class _Seen:
    """A purchase and all that speaks for or against it. ``is_asked``: it is put before staff."""

    purchase: PurchaseView
    order: OrderView
    goods: str
    asks: tuple[Ask, ...]
    missing: int
    is_asked: bool


def _see(view: View, purchase_id: int, language: str) -> _Seen:
    purchase = get_purchase(view, purchase_id)
    goods = get_variant(view, purchase.variant_id).full_name(language)
    asks = tuple(list_asks(view, purchase_id))[-MOST_ASKS:]
    order = get_by_line(view, purchase.line_id)
    is_asked = purchase_id in list_subjects(view, CaseKind.PURCHASE)
    return _Seen(purchase, order, goods, asks, count_missing(view, purchase), is_asked)


async def purchase_show(desk: Desk, purchase_id: int) -> Screen:
    """One purchase: evidence first."""
    return _draw(desk, await desk.shop.read(_see, purchase_id, desk.language))


async def purchase_ask(desk: Desk, purchase_id: int) -> Screen:
    """Ask the supplier once more, now. Safe at any time."""
    await ask_again(desk.shop, purchase_id, by=desk.actor)
    return (await purchase_show(desk, purchase_id)).with_toast(desk.say("admin.purchase.asked"))


async def purchase_bought(desk: Desk, purchase_id: int) -> Screen:
    """A person has seen that it was bought, and sends its codes as a file; a direct top-up has none."""
    seen = await desk.shop.read(_see, purchase_id, desk.language)
    if seen.purchase.kind is GoodsKind.TOP_UP:
        await say_bought(desk.shop, purchase_id, [], by=desk.actor)
        return await purchase_show(desk, purchase_id)
    if desk.upload is None:
        return await _ask_for_codes(desk, seen)
    lines = read_codes(desk.upload.content, file_name=desk.upload.name)
    # A line that cannot be read is no code: then there are too few, and nothing is taken.
    codes: list[Secret] = [line.code for line in lines if line.code is not None]
    await say_bought(desk.shop, purchase_id, codes, by=desk.actor)
    return replace(await purchase_show(desk, purchase_id), clears_upload=True)


async def purchase_none(desk: Desk, purchase_id: int, *, yes: bool) -> Screen:
    """A person has seen that nothing was bought. Asks first: if that is wrong, it is bought twice."""
    seen = await desk.shop.read(_see, purchase_id, desk.language)
    if not yes and seen.purchase.state in UNDECIDED:
        held = ("purchase", "none", str(purchase_id), "--yes")
        leave = LinkButton(desk.say("admin.button.leave"), link_to("purchase", "show", str(purchase_id)))
        lines = (
            Line(desk.say("admin.purchase.ask_none", supplier=seen.purchase.supplier), Style.TITLE),
            Line(desk.say("admin.purchase.none_means", purchase=seen.purchase.number)),
        )
        return ask_first(lines, desk.say("admin.purchase.yes_none"), held, new_key(desk.shop.random), leave)
    await say_not_bought(desk.shop, purchase_id, by=desk.actor)
    return await purchase_show(desk, purchase_id)


async def purchase_known(desk: Desk, purchase_id: int) -> Screen:
    """Take note of a purchase that the supplier took back."""
    await know_reversed(desk.shop, purchase_id, by=desk.actor)
    return await purchase_show(desk, purchase_id)


def _draw(desk: Desk, seen: _Seen) -> Screen:
    say, purchase = desk.say, seen.purchase
    number = say.number(seen.order.number)
    title = say(f"admin.purchase.{purchase.state.value}", number=number)
    paid = say(
        "admin.purchase.what",
        goods=seen.goods,
        n=purchase.quantity,
        paid=desk.money(seen.order.total),
        cost=desk.money(purchase.cost or purchase.expected or purchase.limit),
    )
    lines = [Line(title, Style.TITLE), Line(paid)]
    lines += [Line(_ask_text(desk, purchase, ask)) for ask in seen.asks]
    by_person = bool(seen.asks) and seen.asks[-1].what == What.PERSON
    if purchase.reason is not None and not by_person:
        lines.append(Line(say("admin.purchase.reason", reason=reason_text(desk, purchase))))
    if purchase.state in UNDECIDED:
        lines.append(Line(say(f"admin.purchase.{purchase.state.value}.means"), Style.MUTED))
    else:
        state = say(f"order.{seen.order.state.value}.short")
        lines.append(Line(say("admin.purchase.order_now", state=state), Style.STRONG))
    ref = purchase.supplier_ref or "-"
    about = say("admin.purchase.number", purchase=purchase.number, supplier=purchase.supplier, ref=ref)
    lines.append(Line(about, Style.MUTED))
    return Screen(tuple(lines), _rows(desk, seen))


def _ask_text(desk: Desk, purchase: PurchaseView, ask: Ask) -> str:
    what = desk.say(f"admin.purchase.asked.{ask.what}", supplier=purchase.supplier)
    key = f"admin.purchase.answer.{ask.answer}"
    if ask.what == What.PERSON and desk.say.has(f"{key}.person"):
        key = f"{key}.person"
    answer = desk.say(key) if desk.say.has(key) else ask.answer
    said = desk.say("admin.purchase.said", said=_said_text(desk, purchase, ask.said)) if ask.said else ""
    return f"{desk.say.clock(ask.asked_at)}  {what}{answer}{said}"


def _said_text(desk: Desk, purchase: PurchaseView, said: str) -> str:
    """What was said, or what went wrong on the way, without the name that stands before it already."""
    bare = said.removeprefix(purchase.supplier).removeprefix(":").removeprefix(" answered").strip()
    trouble = _TROUBLE.get(bare)
    return bare if trouble is None else desk.say(f"admin.purchase.trouble.{trouble}")


def reason_text(desk: Desk, purchase: PurchaseView) -> str:
    """Why a purchase brought nothing."""
    key = f"admin.purchase.reason.{purchase.reason}"
    return desk.say(key) if desk.say.has(key) else purchase.reason or ""


def _rows(desk: Desk, seen: _Seen) -> tuple[tuple[Button, ...], ...]:
    purchase_id, rows = str(seen.purchase.id), []
    if seen.purchase.state in UNDECIDED:
        again = desk.button(
            "admin.button.purchase_ask", "purchase", "ask", purchase_id, weight=Weight.PRIMARY
        )
        bought = desk.button("admin.button.purchase_bought", "purchase", "bought", purchase_id)
        none = ("purchase", "none", purchase_id)
        rows = [(again, bought), (desk.button("admin.button.purchase_none", *none, weight=Weight.DANGER),)]
    elif seen.is_asked and not seen.purchase.is_live:
        rows = [(desk.button("admin.button.known", "purchase", "known", purchase_id),)]
    return (*rows, (desk.button("admin.button.why", "why", seen.order.number), desk.home_button()))


async def _ask_for_codes(desk: Desk, seen: _Seen) -> Screen:
    number = str(seen.purchase.id)
    lines = (
        Line(desk.say.count("admin.purchase.send_codes", seen.missing, goods=seen.goods), Style.TITLE),
        Line(desk.say("admin.purchase.send_codes.hint"), Style.MUTED),
    )
    back = desk.button("button.back", "purchase", "show", number)
    upload = await upload_button(desk, ("purchase", "bought", number))
    if upload is not None:
        return Screen((*lines, Line(desk.say("admin.upload.text"))), ((upload,), (back,)))
    prompt = Prompt(link_to("purchase", "bought", number), desk.say("admin.import.placeholder"))
    return Screen(lines, ((back,),), prompt=prompt)
