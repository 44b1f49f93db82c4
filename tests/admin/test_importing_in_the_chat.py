"""A file sent in the chat goes on the shelf that was asked about, once, and nowhere else."""

from __future__ import annotations

from tests.admin.office import Office, button, text_of


async def test_a_file_is_imported_after_its_variant_was_chosen(office: Office) -> None:
    variant = await office.market.a_variant(codes=["OLD-1"])
    asked = await office.type(f"/import {variant} --cost 9.50 --expires 2027-03-31 --origin 老王/二店")
    assert asked.prompt is not None
    imported = await office.send("a.txt", b"OLD-1\nNEW-1\nNEW-2\nNEW-2\nbad\x01line\n")
    said = text_of(imported)
    assert "入库 2 张" in said
    assert "1 张以前就有" in said
    assert "重复 1 张" in said
    assert "第 5 行有乱码" in said
    assert "NEW" not in said
    [batch] = await office.market.rows("SELECT * FROM batches WHERE origin <> 'codes.txt'")
    assert (batch["origin"], batch["cost_minor"], str(batch["expires_on"])) == (
        "老王/二店",
        950,
        "2027-03-31",
    )
    assert batch["imported_by"] == "tg:1"


async def test_the_same_file_again_adds_nothing(office: Office) -> None:
    variant = await office.market.a_variant(codes=0)
    await office.press(f"admin/import/{variant}")
    assert "入库 2 张" in text_of(await office.send("a.txt", b"X-1\nX-2\n"))
    await office.press(f"admin/import/{variant}")
    imported = await office.send("a.txt", b"X-1\nX-2\n")
    assert "入库 0 张" in text_of(imported)
    assert "2 张以前就有" in text_of(imported)
    assert await office.market.cards() == {"available": 2}


async def test_a_file_that_nobody_asked_for_is_not_imported(office: Office) -> None:
    await office.market.a_variant(codes=0)
    for prepare in ("admin", "admin/price/1"):
        await office.press(prepare)
        refused = await office.send("a.txt", b"X-1\n")
        assert "先选要入库的规格" in text_of(refused)
    assert await office.market.cards() == {}


async def test_codes_pasted_as_text_are_not_taken_and_the_question_stays(office: Office) -> None:
    variant = await office.market.a_variant(codes=0)
    await office.press(f"admin/import/{variant}")
    refused = await office.type("X-1")
    assert "用 TXT 或 CSV 文件" in text_of(refused)
    assert "X-1" not in str(refused)
    assert "入库 1 张" in text_of(await office.send("a.txt", b"X-1\n"))


async def test_an_unreadable_file_may_be_sent_again(office: Office) -> None:
    variant = await office.market.a_variant(codes=0)
    await office.press(f"admin/import/{variant}")
    assert "读不懂这个文件" in text_of(await office.send("a.xls", b"\xd0\xcf\x00\xff\xff\x00"))
    assert "入库 1 张" in text_of(await office.send("a.txt", b"X-1\n"))


async def test_walking_elsewhere_forgets_the_question(office: Office) -> None:
    variant = await office.market.a_variant(codes=0)
    asked = await office.press(f"admin/import/{variant}")
    await office.press(button(asked, "返回"))
    await office.send("a.txt", b"X-1\n")
    assert await office.market.cards() == {}


async def test_a_question_that_would_not_fit_is_refused(office: Office) -> None:
    refused = await office.type("/product add --description " + "说" * 150)
    assert "写得太长了" in text_of(refused)
