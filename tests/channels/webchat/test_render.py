"""Screens on the wire."""

import base64
import json
from datetime import UTC, datetime, timedelta, timezone

from bot.channels.webchat.render import screen_frame
from handlers.screen import (
    Code,
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
)
from shop_core.kernel.secret import Secret

CODE = '<&>"🎁'


def test_a_screen_with_everything_has_all_of_it_in_its_frame() -> None:
    screen = Screen(
        lines=(Line("待付款", Style.TITLE), Line(CODE, Style.WARNING), Code(Secret(CODE))),
        rows=(
            (LinkButton("取消", "o/1/cancel", Weight.DANGER), UrlButton("去付款", "https://pay.example/1")),
        ),
        slot=None,
        news=True,
        qr=Qr("https://pay.example/1", "付款二维码"),
        file=File("codes.txt", Secret(CODE)),
        prompt=Prompt("buy", "输入数量"),
        deadline=datetime(2026, 11, 22, 22, 32, tzinfo=timezone(timedelta(hours=8))),
    )
    text = screen_frame(screen, "m-1")
    frame = json.loads(text)
    shown = frame["screen"]
    assert (frame["type"], frame["id"], frame["slot"], frame["news"]) == ("screen", "m-1", None, True)
    assert shown["lines"] == [
        {"text": "待付款", "style": "title"},
        {"text": CODE, "style": "warning"},
        {"secret": CODE, "style": "code"},
    ]
    assert shown["rows"] == [
        [
            {"text": "取消", "link": "o/1/cancel", "style": "danger"},
            {"text": "去付款", "url": "https://pay.example/1"},
        ]
    ]
    assert shown["qr"]["svg"].startswith("<svg")
    assert shown["qr"]["alt"] == "付款二维码"
    assert base64.b64decode(shown["file"]["content"]).decode() == CODE
    assert (shown["file"]["name"], shown["prompt"]) == (
        "codes.txt",
        {"placeholder": "输入数量", "secret": False, "files": False},
    )
    assert shown["deadline"] == "2026-11-22T14:32:00Z"


def test_what_a_screen_does_not_have_is_null() -> None:
    shown = json.loads(screen_frame(Screen((Line(""),)), "m-2"))["screen"]
    assert {shown[name] for name in ("qr", "file", "deadline", "prompt")} == {None}
    assert shown["rows"] == []


def test_a_text_too_long_for_a_qr_code_is_left_to_the_button() -> None:
    screen = Screen((Line(""),), qr=Qr("x" * 3000, "付款二维码"), deadline=datetime.now(UTC))
    assert json.loads(screen_frame(screen, "m-3"))["screen"]["qr"] is None


def test_what_the_page_has_no_address_for_is_left_out_with_its_row() -> None:
    share = ShareButton("分享", "p/12", "月卡")
    screen = Screen((Line(""),), ((LinkButton("返回", "home"), share), (share,)))
    rows = json.loads(screen_frame(screen, "m-4"))["screen"]["rows"]
    assert [[button["text"] for button in row] for row in rows] == [["返回"]]
