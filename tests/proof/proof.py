"""One row of the table, proven: the clean run that counts the points, then one purchase for each of them."""

from __future__ import annotations

import asyncio
import itertools
import secrets
import shutil
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from shop_core.db.shop import Shop
from shop_core.db.tx import Tx
from shop_core.orders.steps import WAITS_TOLD_AFTER
from tests.proof.buying import PATIENCE_S, NoCode, Purchase
from tests.proof.clerk import a_clerk, top_up_by_hand
from tests.proof.customers import DEVICE, PERSON_ID, PageCustomer, TelegramCustomer
from tests.proof.findings import Expected, faults_in, wait_until_quiet
from tests.proof.host import Order
from tests.proof.leaks import find_leaks
from tests.proof.lives import Host, Lives
from tests.proof.points import Point, own_part, read_points
from tests.proof.premises import (
    CARDS,
    CODE_NEEDLE,
    EPAY_KEY,
    HOOK_SECRET,
    PHONE,
    PRICE_MINOR,
    RECEIPT,
    SESSION_SECRET,
    VAULT_KEY,
    Buyer,
    Outskirts,
    Premises,
    Stable,
    stock,
)
from tests.proof.upstream import PROTOCOLS, Upstream, an_upstream, connect_goods
from tests.standins.cashier import CashierControl
from tests.standins.telegram import RemoteTelegram

DOWN_FOR_S = 150.0
"""How long the shop is gone, by its own clock: past every lease, two minutes at most, and short of the order's deadline."""
KILLED_WITHIN = 4
"""A shop that has not died so many patiences after its buyer held the code never came by its point."""


@dataclass(frozen=True, slots=True)
class Payment:
    """A way to pay.

    Attributes:
        way: Words on the button that the buyer chooses; None: there is only one way, so he is not asked.
        balance_minor: What is in his wallet.
        due_minor: What he pays at the cashier.
    """

    way: str | None
    balance_minor: int
    due_minor: int


PAYMENTS = {
    "epay": Payment(None, 0, PRICE_MINOR),
    "stars": Payment(None, 0, PRICE_MINOR),
    "wallet": Payment("用余额支付", PRICE_MINOR, 0),
    "wallet+epay": Payment("再付", 400, PRICE_MINOR - 400),
}


@dataclass(frozen=True, slots=True)
class Journey:
    """A row of the table: where the buyer talks, what he pays with (of ``PAYMENTS``), what he buys.

    ``goods``: a ``card`` from the shelf, the name of the protocol (of ``upstream.PROTOCOLS``) that it is bought by, or
    ``by_hand``: a direct top-up that staff see to.
    """

    channel: str
    payment: str
    goods: str

    def __str__(self) -> str:
        return f"{self.channel}-{self.payment}-{self.goods}"

    @property
    def is_bought(self) -> bool:
        """Whether nothing is on the shelf."""
        return self.goods in PROTOCOLS

    @property
    def is_by_hand(self) -> bool:
        """Whether staff see to it."""
        return self.goods == "by_hand"

    def own_part(self, points: Sequence[Point]) -> Sequence[Point]:
        """Where it differs from a card bought on the same channel: in how it is paid for, or in how the goods come."""
        if self.is_by_hand:
            return own_part(points, from_first={"forms.begin"}, to_last="by_hand._finish")
        if self.is_bought:
            return own_part(points, from_first={"pay._pay_from_wallet"}, to_last="heard.take_answer")
        return own_part(points, from_first={"place.place", "pay._place_and_intend"}, to_last="reveal._look")

    @property
    def buyer(self) -> Buyer:
        name, external_id = ("web", DEVICE) if self.channel == "webchat" else ("tg", str(PERSON_ID))
        return Buyer(name, external_id, PAYMENTS[self.payment].balance_minor)


@dataclass(frozen=True, slots=True)
class World:
    """What outlives every shop of a proof. As many purchases run side by side as there are hosts."""

    hosts: Sequence[Host]
    stable: Stable
    cashier: CashierControl
    telegram: RemoteTelegram
    folder: Path


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of cutting a purchase off at one point; nothing wrong is nothing found."""

    point: Point
    was_killed: bool = True
    faults: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Room:
    """Premises for one purchase, and a look into their database."""

    number: int
    premises: Premises
    shop: Shop
    upstream: Upstream | None
    faults: list[str] = field(default_factory=list)

    def let_pass(self, seconds: float) -> None:
        """Put the shop's clock ahead, and its upstream's with it."""
        if self.upstream is None:
            self.premises.let_pass(seconds)
        else:
            self.upstream.let_pass(self.premises, seconds)

    def at_work(self, *, is_hurried: Callable[[], bool]) -> AbstractAsyncContextManager[None]:
        """Whoever sells to the shop does so, for the length of the block."""
        if self.upstream is None:
            return nullcontext()
        return self.upstream.at_work(self.premises, self.shop, is_hurried=is_hurried)


class Proof:
    """Runs purchases of one journey, each on premises of its own."""

    def __init__(
        self, journey: Journey, world: World, *, sabotage: str | None = None, patience_s: float = PATIENCE_S
    ) -> None:
        """Take a row of the table.

        Args:
            sabotage: A mistake to build into every shop.
            patience_s: How long the buyer waits before he presses again.
        """
        self._journey = journey
        self._payment = PAYMENTS[journey.payment]
        self._world = world
        self._sabotage = sabotage
        self._patience_s = patience_s
        self._numbers = itertools.count(1)
        self._idle: asyncio.Queue[Host] = asyncio.Queue()
        for host in world.hosts:
            self._idle.put_nowait(host)

    async def prepare(self) -> None:
        """Stock the shop that every purchase gets a copy of."""
        folder = self._world.folder / "template"
        premises = Premises(folder, self._world.stable.template, self._outskirts())
        with self._an_upstream(premises) as upstream:
            await stock(premises, self._journey.buyer, self._connect(upstream))

    def _connect(self, upstream: Upstream | None) -> Callable[[Tx, int], None] | None:
        """What says where the goods come from that are not on the shelf."""
        if self._journey.is_by_hand:
            return top_up_by_hand
        return None if upstream is None else partial(connect_goods, protocol=upstream.protocol)

    async def points(self) -> Sequence[Point]:
        """Buy once undisturbed in each host, and list what was passed between hello and the code, in order.

        Raises:
            AssertionError: Even that went wrong, or two purchases did not pass the same points.
        """
        first, *others = [await self._rehearse(host) for host in self._world.hosts]
        for other in others:
            differences = {str(point) for point in set(first) ^ set(other)}
            assert not differences, f"two purchases passed different points: {differences}"
        return first

    async def _rehearse(self, host: Host) -> Sequence[Point]:
        async with self._a_room() as room:
            record = room.premises.folder / "points"
            order = self._order(room, record=record, is_rehearsal=True)
            is_over = asyncio.Event()
            async with room.at_work(is_hurried=is_over.is_set), Lives(host).rehearsal(order):
                # However slow this machine is: pressing again would be a point more.
                purchase = await self._buy(room, patience_s=60)
                is_over.set()
                room.faults.extend(await wait_until_quiet(room.shop))
            await self._look_around(room, purchase)
            assert not room.faults, room.faults
            return read_points(record)

    async def cut_at_each(self, points: Iterable[Point]) -> list[Verdict]:
        """``cut_at`` for many points, as many at a time as there are hosts."""
        async with asyncio.TaskGroup() as side_by_side:
            cuts = [side_by_side.create_task(self.cut_at(point)) for point in points]
        return [cut.result() for cut in cuts]

    async def cut_at(self, point: Point) -> Verdict:
        """Buy once, kill the shop at a point, start it again, and see what is wrong when all is quiet."""
        async with self._a_host() as host, self._a_room() as room:
            lives = Lives(host)
            first, second = self._order(room, kill_at=point), self._order(room)
            async with (
                room.at_work(is_hurried=lives.second_opened.is_set),
                lives.two(first, second, between=lambda: room.let_pass(DOWN_FOR_S)),
            ):
                try:
                    purchase = await self._buy(room, patience_s=self._patience_s)
                    async with asyncio.timeout(KILLED_WITHIN * self._patience_s):
                        await lives.second_opened.wait()
                except NoCode as error:
                    room.faults.append(f"no code: {error}")
                except TimeoutError:
                    room.faults.append("this point was never passed")
                else:
                    room.faults.extend(await wait_until_quiet(room.shop))
                    await self._look_around(room, purchase)
                was_killed = lives.first_died.is_set()
        return Verdict(point, was_killed, room.faults)

    @asynccontextmanager
    async def _a_host(self) -> AsyncIterator[Host]:
        host = await self._idle.get()
        try:
            yield host
        finally:
            self._idle.put_nowait(host)

    @asynccontextmanager
    async def _a_room(self) -> AsyncIterator[Room]:
        """Premises with goods on the shelf; kept for whoever looks for the reason if something was wrong."""
        number = next(self._numbers)
        url = await self._world.stable.copy(number)
        premises = Premises(self._world.folder / f"{number}", url, self._outskirts())
        with self._an_upstream(premises) as upstream:
            async with premises.shop() as shop:
                room = Room(number, premises, shop, upstream)
                yield room
        if not room.faults:
            shutil.rmtree(premises.folder)
            await self._world.stable.remove(number)

    @contextmanager
    def _an_upstream(self, premises: Premises) -> Iterator[Upstream | None]:
        """One that sells to these premises, if anybody does."""
        if not self._journey.is_bought:
            yield None
            return
        with an_upstream(self._journey.goods) as upstream:
            upstream.connect(premises)
            yield upstream

    def _outskirts(self) -> Outskirts:
        """The processes around the shop; its bot is a new one, as nobody else should have its updates."""
        world = self._world
        channel = self._journey.channel
        if channel == "webchat":
            return Outskirts(world.cashier.base_url)
        token = f"{7_300_000_000 + secrets.randbelow(10**9)}:AAF-{secrets.token_hex(16)}"
        world.telegram.add_bot(token)
        is_hooked, has_stars = channel == "telegram_webhook", self._journey.payment == "stars"
        address = world.telegram.base_url
        return Outskirts(world.cashier.base_url, address, token, is_hooked=is_hooked, has_stars=has_stars)

    def _order(self, room: Room, **life: Any) -> Order:
        premises = room.premises
        return Order(premises.config, premises.clock, premises.log, sabotage=self._sabotage, **life)

    async def _buy(self, room: Room, *, patience_s: float) -> Purchase:
        purchase = Purchase(self._customer(room), self._payment.way, patience_s)
        if not self._journey.is_by_hand:
            await purchase.until_held()
            return purchase
        async with a_clerk(room.premises, patience_s) as clerk:
            working = asyncio.create_task(clerk.until_over())
            try:
                await purchase.until_held()
                await working
            finally:
                working.cancel()
        room.faults.extend(clerk.faults())
        # What was to be told only if it had taken longer is due; nobody waits for that.
        room.let_pass(room.premises.ahead_s + WAITS_TOLD_AFTER.total_seconds())
        return purchase

    def _customer(self, room: Room) -> PageCustomer | TelegramCustomer:
        token = room.premises.outskirts.token
        return PageCustomer(room.premises) if token is None else TelegramCustomer(self._world.telegram, token)

    async def _look_around(self, room: Room, purchase: Purchase) -> None:
        """Note whatever is wrong with the shop, its buyer, and what it has left behind."""
        await purchase.customer.leave()
        times = len(purchase.paid_urls)
        if times > bool(self._payment.due_minor):
            room.faults.append(f"the buyer was asked for money {times} times")
        shelf = CARDS if self._journey.goods == "card" else 0
        sees = frozenset({PHONE, RECEIPT} if self._journey.is_by_hand else ())
        expected = Expected(self._payment.balance_minor, times * self._payment.due_minor, shelf, sees)
        room.faults.extend(await faults_in(room.shop, expected, purchase.codes))
        kept_secret = [CODE_NEEDLE, PHONE, EPAY_KEY, VAULT_KEY, SESSION_SECRET]
        if room.premises.outskirts.token is not None:
            kept_secret += [room.premises.outskirts.token.partition(":")[2], HOOK_SECRET]
        if room.upstream is not None:
            kept_secret.append(room.upstream.protocol.secret)
            room.faults.extend(await room.upstream.faults(room.shop))
        left = [room.premises.log, *await self._world.stable.files(room.number)]
        room.faults.extend(f"leak: {leak}" for leak in find_leaks(left, kept_secret))
