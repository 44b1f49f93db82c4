"""What people do in their Telegram clients, done to the world; all arguments and answers are plain JSON."""

from __future__ import annotations

import copy
import re
from base64 import b64decode, b64encode

from tests.standins.telegram.account import QUERY_LIFE_S
from tests.standins.telegram.entities import command_entities
from tests.standins.telegram.images import image_size
from tests.standins.telegram.records import BotAccount, Chat, Checkout, Invoice, Person, Query
from tests.standins.telegram.refusals import ImpossibleError, Json
from tests.standins.telegram.sending import MAX_CAPTION, MAX_TEXT, document_json, photo_sizes
from tests.standins.telegram.stars import ANSWER_WITHIN_S, take_stars
from tests.standins.telegram.world import World

_PAYLOAD = re.compile(r"[A-Za-z0-9_-]{0,64}")


class Desk:
    """The people's side of one world. Every verb answers with the version at which it was done."""

    def __init__(self, world: World) -> None:
        self._world = world

    # ------------------------------------------------------------------------------------------- who is there

    def add_bot(self, token: str, username: str, first_name: str) -> None:
        """Make a bot known."""
        self._world.add_bot(token, username, first_name)

    def add_person(self, token: str, person: Json) -> None:
        """Make somebody known who has not written to the bot yet."""
        known = self._world.people.setdefault(person["id"], Person(**person))
        self._world.private_chat(self._bot(token), known)

    def add_group(self, token: str, chat_id: int, title: str) -> None:
        """Make a supergroup that the bot is in."""
        self._world.add_group(self._bot(token), chat_id, title)

    # ------------------------------------------------------------------------------------------------ writing

    def say(
        self,
        token: str,
        person_id: int,
        text: str,
        chat_id: int | None = None,
        reply_to: int | None = None,
    ) -> Json:
        """Send a text, in private or in a group, perhaps as a reply to a message of the chat."""
        if not text.strip() or len(text) > MAX_TEXT:
            raise ImpossibleError("a client sends 1 to 4096 characters")
        content: Json = {"text": text}
        entities = command_entities(text)
        if entities:
            content["entities"] = entities
        return self._write(token, person_id, content, chat_id, reply_to)

    def start(self, token: str, person_id: int, payload: str) -> Json:
        """Open the bot by its link, which also takes back a block."""
        if not _PAYLOAD.fullmatch(payload):
            raise ImpossibleError("a start payload is at most 64 of A-Z a-z 0-9 _ -")
        bot = self._bot(token)
        if self._chat(bot, person_id).is_blocked:
            self.set_blocked(token, person_id, is_blocked=False)
        return self.say(token, person_id, f"/start {payload}".rstrip())

    def send_file(
        self,
        token: str,
        person_id: int,
        *,
        kind: str,
        name: str,
        mime_type: str,
        content: str,
        caption: str = "",
        reply_to: int | None = None,
    ) -> Json:
        """Send a document or photo, perhaps as a reply; ``content`` is base64."""
        if len(caption) > MAX_CAPTION:
            raise ImpossibleError("a caption has at most 1024 characters")
        raw = b64decode(content)
        size = image_size(raw) if kind == "photo" else (0, 0)
        if size is None:
            raise ImpossibleError("no picture")
        file = self._world.store_file(
            self._bot(token), kind=kind, name=name, mime_type=mime_type, content=raw, size=size
        )
        body: Json = {"photo": photo_sizes(file)} if kind == "photo" else {"document": document_json(file)}
        if caption:
            body["caption"] = caption
        return self._write(token, person_id, body, None, reply_to)

    def send_contact(
        self, token: str, person_id: int, *, phone: str, user_id: int | None, is_passed_on: bool
    ) -> Json:
        """Send a contact: one's own by the button below the chat, anybody's from the list of contacts."""
        contact: Json = {"phone_number": phone, "first_name": "小明"}
        if user_id is not None:
            contact["user_id"] = user_id
        content: Json = {"contact": contact}
        if is_passed_on:
            content["forward_origin"] = {"type": "hidden_user", "sender_user_name": "x", "date": 1}
        return self._write(token, person_id, content, None)

    def edit(self, token: str, person_id: int, message_id: int, text: str) -> Json:
        """Change a text of one's own."""
        bot = self._bot(token)
        chat = self._chat(bot, person_id)
        message = chat.messages.get(message_id)
        if message is None or message["from"]["id"] != person_id or "text" not in message:
            raise ImpossibleError("only one's own texts can be edited")
        message |= {"text": text, "edit_date": int(self._world.now())}
        self._world.touch(chat, message_id)
        self._world.push(bot, "edited_message", message, f"chat:{chat.id}")
        return self._done(message)

    # ----------------------------------------------------------------------------------------------- pressing

    def press(
        self,
        token: str,
        person_id: int,
        message_id: int,
        data: str,
        *,
        times: int,
        is_forged: bool,
        chat_id: int | None = None,
    ) -> Json:
        """Press a callback button, maybe several times before anybody answers.

        A forged press sends any data from any message, as a modified client can; a message that is gone is
        then shown as inaccessible.
        """
        bot = self._bot(token)
        chat = self._chat(bot, chat_id if chat_id is not None else person_id)
        message = chat.messages.get(message_id)
        if not is_forged and (message is None or data not in _callback_data(message)):
            raise ImpossibleError(f"message {message_id} has no button with the data {data!r}")
        if message is None:
            message = {"message_id": message_id, "chat": chat.head, "date": 0}
        ids = [self._ask(bot, chat, person_id, message, data) for _ in range(times)]
        return self._done({"callback_query_ids": ids})

    def _ask(self, bot: BotAccount, chat: Chat, person_id: int, message: Json, data: str) -> str:
        person = self._world.person(person_id)
        query = Query(self._world.query_id(), person_id, data, self._world.now())
        bot.queries[query.id] = query
        body = {
            "id": query.id,
            "from": person.user_json(),
            "message": message,
            "chat_instance": chat.instance,
            "data": data,
        }
        self._world.push(bot, "callback_query", body, f"user:{person_id}")
        return query.id

    # -------------------------------------------------------------------------------------- blocking, leaving

    def set_blocked(self, token: str, person_id: int, *, is_blocked: bool) -> Json:
        """Block the bot or take it back; the bot hears of it."""
        bot = self._bot(token)
        person = self._world.person(person_id)
        chat = self._chat(bot, person_id)
        if chat.is_blocked != is_blocked:
            chat.is_blocked = is_blocked
            was, now = ("member", "kicked") if is_blocked else ("kicked", "member")
            body = {
                "chat": chat.head,
                "from": person.user_json(),
                "date": int(self._world.now()),
                "old_chat_member": _member(bot, was),
                "new_chat_member": _member(bot, now),
            }
            self._world.push(bot, "my_chat_member", body, f"chat:{chat.id}")
        return self._done({})

    def deactivate(self, person_id: int) -> Json:
        """Delete one's account."""
        self._world.person(person_id).is_deactivated = True
        return self._done({})

    # ------------------------------------------------------------------------------------------------- paying

    def pay(
        self,
        token: str,
        person_id: int,
        message_id: int | None,
        link: str | None,
        *,
        chat_id: int | None = None,
        is_forged: bool = False,
    ) -> Json:
        """Press Pay on an invoice, or open an invoice link and pay there.

        Args:
            chat_id: Whose invoice it is, if somebody has passed it on.
            is_forged: Telegram takes the Stars without asking the bot, as it must not.
        """
        bot = self._bot(token)
        invoice = self._invoice(bot, chat_id or person_id, message_id, link)
        if chat_id not in {None, person_id} and invoice.start_parameter and not is_forged:
            raise ImpossibleError("a copy of this invoice leads to the bot, it has no Pay button")
        checkout = Checkout(self._world.query_id(), person_id, invoice, self._world.now())
        bot.checkouts[checkout.id] = checkout
        if is_forged:
            take_stars(self._world, bot, checkout)
            return self._done({"checkout_id": checkout.id})
        body = {
            "id": checkout.id,
            "from": self._world.person(person_id).user_json(),
            "currency": "XTR",
            "total_amount": invoice.total_amount,
            "invoice_payload": invoice.payload,
        }
        self._world.push(bot, "pre_checkout_query", body, f"user:{person_id}")
        return self._done({"checkout_id": checkout.id})

    def lose_payments(self, token: str) -> None:
        """From now on the bot is not told of Stars that it gets, as when a process dies at the worst moment."""
        self._bot(token).loses_payments = True

    def forget_start_parameter(self, token: str) -> None:
        """Make invoices as they are without one: copies have a Pay button."""
        for invoice in self._bot(token).invoices.values():
            invoice.start_parameter = ""

    def _invoice(self, bot: BotAccount, person_id: int, message_id: int | None, link: str | None) -> Invoice:
        sent = bot.invoices.get((person_id, message_id or 0))
        invoice = sent if link is None else bot.invoice_links.get(link)
        if invoice is None:
            raise ImpossibleError("there is nothing to pay")
        return invoice

    # ------------------------------------------------------------------------------------------------ looking

    def view(self, token: str, person_id: int, chat_id: int | None = None) -> Json:
        """What a person sees now: messages after edits and deletions, answers to presses, payments."""
        bot = self._bot(token)
        chat = self._chat(bot, chat_id if chat_id is not None else person_id)
        mine = [query for query in bot.queries.values() if query.person_id == person_id]
        return {
            "version": self._world.pulse.version,
            "messages": [chat.messages[message_id] for message_id in sorted(chat.messages)],
            "changed": {str(message_id): version for message_id, version in chat.changed.items()},
            "silent": sorted(chat.silent),
            "reply_keyboard": chat.reply_keyboard,
            "actions": chat.actions,
            "answers": [
                {"id": query.id, "data": query.data, **query.answer} for query in mine if query.answer
            ],
            "spinning": sum(
                query.answer is None and self._world.now() - query.asked_at < QUERY_LIFE_S for query in mine
            ),
            "checkouts": [self._checkout(c) for c in bot.checkouts.values() if c.person_id == person_id],
        }

    def read_file(self, token: str, file_id: str) -> str:
        """The bytes of a file that is in a message, in base64."""
        file = self._bot(token).files.get(file_id)
        if file is None:
            raise ImpossibleError("no such file")
        return b64encode(file.content).decode()

    async def changed(self, seen: int, timeout_s: float) -> int:
        """Wait for the world to change; the version then."""
        await self._world.pulse.wait(seen, timeout_s)
        return self._world.pulse.version

    def _checkout(self, checkout: Checkout) -> Json:
        if checkout.state == "waiting" and self._world.now() - checkout.asked_at > ANSWER_WITHIN_S:
            checkout.state = "expired"
        kept = ("id", "state", "error", "charge_id")
        return {name: getattr(checkout, name) for name in kept}

    # ------------------------------------------------------------------------------------------------ helpers

    def _write(
        self, token: str, person_id: int, content: Json, chat_id: int | None, reply_to: int | None = None
    ) -> Json:
        bot = self._bot(token)
        person = self._world.person(person_id)
        chat = self._chat(bot, chat_id if chat_id is not None else person_id)
        if chat.is_blocked:
            raise ImpossibleError("a blocked bot must be unblocked first")
        if person.is_deactivated:
            raise ImpossibleError("the account is deleted")
        if reply_to is not None:
            if reply_to not in chat.messages:
                raise ImpossibleError("there is no such message to reply to")
            # The vendor's replies do not nest.
            original = {k: v for k, v in chat.messages[reply_to].items() if k != "reply_to_message"}
            content = content | {"reply_to_message": original}
        chat.is_open = True
        message = self._world.put_message(chat, person.user_json(), content)
        self._world.push(bot, "message", message, f"chat:{chat.id}")
        return self._done(message)

    def _done(self, result: Json) -> Json:
        return {"version": self._world.pulse.version, "result": copy.deepcopy(result)}

    def _bot(self, token: str) -> BotAccount:
        if token not in self._world.bots:
            raise ImpossibleError("no bot has this token")
        return self._world.bots[token]

    def _chat(self, bot: BotAccount, chat_id: int) -> Chat:
        if chat_id in bot.chats:
            return bot.chats[chat_id]
        return self._world.private_chat(bot, self._world.person(chat_id))


def _callback_data(message: Json) -> set[str]:
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return {button["callback_data"] for row in rows for button in row if "callback_data" in button}


def _member(bot: BotAccount, status: str) -> Json:
    until = {"until_date": 0} if status == "kicked" else {}
    return {"user": bot.user_json(), "status": status, **until}
