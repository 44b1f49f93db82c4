"""The state of the stand-in: bots, people, chats, messages, files. Touched by one event loop only."""

from __future__ import annotations

import copy
import hashlib
import itertools
import time
from base64 import urlsafe_b64encode

from tests.standins.telegram.faults import FaultPlan
from tests.standins.telegram.pulse import Pulse
from tests.standins.telegram.records import BotAccount, Chat, Person, StoredFile
from tests.standins.telegram.refusals import ImpossibleError, Json, bad_request, forbidden, unauthorized
from tests.standins.telegram.updates import UpdateQueue


class World:
    """Everything there is.

    Args:
        is_paced: whether flood control refuses (429) what comes too fast.
    """

    def __init__(self, *, is_paced: bool) -> None:
        self.is_paced = is_paced
        self.is_closing = False
        self.pulse = Pulse()
        self.faults = FaultPlan()
        self.bots: dict[str, BotAccount] = {}
        self.people: dict[int, Person] = {}
        self.calls: list[Json] = []
        self._numbers = itertools.count(1)
        self._ahead_s = 0.0

    # ------------------------------------------------------------------------------------------ time, numbers

    def now(self) -> float:
        """The stand-in's clock: seconds since the epoch, plus whatever a test has skipped."""
        return time.time() + self._ahead_s

    def advance(self, seconds: float) -> None:
        """Let time pass at once."""
        self._ahead_s += seconds
        self.pulse.beat()

    def number(self) -> int:
        """A fresh number."""
        return next(self._numbers)

    def query_id(self) -> str:
        """A fresh id as the vendor's queries have: a 64-bit number in decimal."""
        return str((1 << 62) + self.number() * 7919)

    # ------------------------------------------------------------------------------------------- bots, people

    def add_bot(self, token: str, username: str, first_name: str) -> BotAccount:
        """Make a bot known; its id is the number in front of its token."""
        number, colon, secret = token.partition(":")
        if not (number.isdigit() and colon and secret):
            raise ImpossibleError("a token is digits, a colon and a secret")
        queue = UpdateQueue(next_id=100_000_000 + 1000 * self.number())
        self.bots[token] = BotAccount(token, int(number), username, first_name, queue)
        return self.bots[token]

    def bot(self, token: str) -> BotAccount:
        """The bot of a token, or 401."""
        if token not in self.bots:
            raise unauthorized()
        return self.bots[token]

    def person(self, person_id: int) -> Person:
        """Somebody known."""
        if person_id not in self.people:
            raise ImpossibleError(f"nobody has the id {person_id}")
        return self.people[person_id]

    # -------------------------------------------------------------------------------------------------- chats

    def private_chat(self, bot: BotAccount, person: Person) -> Chat:
        """The chat of a person with a bot, made on first sight, not open yet."""
        if person.id not in bot.chats:
            instance = str(int.from_bytes(hashlib.sha256(f"{bot.id}/{person.id}".encode()).digest()[:8]) >> 1)
            bot.chats[person.id] = Chat(person.id, person.chat_json(), instance, bot.message_ids)
        return bot.chats[person.id]

    def add_group(self, bot: BotAccount, chat_id: int, title: str) -> Chat:
        """A supergroup that the bot is a member of; its messages have their own numbers."""
        head: Json = {"id": chat_id, "type": "supergroup", "title": title}
        bot.chats[chat_id] = Chat(chat_id, head, str(abs(chat_id)), itertools.count(1), is_open=True)
        return bot.chats[chat_id]

    def chat_for_bot(self, bot: BotAccount, chat_id: int | None) -> Chat:
        """The chat that a bot means, or 400: a bot cannot begin a conversation."""
        chat = bot.chats.get(chat_id) if chat_id is not None else None
        if chat is None or not chat.is_open:
            raise bad_request("chat not found")
        return chat

    def require_reachable(self, chat: Chat) -> None:
        """403 where the person blocked the bot or is gone."""
        if chat.is_private and self.people[chat.id].is_deactivated:
            raise forbidden("user is deactivated")
        if chat.is_blocked:
            raise forbidden("bot was blocked by the user")

    # ----------------------------------------------------------------------------------------------- messages

    def put_message(self, chat: Chat, sender: Json, content: Json) -> Json:
        """Add a new message to a chat."""
        message_id = next(chat.ids)
        message: Json = {
            "message_id": message_id,
            "from": sender,
            "chat": chat.head,
            "date": int(self.now()),
            **content,
        }
        chat.messages[message_id] = message
        self.touch(chat, message_id)
        return copy.deepcopy(message)

    def touch(self, chat: Chat, message_id: int) -> None:
        """Note that a message is new or changed."""
        chat.changed[message_id] = self.pulse.version + 1
        chat.bell.set()
        self.pulse.beat()

    def push(self, bot: BotAccount, kind: str, body: Json, key: str) -> None:
        """Queue an update for a bot."""
        bot.queue.push(kind, copy.deepcopy(body), key, self.now())
        self.pulse.beat()

    # -------------------------------------------------------------------------------------------------- files

    def store_file(
        self,
        bot: BotAccount,
        *,
        kind: str,
        name: str,
        mime_type: str,
        content: bytes,
        size: tuple[int, int] = (0, 0),
    ) -> StoredFile:
        """Keep bytes under a new file id; the same bytes always have the same unique id."""
        number = self.number()
        unique = urlsafe_b64encode(hashlib.sha256(content).digest()[:11]).decode().rstrip("=")
        prefix = "AgACAgIAAxkB" if kind == "photo" else "BQACAgIAAxkB"
        label = hashlib.sha256(f"{bot.token}/{number}".encode()).digest()[:24]
        file_id = prefix + urlsafe_b64encode(label).decode()
        suffix = name.rpartition(".")[2] if "." in name else "bin"
        path = f"{kind}s/file_{number}.{suffix}"
        file = StoredFile(file_id, f"AgAD{unique}", kind, name, mime_type, content, path, *size)
        bot.files[file_id] = file
        return file
