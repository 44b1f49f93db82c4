"""The hand on the stand-in: one table of actions, called in process or by ``POST /control/<action>``."""

from __future__ import annotations

import dataclasses
import inspect
import json
from collections import Counter
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.standins.telegram.desk import Desk
from tests.standins.telegram.faults import FAULT_KINDS, Fault
from tests.standins.telegram.refusals import ImpossibleError, Json
from tests.standins.telegram.updates import PARAMETERS
from tests.standins.telegram.walkers import Walkers
from tests.standins.telegram.world import World


class Control:
    """Runs actions by name; whatever goes in or comes out is JSON, so both ways behave alike."""

    def __init__(self, world: World) -> None:
        self._world = world
        desk = Desk(world)
        self._actions: dict[str, Callable[..., Any]] = {
            "add_bot": desk.add_bot,
            "add_person": desk.add_person,
            "add_group": desk.add_group,
            "say": desk.say,
            "start": desk.start,
            "send_file": desk.send_file,
            "send_contact": desk.send_contact,
            "edit": desk.edit,
            "press": desk.press,
            "set_blocked": desk.set_blocked,
            "deactivate": desk.deactivate,
            "pay": desk.pay,
            "lose_payments": desk.lose_payments,
            "forget_start_parameter": desk.forget_start_parameter,
            "view": desk.view,
            "read_file": desk.read_file,
            "changed": desk.changed,
            "walk": Walkers(world, desk).walk,
            "calls": self._calls,
            "count_calls": self._count_calls,
            "forget_calls": world.calls.clear,
            "fail": self._fail,
            "heal": world.faults.orders.clear,
            "repeat_update": self._repeat_update,
            "updates": self._updates,
            "advance": world.advance,
            "ping": lambda: "pong",
        }

    async def run(self, action: str, arguments: Json) -> Any:
        """Do one thing.

        Raises:
            ImpossibleError: no client could do that, or there is no such action.
        """
        if action not in self._actions:
            raise ImpossibleError(f"there is no action {action}")
        result = self._actions[action](**arguments)
        if inspect.isawaitable(result):
            result = await result
        return json.loads(json.dumps(result))

    async def over_http(self, request: Request) -> Response:
        """``POST /control/<action>`` with a JSON object of arguments."""
        try:
            result = await self.run(request.path_params["action"], await request.json())
        except ImpossibleError as error:
            return JSONResponse({"impossible": str(error)}, 409)
        return JSONResponse({"result": result})

    def _calls(self, method: str | None = None) -> list[Json]:
        return [call for call in self._world.calls if method in {None, call["method"]}]

    def _count_calls(self, token: str) -> dict[str, int]:
        return Counter(call["method"] for call in self._world.calls if call["token"] == token)

    def _fail(self, **order: Any) -> None:
        fault = Fault(**order)
        if fault.kind not in FAULT_KINDS:
            raise ImpossibleError(f"there is no fault {fault.kind}; there are {', '.join(FAULT_KINDS)}")
        if fault.method != "*" and fault.method not in PARAMETERS:
            raise ImpossibleError(f"the Bot API has no method {fault.method}")
        self._world.faults.orders.append(fault)

    def _repeat_update(self, token: str, update_id: int) -> None:
        queue = self._world.bots[token].queue
        if update_id not in queue.history:
            raise ImpossibleError(f"there was no update {update_id}")
        queue.repeats.append(dataclasses.replace(queue.history[update_id], attempts=0, next_try_at=0.0))
        self._world.pulse.beat()

    def _updates(self, token: str, *, is_pending: bool) -> list[Json]:
        queue = self._world.bots[token].queue
        chosen = [*queue.repeats, *queue.pending] if is_pending else list(queue.history.values())
        return [update.to_json() for update in chosen]
