"""From a pressed quantity of a direct top-up to the payment: each field in turn, then a look at all of it, masked.

What was said so far lies sealed in the form of this chat, and is gone from it as soon as the order is placed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from handlers.links import link
from handlers.order_screen import show_order
from handlers.placing import place_wish
from handlers.refusals import refusal_text
from handlers.screen import Button, Line, LinkButton, Prompt, Screen, Style, Weight
from handlers.visit import Visit
from shop_core.catalog.errors import BadInput
from shop_core.catalog.goods import Field, mask, read_input
from shop_core.catalog.read import VariantView, get_variant_for_sale, pick
from shop_core.conversations.forms import DONE, FormState, begin, find_form, move
from shop_core.customers.people import Address
from shop_core.kernel.secret import Secret
from shop_core.orders.errors import InputsNeeded
from shop_core.orders.place import Wish, find_placed
from shop_core.orders.say import say_inputs
from shop_core.vault.vault import CannotOpen, Vault

FORM: Final = "top_up"


@dataclass(frozen=True, slots=True)
class _Draft:
    """A form of this chat, with what was said so far."""

    state: FormState
    variant: VariantView
    said: Mapping[str, Secret]

    @property
    def fields(self) -> tuple[Field, ...]:
        """What is asked now."""
        return self.variant.fields

    @property
    def wish(self) -> Wish:
        """What was pressed before anything was asked."""
        answers = self.state.answers
        return Wish(self.variant.id, int(answers["quantity"]), str(answers["key"]))


async def begin_asking(visit: Visit, wish: Wish) -> Screen:
    """Ask for what a direct top-up needs. A button that has placed its order already shows that."""
    number = await visit.shop.read(find_placed, visit.customer.person_id, wish.key)
    if number is not None:
        return await show_order(visit, number)
    answers = {"variant": wish.variant_id, "quantity": wish.quantity, "key": wish.key, "sealed": ""}
    state = await visit.shop.write(begin, _where(visit), FORM, "0", answers)
    return await ask_input(visit, state.key, 0)


async def ask_input(visit: Visit, key: str, step: int) -> Screen:
    """One question; after the last, all answers."""
    draft = await _find(visit, key)
    return await _over(visit, key) if draft is None else _draw(visit, draft, step)


async def typed_input(visit: Visit, key: str, step: int, typed: str) -> Screen:
    """An answer. A wrong one is refused, and the question stays."""
    draft = await _find(visit, key)
    if draft is None:
        return await _over(visit, key)
    if step >= len(draft.fields):
        return _draw(visit, draft, step)
    field = draft.fields[step]
    try:
        answer = read_input(field, typed)
    except BadInput as wrong:
        return _question(visit, draft, step, refusal=input_refusal(visit, field, wrong))
    return await _go_on(visit, draft, step, {**draft.said, field.key: answer})


async def pick_input(visit: Visit, key: str, step: int, place: int) -> Screen:
    """A choice, by its place among the buttons."""
    draft = await _find(visit, key)
    is_known = draft is not None and step < len(draft.fields) and place < len(draft.fields[step].choices)
    if draft is None or not is_known:
        return await ask_input(visit, key, step)
    return await typed_input(visit, key, step, draft.fields[step].choices[place])


async def skip_input(visit: Visit, key: str, step: int) -> Screen:
    """Nothing to say to what need not be answered."""
    draft = await _find(visit, key)
    if draft is None or step >= len(draft.fields) or draft.fields[step].is_required:
        return await ask_input(visit, key, step)
    said = {name: answer for name, answer in draft.said.items() if name != draft.fields[step].key}
    return await _go_on(visit, draft, step, said)


async def sure(visit: Visit, key: str) -> Screen:
    """All of it is right: place the order, and on to the payment. What is asked now is checked once more."""
    draft = await _find(visit, key)
    if draft is None:
        return await _over(visit, key)
    wish = draft.wish
    try:
        inputs = await say_inputs(visit.shop, visit.customer, wish.variant_id, wish.key, draft.said)
        screen = await place_wish(visit, draft.variant, replace(wish, inputs=inputs))
    except BadInput as wrong:
        # Not all was answered, or what is asked was changed after the answer.
        places = [place for place, field in enumerate(draft.fields) if field.key == wrong.details["key"]]
        return _draw(visit, draft, places[0] if places else 0).with_toast(refusal_text(visit, wrong))
    except InputsNeeded as changed:
        return _draw(visit, draft, len(draft.fields)).with_toast(refusal_text(visit, changed))
    await visit.shop.write(move, _where(visit), draft.state, DONE, {"key": wish.key})
    return screen


def input_refusal(visit: Visit, field: Field, wrong: BadInput) -> str:
    """What is wrong with an answer, without the answer."""
    key = f"error.catalog.bad_input.{wrong.details['problem']}"
    label = pick(field.labels, visit.language)
    return visit.say(key, label=label, shortest=field.shortest, longest=field.longest)


# -------------------------------------------------------------------------------------------------------- drafts


def _where(visit: Visit) -> Address:
    return Address(visit.customer.channel, visit.customer.external_id)


def _place(visit: Visit, key: str) -> str:
    # The chat's, not the person's: who is linked with another channel meanwhile goes on where he was.
    return f"draft:{visit.customer.channel}:{visit.customer.external_id}:{key}"


async def _find(visit: Visit, key: str) -> _Draft | None:
    state = await visit.shop.read(find_form, _where(visit), key)
    if state is None or state.form != FORM or state.step == DONE:
        return None
    variant = await visit.shop.read(get_variant_for_sale, int(state.answers["variant"]))
    sealed = str(state.answers["sealed"])
    said: dict[str, str] = {}
    if sealed:
        vault = visit.shop.get(Vault)
        try:
            said = json.loads(vault.open(bytes.fromhex(sealed), place=_place(visit, key)).reveal())
        except CannotOpen:
            # Begun before drafts belonged to their chat.
            return None
    asked = {field.key for field in variant.fields}
    return _Draft(state, variant, {name: Secret(text) for name, text in said.items() if name in asked})


async def _go_on(visit: Visit, draft: _Draft, step: int, said: Mapping[str, Secret]) -> Screen:
    told = json.dumps({name: answer.reveal() for name, answer in said.items()}, ensure_ascii=False)
    sealed = visit.shop.get(Vault).seal(told, place=_place(visit, draft.state.key))
    answers: dict[str, Any] = {**draft.state.answers, "sealed": sealed.hex()}
    await visit.shop.write(move, _where(visit), draft.state, str(step + 1), answers)
    return await ask_input(visit, draft.state.key, step + 1)


async def _over(visit: Visit, key: str) -> Screen:
    """For a button of a form that is over: the order that it led to, or where to begin again."""
    state = await visit.shop.read(find_form, _where(visit), key)
    if state is not None and state.form == FORM and state.step == DONE:
        number = await visit.shop.read(find_placed, visit.customer.person_id, str(state.answers["key"]))
        if number is not None:
            return await show_order(visit, number)
    home = LinkButton(visit.say("button.home"), link("home"))
    return Screen((Line(visit.say("input.over")),), ((home,),))


# ------------------------------------------------------------------------------------------------------- screens


def _draw(visit: Visit, draft: _Draft, step: int) -> Screen:
    fields = draft.fields[:step]
    unsaid = [
        place for place, field in enumerate(fields) if field.is_required and field.key not in draft.said
    ]
    # A bent link, or questions that were changed meanwhile, skips nothing that must be said.
    place = unsaid[0] if unsaid else step
    return _question(visit, draft, place) if place < len(draft.fields) else _confirm(visit, draft)


def _question(visit: Visit, draft: _Draft, step: int, *, refusal: str = "") -> Screen:
    say, key, field = visit.say, draft.state.key, draft.fields[step]
    label = pick(field.labels, visit.language)
    asked = say("input.choose" if field.choices else "input.ask", label=label)
    lines = [Line(draft.variant.full_name(visit.language), Style.TITLE)]
    if refusal:
        lines.append(Line(refusal, Style.WARNING))
    lines.append(Line(asked))
    if len(draft.fields) > 1:
        lines.append(Line(say("input.step", place=step + 1, of=len(draft.fields)), Style.MUTED))
    rows: list[tuple[Button, ...]] = [
        (LinkButton(choice, link("pick_input", key=key, step=step, place=place)),)
        for place, choice in enumerate(field.choices)
    ]
    if not field.is_required:
        rows.append((LinkButton(say("input.skip"), link("skip_input", key=key, step=step)),))
    rows.append((_back(visit, draft, step),))
    prompt = Prompt(link("ask_input", key=key, step=step), say("input.placeholder", label=label))
    return Screen(tuple(lines), tuple(rows), prompt=prompt)


def _back(visit: Visit, draft: _Draft, step: int) -> LinkButton:
    before = link("variant", variant_id=draft.variant.id)
    if step:
        before = link("ask_input", key=draft.state.key, step=step - 1)
    return LinkButton(visit.say("button.back"), before)


def _confirm(visit: Visit, draft: _Draft) -> Screen:
    say, wish = visit.say, draft.wish
    total = visit.money(draft.variant.price * wish.quantity)
    lines = [
        Line(f"{draft.variant.full_name(visit.language)} × {wish.quantity}", Style.TITLE),
        *_said_lines(visit, draft.fields, draft.said),
        Line(say("input.total", amount=total), Style.STRONG),
        Line(say("input.check"), Style.MUTED),
    ]
    yes = LinkButton(say("input.sure", amount=total), link("sure", key=draft.state.key), Weight.PRIMARY)
    change = LinkButton(say("input.change"), link("ask_input", key=draft.state.key, step=0))
    leave = LinkButton(say("input.leave"), link("variant", variant_id=draft.variant.id))
    return Screen(tuple(lines), ((yes,), (change, leave)))


def _said_lines(visit: Visit, fields: Sequence[Field], said: Mapping[str, Secret]) -> list[Line]:
    return [
        Line(
            visit.say(
                "input.said", label=pick(field.labels, visit.language), said=mask(field, said[field.key])
            )
        )
        for field in fields
        if field.key in said
    ]
