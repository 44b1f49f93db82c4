"""Changes to messages that are there: the edit methods and deletion."""

from __future__ import annotations

import copy
from typing import NamedTuple

from tests.standins.telegram.keyboards import check_markup
from tests.standins.telegram.params import Params
from tests.standins.telegram.records import BotAccount, Chat
from tests.standins.telegram.refusals import Json, bad_request
from tests.standins.telegram.sending import (
    caption_content,
    charge,
    document_json,
    photo_sizes,
    take_file,
    text_content,
)
from tests.standins.telegram.world import World

DELETABLE_S = 48 * 60 * 60
MAX_DELETIONS = 100

_TEXT_FIELDS = ("text", "entities", "link_preview_options")
_CAPTION_FIELDS = ("caption", "caption_entities")
_MEDIA_FIELDS = ("photo", "document", "has_media_spoiler", *_CAPTION_FIELDS)
_NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)


class _Target(NamedTuple):
    """The message an edit is about."""

    chat: Chat
    message: Json


def edit_message_text(world: World, bot: BotAccount, params: Params) -> Json:
    """``editMessageText``: only where there is text, a photo or document has a caption."""
    target = _target(world, bot, params)
    content = text_content(params)
    if "text" not in target.message:
        raise bad_request("there is no text in the message to edit")
    return _change(world, bot, params, target, replaced=_TEXT_FIELDS, content=content)


def edit_message_caption(world: World, bot: BotAccount, params: Params) -> Json:
    """``editMessageCaption``: only for media; no caption takes the old one away."""
    target = _target(world, bot, params)
    content = caption_content(params)
    if "photo" not in target.message and "document" not in target.message:
        raise bad_request("there is no caption in the message to edit")
    return _change(world, bot, params, target, replaced=_CAPTION_FIELDS, content=content)


def edit_message_media(world: World, bot: BotAccount, params: Params) -> Json:
    """``editMessageMedia``: another photo or document; a text message may become one, never the way back."""
    target = _target(world, bot, params)
    media = params.nested("media")
    if not isinstance(media, dict):
        raise bad_request("there is no media in the request")
    kind = str(media.get("type"))
    if kind not in {"photo", "document"}:
        raise bad_request(f"the stand-in models media of type photo and document, not {kind}")
    reference = str(media.get("media") or "")
    file = take_file(world, bot, params, kind, reference)
    content: Json = {kind: photo_sizes(file) if kind == "photo" else document_json(file)}
    content |= caption_content(Params(media))
    if kind == "photo" and media.get("has_spoiler"):
        content["has_media_spoiler"] = True
    return _change(world, bot, params, target, replaced=(*_TEXT_FIELDS, *_MEDIA_FIELDS), content=content)


def edit_message_reply_markup(world: World, bot: BotAccount, params: Params) -> Json:
    """``editMessageReplyMarkup``: no markup takes the keyboard away."""
    target = _target(world, bot, params)
    return _change(world, bot, params, target, replaced=(), content={})


def delete_message(world: World, bot: BotAccount, params: Params) -> bool:
    """``deleteMessage``: within 48 hours; the bot's own anywhere, the person's in a private chat."""
    chat = world.chat_for_bot(bot, params.chat_id())
    message_id = params.integer("message_id")
    if message_id not in chat.messages:
        raise bad_request("message to delete not found")
    if not _is_deletable(world, bot, chat, chat.messages[message_id]):
        raise bad_request("message can't be deleted for everyone")
    _delete(world, chat, message_id)
    return True


def delete_messages(world: World, bot: BotAccount, params: Params) -> bool:
    """``deleteMessages``: 1 to 100; those that are not there or cannot be deleted are passed over."""
    chat = world.chat_for_bot(bot, params.chat_id())
    ids = params.nested("message_ids")
    if not isinstance(ids, list) or not ids:
        raise bad_request("message identifiers are not specified")
    if len(ids) > MAX_DELETIONS:
        raise bad_request("too many message identifiers specified")
    for message_id in map(int, ids):
        message = chat.messages.get(message_id)
        if message is not None and _is_deletable(world, bot, chat, message):
            _delete(world, chat, message_id)
    return True


def _target(world: World, bot: BotAccount, params: Params) -> _Target:
    if params.text("inline_message_id"):
        raise bad_request("MESSAGE_ID_INVALID")
    chat = world.chat_for_bot(bot, params.chat_id())
    message_id = params.integer("message_id")
    if not message_id:
        raise bad_request("message identifier is not specified")
    message = chat.messages.get(message_id)
    if message is None:
        raise bad_request("message to edit not found")
    if message["from"]["id"] != bot.id or message_id in chat.fixed:
        raise bad_request("message can't be edited")
    return _Target(chat, message)


def _change(
    world: World,
    bot: BotAccount,
    params: Params,
    target: _Target,
    *,
    replaced: tuple[str, ...],
    content: Json,
) -> Json:
    """Replace some fields and the keyboard (left out: it goes away); refuse a change that changes nothing."""
    markup = check_markup(params.nested("reply_markup"))
    if markup is not None and "inline_keyboard" not in markup:
        raise bad_request("inline keyboard expected")
    chat, message = target
    world.require_reachable(chat)
    changed = {
        k: v for k, v in message.items() if k not in {*replaced, "reply_markup", "edit_date"}
    } | content
    if markup is not None:
        changed["reply_markup"] = markup
    if _essence(changed) == _essence(message):
        raise bad_request(_NOT_MODIFIED)
    charge(world, bot, chat, is_edit=True)
    changed["edit_date"] = int(world.now())
    chat.messages[message["message_id"]] = changed
    world.touch(chat, message["message_id"])
    return copy.deepcopy(changed)


def _essence(message: Json) -> Json:
    """What counts as the same: content and keyboard; the same bytes sent again are the same file."""
    essence = {key: value for key, value in message.items() if key != "edit_date"}
    for photo in message.get("photo", [])[:1]:
        essence["photo"] = photo["file_unique_id"]
    if "document" in message:
        essence["document"] = (message["document"]["file_unique_id"], message["document"]["file_name"])
    return essence


def _is_deletable(world: World, bot: BotAccount, chat: Chat, message: Json) -> bool:
    if world.now() - message["date"] >= DELETABLE_S:
        return False
    return chat.is_private or bool(message["from"]["id"] == bot.id)


def _delete(world: World, chat: Chat, message_id: int) -> None:
    del chat.messages[message_id]
    chat.changed.pop(message_id, None)
    world.pulse.beat()
