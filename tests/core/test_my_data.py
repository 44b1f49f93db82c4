"""The file with everything that the shop holds of a person: all of his, nothing of another's, no code."""

from __future__ import annotations

import json
from typing import Any

from shop_core.catalog.edit import set_fields
from shop_core.catalog.goods import Field, FieldKind, GoodsKind
from shop_core.customers.passwords import set_password
from shop_core.customers.people import Customer
from shop_core.delivery.kinds import change_kind
from shop_core.delivery.restock import wish
from shop_core.kernel.secret import Secret
from shop_core.privacy.export import export_data
from shop_core.privacy.holdings import EXPORTED, LEFT_OUT
from shop_core.resale.keys import make_keys
from shop_core.tables import METADATA
from shop_core.threads.answer import answer_customer
from shop_core.threads.read import list_threads
from shop_core.threads.sealing import Said, SentFile
from shop_core.threads.write import write_to_shop
from shop_core.verification.codes import CodeText, confirm_code, send_code
from shop_core.verification.contacts import Kind
from tests.core.builders import OWNER, Market
from tests.core.personal import is_personal


def test_every_table_with_a_persons_column_is_in_his_file_or_left_out_for_a_reason() -> None:
    personal = {table.name for table in METADATA.tables.values() if any(map(is_personal, table.columns))}
    exported = {model.__tablename__ for model in EXPORTED}
    left_out = {model.__tablename__ for model in LEFT_OUT}
    assert personal - exported - left_out == set()
    assert exported & left_out == set()
    assert all(LEFT_OUT.values())


async def the_file(market: Market, customer: Customer) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(await export_data(market.shop, customer))
    return told


async def test_his_file_tells_what_he_is_bought_paid_and_wrote(market: Market) -> None:
    him = await market.a_customer(balance=5000)
    await set_password(market.shop, him, Secret("correct horse"))
    variant = await market.a_variant(codes=["SECRET-SEEN", "SECRET-UNSEEN"])
    seen = await market.an_order(him, variant, paid=True)
    unseen = await market.an_order(him, variant, paid=True)
    await market.codes_of(him, seen.number)
    await market.shop.write(wish, him, variant)
    await write_to_shop(
        market.shop, him, Said("where is it?", SentFile("bill.png", b"\x89PNG\r\n\x1a\n")), key="k1"
    )
    [thread] = await market.shop.read(list_threads, limit=5)
    await answer_customer(market.shop, thread.id, Said("on its way"), key="k2", by=OWNER)
    await send_code(market.shop, him, Kind.EMAIL, "me@example.com", lambda _, code: CodeText("", code, "zh"))
    await confirm_code(market.shop, him, market.post.code)
    await market.shop.write(make_keys, market.vault, him.person_id, by=OWNER)

    told = await the_file(market, him)
    assert told["profile"]["name"] == "小明"
    assert told["profile"]["order_password_set_at"] == "2026-11-20T04:00:00Z"
    assert [one["id_there"] for one in told["identities"]] == [him.external_id]
    assert [(one["kind"], one["value"]) for one in told["verified_contacts"]] == [("email", "me@example.com")]
    newest, oldest = told["orders"]["newest_first"]
    assert (newest["number"], oldest["number"]) == (unseen.number, seen.number)
    assert (oldest["state"], oldest["total"]) == ("delivered", "9.90 CNY")
    [line] = oldest["lines"]
    assert (line["goods"], line["codes_delivered"], len(line["your_looks"])) == ("季卡", 1, 1)
    assert newest["lines"][0]["first_looked_at"] is None
    assert [one["came_in"][0]["amount"] for one in told["payments"]["newest_first"]] == ["9.90 CNY"] * 2
    assert told["wallet"]["balance"] == "50.00 CNY"
    assert [one["amount"] for one in told["wallet"]["entries"]["newest_first"]] == ["50.00 CNY"]
    answer, question = told["messages"]["newest_first"]
    assert (question["by"], question["text"], question["file"]) == ("you", "where is it?", "bill.png")
    assert (answer["by"], answer["text"]) == ("shop", "on its way")
    assert [one["goods"] for one in told["wants_to_hear_of"]] == ["季卡"]
    assert len(told["keys_for_buying_by_program"]) == 1
    assert "thread_answered" in {one["what"] for one in told["news_sent_to_you"]["newest_first"]}


async def test_no_code_no_secret_and_nobody_else_is_in_the_file(market: Market) -> None:
    him, other = await market.a_customer(balance=100), await market.a_customer(balance=777)
    variant = await market.a_variant(codes=["SECRET-1", "SECRET-2", "SECRET-3"])
    own = await market.an_order(him, variant, paid=True)
    theirs = await market.an_order(other, variant, paid=True)
    await market.codes_of(him, own.number)
    await market.codes_of(other, theirs.number)
    for customer, text in ((him, "mine"), (other, "whisper")):
        await write_to_shop(market.shop, customer, Said(text), key=text)
    reveal = (
        "INSERT INTO reveals (line_id, at, by) SELECT line_id, at, :by FROM reveals WHERE line_id = :line"
    )
    await market.sql(reveal, by=OWNER, line=own.lines[0].id)
    keys = await market.shop.write(make_keys, market.vault, him.person_id, by=OWNER)

    content = (await export_data(market.shop, him)).decode()
    assert "SECRET" not in content
    assert keys.secret.reveal() not in content
    assert OWNER not in content
    assert own.number in content
    for word in (theirs.number, other.external_id, "whisper", "7.77"):
        assert word not in content, word


async def test_what_was_filled_in_is_in_the_file_as_it_was_shown(market: Market) -> None:
    him = await market.a_customer()
    variant = await market.a_variant(codes=0)
    await market.shop.write(change_kind, variant, GoodsKind.TOP_UP)
    phone = Field("phone", {"zh": "手机号"}, FieldKind.PHONE)
    await market.shop.write(set_fields, variant, [phone])
    await market.place_saying(him, variant, phone="13812345678")
    content = (await export_data(market.shop, him)).decode()
    assert "13812345678" not in content
    assert "138****5678" in content


async def test_a_stranger_has_a_file_too(market: Market) -> None:
    told = await the_file(market, await market.a_customer())
    assert told["orders"] == {"newest_first": []}
    assert told["wallet"]["balance"] == "0.00 CNY"
