"""Rules of markup in the chat: nothing changes before the preview was pressed, and a jump is decided in one press."""

from __future__ import annotations

from shop_core.catalog.read import get_variant
from tests.admin.office import buttons_of, text_of
from tests.admin.workplace import Workplace


async def price_of(workplace: Workplace, name: str) -> int:
    shop = workplace.office.shop
    return (await shop.read(get_variant, int(workplace.values[name]))).price.minor


def texts(screen: object) -> list[str]:
    return [button.text for button in buttons_of(screen)]  # type: ignore[arg-type]


async def test_a_rule_is_pressed_together_previewed_and_applied(workplace: Workplace) -> None:
    office = workplace.office
    shown = await office.press("admin/markup/supplier/first")
    assert "加 20%" in text_of(shown)
    asked = await office.press("admin/markup/supplier/first/--ending/90")
    assert "会改 3 个价格" in text_of(asked)
    assert "¥6.00 → ¥9.90" in text_of(asked)
    assert await price_of(workplace, "jumped") == 600
    [yes] = [button for button in buttons_of(asked) if button.text == "就这样改"]
    done = await office.press(yes.link)  # type: ignore[union-attr]
    assert "尾数 90" in " ".join(texts(done))
    assert await price_of(workplace, "jumped") == 990
    assert "没有待处理" not in text_of(done)


async def test_a_price_that_jumped_shows_old_and_new_and_is_decided_by_one_press(
    workplace: Workplace,
) -> None:
    office = workplace.office
    number = workplace.values["jumped"]
    case = await office.market.one(
        "SELECT id FROM cases WHERE kind = 'price' AND subject_id = :of", of=int(number)
    )
    shown = await office.press(f"admin/case/show/{case}")
    assert "进价（first）：¥5.00 → ¥8.00" in text_of(shown)
    assert "售价：¥6.00 → ¥9.60" in text_of(shown)
    assert texts(shown)[:3] == ["改成新价 ¥9.60", "保持 ¥6.00，不再跟价", "下架这个规格"]
    accepted = await office.press(buttons_of(shown)[0].link)  # type: ignore[union-attr]
    assert "¥9.60" in text_of(accepted)
    assert await price_of(workplace, "jumped") == 960
    again = await office.press(buttons_of(shown)[1].link)  # type: ignore[union-attr]
    assert "什么都没改" in text_of(again)
    assert await price_of(workplace, "jumped") == 960
