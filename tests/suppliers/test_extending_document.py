"""docs/extending/supplier.md is followed to the letter: its file is laid out, checked, and bought with."""

import hashlib
import hmac
import json
import re
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner, Result

from bot.cli import main
from bot.config import load_config
from bot.outside import Outside
from bot.wiring import build_suppliers
from shop_core.kernel.errors import Unknown
from shop_core.kernel.secret import Secret
from shop_core.orders.buy import work_on
from shop_core.orders.pay import pay_from_wallet
from shop_core.supply.offers import NewRoute, connect_offer, find_offers
from shop_core.supply.purchases import claim_purchases
from shop_core.supply.supplier import (
    Accepted,
    Done,
    Failed,
    GoodsKind,
    No,
    PurchaseRequest,
    Refused,
    SupplierRefused,
    Suppliers,
)
from shop_core.supply.sync import read_list
from shop_core.vault.vault import new_key
from suppliers.declarative.adapter import DeclarativeSupplier
from suppliers.declarative.file import load
from suppliers.declarative.settings import DeclarativeSettings
from tests.admin.office import staffed, text_of
from tests.core.builders import Market, a_market
from tests.suppliers.contract import NUMBER, OTHER_NUMBER, TLS, MovedClock, now, yuan

DOCUMENT = (Path(__file__).parents[2] / "docs" / "extending" / "supplier.md").read_text("utf-8")
SECRET = "yuntong-s3cret"


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", DOCUMENT, re.DOTALL)


FILE = "\n".join(blocks("toml"))


def kapu(command: str) -> Result:
    words = command.split()
    assert words.pop(0) == "kapu"
    return CliRunner().invoke(main, words, prog_name="kapu")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Yuntong:
    """The upstream of the document: its version 3, and nothing that the document does not say."""

    def __init__(self) -> None:
        self.orders: dict[str, dict[str, Any]] = {}
        self.skus = [
            {
                "sku": str(7000 + i),
                "title": f"月卡 {i}",
                "price": 9.9,
                "type": "code",
                "left": 3,
                "open": "yes",
            }
            for i in range(60)
        ]
        self.skus[1] |= {"type": "direct", "ask": [{"label": "手机号"}], "open": "no"}

    def answer(self, path: str, told: dict[str, str]) -> dict[str, Any]:
        match path:
            case "/v3/me":
                return {"status": "ok", "balance": 12.34}
            case "/v3/skus":
                at = int(told["page"]) * int(told["size"])
                return {"status": "ok", "skus": self.skus[at : at + int(told["size"])]}
            case "/v3/order":
                return self._sell(told)
            case "/v3/find":
                found = self.orders.get(told["out_id"])
                return {"status": "ok", "orders": [found] if found else []}
            case _:
                return {"status": "error", "code": 404, "message": "nothing here"}

    def _sell(self, told: dict[str, str]) -> dict[str, Any]:
        if told["out_id"] in self.orders:
            return {"status": "error", "code": 4009, "message": "duplicate"}
        if told["sku"] == "7002":
            return {"status": "error", "code": 2001, "message": "sold out"}
        if told["sku"] == "7004":
            return {"status": "closed", "message": "until tomorrow"}
        if told["sku"] == "7003":
            return {"status": "error", "code": 5000, "message": "system error"}
        order = {"id": 88, "out_id": told["out_id"], "total": 9.9 * int(told["count"]), "state": "waiting"}
        self.orders[told["out_id"]] = order
        return {"status": "ok", "order": dict(order)}


@contextmanager
def running(yuntong: Yuntong) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            text = f"{self.headers['X-Time']}\n".encode() + body
            right = hmac.new(SECRET.encode(), text, hashlib.sha256).hexdigest()
            is_right = self.headers["X-App"] == "10001" and self.headers["X-Sign"] == right
            wrong = {"status": "error", "code": 1001, "message": "wrong signature"}
            answer = json.dumps(yuntong.answer(self.path, json.loads(body)) if is_right else wrong).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_the_commands_of_the_document_do_what_it_says(here: Path) -> None:
    lay_out, check_again = blocks("sh")
    results = [kapu(command) for command in lay_out.strip().splitlines()]
    assert [result.exit_code for result in results] == [0, 0]
    assert "complete" in results[1].output
    assert 'title = "yuntong"' in (here / "yuntong.toml").read_text("utf-8")
    (here / "yuntong.toml").write_text(FILE, "utf-8")
    said = kapu(check_again.strip())
    assert said.exit_code == 0
    assert said.output == blocks("text")[1]


def test_the_faults_of_the_document_are_told_as_it_says(here: Path) -> None:
    broken = FILE.replace('finished = "done"', 'finished = "delivered"')
    broken = broken.replace("empty_is_not_found = true", 'empty_is_not_found = true\ngoods = "cards"')
    (here / "yuntong.toml").write_text(broken, "utf-8")
    said = kapu("kapu supplier check yuntong.toml")
    assert said.exit_code == 1
    assert said.output == f"Error: {blocks('text')[0]}"


@pytest.mark.parametrize("name", ["Yuntong", "../x", "kakayun", "a" * 21])
def test_a_name_that_is_none_or_taken_writes_nothing(here: Path, name: str) -> None:
    said = kapu(f"kapu supplier new {name}")
    assert said.exit_code == 1
    assert "expected small letters" in said.output
    assert list(here.iterdir()) == []


def test_a_file_that_is_there_already_stays_as_it_is(here: Path) -> None:
    (here / "mine.toml").write_text("mine", "utf-8")
    said = kapu("kapu supplier new mine")
    assert said.exit_code == 1
    assert "File exists" in said.output
    assert (here / "mine.toml").read_text("utf-8") == "mine"


async def test_the_file_of_the_document_buys(here: Path) -> None:
    (here / "yuntong.toml").write_text(FILE, "utf-8")
    yuntong = Yuntong()
    with running(yuntong) as base_url:
        async with httpx.AsyncClient(trust_env=False) as client:
            given: dict[str, Any] = {"name": "yuntong", "base_url": base_url, "key": "10001"}
            settings = DeclarativeSettings(
                **given,
                secret=Secret(SECRET),
                protocol=load(here / "yuntong.toml"),
                states={"dispute": "failed"},
            )
            supplier = DeclarativeSupplier(settings, client, MovedClock())
            await _list_and_balance(supplier)
            await _buy(supplier, yuntong)
            stranger = DeclarativeSupplier(
                DeclarativeSettings(**given, secret=Secret("x"), protocol=load(here / "yuntong.toml")),
                client,
                MovedClock(),
            )
            with pytest.raises(SupplierRefused):
                await stranger.balance()


async def _list_and_balance(supplier: DeclarativeSupplier) -> None:
    assert await supplier.balance() == yuan(1234)
    first = await supplier.list_offers()
    second = await supplier.list_offers(first.cursor)
    assert (len(first.offers), len(second.offers), second.cursor) == (50, 10, None)
    assert (first.offers[0].kind, first.offers[1].kind) == (GoodsKind.CARD, GoodsKind.TOP_UP)
    offer = await supplier.get_offer("7059")
    assert offer is not None
    assert offer.cost == yuan(990)
    assert await supplier.get_offer("7001") is None


async def _buy(supplier: DeclarativeSupplier, yuntong: Yuntong) -> None:
    request = PurchaseRequest(NUMBER, "7000", 2)
    assert await supplier.place(request) == Accepted("88", yuan(1980))
    assert await supplier.place(request) == Accepted(note="known")
    yuntong.orders[NUMBER] |= {
        "state": "finished",
        "cards": [{"no": "0012", "password": "a b"}, {"no": "0013", "password": "c"}],
    }
    done = await supplier.query(NUMBER, None, placed_at=now())
    assert isinstance(done, Done)
    assert [piece.reveal() for piece in done.goods] == ["0012 a b", "0013 c"]
    assert await supplier.place(PurchaseRequest(OTHER_NUMBER, "7002", 1)) == Refused(
        No.OUT_OF_STOCK, "sold out"
    )
    with pytest.raises(Unknown):
        await supplier.place(PurchaseRequest(OTHER_NUMBER, "7003", 1))
    assert list(yuntong.orders) == [NUMBER]


CONFIG = """
[shop]
name = "云卡小铺"
owners = ["web:1"]

[http]
public_url = "http://127.0.0.1:8080"

[vault]
active_key = "a"
[vault.keys]
a = "file:vault.key"
fingerprint = "file:fingerprint.key"

[gateways.epay]
kind = "epay"
base_url = "http://127.0.0.1:8081"
pid = "1001"
key = "file:vault.key"

[channels.web]
kind = "webchat"
session_secret = "file:vault.key"
gateways = ["epay"]

"""


def connected(here: Path, base_url: str, *, more: Sequence[str] = ()) -> Path:
    """A config with the table of the document, the file beside it."""
    (here / "yuntong.toml").write_text(FILE, "utf-8")
    for name in ("vault.key", "fingerprint.key"):
        (here / name).write_text(new_key(), "utf-8")
    [table] = [block for block in blocks("text") if block.startswith("[suppliers.yuntong]")]
    assert "https://api.yuntong.example" in table
    lines = [table.replace("https://api.yuntong.example", base_url), *more]
    config = here / "kapu.toml"
    config.write_text(CONFIG + "\n".join(lines), "utf-8")
    return config


def what_one_site_does_otherwise() -> list[str]:
    """The settings that the document names for that."""
    named = re.findall(r"`((?:states|promises|refusals) = [^`]+)`", DOCUMENT)
    assert [line.partition(" ")[0] for line in named] == ["states", "promises", "refusals"]
    return named


@asynccontextmanager
async def wired(config: Path) -> AsyncIterator[Suppliers]:
    """What ``kapu run`` would buy from."""
    outside = Outside(clock=MovedClock(), transport=httpx.AsyncHTTPTransport(verify=TLS))
    suppliers, clients = build_suppliers(load_config(config), outside)
    try:
        yield suppliers
    finally:
        for client in clients:
            await client.aclose()


async def test_the_table_of_the_document_connects_it(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YUNTONG_SECRET", SECRET)
    with running(Yuntong()) as base_url:
        async with wired(connected(here, base_url)) as suppliers:
            supplier = suppliers.get("yuntong")
            assert await supplier.balance() == yuan(1234)
            assert supplier.capabilities.absent_after_s is None
            with pytest.raises(Unknown):
                await supplier.place(PurchaseRequest(NUMBER, "7004", 1))


async def test_what_one_site_does_otherwise_is_said_in_its_table(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YUNTONG_SECRET", SECRET)
    yuntong = Yuntong()
    with running(yuntong) as base_url:
        async with wired(connected(here, base_url, more=what_one_site_does_otherwise())) as suppliers:
            supplier = suppliers.get("yuntong")
            assert supplier.capabilities.absent_after_s == 600
            refused = await supplier.place(PurchaseRequest(NUMBER, "7004", 1))
            assert isinstance(refused, Refused)
            await supplier.place(PurchaseRequest(NUMBER, "7000", 1))
            yuntong.orders[NUMBER] |= {"state": "dispute"}
            assert isinstance(await supplier.query(NUMBER, None, placed_at=now()), Failed)


async def test_the_cheapest_thing_is_bought_by_hand_and_its_order_tells_of_it(
    here: Path, monkeypatch: pytest.MonkeyPatch, sqlite_url: str
) -> None:
    monkeypatch.setenv("YUNTONG_SECRET", SECRET)
    yuntong = Yuntong()
    with running(yuntong) as base_url:
        async with (
            wired(connected(here, base_url)) as suppliers,
            a_market(sqlite_url, suppliers=suppliers) as market,
        ):
            await read_list(market.shop, "yuntong")
            offer = min(
                await market.shop.read(find_offers, "yuntong", limit=9), key=lambda offer: offer.cost.minor
            )
            variant = await market.a_variant(price=1500, codes=0)
            await market.shop.write(connect_offer, NewRoute(variant, offer.id))
            owner = await market.a_customer(balance=1500)
            number = await market.place(owner, variant)
            await pay_from_wallet(market.shop, owner, number)
            await market.run_news()
            await work(market)
            office = staffed(market)
            assert "yuntong" in text_of(await office.press(f"admin/why/{number}"))
            [order] = yuntong.orders.values()
            order |= {"state": "finished", "cards": [{"no": "0012", "password": "a b"}]}
            market.clock.advance(minutes=1)
            await work(market)
            assert await market.codes_of(owner, number) == ["0012 a b"]


async def work(market: Market) -> None:
    """As a worker does."""
    for purchase in await market.shop.write(claim_purchases, 9):
        await work_on(market.shop, purchase)
