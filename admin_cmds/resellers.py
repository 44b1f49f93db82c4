"""Other shops that buy here by program: giving them keys, and taking these back."""

from __future__ import annotations

from admin_cmds.arguments import PersonRef
from admin_cmds.command import Desk, ask_first
from admin_cmds.wallets import person_of
from handlers.screen import CopyButton, Line, LinkButton, Screen, Style
from shop_core.conversations.keys import new_key
from shop_core.db.tx import Tx
from shop_core.kernel.secret import Secret
from shop_core.resale.keys import ResellerView, close_keys, get_reseller_by_id, list_resellers, make_keys
from shop_core.resale.signing import Keys
from shop_core.resale.unheard import Unheard, tell_again
from shop_core.staff import audit
from shop_core.vault.vault import Vault


async def reseller(desk: Desk) -> Screen:
    """Every shop that may buy."""
    known = await desk.shop.read(list_resellers)
    lines = [Line(desk.say("admin.reseller.title"), Style.TITLE)]
    lines += [] if known else [Line(desk.say("admin.reseller.none"), Style.MUTED)]
    lines.append(Line(desk.say("admin.reseller.how"), Style.MUTED))
    rows = [(_remove_button(desk, one),) for one in known]
    return Screen(tuple(lines), (*rows, (desk.home_button(),)))


def _remove_button(desk: Desk, one: ResellerView) -> LinkButton:
    words = ("reseller", "remove", str(one.id))
    return desk.button("admin.button.reseller", *words, person=one.person_id, api_key=one.key)


async def reseller_add(desk: Desk, person: PersonRef) -> Screen:
    """A new pair of keys for a buyer. Typed again, it is another pair: an earlier one cannot be shown a second time."""
    vault = desk.shop.get(Vault)
    person_id, keys = await desk.shop.write(_add, vault, person, desk.actor)
    say = desk.say
    lines = (
        Line(say("admin.reseller.made", person=person_id), Style.TITLE),
        Line(say("admin.reseller.key", api_key=keys.key)),
        # It opens the buyer's balance to whoever has it: it is for the one who reads this, so it may stand here.
        Line(say("admin.reseller.secret", secret=keys.secret.reveal())),
        Line(say("admin.reseller.once"), Style.MUTED),
    )
    copy = (
        CopyButton(say("admin.button.copy_key"), Secret(keys.key)),
        CopyButton(say("admin.button.copy_secret"), keys.secret),
    )
    back = (desk.button("admin.button.resellers", "reseller"), desk.home_button())
    return Screen(lines, (copy, back))


def _add(tx: Tx, vault: Vault, person: PersonRef, by: str) -> tuple[int, Keys]:
    person_id = person_of(tx, person)
    keys = make_keys(tx, vault, person_id, by=by)
    audit.record(tx, actor=by, command="reseller add", details={"person": person_id, "key": keys.key})
    return person_id, keys


async def reseller_remove(desk: Desk, reseller_id: int, *, yes: bool) -> Screen:
    """Take a pair back. Asks first."""
    known = await desk.shop.read(get_reseller_by_id, reseller_id)
    if not yes:
        return _ask_remove(desk, known)
    await desk.shop.write(_remove, known, desk.actor)
    return (await reseller(desk)).with_toast(desk.say("admin.reseller.removed"))


async def reseller_tell(desk: Desk, reseller_id: int) -> Screen:
    """Tell a shop once more what it never heard. A second time there is nothing more to tell."""
    again = await desk.shop.write(_tell, reseller_id, desk.actor)
    said = desk.say.count("admin.reseller.told", again.count, api_key=again.reseller.key)
    return (await reseller(desk)).with_toast(said)


def _tell(tx: Tx, reseller_id: int, by: str) -> Unheard:
    again = tell_again(tx, reseller_id, by=by)
    details: dict[str, str | int] = {"key": again.reseller.key, "count": again.count}
    audit.record(tx, actor=by, command="reseller tell", details=details)
    return again


def _ask_remove(desk: Desk, known: ResellerView) -> Screen:
    title = desk.say("admin.reseller.ask_remove", person=known.person_id, api_key=known.key)
    lines = (Line(title, Style.TITLE), Line(desk.say("admin.reseller.ask_remove.means")))
    no = desk.button("admin.button.keep_reseller", "reseller")
    held = ("reseller", "remove", str(known.id), "--yes")
    return ask_first(lines, desk.say("admin.reseller.yes_remove"), held, new_key(desk.shop.random), no)


def _remove(tx: Tx, known: ResellerView, by: str) -> None:
    close_keys(tx, known.key)
    audit.record(
        tx, actor=by, command="reseller remove", details={"person": known.person_id, "key": known.key}
    )
