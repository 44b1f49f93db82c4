"""Rules by which prices are made of suppliers' costs: looking at them, and changing them after a preview."""

from __future__ import annotations

from typing import Final

from admin_cmds.command import Desk, ask_first
from admin_cmds.links import link_to
from handlers.screen import Button, Line, LinkButton, Screen, Style, Weight
from shop_core.catalog.overview import name_of_category
from shop_core.catalog.read import get_variant
from shop_core.conversations.keys import new_key
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx, View
from shop_core.kernel.money import Money
from shop_core.pricing.markup import Ending, Markup
from shop_core.pricing.proposals import Preview, Proposal, preview
from shop_core.pricing.reprice import reprice_as_previewed
from shop_core.pricing.rules import Rules, Scope, Subject, check_subject, drop_rule, load_rules, put_rule
from shop_core.staff import audit

_PERCENTS: Final = (500, 1000, 2000, 3000)
_ENDINGS: Final = (Ending.ANY, Ending.HALF, Ending.NINETY, Ending.NINETY_NINE)


async def markups(desk: Desk) -> Screen:
    """Every rule, and every supplier that has none."""
    say = desk.say
    found, names = await desk.shop.read(_list, desk.language)
    title = Line(say("admin.markups.title" if found.by_subject else "admin.markups.none"), Style.TITLE)
    hint = Line(say("admin.markups.hint"), Style.MUTED)
    subjects = [Subject.of(text) for text in names]
    rows = [
        (
            LinkButton(
                f"{names[str(subject)]}  {rule_text(desk, found.by_subject.get(str(subject)))}",
                link_to("markup", subject.scope.value, subject.name),
            ),
        )
        for subject in subjects
    ]
    new = desk.button("admin.button.markup_new", "markup")
    away = desk.button("admin.button.suppliers", "suppliers"), desk.home_button()
    return Screen((title, hint), (*rows, (new,), away))


def _list(view: View, language: str) -> tuple[Rules, dict[str, str]]:
    rules = load_rules(view)
    subjects = [Subject(Scope.SUPPLIER, name) for name in view.policy.suppliers]
    known = {str(subject): subject for subject in (*subjects, *map(Subject.of, rules.by_subject))}
    return rules, {key: subject_name(view, subject, language) for key, subject in known.items()}


def subject_name(view: View, subject: Subject, language: str) -> str:
    """What a rule is for, as it is shown."""
    match subject.scope:
        case Scope.SUPPLIER:
            return subject.name
        case Scope.CATEGORY:
            return name_of_category(view, int(subject.name), language)
        case Scope.VARIANT:
            return get_variant(view, int(subject.name)).full_name(language)


def rule_text(desk: Desk, markup: Markup | None) -> str:
    """A rule in a line: ``+20 % +¥0.50 …90, at least 5 %``."""
    say = desk.say
    if markup is None:
        return say("admin.markup.none")
    parts = []
    if markup.percent_bp or not markup.plus_minor:
        parts.append(say("admin.markup.percent", n=percent_text(markup.percent_bp)))
    if markup.plus_minor:
        plus = desk.money(Money(markup.plus_minor, desk.shop.policy.currency))
        parts.append(say("admin.markup.plus" if parts else "admin.markup.only_plus", amount=plus))
    if markup.ending is not Ending.ANY:
        parts.append(say("admin.markup.ending", ending=markup.ending.value))
    if markup.floor_bp:
        parts.append(say("admin.markup.floor", n=percent_text(markup.floor_bp)))
    return "  ".join(parts)


def percent_text(bp: int) -> str:
    """Basis points as people write percent: ``12.5``."""
    whole, rest = divmod(bp, 100)
    return f"{whole}.{rest:02}".rstrip("0").rstrip(".") if rest else str(whole)


async def markup(  # noqa: PLR0913 - one parameter for each of the command's
    desk: Desk,
    *,
    scope: Scope,
    name: str,
    percent: int | None,
    plus: Money | None,
    ending: Ending | None,
    floor: int | None,
    yes: bool,
) -> Screen:
    """Show a rule; or, told what to change in it, what prices that changes; or, told yes, change them."""
    subject = Subject(scope, name.removeprefix("#"))
    rules, shown = await desk.shop.read(_see, subject, desk.language)
    before = rules.by_subject.get(str(subject))
    if percent is None and plus is None and ending is None and floor is None:
        return _draw(desk, subject, shown, before)
    now = before or Markup()
    wanted = Markup(
        now.percent_bp if percent is None else percent,
        now.plus_minor if plus is None else plus.minor,
        ending or now.ending,
        now.floor_bp if floor is None else floor,
    )
    if not yes:
        seen = await desk.shop.read(preview, rules.with_rule(subject, wanted), language=desk.language)
        return _ask(
            desk, subject, f"{shown}  {rule_text(desk, wanted)}", seen, words_for(desk, subject, wanted)
        )
    await set_rule(desk.shop, subject, wanted, by=desk.actor)
    return (await markups(desk)).with_toast(desk.say("admin.markup.done"))


async def rule_screen(desk: Desk, subject: Subject) -> Screen:
    """A rule as it stands."""
    rules, shown = await desk.shop.read(_see, subject, desk.language)
    return _draw(desk, subject, shown, rules.by_subject.get(str(subject)))


async def markup_drop(desk: Desk, scope: Scope, name: str, *, yes: bool) -> Screen:
    """Drop a rule: the next nearest counts, or prices stay as they are."""
    subject = Subject(scope, name.removeprefix("#"))
    rules, shown = await desk.shop.read(_see, subject, desk.language)
    if str(subject) not in rules.by_subject:
        return _draw(desk, subject, shown, None)
    if not yes:
        seen = await desk.shop.read(preview, rules.with_rule(subject, None), language=desk.language)
        held = ("markup", "drop", scope.value, subject.name, "--yes")
        return _ask(desk, subject, f"{shown}  {desk.say('admin.markup.none')}", seen, held)
    await set_rule(desk.shop, subject, None, by=desk.actor)
    return (await markups(desk)).with_toast(desk.say("admin.markup.dropped"))


def _see(view: View, subject: Subject, language: str) -> tuple[Rules, str]:
    check_subject(view, subject)
    return load_rules(view), subject_name(view, subject, language)


def words_for(desk: Desk, subject: Subject, wanted: Markup) -> tuple[str, ...]:
    """The command that sets a rule at once, without a look at what it changes."""
    plus = Money(wanted.plus_minor, desk.shop.policy.currency).decimal_text()
    options = (
        *("--percent", percent_text(wanted.percent_bp)),
        *("--plus", plus),
        *("--ending", wanted.ending.value),
        *("--floor", percent_text(wanted.floor_bp)),
    )
    return ("markup", subject.scope.value, subject.name, *options, "--yes")


def _ask(desk: Desk, subject: Subject, rule: str, seen: Preview, held: tuple[str, ...]) -> Screen:
    say = desk.say
    lines = [Line(rule, Style.TITLE), Line(say.count("admin.markup.changes", seen.changes), Style.STRONG)]
    lines += [Line(moved_text(desk, one)) for one in seen.first]
    leave = LinkButton(say("admin.button.leave"), link_to("markup", subject.scope.value, subject.name))
    return ask_first(tuple(lines), say("admin.markup.yes"), held, new_key(desk.shop.random), leave)


def moved_text(desk: Desk, one: Proposal) -> str:
    """A price that changes, in a line."""
    old, new = desk.money(one.old_price), desk.money(one.new_price)
    return desk.say("admin.markup.moved", name=one.name, old=old, new=new)


def _draw(desk: Desk, subject: Subject, shown: str, now: Markup | None) -> Screen:
    """A rule, and buttons that each change one thing of it, after a preview."""
    say = desk.say
    words = ("markup", subject.scope.value, subject.name)
    lines = (
        Line(f"{shown}  {rule_text(desk, now)}", Style.TITLE),
        Line(say("admin.markup.hint", subject=f"{subject.scope.value} {subject.name}"), Style.MUTED),
    )
    rule = now or Markup()
    percents: list[Button] = [
        desk.button("admin.button.percent", *words, "--percent", percent_text(bp), n=percent_text(bp))
        for bp in _PERCENTS
        if now is None or bp != rule.percent_bp
    ]
    endings: list[Button] = [
        desk.button(f"admin.ending.{ending.value}", *words, "--ending", ending.value)
        for ending in _ENDINGS
        if ending is not rule.ending
    ]
    rows = [tuple(percents), tuple(endings)] if now is not None else [tuple(percents)]
    if now is not None:
        drop = desk.button("admin.button.markup_drop", "markup", "drop", *words[1:], weight=Weight.DANGER)
        rows.append((drop,))
    return Screen(lines, (*rows, (desk.button("admin.button.markups", "markups"), desk.home_button())))


# ------------------------------------------------------------------------------------------------------ changing


async def set_rule(shop: Shop, subject: Subject, wanted: Markup | None, *, by: str) -> None:
    """Set a rule, or drop it, and make all prices that follow anew. The owner has seen what changes.

    May run twice.

    Raises:
        NoSuchSupplier, NoSuchCategory, NoSuchVariant: Nothing changed.
    """
    await shop.write(put, subject, wanted, by)
    await reprice_as_previewed(shop)


def put(tx: Tx, subject: Subject, wanted: Markup | None, by: str) -> None:
    """Set a rule, or drop it, and write down who did. Prices follow when they are next made.

    Raises:
        NoSuchSupplier, NoSuchCategory, NoSuchVariant: Nothing changed.
    """
    details: dict[str, str | int] = {"subject": str(subject)}
    if wanted is None:
        if not drop_rule(tx, subject):
            return
        audit.record(tx, actor=by, command="markup drop", details=details)
        return
    put_rule(tx, subject, wanted)
    details |= {
        "percent_bp": wanted.percent_bp,
        "plus_minor": wanted.plus_minor,
        "ending": wanted.ending.value,
        "floor_bp": wanted.floor_bp,
    }
    audit.record(tx, actor=by, command="markup", details=details)
