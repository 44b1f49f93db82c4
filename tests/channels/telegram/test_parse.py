"""What an update means."""

from typing import Any

import pytest
from telegram import Update

from bot.channels.telegram.parse import Attachment, Pressed, Said, Turned, find_person, parse
from handlers.incoming import Link, Text

PERSON = {"id": 2**40 + 1, "is_bot": False, "first_name": "小", "last_name": "明", "language_code": "zh-hans"}
CHAT = {"id": PERSON["id"], "type": "private", "first_name": "小"}
GROUP = {"id": -100, "type": "supergroup", "title": "Staff"}


def a_message(**content: Any) -> dict[str, Any]:
    message = {"message_id": 7, "date": 1, "chat": CHAT, "from": PERSON, **content}
    return {"update_id": 1, "message": message}


def a_press(message: dict[str, Any] | None, **rest: Any) -> dict[str, Any]:
    query = {"id": "q1", "from": PERSON, "chat_instance": "c", "data": "p/12", **rest}
    return {"update_id": 1, "callback_query": query | ({"message": message} if message else {})}


def content_of(raw: dict[str, Any]) -> object:
    said = parse(Update.de_json(raw, None))
    assert isinstance(said, Said)
    assert (said.sender.external_id, said.sender.name, said.sender.language) == (
        str(2**40 + 1),
        "小 明",
        "zh-hans",
    )
    return said.content


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ("/start", Link("")),
        ("/start p_12", Link("p/12")),
        ("/start o_K7M2-9QXD", Link("o/K7M2-9QXD")),
        ("/Start@kapu_bot p_12", Link("p/12")),
        ("/start buy_12_1_abcdefghij", Link("")),
        ("/start o_K7M29QXD_cancel", Link("")),
        ("/start admin", Link("")),
        ("/start 卡", Link("")),
        ("/orders", Link("orders")),
        ("/help@kapu_bot", Link("help")),
        ("/language ", Link("language")),
        ("/admin", Link("admin")),
        ("/paysupport", Link("paysupport")),
        ("/price 12 15.00", Text("/price 12 15.00")),
        ("/orders K7M2", Text("/orders K7M2")),
        ("月卡 /start", Text("月卡 /start")),
        ("/", Text("/")),
        (" 3 ", Text(" 3 ")),
    ],
)
def test_words_mean_links_or_themselves(text: str, content: object) -> None:
    assert content_of(a_message(text=text)) == content


def test_a_typed_command_is_told_from_a_button() -> None:
    typed, followed = content_of(a_message(text="/orders")), content_of(a_message(text="/start orders"))
    assert isinstance(typed, Link)
    assert isinstance(followed, Link)
    assert (typed.is_typed, followed.is_typed) == (True, False)


def test_a_document_is_a_file_and_anything_else_asks_for_help() -> None:
    document = {"file_id": "f", "file_unique_id": "u", "file_name": "a.txt", "file_size": 3}
    assert content_of(a_message(document=document)) == Attachment("f", "a.txt", 3)
    dice = {"emoji": "🎲", "value": 3}
    assert content_of(a_message(dice=dice)) == Link("help")


def test_pictures_sounds_and_films_are_files_with_the_words_under_them() -> None:
    file = {"file_id": "f", "file_unique_id": "u", "file_size": 3}
    sides = {"width": 9, "height": 9}
    photo = [file | {"file_id": "small"} | {"width": 1, "height": 1}, file | sides]
    sent = content_of(a_message(photo=photo, caption="看 <这里>"))
    assert sent == Attachment("f", "photo.jpg", 3, "看 <这里>")
    voice = content_of(a_message(voice=file | {"duration": 1}))
    assert voice == Attachment("f", "voice.ogg", 3)
    film = content_of(a_message(video=file | sides | {"duration": 1}))
    assert film == Attachment("f", "video.mp4", 3)


def test_a_reply_names_the_message_that_it_is_one_to() -> None:
    original = {"message_id": 31, "date": 5, "chat": CHAT}
    for raw, replies_to in (
        (a_message(text="好", reply_to_message=original), "31"),
        (a_message(text="好"), ""),
    ):
        said = parse(Update.de_json(raw, None))
        assert isinstance(said, Said)
        assert said.replies_to == replies_to


def test_a_press_names_its_message_even_if_that_is_gone() -> None:
    there = {"message_id": 9, "date": 5, "chat": CHAT}
    pressed = parse(Update.de_json(a_press(there), None))
    assert isinstance(pressed, Pressed)
    assert (pressed.link, pressed.query_id, pressed.message_id) == (Link("p/12"), "q1", "9")
    gone = parse(Update.de_json(a_press({**there, "date": 0}), None))
    assert isinstance(gone, Pressed)
    assert gone.message_id == "9"


@pytest.mark.parametrize(("status", "is_reachable"), [("kicked", False), ("member", True)])
def test_a_block_is_a_turn(status: str, is_reachable: bool) -> None:
    bot = {"id": 1, "is_bot": True, "first_name": "Kapu"}
    until = {"until_date": 0} if status == "kicked" else {}
    change = {
        "chat": CHAT,
        "from": PERSON,
        "date": 1,
        "old_chat_member": {"user": bot, "status": "member"},
        "new_chat_member": {"user": bot, "status": status, **until},
    }
    raw = {"update_id": 1, "my_chat_member": change}
    assert find_person(raw) == str(2**40 + 1)
    assert parse(Update.de_json(raw, None)) == Turned(str(2**40 + 1), is_reachable)


def test_only_private_chats_have_a_lane() -> None:
    assert find_person(a_message(text="x")) == str(2**40 + 1)
    assert find_person(a_press({"message_id": 9, "date": 5, "chat": CHAT})) == str(2**40 + 1)
    for foreign in (
        a_message(text="x", chat=GROUP),
        a_press({"message_id": 9, "date": 5, "chat": GROUP}),
        a_press(None),
        {"update_id": 1, "my_chat_member": {"chat": GROUP}},
        {"update_id": 1, "poll": {"id": "1"}},
    ):
        assert find_person(foreign) is None
