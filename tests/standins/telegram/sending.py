"""New messages: sendMessage, sendPhoto, sendDocument, and what every send checks."""

from __future__ import annotations

from tests.standins.telegram.entities import Formatted, format_text
from tests.standins.telegram.images import image_size
from tests.standins.telegram.keyboards import check_markup
from tests.standins.telegram.params import Params, Upload
from tests.standins.telegram.records import BotAccount, Chat, StoredFile
from tests.standins.telegram.refusals import Json, RefusedError, bad_request, too_many_requests
from tests.standins.telegram.world import World

MAX_TEXT = 4096
MAX_CAPTION = 1024
MAX_PHOTO_BYTES = 10 << 20
MAX_UPLOAD_BYTES = 50 << 20
MAX_PHOTO_SIDES = 10_000
MAX_PHOTO_RATIO = 20


def send_message(world: World, bot: BotAccount, params: Params) -> Json:
    """``sendMessage``."""
    chat = world.chat_for_bot(bot, params.chat_id())
    content = text_content(params)
    return deliver(world, bot, chat, params, content)


def send_photo(world: World, bot: BotAccount, params: Params) -> Json:
    """``sendPhoto``: an upload or a file id of this bot; the stand-in fetches no address."""
    chat = world.chat_for_bot(bot, params.chat_id())
    file = take_file(world, bot, params, "photo", params.text("photo"))
    content = {"photo": photo_sizes(file), **caption_content(params)}
    if params.flag("has_spoiler"):
        content["has_media_spoiler"] = True
    return deliver(world, bot, chat, params, content)


def send_document(world: World, bot: BotAccount, params: Params) -> Json:
    """``sendDocument``: an upload or a file id of this bot."""
    chat = world.chat_for_bot(bot, params.chat_id())
    file = take_file(world, bot, params, "document", params.text("document"))
    return deliver(world, bot, chat, params, {"document": document_json(file), **caption_content(params)})


def deliver(world: World, bot: BotAccount, chat: Chat, params: Params, content: Json) -> Json:
    """Check what concerns every send, then put the message into the chat.

    Raises:
        RefusedError: 400 for keyboard, thread or reply; 403 where nobody listens; 429 where it is too fast.
    """
    markup = check_markup(params.nested("reply_markup"))
    if params.integer("message_thread_id"):
        raise bad_request("message thread not found")
    content = content | _reply(chat, params)
    world.require_reachable(chat)
    charge(world, bot, chat, is_edit=False)
    if markup is not None and "inline_keyboard" in markup:
        content["reply_markup"] = markup
    if params.flag("protect_content"):
        content["has_protected_content"] = True
    message = world.put_message(chat, bot.user_json(), content)
    if params.flag("disable_notification"):
        chat.silent.add(message["message_id"])
    if markup is not None and "inline_keyboard" not in markup:
        chat.fixed.add(message["message_id"])
        chat.reply_keyboard = markup if "keyboard" in markup else None
    return message


def charge(world: World, bot: BotAccount, chat: Chat, *, is_edit: bool) -> None:
    """Flood control, where it is on."""
    if not world.is_paced:
        return
    wait_s = bot.pace.charge(chat.id, is_edit=is_edit, now=world.now())
    if wait_s is not None:
        raise too_many_requests(wait_s)


def text_content(params: Params) -> Json:
    """The text of a message, parsed and measured."""
    formatted = format_text(params.text("text"), params.text("parse_mode"), params.nested("entities"))
    if not formatted.text:
        raise bad_request("message text is empty")
    if len(formatted.text) > MAX_TEXT:
        raise bad_request("message is too long")
    content = _formatted_json("text", "entities", formatted)
    preview = params.nested("link_preview_options")
    if preview:
        content["link_preview_options"] = preview
    return content


def caption_content(params: Params) -> Json:
    """The caption of a photo or document, parsed and measured; nothing where there is none."""
    formatted = format_text(
        params.text("caption"),
        params.text("parse_mode"),
        params.nested("caption_entities"),
    )
    if len(formatted.text) > MAX_CAPTION:
        raise bad_request("message caption is too long")
    return _formatted_json("caption", "caption_entities", formatted) if formatted.text else {}


def take_file(world: World, bot: BotAccount, params: Params, kind: str, reference: str) -> StoredFile:
    """The file a call means: uploaded under the kind's name, attached (``attach://x``), or an earlier one."""
    upload = params.files.get(reference.removeprefix("attach://") if reference else kind)
    if upload is not None:
        return _store_upload(world, bot, kind, upload)
    if not reference:
        raise bad_request(f"there is no {kind} in the request")
    if reference.startswith(("http://", "https://")):
        raise bad_request("failed to get HTTP URL content")
    known = bot.files.get(reference)
    if known is None:
        raise bad_request("wrong file identifier/HTTP URL specified")
    if known.kind != kind:
        raise bad_request(f"can't use file of type {known.kind.title()} as {kind.title()}")
    return known


def photo_sizes(file: StoredFile) -> list[Json]:
    """The PhotoSize array; the stand-in keeps the one size that was sent."""
    size = {"width": file.width, "height": file.height, "file_size": len(file.content)}
    return [{"file_id": file.file_id, "file_unique_id": file.unique_id, **size}]


def document_json(file: StoredFile) -> Json:
    """The Document object."""
    return {
        "file_id": file.file_id,
        "file_unique_id": file.unique_id,
        "file_name": file.name,
        "mime_type": file.mime_type,
        "file_size": len(file.content),
    }


def _store_upload(world: World, bot: BotAccount, kind: str, upload: Upload) -> StoredFile:
    limit = MAX_PHOTO_BYTES if kind == "photo" else MAX_UPLOAD_BYTES
    if len(upload.content) > limit:
        raise RefusedError(413, "Request Entity Too Large")
    if not upload.content:
        raise bad_request("file must be non-empty")
    size = _checked_photo_size(upload.content) if kind == "photo" else (0, 0)
    return world.store_file(
        bot,
        kind=kind,
        name=upload.name,
        mime_type=upload.mime_type,
        content=upload.content,
        size=size,
    )


def _checked_photo_size(content: bytes) -> tuple[int, int]:
    size = image_size(content)
    if size is None:
        raise bad_request("IMAGE_PROCESS_FAILED")
    width, height = size
    if width + height > MAX_PHOTO_SIDES or max(size) > MAX_PHOTO_RATIO * min(size):
        raise bad_request("PHOTO_INVALID_DIMENSIONS")
    return size


def _reply(chat: Chat, params: Params) -> Json:
    reply = params.nested("reply_parameters") or {}
    message_id = int(reply.get("message_id") or params.integer("reply_to_message_id"))
    if not message_id:
        return {}
    if message_id in chat.messages:
        original = chat.messages[message_id]
        return {"reply_to_message": {k: v for k, v in original.items() if k != "reply_to_message"}}
    if reply.get("allow_sending_without_reply") or params.flag("allow_sending_without_reply"):
        return {}
    raise bad_request("message to be replied not found")


def _formatted_json(text_name: str, entities_name: str, formatted: Formatted) -> Json:
    content: Json = {text_name: formatted.text}
    if formatted.entities:
        content[entities_name] = list(formatted.entities)
    return content
