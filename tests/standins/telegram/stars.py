"""Telegram Stars: invoices, the checkout that a bot must confirm in ten seconds, refunds, the statement.

A simple model: one price, no subscription renewals, no affiliates; people have as many Stars as they need.
"""

from __future__ import annotations

from tests.standins.telegram.params import Params
from tests.standins.telegram.records import BotAccount, Checkout, Invoice
from tests.standins.telegram.refusals import Json, bad_request, query_too_old
from tests.standins.telegram.sending import deliver
from tests.standins.telegram.world import World

ANSWER_WITHIN_S = 10
MAX_STATEMENT = 100
SUBSCRIPTION_PERIOD_S = 2_592_000
_CURRENCY = "XTR"


def send_invoice(world: World, bot: BotAccount, params: Params) -> Json:
    """``sendInvoice``: a message with a Pay button."""
    chat = world.chat_for_bot(bot, params.chat_id())
    invoice = _invoice(params)
    markup = params.nested("reply_markup")
    if markup and not markup["inline_keyboard"][0][0].get("pay"):
        raise bad_request("the first button of an invoice must be a Pay button")
    content: Json = {
        "invoice": {
            "title": invoice.title,
            "description": params.text("description"),
            "start_parameter": params.text("start_parameter"),
            "currency": _CURRENCY,
            "total_amount": invoice.total_amount,
        },
    }
    message = deliver(world, bot, chat, params, content)
    bot.invoices[chat.id, message["message_id"]] = invoice
    return message


def create_invoice_link(world: World, bot: BotAccount, params: Params) -> str:
    """``createInvoiceLink``: anybody with the link can pay, as often as they like."""
    period = params.integer("subscription_period")
    if period not in {0, SUBSCRIPTION_PERIOD_S}:
        raise bad_request("SUBSCRIPTION_PERIOD_INVALID")
    link = f"https://t.me/${world.query_id()}"
    invoice = _invoice(params)
    invoice.is_subscription = bool(period)
    bot.invoice_links[link] = invoice
    return link


def answer_pre_checkout_query(world: World, bot: BotAccount, params: Params) -> bool:
    """``answerPreCheckoutQuery``: yes takes the Stars and tells the bot so, no shows the person why."""
    checkout = bot.checkouts.get(params.text("pre_checkout_query_id"))
    if checkout is None or checkout.state != "waiting":
        raise query_too_old()
    if world.now() - checkout.asked_at > ANSWER_WITHIN_S:
        checkout.state = "expired"
        raise query_too_old()
    if params.flag("ok"):
        take_stars(world, bot, checkout)
    else:
        if not params.text("error_message"):
            raise bad_request("error message must be non-empty")
        checkout.state, checkout.error = "refused", params.text("error_message")
    world.pulse.beat()
    return True


def refund_star_payment(world: World, bot: BotAccount, params: Params) -> bool:
    """``refundStarPayment``: once, to whom it came from."""
    charge_id, person_id = params.text("telegram_payment_charge_id"), params.integer("user_id")
    paid = [c for c in bot.checkouts.values() if c.charge_id == charge_id and c.person_id == person_id]
    if not charge_id or not paid:
        raise bad_request("CHARGE_NOT_FOUND")
    if any(t["id"] == charge_id and "receiver" in t for t in bot.transactions):
        raise bad_request("CHARGE_ALREADY_REFUNDED")
    invoice = paid[0].invoice
    partner = _partner(world, person_id, invoice)
    bot.transactions.append(_transaction(world, charge_id, invoice) | {"receiver": partner})
    chat = world.private_chat(bot, world.person(person_id))
    world.put_message(chat, bot.user_json(), {"refunded_payment": _payment_json(invoice, charge_id)})
    return True


def get_star_transactions(_world: World, bot: BotAccount, params: Params) -> Json:
    """``getStarTransactions``: oldest first."""
    offset, limit = params.integer("offset"), params.integer("limit", MAX_STATEMENT)
    if not 1 <= limit <= MAX_STATEMENT or offset < 0:
        raise bad_request("LIMIT_INVALID")
    return {"transactions": bot.transactions[offset : offset + limit]}


def get_my_star_balance(_world: World, bot: BotAccount, _params: Params) -> Json:
    """``getMyStarBalance``."""
    signed = (t["amount"] if "source" in t else -t["amount"] for t in bot.transactions)
    return {"amount": sum(signed)}


def _invoice(params: Params) -> Invoice:
    if not 1 <= len(params.text("title")) <= 32:
        raise bad_request("TITLE_INVALID")
    if not 1 <= len(params.text("description")) <= 255:
        raise bad_request("DESCRIPTION_INVALID")
    if not 1 <= len(params.text("payload").encode()) <= 128:
        raise bad_request("INVOICE_PAYLOAD_INVALID")
    if params.text("currency") != _CURRENCY:
        raise bad_request("CURRENCY_INVALID")
    if params.text("provider_token"):
        raise bad_request("PAYMENT_PROVIDER_INVALID")
    prices = params.nested("prices")
    if not isinstance(prices, list) or len(prices) != 1 or int(prices[0].get("amount", 0)) < 1:
        raise bad_request("STARS_INVOICE_INVALID")
    return Invoice(
        params.text("payload"), int(prices[0]["amount"]), params.text("title"), params.text("start_parameter")
    )


def take_stars(world: World, bot: BotAccount, checkout: Checkout) -> None:
    """The Stars change hands, and the bot is told."""
    person = world.person(checkout.person_id)
    checkout.state, checkout.charge_id = "paid", f"stx{world.query_id()}"
    partner = _partner(world, person.id, checkout.invoice)
    bot.transactions.append(_transaction(world, checkout.charge_id, checkout.invoice) | {"source": partner})
    chat = world.private_chat(bot, person)
    chat.is_open = True
    payment = _payment_json(checkout.invoice, checkout.charge_id)
    if checkout.invoice.is_subscription:
        expires = int(world.now()) + SUBSCRIPTION_PERIOD_S
        payment |= {
            "subscription_expiration_date": expires,
            "is_recurring": True,
            "is_first_recurring": True,
        }
    message = world.put_message(chat, person.user_json(), {"successful_payment": payment})
    if not bot.loses_payments:
        world.push(bot, "message", message, f"chat:{chat.id}")


def _payment_json(invoice: Invoice, charge_id: str) -> Json:
    return {
        "currency": _CURRENCY,
        "total_amount": invoice.total_amount,
        "invoice_payload": invoice.payload,
        "telegram_payment_charge_id": charge_id,
        "provider_payment_charge_id": "",
    }


def _transaction(world: World, charge_id: str, invoice: Invoice) -> Json:
    return {"id": charge_id, "amount": invoice.total_amount, "date": int(world.now())}


def _partner(world: World, person_id: int, invoice: Invoice) -> Json:
    user = world.person(person_id).user_json()
    kind = {"type": "user", "transaction_type": "invoice_payment"}
    return {**kind, "user": user, "invoice_payload": invoice.payload}
