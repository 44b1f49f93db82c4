"""Showing that a phone number or an e-mail address is one's own, and going on to where one wanted to go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from handlers.incoming import Contact
from handlers.links import link, match
from handlers.refusals import refusal_text
from handlers.screen import Button, ContactButton, Line, LinkButton, Prompt, Screen, Style
from handlers.visit import Visit
from shop_core.kernel.errors import ShopError
from shop_core.kernel.policy import Ask
from shop_core.verification.codes import (
    CodeState,
    CodeText,
    CodeView,
    confirm_code,
    find_code,
    send_again,
    send_code,
)
from shop_core.verification.contacts import Kind
from shop_core.verification.errors import CodeOver, ContactTaken, NotACode, WrongCode
from shop_core.verification.keep import ContactView, take_shared
from shop_core.verification.need import find_missing
from shop_core.verification.sender import CodeSenders

LOCKED: Final = frozenset(
    {
        "home",
        "category",
        "category_page",
        "all",
        "product",
        "variant",
        "tell_me",
        "buy",
        "ask_quantity",
        "typed_quantity",
        "ask_input",
        "typed_input",
        "pick_input",
        "skip_input",
        "sure",
        "ask_search",
        "search",
        "search_page",
    }
)
"""Where nobody gets before he has shown a contact, in a shop that asks everybody for one.

What he has bought, his money, help and the way to the shop's people are not among them.
"""

HOME: Final = "home"
CONTACTS: Final = "contacts"
_LONGEST_THEN: Final = 40
"""Bytes of where somebody wants to go, as a part of another link."""
_NOT_IN_A_PART: Final = frozenset("~%?#")


@dataclass(frozen=True, slots=True)
class Verified:
    """It is his: on to where he wanted to go."""

    contact: ContactView
    path: str


def then_of(path: str) -> str:
    """Where somebody wants to go, as one part of a link; home, if that cannot be."""
    bare = path.strip("/") or HOME
    fits = len(bare.encode()) <= _LONGEST_THEN and not _NOT_IN_A_PART & {*bare}
    return bare.replace("/", "~") if fits else HOME


async def find_lock(visit: Visit) -> Ask:
    """What he has to show before he may look around; nothing, where the shop asks nothing."""
    first = visit.shop.policy.verification.first_contact
    return (
        Ask.NOTHING if first is Ask.NOTHING else await visit.shop.read(find_missing, visit.customer, (first,))
    )


async def verify(visit: Visit, ask: str, then: str, refusal: str = "") -> Screen:
    """By a number, or by an address?

    Args:
        refusal: What was wrong with what he sent; he is asked again.
    """
    say, wanted = visit.say, Ask(ask)
    shares, senders = (
        visit.customer.channel in visit.shop.policy.contact_channels,
        visit.shop.get(CodeSenders),
    )
    by_phone = wanted is not Ask.EMAIL and (shares or senders.has(Kind.PHONE))
    by_email = wanted is not Ask.PHONE and senders.has(Kind.EMAIL)
    if not by_phone and not by_email:
        return await _nowhere(visit, wanted, then)
    key = "phone" if by_phone else "email"
    lines = [Line(say(f"verify.{key}.title"), Style.TITLE)]
    if refusal:
        lines.append(Line(refusal, Style.WARNING))
    lines.append(Line(say("verify.text"), Style.MUTED))
    rows: list[tuple[Button, ...]] = []
    if by_phone and shares:
        lines.append(Line(say("verify.phone.share")))
        rows.append((ContactButton(say("verify.share"), say("verify.share.hint")),))
    if by_phone and senders.has(Kind.PHONE):
        lines.append(Line(say("verify.phone.or_type" if shares else "verify.phone.type")))
    if by_email and not by_phone:
        lines.append(Line(say("verify.email.type")))
    if by_email and by_phone:
        rows.append((LinkButton(say("verify.use_email"), link("verify", ask=Ask.EMAIL, then=then)),))
    rows.append(await _way_out(visit, then))
    here = link("verify", ask=wanted, then=then)
    if by_email or senders.has(Kind.PHONE):
        return Screen(tuple(lines), tuple(rows), prompt=Prompt(here, say(f"verify.{key}.placeholder")))
    return Screen(tuple(lines), tuple(rows), kept=here)


async def typed_contact(visit: Visit, ask: str, then: str, typed: str) -> Screen:
    """A number or an address: a code goes there."""
    is_email = ask == Ask.EMAIL or (ask == Ask.EITHER and "@" in typed)
    kind = Kind.EMAIL if is_email else Kind.PHONE
    shares = visit.customer.channel in visit.shop.policy.contact_channels
    if kind is Kind.PHONE and shares and not visit.shop.get(CodeSenders).has(kind):
        return await verify(visit, ask, then, visit.say("verify.only_share"))
    try:
        sent = await send_code(visit.shop, visit.customer, kind, typed, lambda *what: _compose(visit, *what))
    except ShopError as error:
        return await verify(visit, ask, then, _refusal(visit, error))
    return await _sent_screen(visit, sent, then)


async def ask_code(visit: Visit, then: str) -> Screen:
    """The code, please."""
    return await _sent_screen(visit, await visit.shop.read(find_code, visit.customer), then)


async def send_another(visit: Visit, then: str) -> Screen:
    """Another code to the same place."""
    try:
        sent = await send_again(visit.shop, visit.customer, lambda *what: _compose(visit, *what))
    except ShopError as error:
        return await verify(visit, await _ask_again(visit), then, _refusal(visit, error))
    screen = await _sent_screen(visit, sent, then)
    return screen if sent.is_fresh else screen.with_toast(visit.say("verify.just_sent"))


async def typed_code(visit: Visit, then: str, typed: str) -> Screen | Verified:
    """The code that came there."""
    try:
        return Verified(await confirm_code(visit.shop, visit.customer, typed), _path_of(then))
    except (NotACode, WrongCode) as error:
        return await _code_again(visit, then, error)
    except CodeOver as error:
        return await verify(visit, await _ask_again(visit), then, refusal_text(visit, error))
    except ContactTaken:
        return await _taken(visit, then)


async def shared_contact(visit: Visit, asked: str | None, contact: Contact) -> Screen | Verified | None:
    """What his channel says is a number of his. None: nobody asked for it."""
    found = None if asked is None else match(asked)
    if found is None or found[0] != "verify" or found[1]["ask"] == Ask.EMAIL:
        return None
    ask, then = str(found[1]["ask"]), str(found[1]["then"])
    try:
        taken = await take_shared(visit.shop, visit.customer, contact.phone, is_his_own=contact.is_own)
    except ContactTaken:
        return await _taken(visit, then)
    except ShopError as error:
        return await verify(visit, ask, then, refusal_text(visit, error))
    return Verified(taken, _path_of(then))


# ------------------------------------------------------------------------------------------------------- screens


async def _sent_screen(visit: Visit, sent: CodeView, then: str, refusal: str = "") -> Screen:
    say = visit.say
    if sent.state is CodeState.REFUSED:
        return await verify(visit, sent.kind.value, then, say("verify.code.refused", to=sent.echo))
    is_unsent = sent.state is CodeState.UNSENT
    key = sent.state.value if sent.state is CodeState.UNKNOWN or is_unsent else CodeState.SENT.value
    lines = [Line(say(f"verify.code.{key}", to=sent.echo), Style.TITLE)]
    if refusal:
        lines.append(Line(refusal, Style.WARNING))
    if not is_unsent:
        lines.append(Line(say("verify.code.until", until=say.clock(sent.until))))
    lines.append(Line(say("verify.code.again_in"), Style.MUTED))
    other = link("verify", ask=sent.kind.value, then=then)
    rows = (
        (LinkButton(say("verify.again"), link("verify_again", then=then)),),
        (LinkButton(say(f"verify.other.{sent.kind.value}"), other),),
        await _way_out(visit, then),
    )
    prompt = Prompt(link("ask_code", then=then), say("verify.code.placeholder"))
    return Screen(tuple(lines), rows, prompt=prompt)


async def _code_again(visit: Visit, then: str, error: ShopError) -> Screen:
    try:
        sent = await visit.shop.read(find_code, visit.customer)
    except CodeOver as over:
        return await verify(visit, await _ask_again(visit), then, refusal_text(visit, over))
    return await _sent_screen(visit, sent, then, refusal_text(visit, error))


async def _taken(visit: Visit, then: str) -> Screen:
    say = visit.say
    rows: list[tuple[Button, ...]] = []
    if visit.has_channels:
        rows.append((LinkButton(say("pairing.button"), link("pairing")),))
    rows.append(
        (LinkButton(say("verify.try_other"), link("verify", ask=await _ask_again(visit), then=then)),)
    )
    rows.append((LinkButton(say("home.support"), link("support")),))
    return Screen(
        (Line(say("error.verification.taken"), Style.TITLE), Line(say("verify.taken.text"))), tuple(rows)
    )


async def _nowhere(visit: Visit, ask: Ask, then: str) -> Screen:
    """It cannot be done here, only on another channel, or with the shop's help."""
    say = visit.say
    lines = (Line(say(f"verify.nowhere.{ask.value}"), Style.TITLE), Line(say("verify.nowhere.text")))
    rows: list[tuple[Button, ...]] = []
    if visit.has_channels:
        rows.append((LinkButton(say("pairing.button"), link("pairing")),))
    rows.append(await _way_out(visit, then))
    return Screen(lines, tuple(rows))


async def _way_out(visit: Visit, then: str) -> tuple[Button, ...]:
    support = LinkButton(visit.say("home.support"), link("support"))
    if then == CONTACTS:
        return (LinkButton(visit.say("button.back"), link(CONTACTS)),)
    if await find_lock(visit) is Ask.NOTHING:
        return LinkButton(visit.say("button.back"), _before(then)), support
    if len(visit.shop.policy.languages) > 1:
        return support, LinkButton(visit.say("home.language"), link("language"))
    return (support,)


def _before(then: str) -> str:
    """Where he was when he was asked: for an order, its goods."""
    found = match(_path_of(then))
    if found is None or "variant_id" not in found[1]:
        return link(HOME)
    return link("variant", variant_id=found[1]["variant_id"])


def _path_of(then: str) -> str:
    return then.replace("~", "/")


async def _ask_again(visit: Visit) -> str:
    """What to ask for, where a code says no more what it was for."""
    missing = await find_lock(visit)
    return Ask.EITHER.value if missing is Ask.NOTHING else missing.value


def _refusal(visit: Visit, error: ShopError) -> str:
    key = f"error.{error.code}.{error.details.get('whose')}"
    return visit.say(key) if visit.say.has(key) else refusal_text(visit, error)


def _compose(visit: Visit, kind: Kind, code: str) -> CodeText:
    say, shop = visit.say, visit.shop.policy.name
    subject = say("verify.letter.subject", shop=shop)
    return CodeText(subject, say(f"verify.letter.{kind.value}", shop=shop, code=code), visit.language)
