"""The floor of a journey in Telegram: the library alone, making the calls that the shop made, for whoever comes."""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from telegram import Bot, InlineKeyboardMarkup, LinkPreviewOptions, Message, TelegramObject, Update
from telegram.request import HTTPXRequest

from bot.channels.telegram.api import ALLOWED_UPDATES
from tests.standins.telegram import Call

_POLL_S: Final = 30
_OBJECTS: Final[Mapping[str, type[TelegramObject]]] = {
    "reply_markup": InlineKeyboardMarkup,
    "link_preview_options": LinkPreviewOptions,
}
_WORDS: Final = {"true": True, "false": False}


class Unexpected(Exception):
    """The shop made a call that the floor cannot make again."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that the bot sent: which one of a journey, this one or the same person's last."""

    number: int
    is_of_last: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """A call to make again: a method of the library's ``Bot``, and what is the same for everybody.

    Attributes:
        message: The message that it is about.
        gone: The messages that it deletes.
    """

    method: str
    fixed: Mapping[str, Any]
    message: Sent | None = None
    gone: tuple[Sent, ...] = ()
    names_query: bool = False

    @classmethod
    def of(cls, call: Call, sent: Mapping[int, Sent]) -> Said:
        """Read a call as the stand-in got it.

        Args:
            sent: The bot's messages by their number.

        Raises:
            Unexpected: It names a message of no known journey, or carries a file.
        """
        params = dict(call.params)
        params.pop("chat_id", None)
        names_query = params.pop("callback_query_id", None) is not None
        try:
            message = sent[int(params.pop("message_id"))] if "message_id" in params else None
            gone = tuple(sent[int(number)] for number in params.pop("message_ids", ()))
            fixed = {name: _as_argument(name, value) for name, value in params.items()}
        except (KeyError, TypeError) as error:
            raise Unexpected(call.method) from error
        method = re.sub(r"([A-Z])", r"_\1", call.method).lower()
        return cls(method, fixed, message, gone, names_query)


def _as_argument(name: str, value: Any) -> Any:  # noqa: ANN401 - whatever the library takes
    if name in _OBJECTS:
        return _OBJECTS[name].de_json(value, None)
    if isinstance(value, dict):
        raise TypeError(name)
    return _WORDS.get(value, value)


@dataclass(slots=True)
class _Walk:
    """How far somebody has come."""

    place: int = 0
    sent: list[int] = field(default_factory=list)
    sent_last: list[int] = field(default_factory=list)
    lane: asyncio.Lock = field(default_factory=asyncio.Lock)

    def find(self, message: Sent) -> int | None:
        sent = self.sent_last if message.is_of_last else self.sent
        return sent[message.number] if message.number < len(sent) else None


class BareBot:
    """Polls, and answers the first update of a journey with the calls that the shop answered it with, and so on.

    Nothing is stored, decided or drawn. What it makes again is told with the numbers of who walks now.
    """

    def __init__(self, token: str, base_url: str, journey: Sequence[Sequence[Said]]) -> None:
        """Take a journey: the calls after each update."""
        requests = [HTTPXRequest(httpx_kwargs={"trust_env": False}) for _ in range(2)]
        self._bot = Bot(token, base_url=base_url, request=requests[0], get_updates_request=requests[1])
        self._journey = journey
        self._walks: dict[int, _Walk] = defaultdict(_Walk)

    async def run(self) -> None:
        """Answer until cancelled."""
        offset = None
        async with self._bot, asyncio.TaskGroup() as answering:
            while True:
                updates = await self._bot.get_updates(
                    offset, timeout=_POLL_S, allowed_updates=ALLOWED_UPDATES, read_timeout=_POLL_S + 10
                )
                for update in updates:
                    answering.create_task(self._answer(update))
                offset = updates[-1].update_id + 1 if updates else None

    async def _answer(self, update: Update) -> None:
        assert update.effective_user is not None
        walk = self._walks[update.effective_user.id]
        async with walk.lane:
            if update.callback_query is None:
                walk.place, walk.sent, walk.sent_last = 0, [], walk.sent
            for said in self._journey[walk.place]:
                await self._say(said, walk, update)
            walk.place += 1

    async def _say(self, said: Said, walk: _Walk, update: Update) -> None:
        arguments: dict[str, Any] = dict(said.fixed)
        if said.names_query and update.callback_query is not None:
            arguments["callback_query_id"] = update.callback_query.id
        elif update.effective_user is not None:
            arguments["chat_id"] = update.effective_user.id
        if said.message is not None:
            arguments["message_id"] = walk.find(said.message)
        if said.gone:
            arguments["message_ids"] = [found for gone in said.gone if (found := walk.find(gone)) is not None]
            if not arguments["message_ids"]:
                return
        answer = await getattr(self._bot, said.method)(**arguments)
        if isinstance(answer, Message) and said.method.startswith("send"):
            walk.sent.append(answer.message_id)
