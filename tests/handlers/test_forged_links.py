"""A link is a stranger's word: whatever it says, it shows nothing that is not his, and changes nothing."""

from __future__ import annotations

from typing import Any, Final

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handlers.flows import CHANGES, FLOWS, PROOFS
from handlers.links import ROUTES, link, match
from handlers.screen import Screen
from shop_core.customers.preferences import Topic
from shop_core.kernel.numbers import ALPHABET, new_number
from shop_core.kernel.policy import Ask
from shop_core.verification.contacts import Kind
from tests.core.builders import EPAY, OTHER_GATEWAY
from tests.handlers.street import ONE_WAY, Street, Visitor

ORDER_LINKS: Final = (
    "o/{}",
    "o/{}/ways",
    "o/{}/pay/epay",
    "o/{}/pay/bank",
    "o/{}/rest/epay",
    "o/{}/wallet",
    "o/{}/paid",
    "o/{}/cancel",
    "o/{}/code",
    "o/{}/mine",
    "o/{}/mine/hunter2",
    "o/{}/support",
)
NOBODYS: Final = 2**40
"""An id that nothing has."""


async def a_victim(street: Street, *, paid: bool = False) -> Visitor:
    """Somebody with an order of his own."""
    visitor = street.a_visitor()
    await visitor.hello()
    await visitor.press("爱奇艺")
    await visitor.press("买 1 张")
    if paid:
        await street.pay(visitor.number)
    return visitor


def test_every_order_link_is_tried() -> None:
    tried = {found[0] for path in ORDER_LINKS if (found := match(path.format("K7M29QXD")))}
    takes_a_number = {rule.endpoint for rule in ROUTES.iter_rules() if "number" in rule.arguments}
    assert tried == takes_a_number


async def test_another_buyers_order_is_answered_like_a_number_that_nobody_has(street: Street) -> None:
    await street.a_product()
    victims = [await a_victim(street), await a_victim(street, paid=True)]
    nobodys = new_number(street.market.random)
    thief = street.a_visitor()
    await thief.hello()
    before = await street.market.everything()
    for path in ORDER_LINKS:
        unknown = await thief.follow(path.format(nobodys))
        if "bank" not in path:
            assert thief.text == "没有找到这个订单。"
        for victim in victims:
            assert await thief.follow(path.format(victim.number)) == unknown, path
        assert await thief.type(victims[0].number) == await thief.follow(f"o/{nobodys}")
    assert await street.market.everything() == before
    assert street.market.gateway.asked == []


async def test_hidden_goods_are_answered_like_goods_that_never_were(street: Street) -> None:
    product, [secret] = await street.a_product("秘密")
    shelf = await street.a_category("秘密柜")
    for name in ("甲", "乙"):
        await street.a_product(name, category_id=shelf)
    _, [shown, hidden] = await street.a_product("两种", variants={"一": 100, "二": 200})
    await street.market.sql("UPDATE products SET state = 'hidden' WHERE id = :id", id=product)
    await street.market.sql("UPDATE categories SET hidden = :yes", yes=True)
    await street.market.sql("UPDATE variants SET hidden = :yes WHERE id = :id", yes=True, id=hidden)
    visitor = street.a_visitor()
    await visitor.hello()
    assert not visitor.has("秘密")
    before = await street.market.everything()
    pairs = {
        f"p/{product}": f"p/{NOBODYS}",
        f"v/{secret}": f"v/{NOBODYS}",
        f"v/{hidden}": f"v/{NOBODYS}",
        f"n/{secret}/AAAAAAAAAA": f"n/{NOBODYS}/AAAAAAAAAA",
        f"n/{hidden}/AAAAAAAAAA/2": f"n/{NOBODYS}/AAAAAAAAAA/2",
        f"buy/{secret}/1/AAAAAAAAAA": f"buy/{NOBODYS}/1/AAAAAAAAAA",
        f"buy/{hidden}/1/BBBBBBBBBB": f"buy/{NOBODYS}/1/BBBBBBBBBB",
        f"c/{shelf}": f"c/{NOBODYS}",
        f"c/{shelf}/2": f"c/{NOBODYS}/2",
    }
    for forged, unknown in pairs.items():
        said = _plain(await visitor.follow(forged))
        assert said == _plain(await visitor.follow(unknown)), forged
        assert "秘密" not in str(said)
    assert await street.market.everything() == before
    await visitor.follow(f"v/{shown}")
    assert visitor.has("买 1 张")


async def test_a_product_all_of_whose_variants_are_hidden_is_out_of_sight(street: Street) -> None:
    await street.a_product("有", variants={"一": 100})
    product, _ = await street.a_product("无", variants={"一": 100, "二": 100})
    await street.market.sql("UPDATE variants SET hidden = :yes WHERE product_id = :id", yes=True, id=product)
    visitor = street.a_visitor()
    await visitor.hello()
    assert not visitor.has("无")
    await visitor.follow(f"p/{product}")
    assert not any("买" in text for text in visitor.buttons)


async def test_a_gateway_that_the_channel_does_not_show_is_refused(street: Street) -> None:
    await street.a_product()
    visitor = await a_victim(street)
    assert visitor.channel == ONE_WAY
    before = await street.market.everything()
    for gateway in (OTHER_GATEWAY, "wallet", "nobody", "x" * 20, "支付宝", "%65pay"):
        for way in ("pay", "rest"):
            await visitor.follow(f"o/{visitor.number}/{way}/{gateway}")
            assert visitor.pay_url, "the order as it was"
    assert await street.market.everything() == before
    assert street.market.other_gateway.begun == []
    await visitor.follow(f"o/{visitor.number}/pay/{EPAY}")
    assert visitor.screen.toast is None


async def test_quantities_and_keys_that_no_button_has_order_nothing(street: Street) -> None:
    _, [variant] = await street.a_product()
    visitor = street.a_visitor()
    await visitor.hello()
    before = await street.market.everything()
    for quantity in (-1, 0, 101, 10**12, 10**30, -(10**30), "1e3", "1.5", "abc", "", "一"):
        await visitor.follow(f"buy/{variant}/{quantity}/AAAAAAAAAA")
        assert "1 到 100" in visitor.text or "过时" in visitor.text, quantity
    for key in (
        "A" * 9,
        "A" * 11,
        "-" * 10,
        "'" * 10,
        "字" * 10,
        "AAAAA\nAAAA",
        "AAAAA\0AAAA",
        "%41AAAAAAAAA",
    ):
        await visitor.follow(f"buy/{variant}/1/{key}")
        assert "失效" in visitor.text or "过时" in visitor.text, key
    for number in (2**63 - 1, 2**63, 2**64, 10**30, -1):
        await visitor.follow(f"buy/{number}/1/AAAAAAAAAA")
        await visitor.follow(f"p/{number}")
        await visitor.follow(f"c/{number}")
        await visitor.follow(f"v/{number}")
    assert await street.market.everything() == before


# ---------------------------------------------------------------------- anything at all

WEIRD: Final = (
    "..",
    ".",
    "%2e%2e",
    "%00",
    "\0",
    "\n",
    "\r\n",
    "\u2028",
    "\ud800",
    "|",
    "?",
    "#",
    ";",
    "﷽",
    "💥",
)
ENDS: Final = ("pay", "rest", "wallet", "paid", "cancel", "code", "ways", EPAY, "VICTIM", "zh", "xx")
STARTS: Final = tuple(rule.rule.split("/")[1] for rule in ROUTES.iter_rules())
PIECES: Final = st.sampled_from((*WEIRD, *STARTS, *ENDS, "", "0", "1", "-1", "9" * 30))
ANY_TEXT: Final = st.text(st.characters(exclude_categories=()), max_size=80)
PATHS: Final = st.one_of(
    st.lists(PIECES | ANY_TEXT, max_size=6).map("/".join),
    ANY_TEXT,
    ANY_TEXT.map(lambda text: text * 200),
    st.sampled_from(["a" * 10_240, "卡" * 10_240, "/" * 10_240, "o/" * 5_000, "../" * 3_000]),
)
QUIETLY: Final = settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@QUIETLY
@given(st.data())
async def test_no_path_and_no_text_raises_or_touches_what_is_not_his(
    street: Street, data: st.DataObject
) -> None:
    # The street is one for all examples: the first of them furnishes it, none may change it.
    if not street.scene:
        await street.a_product()
        victims = [await a_victim(street, paid=True), await a_victim(street)]
        street.scene = (victims, street.a_visitor(), await street.market.everything())
    victims, stranger, before = street.scene
    path = data.draw(PATHS).replace("VICTIM", data.draw(st.sampled_from(victims)).number)
    found = match(path)
    if found is not None and found[0] == "support":
        # Whoever goes there may write to the shop, and that is kept.
        return
    await stranger.follow(path)
    assert stranger.codes == []
    await stranger.type(path)
    assert stranger.codes == []
    await stranger.send(path[:20], path.encode("utf-8", "replace"))
    assert await street.market.everything() == before


# ---------------------------------------------------------------------- built and matched by one map

VALUES: Final[dict[str, st.SearchStrategy[Any]]] = {
    "category_id": st.integers(0, 2**63 - 1),
    "product_id": st.integers(0, 2**63 - 1),
    "variant_id": st.integers(0, 2**63 - 1),
    "page": st.integers(0, 9999),
    "quantity": st.integers(-(10**12), 10**12),
    "key": st.text(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", min_size=10, max_size=10
    ),
    "step": st.integers(0, 99),
    "place": st.integers(0, 99),
    "start": st.integers(0, 99),
    "end": st.integers(0, 99),
    "code": st.text(ALPHABET, min_size=16, max_size=16),
    "number": st.randoms().map(new_number),
    "message_id": st.integers(1, 2**63 - 1),
    "topic": st.sampled_from(Topic),
    "state": st.sampled_from(["on", "off"]),
    "identity_id": st.integers(1, 2**63 - 1),
    "gateway": st.from_regex(r"[a-z][a-z0-9_-]{0,19}", fullmatch=True),
    "language": st.sampled_from(["zh", "en"]),
    "ask": st.sampled_from([ask.value for ask in Ask if ask]),
    "kind": st.sampled_from([kind.value for kind in Kind]),
    "then": st.text("abcdefghijklmnopqrstuvwxyz~0123456789", min_size=1, max_size=40),
}
TYPED: Final = {"typed", "words"}
"""Ends that people type; no button has them."""


@given(st.sampled_from(sorted({rule.endpoint for rule in ROUTES.iter_rules()})), st.data())
def test_what_is_built_is_matched_and_fits_into_a_button(endpoint: str, data: st.DataObject) -> None:
    rule = next(rule for rule in ROUTES.iter_rules() if rule.endpoint == endpoint)
    if rule.arguments & TYPED:
        return
    values = {name: data.draw(VALUES[name], label=name) for name in sorted(rule.arguments)}
    built = link(endpoint, **values)
    assert match(built) == (endpoint, values)
    assert match(f"/{built}/") == (endpoint, values)
    assert len(built.encode()) <= 64
    assert built.isascii()


@given(ANY_TEXT)
def test_no_path_breaks_the_map(path: str) -> None:
    found = match(path)
    assert found is None or found[0] in {rule.endpoint for rule in ROUTES.iter_rules()}


def test_every_route_has_a_flow() -> None:
    assert {rule.endpoint for rule in ROUTES.iter_rules()} == {*FLOWS, *CHANGES, *PROOFS}


def _plain(screen: Screen) -> object:
    """A screen without the keys of its buttons, which are new each time."""
    return (screen.lines, screen.toast)
