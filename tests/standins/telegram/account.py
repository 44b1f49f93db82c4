"""The bot itself and small errands: getMe, commands, getChat, getFile, chat actions, callback answers."""

from __future__ import annotations

import re

from tests.standins.telegram.params import Params
from tests.standins.telegram.records import BotAccount
from tests.standins.telegram.refusals import Json, bad_request, query_too_old
from tests.standins.telegram.world import World

MAX_DOWNLOAD_BYTES = 20 << 20
MAX_ANSWER_CHARACTERS = 200
MAX_COMMANDS = 100
QUERY_LIFE_S = 150
"""A press not answered in this time cannot be answered any more."""

_COMMAND = re.compile(r"/?[a-z0-9_]{1,32}")
_ACTIONS = {
    "typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice",
    "upload_document", "choose_sticker", "find_location", "record_video_note", "upload_video_note",
}  # fmt: skip


def get_me(_world: World, bot: BotAccount, _params: Params) -> Json:
    """``getMe``."""
    return {
        **bot.user_json(),
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


def get_chat(world: World, bot: BotAccount, params: Params) -> Json:
    """``getChat``: a ChatFullInfo with the fields that are always there."""
    chat = world.chat_for_bot(bot, params.chat_id())
    gifts = (
        "unlimited_gifts",
        "limited_gifts",
        "unique_gifts",
        "premium_subscription",
        "gifts_from_channels",
    )
    return {
        **chat.head,
        "accent_color_id": chat.id % 7,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys(gifts, True),
    }


def send_chat_action(world: World, bot: BotAccount, params: Params) -> bool:
    """``sendChatAction``."""
    chat = world.chat_for_bot(bot, params.chat_id())
    action = params.text("action")
    if action not in _ACTIONS:
        raise bad_request("wrong parameter action in request")
    world.require_reachable(chat)
    chat.actions.append(action)
    world.pulse.beat()
    return True


def get_file(_world: World, bot: BotAccount, params: Params) -> Json:
    """``getFile``: up to 20 MB."""
    file = bot.files.get(params.text("file_id"))
    if file is None:
        raise bad_request("invalid file_id")
    if len(file.content) > MAX_DOWNLOAD_BYTES:
        raise bad_request("file is too big")
    return {
        "file_id": file.file_id,
        "file_unique_id": file.unique_id,
        "file_size": len(file.content),
        "file_path": file.path,
    }


def set_my_commands(world: World, bot: BotAccount, params: Params) -> bool:
    """``setMyCommands``: at most 100, names of ``a-z 0-9 _``."""
    commands = params.nested("commands") or []
    if len(commands) > MAX_COMMANDS:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    for command in commands:
        if not _COMMAND.fullmatch(str(command.get("command", ""))):
            raise bad_request("BOT_COMMAND_INVALID")
        if not 1 <= len(str(command.get("description", ""))) <= 256:
            raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    kept = [{**command, "command": command["command"].removeprefix("/")} for command in commands]
    bot.commands[_scope(world, bot, params)] = kept
    return True


def get_my_commands(world: World, bot: BotAccount, params: Params) -> list[Json]:
    """``getMyCommands``: exactly those set for this scope and language."""
    return bot.commands.get(_scope(world, bot, params), [])


def delete_my_commands(world: World, bot: BotAccount, params: Params) -> bool:
    """``deleteMyCommands``."""
    bot.commands.pop(_scope(world, bot, params), None)
    return True


def answer_callback_query(world: World, bot: BotAccount, params: Params) -> bool:
    """``answerCallbackQuery``: once, in time."""
    query = bot.queries.get(params.text("callback_query_id"))
    if query is None or query.answer is not None or world.now() - query.asked_at > QUERY_LIFE_S:
        raise query_too_old()
    if len(params.text("text")) > MAX_ANSWER_CHARACTERS:
        raise bad_request("MESSAGE_TOO_LONG")
    if params.text("url") and not params.text("url").startswith(f"https://t.me/{bot.username}?start="):
        raise bad_request("URL_INVALID")
    query.answer = {
        "text": params.text("text"),
        "show_alert": params.flag("show_alert"),
        "url": params.text("url"),
    }
    world.pulse.beat()
    return True


def _scope(world: World, bot: BotAccount, params: Params) -> tuple[str, str]:
    """Scope and language as a key; a chat that the bot cannot write to has no commands, but a refusal."""
    scope = params.nested("scope") or {"type": "default"}
    if "chat_id" in scope:
        world.chat_for_bot(bot, int(scope["chat_id"]))
        scope = {**scope, "chat_id": int(scope["chat_id"])}
    return ":".join(str(scope[key]) for key in sorted(scope)), params.text("language_code")
