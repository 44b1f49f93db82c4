"""The payer's pages as HTML: no script, no foreign asset, everything that came from outside escaped."""

from html import escape

from starlette.responses import HTMLResponse

from bot.sandbox.cashier.notify import notification, with_query
from bot.sandbox.cashier.orders import Order, fen_of, site_time
from bot.sandbox.cashier.settings import Settings
from bot.sandbox.cashier.words import Words

DEFAULT_LATE_S = 30
MOST_LATE_S = 3600
SHORT_BY_FEN = 100
CHOICES = ("alipay", "wxpay", "qqpay")

_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    "vary": "Accept-Language",
}

_CHECK_MARK = (
    '<svg class="mark" viewBox="0 0 64 64" aria-hidden="true"><circle cx="32" cy="32" r="32"/>'
    '<path d="M19 33.5l9 9 17-19"/></svg>'
)
_CROSS_MARK = (
    '<svg class="mark no" viewBox="0 0 64 64" aria-hidden="true"><circle cx="32" cy="32" r="32"/>'
    '<path d="M23 23l18 18M41 23L23 41"/></svg>'
)


def html_response(page: str, status_code: int = 200) -> HTMLResponse:
    """Answer with a page under the strictest policy that it needs."""
    return HTMLResponse(page, status_code=status_code, headers=_HEADERS)


def checkout_page(order: Order, settings: Settings, words: Words, did: str = "") -> str:
    """Draw an order that waits for its payer. ``did`` names the mischief just done, if any."""
    brand = f"brand-{order.method}" if order.method in words.methods else "brand-any"
    return _page(
        f"{words.title} · {settings.merchant_name}",
        f"""
<main class="card {brand}">
  {_payee(settings, words)}
  {_amount(order.money)}
  {_note(words, did)}
  <form method="post" action="/pay/{order.trade_no}">
    {_details(order, words)}
    {_choice(order, words)}
    <button class="pay" name="do" value="pay">{words.pay} ¥{escape(order.money)}</button>
  </form>
</main>
{_mischief(order, words)}""",
        words,
    )


def paid_page(order: Order, settings: Settings, words: Words, did: str = "") -> str:
    """Draw an order that is paid, with the signed way back that real sites give."""
    way_back = f"<p class='hint'>{words.close}</p>"
    if order.draft.return_url:
        address = with_query(order.draft.return_url, notification(order, settings))
        way_back = f'<a class="pay" href="{escape(address)}">{words.back}</a>'
    return _page(
        f"{words.paid} · {settings.merchant_name}",
        f"""
<main class="card brand-paid">
  {_CHECK_MARK}
  <h1>{words.paid}</h1>
  {_amount(order.money)}
  {_note(words, did)}
  {_details(order, words)}
  {way_back}
</main>""",
        words,
    )


def refusal_page(reason: str, words: Words) -> str:
    """Draw why nothing can be paid here."""
    return _page(
        words.refused,
        f"""
<main class="card">
  {_CROSS_MARK}
  <h1>{words.refused}</h1>
  <p class="hint">{escape(reason)}</p>
</main>""",
        words,
    )


def _page(title: str, body: str, words: Words) -> str:
    return f"""<!doctype html>
<html lang="{words.tag}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
<title>{escape(title)}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/cashier.css">
</head>
<body>
<p class="banner" role="note">{words.banner}</p>
{body}
</body>
</html>
"""


def _payee(settings: Settings, words: Words) -> str:
    name = escape(settings.merchant_name)
    initial = escape(settings.merchant_name[:1])
    return (
        f'<header class="payee"><span class="avatar" aria-hidden="true">{initial}</span>'
        f"<span><small>{words.pay_to}</small><strong>{name}</strong></span></header>"
    )


def _amount(money: str) -> str:
    return f'<p class="amount"><span>¥</span>{escape(money)}</p>'


def _note(words: Words, did: str) -> str:
    return f'<p class="note" role="status">{words.notes[did]}</p>' if did in words.notes else ""


def _details(order: Order, words: Words) -> str:
    rows = [(words.goods, order.draft.name)]
    if order.method:
        rows.append((words.method, words.methods[order.method]))
    rows.append((words.order_no, order.draft.out_trade_no))
    rows.append((words.trade_no, order.trade_no))
    if order.payment:
        rows.append((words.paid_at, site_time(order.payment.paid_at)))
    drawn = "".join(f"<div><dt>{label}</dt><dd>{escape(value)}</dd></div>" for label, value in rows)
    return f"<dl>{drawn}</dl>"


def _choice(order: Order, words: Words) -> str:
    if order.method:
        return ""
    options = "".join(
        f'<label><input type="radio" name="type" value="{method}"{checked}>'
        f'<span class="dot dot-{method}"></span>{words.methods[method]}</label>'
        for method, checked in zip(CHOICES, (" checked", "", ""), strict=True)
    )
    return f'<fieldset class="choice"><legend>{words.choose_method}</legend>{options}</fieldset>'


def _mischief(order: Order, words: Words) -> str:
    short = f'<button name="do" value="short">{words.short}</button>'
    if fen_of(order.money) <= SHORT_BY_FEN:
        short = ""
    return f"""
<details class="mischief">
  <summary>{words.mischief}</summary>
  <p class="hint">{words.mischief_hint}</p>
  <form method="post" action="/pay/{order.trade_no}">
    <button name="do" value="twice">{words.twice}</button>
    {short}
    <button name="do" value="lost">{words.lost}</button>
    <button name="do" value="forged">{words.forged}</button>
    <div class="late">
      <button name="do" value="late">{words.late}</button>
      <input type="number" name="delay_s" value="{DEFAULT_LATE_S}" min="0" max="{MOST_LATE_S}"
             aria-label="{words.late}"><span>{words.late_unit}</span>
    </div>
  </form>
</details>"""
