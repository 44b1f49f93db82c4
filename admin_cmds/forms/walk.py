"""Walking through a form: asking, reading answers, going back, giving up, doing it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from admin_cmds.arguments import read_id
from admin_cmds.command import Desk
from admin_cmds.forms import new_field, new_price, new_product
from admin_cmds.forms.form import BACK, DROP, MAKE, SAY, Answers, Form, Here
from admin_cmds.forms.new_field import NEW_FIELD
from admin_cmds.forms.new_markup import NEW_MARKUP
from admin_cmds.forms.new_price import NEW_PRICE
from admin_cmds.forms.new_product import NEW_PRODUCT, NEW_VARIANT
from admin_cmds.refusals import refusal_text
from handlers.screen import Button, Line, Prompt, Screen, Style
from shop_core.conversations.forms import DONE, FormState, begin, find_form, give_up, move
from shop_core.kernel.errors import ShopError

FORMS: Final[Mapping[str, Form]] = {
    "product": NEW_PRODUCT,
    "variant": NEW_VARIANT,
    "price": NEW_PRICE,
    "field": NEW_FIELD,
    "markup": NEW_MARKUP,
}


async def begin_product(desk: Desk, rest: tuple[str, ...]) -> Screen | None:
    """The form of a new product, for the command without a word more."""
    return None if rest else await _begin(desk, "product", {"variants": []})


async def begin_variant(desk: Desk, rest: tuple[str, ...]) -> Screen | None:
    """The form of a new variant, for the command with nothing but a product."""
    product_id = read_id(rest)
    if product_id is None:
        return None
    languages = desk.shop.policy.languages
    answers = await desk.shop.read(new_product.begin_answers, product_id, languages)
    return await _begin(desk, "variant", answers)


async def begin_price(desk: Desk, rest: tuple[str, ...]) -> Screen | None:
    """The form of a new price, for the command with nothing but a variant."""
    variant_id = read_id(rest)
    if variant_id is None:
        return None
    return await _begin(desk, "price", await desk.shop.read(new_price.begin_answers, variant_id))


async def begin_field(desk: Desk, rest: tuple[str, ...]) -> Screen | None:
    """The form of a new field, for the command with nothing but a variant."""
    variant_id = read_id(rest)
    if variant_id is None:
        return None
    return await _begin(desk, "field", await desk.shop.read(new_field.begin_answers, variant_id))


async def begin_markup(desk: Desk, rest: tuple[str, ...]) -> Screen | None:
    """The form of a rule of markup, for the command without a word more."""
    return None if rest else await _begin(desk, "markup", {})


async def _begin(desk: Desk, form: str, answers: Answers) -> Screen:
    state = await desk.shop.write(begin, desk.where, form, FORMS[form].first, answers)
    return await _draw(Here(desk, state))


async def form_step(desk: Desk, key: str, step: str, action: str, value: tuple[str, ...]) -> Screen:
    """An answer to a form. One that comes twice, or late, shows where the form is now."""
    state = await desk.shop.read(find_form, desk.where, key)
    if state is None:
        return _over(desk)
    here = Here(desk, state)
    if state.step == DONE or state.step != step:
        return await _draw(here)
    if action == DROP:
        await desk.shop.write(give_up, desk.where, key)
        return _dropped(desk)
    try:
        return await _act(here, action, " ".join(value))
    except ShopError as refusal:
        again = await _now(desk, state)
        return again.with_toast(refusal_text(desk.say, refusal))


async def _act(here: Here, action: str, value: str) -> Screen:
    form = FORMS[here.state.form]
    if action == MAKE:
        if form.steps[here.state.step].place == 0:
            await form.make(here, value)
        return await _now(here.desk, here.state)
    act = form.steps[here.state.step].acts.get(action)
    if act is not None:
        following = await act(here, value)
        await here.desk.shop.write(move, here.desk.where, here.state, following.step, following.answers)
    return await _now(here.desk, here.state)


async def _now(desk: Desk, state: FormState) -> Screen:
    """The form as it is now, whoever moved it."""
    found = await desk.shop.read(find_form, desk.where, state.key)
    return _over(desk) if found is None else await _draw(Here(desk, found))


async def _draw(here: Here) -> Screen:
    form = FORMS[here.state.form]
    if here.state.step == DONE:
        screen: Screen = await form.done(here)
        return screen
    step = form.steps[here.state.step]
    asked = await step.ask(here)
    prompt = None if not asked.placeholder else Prompt(here.link(SAY), asked.placeholder)
    title = Line(_title(here), Style.TITLE)
    return Screen((title, *asked.lines), (*asked.rows, _ways_out(here)), prompt=prompt)


def _title(here: Here) -> str:
    form, say = FORMS[here.state.form], here.desk.say
    name = say(f"admin.form.{here.state.form}")
    place = form.steps[here.state.step].place
    what = say(f"admin.form.step.{here.state.step}")
    if form.length == 1 or place == 0:
        return say("admin.form.title", form=name, step=what)
    return say("admin.form.title.of", form=name, step=what, place=place, of=form.length)


def _ways_out(here: Here) -> tuple[Button, ...]:
    drop = here.button("admin.form.drop", DROP)
    if BACK not in FORMS[here.state.form].steps[here.state.step].acts:
        return (drop,)
    return here.button("admin.form.back", BACK), drop


def _over(desk: Desk) -> Screen:
    """For a button of a form that is over: where to go from here."""
    lines = (Line(desk.say("error.admin.form_over"), Style.PLAIN),)
    return Screen(lines, ((desk.button("admin.button.products", "product", "list"), desk.home_button()),))


def _dropped(desk: Desk) -> Screen:
    return replace(_over(desk), lines=(Line(desk.say("admin.form.dropped"), Style.TITLE),))
