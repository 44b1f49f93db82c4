"""What a test holds in its hand: the stand-in's bots, people, faults and log, near or behind HTTP."""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from typing import Any, Self

import httpx

from tests.standins.telegram.person import TelegramUser
from tests.standins.telegram.refusals import ImpossibleError, Json
from tests.standins.telegram.shown import Call, ShownMessage, shown_call, shown_message

DEFAULT_TOKEN = "7300000001:AAF-standin-token-of-the-first-bot"
DEFAULT_USERNAME = "kapu_test_bot"
_FIRST_PERSON = (1 << 40) + 1


class TelegramDriver(ABC):
    """The test's side of one stand-in; ``token`` arguments left out mean the first bot."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.token = DEFAULT_TOKEN
        self._person_ids = itertools.count(_FIRST_PERSON)

    @abstractmethod
    def ask(self, action: str, **arguments: Any) -> Any:
        """Do one action of the control table.

        Raises:
            ImpossibleError: where no client could do that.
        """

    @property
    def base_url(self) -> str:
        """For ``Bot(token, base_url=…)``."""
        return f"{self.address}/bot"

    @property
    def base_file_url(self) -> str:
        """For ``Bot(token, base_file_url=…)``."""
        return f"{self.address}/file/bot"

    # ------------------------------------------------------------------------------------------- who is there

    def add_bot(self, token: str, username: str = "kapu_other_bot", first_name: str = "Kapu") -> str:
        """Make one more bot known; its token is good from now on."""
        self.ask("add_bot", token=token, username=username, first_name=first_name)
        return token

    def user(
        self,
        id: int | None = None,  # noqa: A002  # the vendor's word
        *,
        first_name: str = "小明",
        last_name: str | None = None,
        username: str | None = None,
        language_code: str | None = "zh-hans",
        token: str | None = None,
    ) -> TelegramUser:
        """Somebody with Telegram who has not written to the bot yet; ids are past 32 bits by default."""
        person_id = next(self._person_ids) if id is None else id
        person = {
            "id": person_id,
            "first_name": first_name,
            "last_name": last_name,
            "username": username,
            "language_code": language_code,
        }
        self.ask("add_person", token=token or self.token, person=person)
        return TelegramUser(self.ask, token or self.token, person_id, first_name)

    def add_group(self, chat_id: int = -1001000000001, title: str = "Staff", token: str | None = None) -> int:
        """A supergroup that the bot is a member of."""
        self.ask("add_group", token=token or self.token, chat_id=chat_id, title=title)
        return chat_id

    def group_messages(self, chat_id: int, token: str | None = None) -> tuple[ShownMessage, ...]:
        """What is in a group now."""
        view = self.ask("view", token=token or self.token, person_id=0, chat_id=chat_id)
        return tuple(shown_message(raw, 0, view) for raw in view["messages"])

    # ---------------------------------------------------------------------------------------- the bot's calls

    @property
    def calls(self) -> tuple[Call, ...]:
        """Every call with a known token and method, oldest first."""
        return tuple(shown_call(raw) for raw in self.ask("calls"))

    def calls_to(self, method: str) -> tuple[Call, ...]:
        """The calls of one method."""
        return tuple(shown_call(raw) for raw in self.ask("calls", method=method))

    def count_calls(self, token: str | None = None) -> dict[str, int]:
        """How often a bot called each method."""
        return dict(self.ask("count_calls", token=token or self.token))

    def forget_calls(self) -> None:
        """Empty the log of calls."""
        self.ask("forget_calls")

    # ---------------------------------------------------------------------------------- faults, updates, time

    def fail(
        self,
        method: str,
        kind: str,
        *,
        times: int = 1,
        seconds: float = 1.0,
        description: str = "",
        chat_id: int | None = None,
    ) -> None:
        """Let the next calls of a method (``*``: any but getUpdates) go wrong.

        Args:
            kind: ``400 403 429 500 502 drop_before delay_before`` before the effect; ``drop_after
                502_after delay_after`` after it. ``delay_*`` answers properly in the end.
            seconds: the delay, or the retry_after of a 429.
            description: other words for a 400, 403 or 500, after the vendor's "Bad Request: " and the like.
            chat_id: only calls for this chat.
        """
        order: Json = {"method": method, "kind": kind, "times": times, "seconds": seconds}
        self.ask("fail", **order, description=description, chat_id=chat_id)

    def heal(self) -> None:
        """Take back all faults that did not happen yet."""
        self.ask("heal")

    def updates(self, token: str | None = None) -> list[Json]:
        """Every update so far, confirmed or not."""
        return list(self.ask("updates", token=token or self.token, is_pending=False))

    def pending_updates(self, token: str | None = None) -> list[Json]:
        """The updates that the bot has not confirmed."""
        return list(self.ask("updates", token=token or self.token, is_pending=True))

    def repeat_update(self, update_id: int, token: str | None = None) -> None:
        """Deliver an update once more, whatever the bot has confirmed."""
        self.ask("repeat_update", token=token or self.token, update_id=update_id)

    def advance(self, seconds: float) -> None:
        """Let time pass at once: for old messages, late answers, flood control, expired updates."""
        self.ask("advance", seconds=seconds)


class RemoteTelegram(TelegramDriver):
    """A stand-in in another process, driven over its control interface.

    Args:
        address: ``http://127.0.0.1:PORT``.
    """

    def __init__(self, address: str) -> None:
        super().__init__(address)
        # Only loopback: looking for certificates would take longer than most tests.
        plain = httpx.HTTPTransport(verify=False)
        self._client = httpx.Client(base_url=f"{address}/control/", timeout=60, transport=plain)

    def ask(self, action: str, **arguments: Any) -> Any:
        response = self._client.post(action, json=arguments)
        if response.status_code == httpx.codes.CONFLICT:
            raise ImpossibleError(response.json()["impossible"])
        return response.raise_for_status().json()["result"]

    def close(self) -> None:
        """Let go of the connection; the stand-in lives on."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
