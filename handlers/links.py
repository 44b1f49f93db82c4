"""Every link of the customers' side, matched and built by one map.

A link is short (64 bytes with everything), the same on every channel, and proves nothing: what it names is looked up and
checked by the use case behind it. One that changes something ends in a one-time key or is safe to repeat.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote

from werkzeug.exceptions import HTTPException
from werkzeug.routing import BaseConverter, Map, Rule
from werkzeug.routing.exceptions import RoutingException

from shop_core.customers.preferences import Topic


class OrderNumber(BaseConverter):
    """An order's number as people copy it, ``k7m2-9qxd``, or as we write it, ``K7M29QXD``."""

    regex = "[0-9A-Za-z]{4}-?[0-9A-Za-z]{4}"

    def to_python(self, value: str) -> str:
        """As it stands in the database."""
        return value.replace("-", "").upper()


_ID: Final = "int(max=9223372036854775807)"
_NUMBER: Final = "number"
_CODE: Final = "string(length=16)"
_STEP: Final = "int(max=99)"
_ASK: Final = "any(phone, email, either)"
_KIND: Final = "any(phone, email)"
_THEN: Final = "string(maxlength=40)"
_KEY: Final = "string(length=10)"

ROUTES: Final = Map(
    [
        Rule("/", endpoint="home"),
        Rule("/home", endpoint="home"),
        Rule(f"/c/<{_ID}:category_id>", endpoint="category"),
        Rule("/all/<int(max=9999):page>", endpoint="all"),
        Rule(f"/c/<{_ID}:category_id>/<int(max=9999):page>", endpoint="category_page"),
        Rule(f"/p/<{_ID}:product_id>", endpoint="product"),
        Rule(f"/v/<{_ID}:variant_id>", endpoint="variant"),
        Rule(f"/v/<{_ID}:variant_id>/tell", endpoint="tell_me"),
        Rule(f"/v/<{_ID}:variant_id>/untell", endpoint="tell_me_not"),
        Rule(f"/buy/<{_ID}:variant_id>/<int(signed=True):quantity>/<{_KEY}:key>", endpoint="buy"),
        Rule(f"/n/<{_ID}:variant_id>/<{_KEY}:key>", endpoint="ask_quantity"),
        Rule(f"/n/<{_ID}:variant_id>/<{_KEY}:key>/<path:typed>", endpoint="typed_quantity"),
        Rule(f"/in/<{_KEY}:key>/<{_STEP}:step>", endpoint="ask_input"),
        Rule(f"/in/<{_KEY}:key>/<{_STEP}:step>/<path:typed>", endpoint="typed_input"),
        Rule(f"/pick/<{_KEY}:key>/<{_STEP}:step>/<{_STEP}:place>", endpoint="pick_input"),
        Rule(f"/skip/<{_KEY}:key>/<{_STEP}:step>", endpoint="skip_input"),
        Rule(f"/sure/<{_KEY}:key>", endpoint="sure"),
        Rule("/find", endpoint="ask_search"),
        Rule("/find/<path:words>", endpoint="search"),
        Rule("/more/<int(max=9999):page>/<path:words>", endpoint="search_page"),
        Rule("/orders", endpoint="orders"),
        Rule("/orders/<int(max=9999):page>", endpoint="orders_page"),
        Rule(f"/o/<{_NUMBER}:number>", endpoint="order"),
        Rule(f"/o/<{_NUMBER}:number>/ways", endpoint="ways"),
        Rule(f"/o/<{_NUMBER}:number>/pay/<string(maxlength=20):gateway>", endpoint="pay"),
        Rule(f"/o/<{_NUMBER}:number>/wallet", endpoint="wallet"),
        Rule(f"/o/<{_NUMBER}:number>/rest/<string(maxlength=20):gateway>", endpoint="rest"),
        Rule(f"/o/<{_NUMBER}:number>/paid", endpoint="paid"),
        Rule(f"/o/<{_NUMBER}:number>/cancel", endpoint="cancel"),
        Rule(f"/o/<{_NUMBER}:number>/code", endpoint="code"),
        Rule("/pickup", endpoint="pick_up"),
        Rule("/password", endpoint="ask_password"),
        Rule("/password/<path:typed>", endpoint="set_password"),
        Rule(f"/o/<{_NUMBER}:number>/mine", endpoint="ask_recovery"),
        Rule(f"/o/<{_NUMBER}:number>/mine/<path:typed>", endpoint="recover"),
        Rule("/balance", endpoint="balance"),
        Rule("/link", endpoint="pairing"),
        Rule("/link/code", endpoint="pairing_code"),
        Rule("/link/typed", endpoint="ask_pairing"),
        Rule("/link/typed/<path:typed>", endpoint="typed_pairing"),
        Rule(f"/link/see/<{_KEY}:key>", endpoint="see_pairing"),
        Rule(f"/link/yes/<{_KEY}:key>", endpoint="accept_pairing"),
        Rule(f"/link/sure/<{_KEY}:key>", endpoint="confirm_pairing"),
        Rule(f"/link/no/<{_KEY}:key>", endpoint="decline_pairing"),
        Rule("/unlink", endpoint="choose_part"),
        Rule(f"/unlink/<{_ID}:identity_id>", endpoint="ask_part"),
        Rule(f"/unlink/<{_ID}:identity_id>/yes", endpoint="part"),
        Rule(f"/v/<{_ASK}:ask>/<{_THEN}:then>", endpoint="verify"),
        Rule(f"/v/<{_ASK}:ask>/<{_THEN}:then>/<path:typed>", endpoint="typed_contact"),
        Rule(f"/v/code/<{_THEN}:then>", endpoint="ask_code"),
        Rule(f"/v/code/<{_THEN}:then>/<path:typed>", endpoint="typed_code"),
        Rule(f"/v/again/<{_THEN}:then>", endpoint="verify_again"),
        Rule("/contacts", endpoint="contacts"),
        Rule(f"/contacts/<{_KIND}:kind>", endpoint="ask_remove_contact"),
        Rule(f"/contacts/<{_KIND}:kind>/yes", endpoint="remove_contact"),
        Rule("/settings", endpoint="settings"),
        Rule("/zone", endpoint="ask_zone"),
        Rule("/zone/<path:typed>", endpoint="set_zone"),
        Rule("/quiet", endpoint="ask_quiet"),
        Rule("/quiet/off", endpoint="no_quiet"),
        Rule("/quiet/<int(max=99):start>/<int(max=99):end>", endpoint="set_quiet"),
        Rule("/notices", endpoint="notices"),
        Rule(f"/notices/<any({', '.join(Topic)}):topic>/<any(on, off):state>", endpoint="set_notice"),
        Rule(f"/notices/<{_ID}:identity_id>/<any(on, off):state>", endpoint="set_everything"),
        Rule("/me", endpoint="my_data"),
        Rule("/me/file", endpoint="my_file"),
        Rule("/me/erase", endpoint="ask_erase"),
        Rule("/me/erase/yes", endpoint="erase"),
        Rule("/language", endpoint="language"),
        Rule("/language/<string(maxlength=8):language>", endpoint="set_language"),
        Rule(f"/join/<{_CODE}:code>", endpoint="invitation"),
        Rule(f"/join/<{_CODE}:code>/yes", endpoint="join"),
        Rule("/help", endpoint="help"),
        Rule("/support", endpoint="support"),
        Rule(f"/support/<{_ID}:message_id>", endpoint="support_file"),
        Rule(f"/o/<{_NUMBER}:number>/support", endpoint="support_order"),
        Rule("/paysupport", endpoint="paysupport"),
    ],
    merge_slashes=False,
    strict_slashes=False,
    converters={"number": OrderNumber},
)
_ADAPTER: Final = ROUTES.bind("shop")


def match(path: str) -> tuple[str, Mapping[str, Any]] | None:
    """The endpoint and values of a link, or None: no link of ours, or one that has been bent."""
    try:
        endpoint, values = _ADAPTER.match("/" + path.strip().strip("/"))
    except (HTTPException, RoutingException):
        return None
    return str(endpoint), values


def link(endpoint: str, **values: str | int) -> str:
    """Build a link, without a leading slash. It is no address of the web: words in it stay as they are."""
    return unquote(_ADAPTER.build(endpoint, values)).lstrip("/") or "home"
