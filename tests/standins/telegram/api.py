"""The Bot API over HTTP: address, arguments, faults, the JSON envelope, the log of calls."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from tests.standins.telegram import account, editing, polling, sending, stars
from tests.standins.telegram.faults import Fault
from tests.standins.telegram.params import Params, read_params
from tests.standins.telegram.records import BotAccount
from tests.standins.telegram.refusals import Json, RefusedError, not_simulated, unknown_method
from tests.standins.telegram.updates import PARAMETERS
from tests.standins.telegram.world import World

Handler = Callable[[World, BotAccount, Params], Any]

HANDLERS: dict[str, Handler] = {
    "getMe": account.get_me,
    "getChat": account.get_chat,
    "getFile": account.get_file,
    "sendChatAction": account.send_chat_action,
    "setMyCommands": account.set_my_commands,
    "getMyCommands": account.get_my_commands,
    "deleteMyCommands": account.delete_my_commands,
    "answerCallbackQuery": account.answer_callback_query,
    "sendMessage": sending.send_message,
    "sendPhoto": sending.send_photo,
    "sendDocument": sending.send_document,
    "editMessageText": editing.edit_message_text,
    "editMessageCaption": editing.edit_message_caption,
    "editMessageMedia": editing.edit_message_media,
    "editMessageReplyMarkup": editing.edit_message_reply_markup,
    "deleteMessage": editing.delete_message,
    "deleteMessages": editing.delete_messages,
    "setWebhook": polling.set_webhook,
    "deleteWebhook": polling.delete_webhook,
    "getWebhookInfo": polling.get_webhook_info,
    "sendInvoice": stars.send_invoice,
    "createInvoiceLink": stars.create_invoice_link,
    "answerPreCheckoutQuery": stars.answer_pre_checkout_query,
    "refundStarPayment": stars.refund_star_payment,
    "getStarTransactions": stars.get_star_transactions,
    "getMyStarBalance": stars.get_my_star_balance,
}
"""What the stand-in models, getUpdates aside, which waits."""

_BY_LOWER_NAME = {name.lower(): name for name in PARAMETERS}
_BAD_GATEWAY = "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"


@dataclass(frozen=True, slots=True)
class _Arrival:
    """One call on its way, and its line in the log."""

    request: Request
    bot: BotAccount
    method: str
    params: Params
    record: Json


class BotApi:
    """Answers ``/bot<token>/<method>`` and ``/file/bot<token>/<path>``; method names know no case."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def call(self, request: Request) -> Response:
        """One API call."""
        try:
            bot = self._world.bot(request.path_params["token"])
            method = _BY_LOWER_NAME.get(request.path_params["method"].lower())
            if method is None:
                raise unknown_method()
            params = await read_params(request)
        except RefusedError as refusal:
            return JSONResponse(refusal.envelope(), refusal.code)
        arrival = _Arrival(request, bot, method, params, self._record(bot, method, params))
        chat_id = params.integer("chat_id") if params.has("chat_id") else None
        fault = self._world.faults.take(method, chat_id)
        arrival.record["fault"] = fault.kind if fault else None
        return await self._answer(arrival, fault)

    async def download(self, request: Request) -> Response:
        """The bytes of a file of this bot."""
        try:
            bot = self._world.bot(request.path_params["token"])
        except RefusedError as refusal:
            return JSONResponse(refusal.envelope(), refusal.code)
        for file in bot.files.values():
            if file.path == request.path_params["path"]:
                return Response(file.content, media_type="application/octet-stream")
        return JSONResponse(RefusedError(404, "Not Found").envelope(), 404)

    async def _answer(self, arrival: _Arrival, fault: Fault | None) -> Response:
        """Carry the call out, with the fault before or after its effect."""
        record, kind = arrival.record, fault.kind if fault else ""
        if fault is not None and kind == "delay_before":
            await asyncio.sleep(fault.seconds)
        refusal = fault.refusal() if fault else None
        if kind == "drop_before":
            return await _drop(arrival.request)
        if kind == "502":
            return HTMLResponse(_BAD_GATEWAY, 502)
        try:
            if refusal is not None:
                raise refusal
            record["result"] = await self._carry_out(arrival)
        except RefusedError as error:
            record["error_code"], record["description"] = error.code, error.description
            return JSONResponse(error.envelope(), error.code)
        finally:
            self._world.pulse.beat()
        if fault is not None and kind == "delay_after":
            await asyncio.sleep(fault.seconds)
        if kind == "drop_after":
            return await _drop(arrival.request)
        if kind == "502_after":
            return HTMLResponse(_BAD_GATEWAY, 502)
        return JSONResponse({"ok": True, "result": record["result"]})

    async def _carry_out(self, arrival: _Arrival) -> Any:
        bot, params = arrival.bot, arrival.params
        if arrival.method == "getUpdates":
            return await polling.get_updates(self._world, bot, params, arrival.request.is_disconnected)
        handler = HANDLERS.get(arrival.method)
        if handler is None:
            raise not_simulated(arrival.method)
        return handler(self._world, bot, params)

    def _record(self, bot: BotAccount, method: str, params: Params) -> Json:
        known = PARAMETERS[method]
        given = params.record()
        record: Json = {
            "token": bot.token,
            "method": method,
            "params": given,
            "unknown": [] if known is None else sorted(name for name in given if name not in known),
            "at": self._world.now(),
            "result": None,
            "error_code": None,
            "description": None,
        }
        self._world.calls.append(record)
        return record


async def _drop(request: Request) -> Response:
    """Cut the connection without an answer."""
    request.state.transport.abort()
    await asyncio.sleep(0)
    return Response(status_code=500)
