"""What a screen looks like in Telegram. The stand-in's parser says what a person would read."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram import InlineKeyboardButton

from bot.channels.telegram.keyboard import ImpossibleScreen
from bot.channels.telegram.render import Attached, Drawn, Invoice, Picture, Words, render
from handlers.screen import (
    Code,
    CopyButton,
    File,
    Line,
    LinkButton,
    Prompt,
    Qr,
    Screen,
    ShareButton,
    Style,
    UrlButton,
    Weight,
    order_slot,
)
from shop_core.kernel.secret import Secret
from tests.standins.telegram.entities import Formatted, parse_html, utf16_length


def read(drawn: Drawn) -> Formatted:
    (part,) = drawn.parts
    assert not isinstance(part, Invoice)
    return parse_html(part.html)


def the_buttons(screen: Screen) -> list[list[InlineKeyboardButton]]:
    keyboard = render(screen).keyboard
    return [] if keyboard is None else [list(row) for row in keyboard.inline_keyboard]


def kinds(formatted: Formatted) -> list[tuple[str, str]]:
    raw = formatted.text.encode("utf-16-le")
    return [
        (e["type"], raw[2 * e["offset"] : 2 * (e["offset"] + e["length"])].decode("utf-16-le"))
        for e in formatted.entities
    ]


def test_titles_are_bold_and_nothing_is_markup() -> None:
    lines = (
        Line("<b>月卡</b> & 年卡", Style.TITLE),
        Line(""),
        Line("¥15.00", Style.STRONG),
        Line("2027-03-31 前激活", Style.MUTED),
        Line("请尽快付款", Style.WARNING),
    )
    shown = read(render(Screen(lines)))
    assert shown.text == "<b>月卡</b> & 年卡\n\n¥15.00\n2027-03-31 前激活\n⚠️ 请尽快付款"
    assert kinds(shown) == [("bold", "<b>月卡</b> & 年卡"), ("bold", "¥15.00")]


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=1, max_size=200))
def test_any_code_comes_out_as_it_went_in_behind_one_spoiler(code: str) -> None:
    drawn = render(Screen((Line("已发货"), Code(Secret(code)), Line("收好"))))
    shown = read(drawn)
    assert shown.text == f"已发货\n{code}\n收好"
    assert kinds(shown) == [("spoiler", code)]
    assert drawn.is_protected


def test_weights_are_colours_and_links_are_data() -> None:
    rows = (
        (
            LinkButton("买 1 张", "buy/1", Weight.PRIMARY),
            LinkButton("取消", "x", Weight.DANGER),
            LinkButton("返回", "b"),
        ),
    )
    (row,) = the_buttons(Screen((Line("x"),), rows))
    assert [(b.text, b.callback_data, b.style) for b in row] == [
        ("买 1 张", "buy/1", "primary"),
        ("取消", "x", "danger"),
        ("返回", "b", None),
    ]


@pytest.mark.parametrize(
    ("url", "is_button"),
    [
        ("https://pay.example/x?a=1", True),
        ("http://203.0.113.5:8080/pay", True),
        ("tg://resolve?domain=kapu", True),
        ("http://127.0.0.1:8000/pay", False),
        ("http://[::1]:8000/pay", False),
        ("http://localhost:8000/pay", False),
        ("http://cashier/pay", False),
        ("weixin://wxpay/bizpayurl?pr=x", False),
        ("javascript:alert(1)", False),
    ],
)
def test_an_address_is_a_button_or_a_line(url: str, is_button: bool) -> None:
    screen = Screen((Line("待付款"),), ((UrlButton("去付款", url),),))
    assert [[button.url for button in row] for row in the_buttons(screen)] == ([[url]] if is_button else [])
    assert read(render(screen)).text == ("待付款" if is_button else f"待付款\n去付款: {url}")


def test_what_is_too_long_to_copy_has_no_button() -> None:
    rows = tuple((CopyButton("复制", Secret("x" * size)),) for size in (256, 257, 0))
    shown = the_buttons(Screen((Line("x"),), rows))
    assert [button.copy_text.text for row in shown for button in row if button.copy_text] == ["x" * 256]


def test_rows_have_eight_buttons_and_screens_a_hundred() -> None:
    row = tuple(LinkButton("卡" * 60, f"p/{number}") for number in range(11))
    assert [len(cut) for cut in the_buttons(Screen((Line("x"),), (row,)))] == [8, 3]
    with pytest.raises(ImpossibleScreen, match="110"):
        render(Screen((Line("x"),), (row,) * 10))


@pytest.mark.parametrize("link", ["x" * 65, "卡" * 22, ""])
def test_a_link_that_no_button_holds_is_a_bug(link: str) -> None:
    with pytest.raises(ImpossibleScreen):
        render(Screen((Line("x"),), ((LinkButton("x", link),),)))


def test_a_picture_has_the_words_under_it_while_they_fit() -> None:
    qr = Qr("weixin://pay", "用另一台手机扫码")
    (part,) = render(Screen((Line("待付款"),), qr=qr)).parts
    assert isinstance(part, Picture)
    assert part.html == "待付款\n用另一台手机扫码"
    picture, words = render(Screen((Line("字" * 1020),), qr=qr)).parts
    assert isinstance(picture, Picture)
    assert picture.html == ""
    assert isinstance(words, Words)


@pytest.mark.parametrize("codes", [["AB-1"] * 11, ["x" * 3000, "y" * 1000]])
def test_too_many_or_too_long_codes_are_a_file(codes: list[str]) -> None:
    lines: tuple[Line | Code, ...] = (Line("已发货"), *(Code(Secret(code)) for code in codes))
    drawn = render(Screen(lines, slot=order_slot("K7M2-9QXD")))
    (part,) = drawn.parts
    assert isinstance(part, Attached)
    assert (part.name, part.content.decode().splitlines(), part.html) == ("K7M2-9QXD.txt", codes, "已发货")
    assert codes[0] not in repr(part)
    assert drawn.is_protected


def test_a_file_is_sent_as_it_is() -> None:
    (part,) = render(Screen((Line("已导出"),), file=File("报表.csv", Secret("a,b\n")))).parts
    assert isinstance(part, Attached)
    assert (part.name, part.content, part.html) == ("报表.csv", b"a,b\n", "已导出")


@given(st.lists(st.text(st.sampled_from("字x😀 "), max_size=3000), min_size=1, max_size=6))
def test_no_message_is_too_long_and_no_word_is_lost(texts: list[str]) -> None:
    drawn = render(Screen(tuple(Line(text) for text in texts), ((LinkButton("x", "x"),),)))
    pages = [part.html for part in drawn.parts if isinstance(part, Words)]
    assert all(utf16_length(page) <= 4096 for page in pages)
    assert "".join(pages).replace("\n", "") == "".join(texts)


def test_a_prompt_shows_what_to_type() -> None:
    screen = Screen((Line("要几张？"),), prompt=Prompt("q/1", "例如 3"))
    assert read(render(screen)).text == "要几张？\n✏️ 例如 3"


def test_the_same_screen_is_drawn_the_same() -> None:
    about: dict[str, Any] = {"qr": Qr("weixin://pay", "扫码"), "file": File("a", Secret("b"))}
    assert render(Screen((Line("x"),), **about)) == render(Screen((Line("x"),), **about))


def test_a_product_is_shared_by_its_address_and_only_if_it_has_one() -> None:
    screen = Screen((Line("月卡"),), ((LinkButton("返回", "home"), ShareButton("分享", "p/12", "月 & 卡")),))
    keyboard = render(screen, "kapu_bot").keyboard
    assert keyboard is not None
    ((_, share),) = keyboard.inline_keyboard
    query = parse_qs(urlsplit(share.url or "").query)
    assert (share.url or "").startswith("https://t.me/share/url?")
    assert query == {"url": ["https://t.me/kapu_bot?start=p_12"], "text": ["月 & 卡"]}
    assert [[button.text for button in row] for row in the_buttons(screen)] == [["返回"]]
    buying = Screen((Line("x"),), ((ShareButton("分享", "buy/1/1/abcdefghij", "x"),),))
    assert render(buying, "kapu_bot").keyboard is None
