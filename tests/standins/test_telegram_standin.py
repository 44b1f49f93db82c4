"""The Bot API stand-in, proven with python-telegram-bot unmodified over HTTP."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, Self

import httpx
import pytest
from telegram import (
    Bot,
    BotCommand,
    CopyTextButton,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    LabeledPrice,
    ReplyKeyboardMarkup,
    Update,
)
from telegram.error import (
    BadRequest,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)
from telegram.ext import Application, CallbackQueryHandler, CommandHandler, ContextTypes
from telegram.request import HTTPXRequest

from tests.standins.telegram import (
    ImpossibleError,
    NeverShownError,
    TelegramDriver,
    TelegramStandIn,
    render_transcript,
    telegram_process,
)
from tests.standins.telegram.entities import parse_html
from tests.standins.telegram.refusals import RefusedError

PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
    + (200).to_bytes(4, "big")
    + (100).to_bytes(4, "big")
    + b"\x08\x00\x00\x00\x00"
)


PLAIN: dict[str, Any] = {"trust_env": False, "verify": False}
"""For loopback: loading certificates costs more than a whole test."""


@pytest.fixture(autouse=True)
def _newer_library_habits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it python-telegram-bot warns at every 429 that retry_after will be a timedelta."""
    monkeypatch.setenv("PTB_TIMEDELTA", "1")


@pytest.fixture
def tg() -> Iterator[TelegramStandIn]:
    with TelegramStandIn() as stand_in:
        yield stand_in


@asynccontextmanager
async def a_bot(tg: TelegramDriver, token: str | None = None, **request: Any) -> AsyncIterator[Bot]:
    transport = HTTPXRequest(httpx_kwargs=PLAIN, **request)
    polling = HTTPXRequest(httpx_kwargs=PLAIN, **request)
    bot = Bot(
        token or tg.token,
        base_url=tg.base_url,
        base_file_url=tg.base_file_url,
        request=transport,
        get_updates_request=polling,
    )
    async with bot:
        yield bot


@pytest.fixture
async def bot(tg: TelegramStandIn) -> AsyncIterator[Bot]:
    async with a_bot(tg) as ready:
        yield ready


def buttons(*rows: list[InlineKeyboardButton]) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(list(rows))


def callback(text: str, data: str) -> InlineKeyboardButton:
    return InlineKeyboardButton(text, callback_data=data)


async def refused(call: Awaitable[object], error: type[TelegramError] = BadRequest) -> str:
    with pytest.raises(error) as caught:
        await call
    return str(caught.value)


# ----------------------------------------------------------------------------------------------- who is there


async def test_a_bot_learns_who_it_is(bot: Bot) -> None:
    me = await bot.get_me()
    assert (me.is_bot, me.username) == (True, "kapu_test_bot")


async def test_an_unknown_token_is_unauthorized(tg: TelegramStandIn) -> None:
    async with HTTPXRequest(httpx_kwargs=PLAIN) as request:
        bot = Bot("42:nobody", base_url=tg.base_url, request=request)
        assert "Unauthorized" in await refused(bot.get_me(), InvalidToken)


async def test_a_method_that_does_not_exist_is_404_and_one_not_modelled_is_501(tg: TelegramStandIn) -> None:
    async with httpx.AsyncClient(**PLAIN) as client:
        unknown = await client.post(f"{tg.base_url}{tg.token}/sendMesage")
        unmodelled = await client.post(f"{tg.base_url}{tg.token}/sendDice")
        any_case = await client.get(f"{tg.base_url}{tg.token}/getme")
    assert (unknown.status_code, unknown.json()["error_code"]) == (404, 404)
    assert unmodelled.status_code == 501
    assert any_case.json()["ok"] is True


async def test_a_bot_cannot_write_first(tg: TelegramStandIn, bot: Bot) -> None:
    user = tg.user()
    assert await refused(bot.send_message(user.id, "hi")) == "Chat not found"
    assert await refused(bot.send_message("@nobody_here", "hi")) == "Chat not found"
    user.start()
    await bot.send_message(user.id, "hi")
    assert user.last.text == "hi"


async def test_a_blocked_bot_and_a_deleted_account_are_forbidden(tg: TelegramStandIn, bot: Bot) -> None:
    user = tg.user()
    user.start()
    user.block()
    assert (
        await refused(bot.send_message(user.id, "hi"), Forbidden) == "Forbidden: bot was blocked by the user"
    )
    with pytest.raises(ImpossibleError):
        user.say("hello")
    user.unblock()
    await bot.send_message(user.id, "hi")
    kinds = [update.my_chat_member for update in await bot.get_updates() if update.my_chat_member]
    assert [member.new_chat_member.status for member in kinds] == ["kicked", "member"]
    user.delete_account()
    assert await refused(bot.send_message(user.id, "hi"), Forbidden) == "Forbidden: user is deactivated"


async def test_ids_are_beyond_32_bits_and_dates_are_seconds(tg: TelegramStandIn, bot: Bot) -> None:
    user = tg.user(id=2**40 + 5, first_name="小明", language_code="zh-hans")
    user.start("p_12")
    (update,) = await bot.get_updates()
    assert update.message is not None
    assert update.message.text == "/start p_12"
    assert update.message.entities[0].type == "bot_command"
    assert update.message.date.year < 3000
    assert update.effective_user is not None
    assert (update.effective_user.id, update.effective_user.language_code) == (2**40 + 5, "zh-hans")
    assert (await bot.get_chat(user.id)).first_name == "小明"
    with pytest.raises(ImpossibleError):
        user.start("not allowed")


async def test_two_bots_have_separate_updates_chats_and_files(tg: TelegramStandIn, bot: Bot) -> None:
    other_token = tg.add_bot("7300000002:second")
    user = tg.user()
    user.start()
    user.with_bot(other_token).start("x")
    async with a_bot(tg, other_token) as other:
        ours, theirs = await bot.get_updates(), await other.get_updates()
        assert [u.message and u.message.text for u in ours] == ["/start"]
        assert [u.message and u.message.text for u in theirs] == ["/start x"]
        sent = await bot.send_document(user.id, b"codes", filename="a.txt")
        assert sent.document is not None
        await refused(other.send_document(user.id, sent.document.file_id))
        await refused(other.get_file(sent.document.file_id))


# ---------------------------------------------------------------------------------------------------- updates


async def test_updates_are_sequential_and_confirmed_by_the_offset(tg: TelegramStandIn, bot: Bot) -> None:
    user = tg.user()
    for text in ("1", "2", "3"):
        user.say(text)
    first = await bot.get_updates(limit=2)
    assert [u.message and u.message.text for u in first] == ["1", "2"]
    assert first[1].update_id == first[0].update_id + 1
    assert len(await bot.get_updates()) == 3
    assert len(await bot.get_updates(offset=first[1].update_id)) == 2
    assert len(await bot.get_updates(offset=-1)) == 1
    assert [u["message"]["text"] for u in tg.pending_updates()] == ["3"]
    assert len(tg.updates()) == 3


async def test_a_long_poll_returns_when_something_happens_and_not_before(
    tg: TelegramStandIn, bot: Bot
) -> None:
    user = tg.user()
    started = asyncio.get_running_loop().time()
    poll = asyncio.create_task(bot.get_updates(timeout=10))
    await asyncio.sleep(0.3)
    assert not poll.done()
    user.say("now")
    (update,) = await poll
    assert update.message is not None
    assert update.message.text == "now"
    assert asyncio.get_running_loop().time() - started < 2
    assert await bot.get_updates(offset=update.update_id + 1, timeout=0) == ()


async def test_only_the_kinds_asked_for_arrive(tg: TelegramStandIn, bot: Bot) -> None:
    await bot.get_updates(allowed_updates=["callback_query"], timeout=0)
    user = tg.user()
    user.start()
    await bot.send_message(user.id, "x", reply_markup=buttons([callback("a", "a")]))
    user.press("a")
    assert [u.callback_query is not None for u in await bot.get_updates()] == [True]


async def test_a_second_poll_ends_the_first(tg: TelegramStandIn, bot: Bot) -> None:
    async with a_bot(tg) as twin:
        poll = asyncio.create_task(bot.get_updates(timeout=10))
        await asyncio.sleep(0.1)
        await twin.get_updates(timeout=0)
        assert "terminated by other getUpdates request" in await refused(poll, Conflict)


async def test_an_update_can_be_repeated_after_it_was_confirmed(tg: TelegramStandIn, bot: Bot) -> None:
    tg.user().say("once")
    (update,) = await bot.get_updates()
    assert await bot.get_updates(offset=update.update_id + 1) == ()
    tg.repeat_update(update.update_id)
    (again,) = await bot.get_updates(offset=update.update_id + 1)
    assert again == update
    assert await bot.get_updates(offset=update.update_id + 1) == ()


async def test_a_poll_whose_client_died_takes_nothing_with_it(tg: TelegramStandIn, bot: Bot) -> None:
    user = tg.user()
    user.say("first")
    (first,) = await bot.get_updates()
    async with httpx.AsyncClient(**PLAIN) as client:
        address = f"{tg.base_url}{tg.token}/getUpdates?timeout=30&offset={first.update_id + 1}"
        with pytest.raises(httpx.ReadTimeout):
            await client.get(address, timeout=0.1)
    tg.repeat_update(first.update_id)
    user.say("second")
    taken = await bot.get_updates(offset=first.update_id + 1)
    assert [u.message and u.message.text for u in taken] == ["first", "second"]


async def test_arguments_may_come_as_json_form_or_query(tg: TelegramStandIn) -> None:
    user = tg.user()
    user.start()
    address = f"{tg.base_url}{tg.token}/sendMessage"
    fields: dict[str, Any] = {"chat_id": user.id, "text": "x"}
    markup = {"inline_keyboard": [[{"text": "a", "callback_data": "a"}]]}
    async with httpx.AsyncClient(**PLAIN) as client:
        await client.post(address, json={**fields, "reply_markup": markup})
        await client.post(address, data={**fields, "reply_markup": json.dumps(markup)})
        await client.get(address, params={**fields, "reply_markup": json.dumps(markup)})
        broken = await client.post(address, data={**fields, "reply_markup": "{"})
    assert [message.labels for message in user.messages()[1:]] == [("a",)] * 3
    assert broken.json() == {
        "ok": False,
        "error_code": 400,
        "description": "Bad Request: can't parse reply_markup JSON object",
    }


async def test_updates_not_taken_in_time_are_lost(tg: TelegramStandIn, bot: Bot) -> None:
    user = tg.user()
    user.start()
    await bot.send_message(user.id, "x", reply_markup=buttons([callback("a", "a")]))
    user.press("a")
    tg.advance(151)
    assert [u.callback_query for u in await bot.get_updates()] == [None]
    tg.advance(24 * 3600)
    assert await bot.get_updates() == ()


class _Hook:
    """A web server that answers updates as told and keeps what it got."""

    def __init__(self) -> None:
        self.got: list[tuple[str | None, str | None, bytes]] = []
        self.statuses: list[int] = []
        self.arrived = threading.Semaphore(0)
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                secret = self.headers["X-Telegram-Bot-Api-Secret-Token"]
                outer.got.append((secret, self.headers["Content-Type"], body))
                self.send_response(outer.statuses.pop(0) if outer.statuses else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()
                outer.arrived.release()

            def log_message(self, format: str, *args: object) -> None: ...  # noqa: A002  # its name there

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


async def test_a_webhook_gets_the_secret_and_the_same_update_until_it_says_2xx() -> None:
    with TelegramStandIn(webhook_unit_s=0.02) as tg, _Hook() as hook:
        hook.statuses = [500, 503]
        async with a_bot(tg) as bot:
            await bot.set_webhook(hook.url, secret_token="s-1")
            tg.user().say("hello")
            for _ in range(3):
                assert await asyncio.to_thread(hook.arrived.acquire, timeout=5)
            bodies = {body for _, _, body in hook.got}
            assert len(hook.got) == 3
            assert len(bodies) == 1
            assert hook.got[0][:2] == ("s-1", "application/json")
            update = Update.de_json(httpx.Response(200, content=bodies.pop()).json(), bot)
            assert update.message is not None
            assert update.message.text == "hello"
            assert "webhook is active" in await refused(bot.get_updates(), Conflict)
            info = await bot.get_webhook_info()
            assert info.url == hook.url
            assert info.last_error_message is not None
            assert await bot.delete_webhook()
            assert await bot.get_updates() == ()


async def test_webhooks_elsewhere_need_https_and_known_ports(bot: Bot) -> None:
    assert "https url must be provided" in await refused(bot.set_webhook("http://shop.example/hook"))
    assert "ports 80, 88, 443 or 8443" in await refused(bot.set_webhook("https://shop.example:9000/hook"))
    assert "unallowed characters" in await refused(bot.set_webhook("https://a.example", secret_token="a b"))


# ---------------------------------------------------------------------------------------- texts and keyboards


async def test_html_becomes_plain_text_with_entities(tg: TelegramStandIn, bot: Bot) -> None:
    user = tg.user()
    user.start()
    source = "😀 <b>已发货</b> <tg-spoiler>AB&lt;&amp;&gt;12</tg-spoiler> <code>x&#33;</code>  \n"
    message = await bot.send_message(user.id, source, parse_mode="HTML")
    assert message.text == "😀 已发货 AB<&>12 x!"
    assert [(e.type, e.offset, e.length) for e in message.entities] == [
        ("bold", 3, 3),
        ("spoiler", 7, 7),
        ("code", 15, 2),
    ]
    assert user.last.spoilers == ("AB<&>12",)
    assert user.last.marked("code") == ("x!",)


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("a < b", 'Unsupported start tag "" at byte offset 2'),
        ("a <b", "Unclosed start tag at byte offset 2"),
        ("你<x>y</x>", 'Unsupported start tag "x" at byte offset 3'),
        ("1 <2> 3", 'Unsupported start tag "2" at byte offset 2'),
        ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("<b>x</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
        ("<a href>x</a>", "Expected equal sign in declaration of an attribute"),
        ('<span class="x">x</span>', 'Tag "span" must have class "tg-spoiler"'),
    ],
)
async def test_bad_html_is_refused(tg: TelegramStandIn, bot: Bot, source: str, complaint: str) -> None:
    user = tg.user()
    user.start()
    before = user.messages()
    await refused(bot.send_message(user.id, source, parse_mode="HTML"))
    description = tg.calls[-1].description
    assert description is not None
    assert description.startswith("Bad Request: can't parse entities: ")
    assert complaint in description
    assert user.messages() == before


def test_html_details() -> None:
    link = parse_html('<a href="https://e.example/?a=1&amp;b=2">x</a>')
    assert link.entities[0]["url"] == "https://e.example/?a=1&b=2"
    code = parse_html('<pre><code class="language-python">x</code></pre>')
    assert [dict(e) for e in code.entities] == [
        {"type": "pre", "offset": 0, "length": 1, "language": "python"}
    ]
    assert parse_html("a & b &copy; &quot;").text == 'a & b &copy; "'
    quote = parse_html("<blockquote expandable>x</blockquote>").entities[0]
    assert quote["type"] == "expandable_blockquote"
    nested = parse_html("<b>a<i>b</i></b><u></u>").entities
    assert [(e["type"], e["length"]) for e in nested] == [("bold", 2), ("italic", 1)]
    with pytest.raises(RefusedError):
        parse_html("<b><i>x</b></i>")


async def test_texts_have_limits_counted_after_parsing(tg: TelegramStandIn, bot: Bot) -> None:
    user = tg.user()
    user.start()
    await bot.send_message(user.id, f"<b>{'卡' * 4096}</b>", parse_mode="HTML")
    assert await refused(bot.send_message(user.id, "卡" * 4097)) == "Message is too long"
    for nothing in ("", "  \n ", "<b> </b>"):
        assert await refused(bot.send_message(user.id, nothing, parse_mode="HTML")) == "Message text is empty"
    assert await refused(bot.send_photo(user.id, PNG, caption="x" * 1025)) == "Message caption is too long"


@pytest.mark.parametrize(
    ("markup", "complaint"),
    [
        (buttons([callback("x", "卡" * 22)]), "Button_data_invalid"),
        (buttons([callback("x", "")]), "Button_data_invalid"),
        (buttons([callback("x", str(n)) for n in range(9)]), "Reply markup is too long"),
        (buttons(*[[callback("x", str(n))] for n in range(101)]), "Reply markup is too long"),
        (
            buttons([InlineKeyboardButton("x", copy_text=CopyTextButton("c" * 257))]),
            "Button_copy_text_invalid",
        ),
        (buttons([InlineKeyboardButton("x", url="http://localhost:8000/")]), "Wrong HTTP URL"),
        (buttons([InlineKeyboardButton("x", url="ftp://a.example")]), "Unsupported URL protocol"),
        (buttons([InlineKeyboardButton("x")]), "Text buttons are unallowed"),
    ],
)
async def test_keyboards_have_limits(
    tg: TelegramStandIn, bot: Bot, markup: InlineKeyboardMarkup, complaint: str
) -> None:
    user = tg.user()
    user.start()
    assert complaint.lower() in (await refused(bot.send_message(user.id, "x", reply_markup=markup))).lower()
    assert len(user.messages()) == 1


async def test_a_keyboard_at_the_limit_passes(tg: TelegramStandIn, bot: Bot) -> None:
    user = tg.user()
    user.start()
    rows = [[callback(f"{row}.{n}", "卡" * 21 + "x") for n in range(8)] for row in range(12)]
    copy = InlineKeyboardButton("copy", copy_text=CopyTextButton("c" * 256))
    pay = InlineKeyboardButton("pay", url="http://127.0.0.1:8000/pay")
    await bot.send_message(user.id, "x", reply_markup=buttons(*rows, [copy, pay]))
    assert user.press("copy").value == "c" * 256
    assert user.press("pay").value == "http://127.0.0.1:8000/pay"


# ---------------------------------------------------------------------------------------------------- presses


async def test_a_press_arrives_is_answered_once_and_edits_the_screen(tg: TelegramStandIn, bot: Bot) -> None:
    user = tg.user()
    user.start()
    shown = await bot.send_message(user.id, "shop", reply_markup=buttons([callback("买 1 张", "buy/1")]))
    user.press("买 1 张")
    query = (await bot.get_updates(offset=-1))[0].callback_query
    assert query is not None
    assert (query.data, bool(query.chat_instance)) == ("buy/1", True)
    assert query.message is not None
    assert query.message.message_id == shown.message_id
    assert user.spinning == 1
    assert await query.answer("好", show_alert=True)
    assert "query is too old" in (await refused(query.answer())).lower()
    (answer,) = user.wait_until_answered()
    assert (answer.text, answer.is_alert, answer.data) == ("好", True, "buy/1")
    edited = await query.edit_message_text("待付款", reply_markup=buttons([callback("取消", "x")]))
    assert not isinstance(edited, bool)
    assert edited.edit_date is not None
    assert [m.text for m in user.messages()] == ["/start", "待付款"]
    assert user.last.labels == ("取消",)
    with pytest.raises(ImpossibleError):
        user.press("buy/1")


async def test_a_press_can_be_doubled_forged_and_late(tg: TelegramStandIn, bot: Bot) -> None:
    user = tg.user()
    user.start()
    shown = await bot.send_message(user.id, "shop", reply_markup=buttons([callback("a", "a")]))
    assert len(set(user.press_twice("a").query_ids)) == 2
    user.press("o/SOMEONE/pay", forge=True)
    await bot.delete_message(user.id, shown.message_id)
    user.press("gone", forge=True, message=shown.message_id)
    queries = [u.callback_query for u in await bot.get_updates() if u.callback_query]
    assert [query.data for query in queries] == ["a", "a", "o/SOMEONE/pay", "gone"]
    assert queries[3].message is not None
    assert queries[3].message.is_accessible is False
    tg.advance(151)
    assert "too old" in await refused(queries[0].answer())
    assert "too old" in await refused(bot.answer_callback_query("12345"))


async def test_a_reply_keyboard_sends_its_words(tg: TelegramStandIn, bot: Bot) -> None:
    user = tg.user()
    user.start()
    keyboard = ReplyKeyboardMarkup([["我的订单"]], is_persistent=True)
    shown = await bot.send_message(user.id, "menu", reply_markup=keyboard)
    user.press("我的订单")
    (update,) = await bot.get_updates(offset=-1)
    assert update.message is not None
    assert update.message.text == "我的订单"
    assert await refused(bot.edit_message_text("y", user.id, shown.message_id)) == "Message can't be edited"


# ----------------------------------------------------------------------------------------- edits and deletion


async def test_an_edit_must_change_something_and_find_its_message(tg: TelegramStandIn, bot: Bot) -> None:
    user = tg.user()
    mine = user.start()
    markup = buttons([callback("a", "a")])
    sent = await bot.send_message(user.id, "<b>x</b>", parse_mode="HTML", reply_markup=markup)
    same = bot.edit_message_text(
        "<b>x</b> ", user.id, sent.message_id, parse_mode="HTML", reply_markup=markup
    )
    assert (await refused(same)).startswith("Message is not modified")
    await bot.edit_message_text("x", user.id, sent.message_id, reply_markup=markup)
    await bot.edit_message_reply_markup(user.id, sent.message_id)
    assert user.last.buttons == ()
    assert await refused(bot.edit_message_text("y", user.id, 999)) == "Message to edit not found"
    assert await refused(bot.edit_message_text("y", user.id, mine)) == "Message can't be edited"
    assert "no caption" in await refused(bot.edit_message_caption(user.id, sent.message_id, caption="c"))


async def test_a_photo_has_a_caption_not_a_text(tg: TelegramStandIn, bot: Bot) -> None:
    user = tg.user()
    user.start()
    sent = await bot.send_photo(user.id, PNG, caption="scan", has_spoiler=True)
    edit = bot.edit_message_text("y", user.id, sent.message_id)
    assert await refused(edit) == "There is no text in the message to edit"
    await bot.edit_message_caption(user.id, sent.message_id, caption="<i>paid</i>", parse_mode="HTML")
    assert (user.last.text, user.last.photo is not None) == ("paid", True)
    assert user.read(user.last.photo) == PNG
    text = await bot.send_message(user.id, "order")
    await bot.edit_message_media(InputMediaPhoto(PNG, caption="QR"), user.id, text.message_id)
    assert user.last.id == text.message_id
    assert (user.last.text, user.read(user.last.photo)) == ("QR", PNG)
    assert "no text" in await refused(bot.edit_message_text("y", user.id, text.message_id))
    assert "image_process_failed" in (await refused(bot.send_photo(user.id, b"no picture"))).lower()


async def test_messages_can_be_deleted_for_two_days(tg: TelegramStandIn, bot: Bot) -> None:
    user = tg.user()
    mine = user.start()
    sent = [await bot.send_message(user.id, text) for text in "abc"]
    assert await bot.delete_message(user.id, mine)
    assert await bot.delete_messages(user.id, [sent[0].message_id, 999])
    assert [m.text for m in user.messages()] == ["b", "c"]
    assert await refused(bot.delete_message(user.id, mine)) == "Message to delete not found"
    tg.advance(48 * 3600)
    assert "can't be deleted" in await refused(bot.delete_message(user.id, sent[1].message_id))


# ------------------------------------------------------------------------------------------------------ files


async def test_documents_go_both_ways(tg: TelegramStandIn, bot: Bot) -> None:
    user = tg.user()
    codes = "AAAA-1\n卡密<&>😀\n".encode()
    user.send_document("cards.txt", codes, caption="import", mime_type="text/plain")
    (update,) = await bot.get_updates()
    assert update.message is not None
    assert update.message.document is not None
    assert update.message.document.file_name == "cards.txt"
    file = await update.message.document.get_file()
    assert bytes(await file.download_as_bytearray()) == codes
    await bot.send_document(user.id, codes, filename="out.txt", caption="here")
    document = user.last.document
    assert document is not None
    assert (document.name, document.size, user.read(document)) == ("out.txt", len(codes), codes)
    assert await bot.delete_message(user.id, update.message.message_id)


async def test_a_file_past_20_mb_cannot_be_fetched(tg: TelegramStandIn, bot: Bot) -> None:
    tg.user().send_document("big.bin", b"\0" * ((20 << 20) + 1))
    (update,) = await bot.get_updates()
    assert update.message is not None
    assert update.message.document is not None
    assert await refused(update.message.document.get_file()) == "File is too big"


async def test_commands_and_chat_actions(tg: TelegramStandIn, bot: Bot) -> None:
    user = tg.user()
    user.start()
    await bot.set_my_commands([BotCommand("start", "首页")], language_code="zh")
    assert [c.command for c in await bot.get_my_commands(language_code="zh")] == ["start"]
    assert await bot.get_my_commands() == ()
    assert "command_invalid" in (await refused(bot.set_my_commands([("Bad!", "x")]))).lower()
    await bot.send_chat_action(user.id, "typing")
    assert user.chat_actions == ("typing",)


# ------------------------------------------------------------------------------------------ limits and faults


async def test_more_than_one_message_a_second_is_refused_after_a_burst(tg: TelegramStandIn, bot: Bot) -> None:
    user = tg.user()
    user.start()
    for number in range(5):
        await bot.send_message(user.id, str(number))
    with pytest.raises(RetryAfter) as caught:
        await bot.send_message(user.id, "too much")
    assert caught.value.retry_after == timedelta(seconds=1)
    assert len(user.messages()) == 6
    tg.advance(1)
    await bot.send_message(user.id, "later")


async def test_a_group_takes_twenty_a_minute_and_all_chats_thirty_a_second(
    tg: TelegramStandIn, bot: Bot
) -> None:
    group = tg.add_group()
    for number in range(20):
        tg.advance(1)
        await bot.send_message(group, str(number))
    tg.advance(1)
    assert "Retry in" in await refused(bot.send_message(group, "x"), RetryAfter)
    assert len(tg.group_messages(group)) == 20
    users = [tg.user() for _ in range(31)]
    tg.advance(10)
    refusals = 0
    for user in users:
        user.start()
    for user in users:
        try:
            await bot.send_message(user.id, "x")
        except RetryAfter:
            refusals += 1
    assert refusals <= 1


async def test_pace_can_be_switched_off() -> None:
    with TelegramStandIn(pace=False) as tg:
        user = tg.user()
        user.start()
        async with a_bot(tg) as bot:
            for number in range(40):
                await bot.send_message(user.id, str(number))
        assert len(user.messages()) == 41


@pytest.mark.parametrize(
    ("kind", "error", "words", "has_effect"),
    [
        ("400", BadRequest, "Bad_for_a_test", False),
        ("403", Forbidden, "blocked", False),
        ("429", RetryAfter, "Retry in 0:00:01", False),
        ("500", NetworkError, "Internal Server Error", False),
        ("502", NetworkError, "Bad Gateway", False),
        ("502_after", NetworkError, "Bad Gateway", True),
        ("drop_before", NetworkError, "RemoteProtocolError", False),
        ("drop_after", NetworkError, "RemoteProtocolError", True),
    ],
)
async def test_faults_come_as_ordered(
    tg: TelegramStandIn, bot: Bot, kind: str, error: type[TelegramError], words: str, *, has_effect: bool
) -> None:
    user = tg.user()
    user.start()
    tg.fail("sendMessage", kind)
    text = await refused(bot.send_message(user.id, "x"), error)
    assert words.lower() in text.lower()
    assert (len(user.messages()) == 2) is has_effect
    await bot.send_message(user.id, "y")
    assert user.last.text == "y"
    assert [call.fault for call in tg.calls_to("sendMessage")] == [kind, None]


@pytest.mark.parametrize(("kind", "effects"), [("delay_before", 0), ("delay_after", 1)])
async def test_a_slow_answer_is_a_timeout_with_unknown_effect(
    tg: TelegramStandIn, kind: str, effects: int
) -> None:
    user = tg.user()
    user.start()
    async with a_bot(tg, read_timeout=0.2) as bot:
        tg.fail("*", kind, seconds=0.6)
        await refused(bot.send_message(user.id, "x"), TimedOut)
        assert len(user.messages()) == 1 + effects
        assert user.wait_for("x", timeout=3).text == "x"


async def test_an_impossible_fault_is_named(tg: TelegramStandIn) -> None:
    with pytest.raises(ImpossibleError):
        tg.fail("sendMessage", "999")
    with pytest.raises(ImpossibleError):
        tg.fail("sendMesage", "400")


async def test_every_call_is_in_the_log_with_unknown_arguments_named(tg: TelegramStandIn, bot: Bot) -> None:
    user = tg.user()
    user.start()
    await bot.send_message(user.id, "{x}", protect_content=True, api_kwargs={"chat_idd": 1})
    (call,) = tg.calls_to("sendMessage")
    assert call.params["text"] == "{x}"
    assert call.unknown == ("chat_idd",)
    assert isinstance(call.result, dict)
    assert call.result["has_protected_content"] is True
    assert user.last.is_protected
    tg.forget_calls()
    assert tg.calls == ()


# ------------------------------------------------------------------------------------------------------ stars


async def test_stars_are_paid_confirmed_and_refunded_once(tg: TelegramStandIn, bot: Bot) -> None:
    user = tg.user()
    user.start()
    bill: dict[str, Any] = {
        "title": "卡",
        "description": "d",
        "payload": "o/1",
        "provider_token": "",
        "currency": "XTR",
    }
    await bot.send_invoice(user.id, **bill, prices=[LabeledPrice("卡", 50)], start_parameter="o_1")
    user.pay()
    query = (await bot.get_updates(offset=-1))[0].pre_checkout_query
    assert query is not None
    assert (query.invoice_payload, query.total_amount, query.currency) == ("o/1", 50, "XTR")
    await query.answer(ok=True)
    message = (await bot.get_updates(offset=-1))[0].message
    assert message is not None
    paid = message.successful_payment
    assert paid is not None
    assert user.checkouts[0].state == "paid"
    assert (await bot.get_my_star_balance()).amount == 50
    charge = paid.telegram_payment_charge_id
    assert await bot.refund_star_payment(user.id, charge)
    again = await refused(bot.refund_star_payment(user.id, charge))
    assert "charge_already_refunded" in again.lower()
    transactions = (await bot.get_star_transactions()).transactions
    assert [t.id for t in transactions] == [charge, charge]
    assert (await bot.get_my_star_balance()).amount == 0


async def test_a_checkout_not_confirmed_in_ten_seconds_fails(tg: TelegramStandIn, bot: Bot) -> None:
    user = tg.user()
    bill: dict[str, Any] = {
        "title": "卡",
        "description": "d",
        "payload": "o/1",
        "provider_token": "",
        "currency": "XTR",
    }
    link = await bot.create_invoice_link(**bill, prices=[LabeledPrice("卡", 50)])
    assert isinstance(link, str)
    user.pay(link=link)
    query = (await bot.get_updates(offset=-1))[0].pre_checkout_query
    assert query is not None
    tg.advance(11)
    assert "too old" in await refused(query.answer(ok=True))
    assert user.checkouts[0].state == "expired"
    user.pay(link=link)
    query = (await bot.get_updates(offset=-1))[0].pre_checkout_query
    assert query is not None
    await query.answer(ok=False, error_message="sold out")
    assert (user.checkouts[1].state, user.checkouts[1].error) == ("refused", "sold out")


# -------------------------------------------------------------------------------------------- the whole thing


@asynccontextmanager
async def a_little_shop(tg: TelegramDriver) -> AsyncIterator[None]:
    """A polling application of python-telegram-bot, as it comes."""

    async def start(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        assert update.message is not None
        markup = buttons([callback("买 1 张 ¥15.00", "buy"), callback("帮助", "help")])
        await update.message.reply_html("<b>云卡小铺</b>\n有货", reply_markup=markup)

    async def buy(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        query = update.callback_query
        assert query is not None
        await query.answer("好")
        await query.edit_message_text("已发货 <tg-spoiler>AB-12</tg-spoiler>", parse_mode="HTML")

    builder = Application.builder().token(tg.token).base_url(tg.base_url)
    app = builder.base_file_url(tg.base_file_url).build()
    app.add_handler(CommandHandler("start", start))
    app.add_handler(CallbackQueryHandler(buy))
    async with app:
        assert app.updater is not None
        await app.updater.start_polling(poll_interval=0, timeout=5)
        await app.start()
        yield
        await app.updater.stop()
        await app.stop()


async def walk_through(tg: TelegramDriver) -> str:
    async with a_little_shop(tg):
        user = await asyncio.to_thread(tg.user, first_name="小明")
        await asyncio.to_thread(user.start, "p_12")
        await user.wait_for_async("云卡小铺")
        await asyncio.to_thread(user.press, "买 1 张 ¥15.00")
        shown = await user.wait_for_async(lambda message: message.spoilers == ("AB-12",))
        assert shown.is_edited
        assert [answer.text for answer in user.wait_until_answered()] == ["好"]
        return render_transcript(user)


async def test_a_polling_application_sells_a_code(tg: TelegramStandIn) -> None:
    assert await walk_through(tg) == "小明 > /start p_12\n\n    已发货 ▒▒▒▒▒"


async def test_waiting_looks_only_at_what_came_after_the_latest_action(tg: TelegramStandIn, bot: Bot) -> None:
    user = tg.user()
    user.start()
    await bot.send_message(user.id, "old", reply_markup=buttons([callback("a", "a")]))
    assert user.wait_for("old").labels == ("a",)
    user.say("again")
    with pytest.raises(NeverShownError, match="old"):
        await user.wait_for_async("old", timeout=0.1)
    assert "[ a ]" in render_transcript(user)


async def test_the_stand_in_as_a_process_behaves_the_same_and_outlives_its_clients() -> None:
    with telegram_process(pace=False, tokens=("7300000009:extra",)) as tg:
        assert "▒▒▒▒▒" in await walk_through(tg)
        async with a_bot(tg, "7300000009:extra") as extra:
            assert (await extra.get_me()).id == 7300000009
        with pytest.raises(ImpossibleError):
            await asyncio.to_thread(tg.fail, "sendMessage", "999")
        assert len(tg.calls_to("editMessageText")) == 1


async def test_a_forgotten_poll_does_not_hold_up_the_end() -> None:
    async with httpx.AsyncClient(**PLAIN) as client:
        with TelegramStandIn() as tg:
            address = f"{tg.base_url}{tg.token}/getUpdates?timeout=50"
            poll = asyncio.create_task(client.get(address, timeout=60))
            await asyncio.sleep(0.2)
        assert (await poll).json() == {"ok": True, "result": []}
