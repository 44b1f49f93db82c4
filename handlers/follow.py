"""A link is followed, and a screen comes out: the one that it leads to, or what stands in the way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from handlers import buying, settings, verifying
from handlers.arriving import arrive_anew
from handlers.flows import CHANGES, FLOWS, PROOFS
from handlers.incoming import LONGEST_LINK, LONGEST_SAID
from handlers.links import link, match
from handlers.refusals import refusal_screen, refusal_text
from handlers.screen import Screen
from handlers.visit import Visit
from shop_core.kernel.errors import ShopError
from shop_core.kernel.policy import Ask
from shop_core.verification.errors import VerificationNeeded


async def follow(visit: Visit, path: str) -> Screen:
    """Where a path leads; one that leads nowhere (any more), home."""
    found = match(path) if len(path.encode()) <= LONGEST_LINK + LONGEST_SAID * 4 else None
    if found is None:
        return (await follow(visit, link("home"))).with_toast(visit.say("error.old_link"))
    endpoint, values = found
    if endpoint in verifying.LOCKED and (lock := await verifying.find_lock(visit)) is not Ask.NOTHING:
        return await verifying.verify(visit, lock, verifying.then_of(path))
    try:
        return await _at(visit, endpoint, values)
    except VerificationNeeded as needed:
        return await verifying.verify(visit, str(needed.details["ask"]), verifying.then_of(path))
    except ShopError as error:
        if endpoint == "set_zone":
            return await settings.ask_zone(visit, refusal_text(visit, error))
        number = values.get("number")
        refusal = await refusal_screen(visit, error, None if number is None else str(number))
        return buying.asking_again(visit, refusal, values) if endpoint == "typed_quantity" else refusal


async def _at(visit: Visit, endpoint: str, values: Mapping[str, Any]) -> Screen:
    if endpoint in PROOFS:
        return await go_on(visit, await PROOFS[endpoint](visit, **values))
    if endpoint in CHANGES:
        await CHANGES[endpoint](visit, **values)
        return await _as_changed(visit, endpoint)
    return await FLOWS[endpoint](visit, **values)


async def _as_changed(visit: Visit, endpoint: str) -> Screen:
    """What he sees by what he has just chosen."""
    changed = await arrive_anew(visit)
    if endpoint == "set_language":
        return await follow(changed, link("home"))
    return await settings.settings(changed)


async def go_on(visit: Visit, done: Screen | verifying.Verified) -> Screen:
    """On to where he wanted to go, now that he has shown what was asked for."""
    if isinstance(done, Screen):
        return done
    toast = visit.say("verify.done", contact=done.contact.echo)
    return (await follow(visit, done.path)).with_toast(toast)
