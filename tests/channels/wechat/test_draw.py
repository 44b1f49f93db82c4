"""Screens as WeChat's pages: small enough, and nothing is lost."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.tencent.draw import LONGEST, LONGEST_BYTES, Drawn, draw, plain
from bot.channels.tencent.pushed import draw_late, draw_push
from handlers.screen import Code, CopyButton, Line, LinkButton, Prompt, Qr, Screen, UrlButton
from handlers.words import CUSTOMER_WORDS, Words
from shop_core.kernel.secret import Secret

SAY: Final = Words(("zh", "en"), "Asia/Shanghai", (CUSTOMER_WORDS,)).to("zh")
BACK: Final = LinkButton(SAY("button.back"), "home")


def _items(page: str) -> list[str]:
    return re.findall(r"^\d (.*)$", page, re.MULTILINE)


def _all(drawn: Drawn) -> str:
    return "\n".join(page.text for page in drawn.pages)


_TEXT: Final = st.text(st.sampled_from("卡密码月季年 aB1<>&]🎁。"), min_size=1, max_size=300).filter(
    str.strip
)
_LABEL: Final = st.text(st.sampled_from("卡密码月季年aB"), min_size=1, max_size=60)


@settings(max_examples=60)
@given(
    st.lists(_TEXT.map(Line) | _LABEL.map(lambda text: Code(Secret(text))), min_size=1, max_size=14),
    st.lists(_LABEL, max_size=20, unique=True),
)
def test_every_page_is_small_and_nothing_is_lost(lines: list[Line | Code], labels: list[str]) -> None:
    rows = tuple((LinkButton(label, f"p/{place}"),) for place, label in enumerate(labels))
    drawn = draw(Screen(tuple(lines), (*rows, (BACK,))), SAY)
    for page in drawn.pages:
        assert len(page.text) <= LONGEST
        assert len(page.text.encode()) <= LONGEST_BYTES
        assert sum(said.isdecimal() and said not in "09" for said in page.choices) <= 8
    reachable = {link for page in drawn.pages for said, link in page.choices.items() if said.isdecimal()}
    assert reachable >= {f"p/{place}" for place in range(len(labels))}
    shown = _all(drawn).replace("\n", "")
    for line in lines:
        text = line.secret.reveal() if isinstance(line, Code) else line.text.replace("<a", "＜a")
        # A line that is longer than a page goes on in the next.
        assert text.strip().replace("\n", "")[:50] in shown
    assert all("9 下一页" in page.text for page, _ in pairwise(drawn.pages))


def test_twelve_codes_are_all_there_and_each_is_whole() -> None:
    codes = [f"ABCD-EFGH-{number:04}-{'X' * 60}" for number in range(12)]
    lines: tuple[Line | Code, ...] = (Line("已发货"), *(Code(Secret(code)) for code in codes))
    drawn = draw(Screen(lines, ((CopyButton("复制", Secret(codes[0])),), (BACK,))), SAY)
    assert len(drawn.pages) > 1
    assert drawn.has_codes
    assert [line for line in _all(drawn).splitlines() if line.startswith("ABCD")] == codes


def test_a_long_description_never_hides_how_to_buy() -> None:
    about = [Line("爱奇艺黄金会员"), *(Line("每天都能用，手机电视都可以。" * 10) for _ in range(9))]
    buttons = ((LinkButton("买 1 张 ¥15.00", "buy/1/1/abcdefghij"),), (BACK,))
    drawn = draw(Screen(tuple(about), buttons), SAY)
    assert len(drawn.pages) > 2
    assert all(_items(page.text) == ["买 1 张 ¥15.00"] for page in drawn.pages)
    assert all(page.text.startswith("爱奇艺黄金会员") for page in drawn.pages)


def test_where_a_text_is_waited_for_a_number_is_one() -> None:
    asking = Screen((Line("要几张？"),), ((BACK,),), prompt=Prompt("n/1/abcdefghij", "例如 3"))
    [page] = draw(asking, SAY).pages
    assert page.choices == {"返回": "home", "0": "home"}


def test_an_address_is_written_out_and_a_name_makes_none() -> None:
    bill = Screen(
        (Line('<a href="https://evil.example">点我</a>'),),
        ((UrlButton("去付款", "https://pay.example/1"),),),
        qr=Qr("https://pay.example/qr", "码"),
    )
    [page] = draw(bill, SAY).pages
    assert "https://pay.example/1" in page.text.splitlines()
    assert "qr" not in page.text
    assert "<a" not in page.text
    only_qr = Screen((Line("待付款"),), qr=Qr("https://pay.example/qr", "码"))
    assert "https://pay.example/qr" in draw(only_qr, SAY).pages[0].text


def test_news_in_one_push_holds_no_code_and_names_the_next_word() -> None:
    delivered = Screen(
        (Line("已发货"), Code(Secret("AB-1"))), ((LinkButton("查看卡密", "o/K7M29QXD/code"),),)
    )
    pushed = draw_push([delivered, Screen((Line("已退款"),))], SAY)
    text = pushed.text
    assert pushed.items == ("提货",), "and it may be touched"
    assert "AB-1" not in text
    assert text.splitlines() == ["已发货", "", "已退款", "", "回复「提货」查看卡密。"]
    answered = Screen((Line("客服回复了"), Line("可以退")), slot="answer:7")
    assert draw_push([answered], SAY).text.splitlines()[-1] == "回复「客服」看对话、接着说。"
    assert draw_push([answered, delivered], SAY).text.splitlines()[-1] == "回复「提货」查看卡密。"


@pytest.mark.parametrize("char", ["长", "🎁", "a", "é"])
@pytest.mark.parametrize("sizes", [[2000], [500], [590], [595], [300, 300], [250, 250, 250], [1] * 300])
def test_a_push_is_no_longer_than_wechat_takes(char: str, sizes: list[int]) -> None:
    text = draw_push([Screen((Line(char * size),)) for size in sizes], SAY).text
    assert len(text) <= 600
    assert len(text.encode()) <= 2048
    assert text.endswith("回复「订单」查看。"), "and the word that leads to the rest is never cut"
    assert text.startswith(char)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("１", "1"),
        (" 1 ", "1"),
        ("1。", "1"),
        ("一", "1"),
        ("九", "9"),
        ("〇", "0"),
        ("零", "0"),
        ("返 回", "返 回"),
    ],
)
def test_numbers_as_people_type_them(typed: str, meant: str) -> None:
    assert plain(typed) == meant


def test_a_late_answer_may_be_touched_and_reads_the_same_as_a_text() -> None:
    rows = (
        (LinkButton("我已付款", "o/K7M29QXD/paid"),),
        (LinkButton("取消订单", "o/K7M29QXD/cancel"),),
        (BACK,),
    )
    [page] = draw(Screen((Line("待付款"),), rows), SAY).pages
    late = draw_late(page)
    assert late.items == ("1 我已付款", "2 取消订单")
    assert late.text == page.text
    assert {page.choices[plain(item)] for item in late.items} == {"o/K7M29QXD/paid", "o/K7M29QXD/cancel"}
    asking = draw_late(
        draw(Screen((Line("要几张？"),), prompt=Prompt("n/1/abcdefghij", "例如 3")), SAY).pages[0]
    )
    assert (asking.items, asking.foot) == ((), "")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_words_that_may_be_touched_are_words_that_lead_somewhere(language: str) -> None:
    say = Words(("zh", "en"), "Asia/Shanghai", (CUSTOMER_WORDS,)).to(language)
    for place in ("pick_up", "support", "orders"):
        assert say(f"wechat.word.{place}") in say(f"word.{place}").split(",")
