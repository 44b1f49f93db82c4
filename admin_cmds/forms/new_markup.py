"""A rule of markup: what for, percent, amount, ending; an example and what it changes before it is set, one press back."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from admin_cmds.arguments import read_percent
from admin_cmds.command import Desk, ask_first
from admin_cmds.forms.form import BACK, MAKE, SAY, Answers, Asked, Form, Here, Next, Step
from admin_cmds.forms.markup_subject import SUBJECT, in_rows, to_subject
from admin_cmds.forms.new_product import FormMoved
from admin_cmds.markups import moved_text, percent_text, put, rule_screen, rule_text, subject_name, words_for
from handlers.screen import Line, Screen, Style, Weight
from shop_core.conversations.forms import DONE, FormState, move
from shop_core.conversations.keys import new_key
from shop_core.customers.people import Address
from shop_core.db.tx import Tx, View
from shop_core.kernel.money import Money, parse_money
from shop_core.pricing.example import Example, find_example
from shop_core.pricing.markup import BadMarkup, Ending, Markup
from shop_core.pricing.proposals import Preview, preview
from shop_core.pricing.reprice import reprice_as_previewed
from shop_core.pricing.rules import Scope, Subject, load_rules

_PERCENTS: Final = (500, 1000, 1500, 2000, 3000, 5000)
_ENDINGS: Final = ((Ending.ROUND, Ending.HALF), (Ending.NINETY, Ending.NINETY_NINE))
_PER_ROW: Final = 3
_SHOWN: Final = 3


# --------------------------------------------------------------------------------------------------- how much


async def _ask_percent(here: Here) -> Asked:
    buttons = [
        here.button("admin.button.percent", SAY, percent_text(bp), n=percent_text(bp)) for bp in _PERCENTS
    ]
    rows = (*in_rows(buttons, _PER_ROW), (here.button("admin.form.markup.no_percent", SAY, "0"),))
    subject, now = await here.desk.shop.read(_see, here.answers, here.desk.language)
    lines = [Line(subject, Style.STRONG)]
    if now is not None:
        lines.append(Line(here.desk.say("admin.form.markup.now", rule=rule_text(here.desk, now))))
    lines.append(Line(here.desk.say("admin.form.ask.markup_percent")))
    return Asked(tuple(lines), rows, here.desk.say("admin.form.ask.markup_percent.placeholder"))


async def _take_percent(here: Here, text: str) -> Next:
    try:
        percent_bp = read_percent(text)
    except ValueError:
        raise BadMarkup(field="percent") from None
    Markup(percent_bp)
    return Next("markup_plus", {**here.answers, "percent_bp": percent_bp})


async def _ask_plus(here: Here) -> Asked:
    rows = ((here.button("admin.form.markup.no_plus", SAY, "0"),),)
    lines = (await _so_far(here), Line(here.desk.say("admin.form.ask.markup_plus")))
    return Asked(lines, rows, here.desk.say("admin.form.ask.markup_plus.placeholder"))


async def _take_plus(here: Here, text: str) -> Next:
    plus = parse_money(text, here.desk.shop.policy.currency)
    return Next("markup_ending", {**here.answers, "plus_minor": plus.minor})


async def _ask_ending(here: Here) -> Asked:
    rows = [
        tuple(here.button(f"admin.ending.{one.value}", "ending", one.value) for one in row)
        for row in _ENDINGS
    ]
    rows.append((here.button("admin.ending.any", "ending", Ending.ANY.value),))
    return Asked((await _so_far(here), Line(here.desk.say("admin.form.ask.markup_ending"))), tuple(rows))


async def _take_ending(here: Here, value: str) -> Next:
    if value not in set(Ending):
        raise BadMarkup(field="ending")
    answers = {**here.answers, "ending": value}
    # Said to be too much while it can still be answered otherwise.
    await here.desk.shop.read(_look, answers, here.desk.language)
    return Next("preview", answers)


async def _so_far(here: Here) -> Line:
    subject, now = await here.desk.shop.read(_see, here.answers, here.desk.language)
    return Line(f"{subject}  {rule_text(here.desk, _wanted(here.answers, now))}", Style.STRONG)


async def _to_percent(here: Here, _: str) -> Next:
    return Next("markup_percent", here.answers)


async def _to_plus(here: Here, _: str) -> Next:
    return Next("markup_plus", here.answers)


async def _to_ending(here: Here, _: str) -> Next:
    return Next("markup_ending", here.answers)


# --------------------------------------------------------------------------------------------------- preview


def _subject(answers: Answers) -> Subject:
    return Subject(Scope(answers["scope"]), answers["name"])


def _wanted(answers: Answers, now: Markup | None) -> Markup:
    """The rule as answered so far. A floor that the command has set stays."""
    return Markup(
        answers["percent_bp"],
        answers.get("plus_minor", 0),
        Ending(answers.get("ending", Ending.ANY)),
        0 if now is None else now.floor_bp,
    )


def _see(view: View, answers: Answers, language: str) -> tuple[str, Markup | None]:
    subject = _subject(answers)
    return subject_name(view, subject, language), load_rules(view).by_subject.get(str(subject))


def _look(view: View, answers: Answers, language: str) -> tuple[str, Markup, Example, Preview]:
    name, now = _see(view, answers, language)
    subject, wanted = _subject(answers), _wanted(answers, now)
    changes = preview(view, load_rules(view).with_rule(subject, wanted), shown=_SHOWN, language=language)
    return name, wanted, find_example(view, subject, wanted, language), changes


async def _preview(here: Here) -> Asked:
    desk = here.desk
    name, wanted, example, changes = await desk.shop.read(_look, here.answers, desk.language)
    lines = [Line(f"{name}  {rule_text(desk, wanted)}", Style.STRONG), Line(_example_text(desk, example))]
    if changes.changes:
        lines.append(Line(desk.say.count("admin.markup.changes", changes.changes), Style.STRONG))
        lines += [Line(moved_text(desk, one)) for one in changes.first]
    else:
        lines.append(Line(desk.say("admin.form.markup.no_change"), Style.MUTED))
    return Asked(tuple(lines), ((here.button("admin.markup.yes", MAKE, weight=Weight.PRIMARY),),))


def _example_text(desk: Desk, example: Example) -> str:
    what = example.name or desk.say("admin.form.markup.anything")
    cost, price = desk.money(example.cost), desk.money(example.price)
    profit = desk.money(Money(example.price.minor - example.cost.minor, example.price.currency))
    return desk.say("admin.form.markup.example", name=what, cost=cost, price=price, profit=profit)


# --------------------------------------------------------------------------------------------------- setting it


async def _make(here: Here, _: str) -> None:
    """Set the rule, then the prices: see ``reprice_as_previewed`` for what a crash between the two leaves."""
    desk = here.desk
    await desk.shop.write(_set, desk.where, here.state, desk.actor)
    await reprice_as_previewed(desk.shop)


def _set(tx: Tx, where: Address, state: FormState, by: str) -> None:
    subject = _subject(state.answers)
    old = load_rules(tx).by_subject.get(str(subject))
    put(tx, subject, _wanted(state.answers, old), by)
    was = None if old is None else [old.percent_bp, old.plus_minor, old.ending.value, old.floor_bp]
    kept = {"scope": subject.scope.value, "name": subject.name, "old": was}
    if not move(tx, where, state, DONE, kept):
        raise FormMoved


async def _done(here: Here) -> Screen:
    """The rule as it stands now, and the way back to the one before."""
    desk, subject = here.desk, _subject(here.answers)
    shown = (await rule_screen(desk, subject)).with_toast(desk.say("admin.markup.done"))
    if here.answers["old"] is None:
        return shown
    percent_bp, plus_minor, ending, floor_bp = here.answers["old"]
    old = Markup(percent_bp, plus_minor, Ending(ending), floor_bp)
    back = desk.say("admin.button.markup_back", rule=rule_text(desk, old))
    held = words_for(desk, subject, old)
    asked = ask_first((), back, held, new_key(desk.shop.random), desk.home_button())
    return replace(shown, rows=(*asked.rows[:1], *shown.rows), kept=asked.kept)


NEW_MARKUP: Final = Form(
    first="markup_for",
    length=4,
    steps={
        **SUBJECT,
        "markup_percent": Step(2, _ask_percent, {SAY: _take_percent, BACK: to_subject}),
        "markup_plus": Step(3, _ask_plus, {SAY: _take_plus, BACK: _to_percent}),
        "markup_ending": Step(4, _ask_ending, {"ending": _take_ending, BACK: _to_plus}),
        "preview": Step(0, _preview, {BACK: _to_ending}),
    },
    make=_make,
    done=_done,
)
