"""The catalogues: every text that the code asks for is there, in every language, with the same placeholders."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from string import Formatter
from typing import Final

import pytest
from babel.messages.pofile import read_po

import admin_cmds
from admin_cmds.registry import COMMANDS
from admin_cmds.words import STAFF_WORDS
from handlers.words import CUSTOMER_WORDS, TYPED
from shop_core.cases.cases import CaseKind
from shop_core.catalog.read import ProductState
from shop_core.kernel.errors import ShopError
from shop_core.messaging.queue import NewsKind
from shop_core.orders.models import OrderState
from shop_core.orders.take_payment import Taken
from shop_core.payments.models import PaymentState, ReceiptState
from shop_core.payments.receipts import Reason
from shop_core.reconciliation.close import Way
from shop_core.reconciliation.lines import LineState
from shop_core.reconciliation.match import DIFFERENCES, Kind

LANGUAGES: Final = ("zh", "en")
FOLDERS: Final = {"handlers": CUSTOMER_WORDS, "admin_cmds": STAFF_WORDS}
ROOT: Final = Path(__file__).parents[1]
SPEAKING: Final = ("handlers", "admin_cmds", "bot")
"""Where texts are asked for by key. ``bot`` only asks for some; what it asks for has to be there too."""

FIRST_ARGUMENT: Final = frozenset({"say", "count", "has", "button"})
"""Calls whose first argument is a key: ``say(…)``, ``say.count(…)``, ``say.has(…)``, ``desk.button(…)``."""

BY_ENUM: Final[dict[str, tuple[type[StrEnum], frozenset[str]]]] = {
    "order.{}.title": (OrderState, frozenset()),
    "order.{}.short": (OrderState, frozenset()),
    "admin.why.{}": (OrderState, frozenset()),
    "admin.refund.not.{}": (OrderState, frozenset({"paid", "delivered"})),
    "admin.order.ended.{}": (OrderState, frozenset({"awaiting", "paid", "delivered"})),
    "admin.product.{}": (ProductState, frozenset()),
    "admin.case.{}": (CaseKind, frozenset()),
    "admin.case.{}.means": (CaseKind, frozenset({"suspense"})),
    "admin.news.{}": (NewsKind, frozenset()),
    "admin.why.payment.{}": (PaymentState, frozenset()),
    "admin.why.receipt.{}": (ReceiptState, frozenset()),
    "admin.suspense.state.{}": (ReceiptState, frozenset()),
    "admin.suspense.reason.{}": (Reason, frozenset()),
    "admin.reconcile.kind.{}": (Kind, frozenset()),
    "admin.reconcile.kind.{}.means": (Kind, frozenset(Kind) - DIFFERENCES),
    "admin.reconcile.state.{}": (LineState, frozenset()),
    "admin.reconcile.way.{}": (Way, frozenset()),
    "admin.reconcile.way.{}.done": (Way, frozenset()),
    "admin.sheet.state.{}": (LineState, frozenset()),
    "admin.sheet.way.{}": (Way, frozenset()),
    "admin.ask.{}": (Taken, frozenset()),
    "news.money.{}": (Reason, frozenset({"meant"})),
    "news.returned.{}": (Reason, frozenset({"meant", "over", "unknown_number", "erased"})),
}
"""Keys that the code builds from a state: the pattern, the states, and those that cannot occur there."""


_TOUCH: Final = {
    "zh": re.compile("点[“「一开击得按选下过]|再点|等几秒再点|[先或]点|按[“「下]|按按钮|按钮|图片|会更新"),
    "en": re.compile(r"\b([Tt]ap|[Pp]ress(ed)?|[Cc]lick|buttons?|[Pp]ictures?)\b|message changes"),
}
"""Words of a text that has something to touch or to look at beside it, or that goes on changing."""

TOUCHED_ONLY: Final = frozenset(
    {
        # The web chat's own, and what is asked for a file by a channel that brings files.
        "page.reveal",
        "error.slow_down",
        "support.picture",
        "wechat.no_media",
        # Left out where people type.
        "admin.thread.reply_hint",
        # Says what others did, or names what a button is.
        "admin.why.asked",
        "admin.why.unseen",
        "admin.why.next.unseen",
        "admin.funnel.opened",
        "admin.about.form",
        "admin.about.thread_file",
        "admin.usage.form",
        "admin.goods.is.link",
    }
)


@dataclass
class Asked:
    """The keys that code asks for: whole ones, and the beginnings of those it builds."""

    whole: dict[str, str] = field(default_factory=dict)
    begun: dict[str, str] = field(default_factory=dict)


def catalogue(package: str, language: str) -> dict[str, tuple[str, ...]]:
    """Key → its texts, one a plural form."""
    with (FOLDERS[package] / f"{language}.po").open("rb") as file:
        messages = read_po(file, locale=language, abort_invalid=True)
    return {
        message.id if isinstance(message.id, str) else message.id[0]: (
            (message.string,) if isinstance(message.string, str) else tuple(message.string or ())
        )
        for message in messages
        if message.id
    }


def all_keys(language: str) -> set[str]:
    return {key for package in FOLDERS for key in catalogue(package, language)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_said_twice(language: str) -> None:
    """A second text for a key takes the place of the first, wherever that is shown."""
    for package in FOLDERS:
        lines = next((ROOT / package).rglob(f"{language}.po")).read_text("utf-8").splitlines()
        keys = [line for line in lines if line.startswith("msgid ") and line != 'msgid ""']
        assert sorted({key for key in keys if keys.count(key) > 1}) == [], package


def read_asked() -> Asked:
    asked = Asked()
    for package in SPEAKING:
        for path in sorted((ROOT / package).rglob("*.py")):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
                if call.args and _name_of(call.func) in FIRST_ARGUMENT:
                    for key in _keys(call.args[0]):
                        where = f"{path.relative_to(ROOT)}:{call.lineno}"
                        (asked.begun if key.endswith("*") else asked.whole)[key.rstrip("*")] = where
    return asked


def _name_of(called: ast.expr) -> str:
    match called:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def _keys(argument: ast.expr) -> Iterator[str]:
    """Keys in an argument; one that is built ends with ``*`` where it is filled in. A variable is none."""
    match argument:
        case ast.Constant(value=str(key)) if "." in key:
            yield key
        case ast.IfExp(body=body, orelse=orelse):
            yield from _keys(body)
            yield from _keys(orelse)
        case ast.JoinedStr(values=[ast.Constant(value=str(beginning)), *_]) if "." in beginning:
            yield f"{beginning}*"


def _constants() -> set[str]:
    """Every text in the code that could be a key: those that reach ``say`` through a variable are among them."""
    return {
        node.value
        for package in SPEAKING
        for path in (ROOT / package).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def _beginnings() -> set[str]:
    """Every text in the code that goes on with something filled in."""
    return {
        node.values[0].value
        for package in SPEAKING
        for path in (ROOT / package).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.JoinedStr)
        and isinstance(node.values[0], ast.Constant)
        and isinstance(node.values[0].value, str)
    }


def _refusals() -> set[str]:
    for module in pkgutil.iter_modules(admin_cmds.__path__):
        importlib.import_module(f"admin_cmds.{module.name}")
    found: set[type[ShopError]] = set()
    waiting = [ShopError]
    while waiting:
        error = waiting.pop()
        found.add(error)
        waiting += error.__subclasses__()
    return {error.code for error in found}


def _placeholders(texts: tuple[str, ...]) -> set[str]:
    return {name for text in texts for _, name, _, _ in Formatter().parse(text) if name is not None}


# -------------------------------------------------------------------------------------------------- the languages


@pytest.mark.parametrize("package", FOLDERS)
def test_every_language_has_the_same_keys(package: str) -> None:
    assert set(catalogue(package, "zh")) == set(catalogue(package, "en"))


@pytest.mark.parametrize("package", FOLDERS)
def test_no_text_is_missing(package: str) -> None:
    for language in LANGUAGES:
        assert [key for key, texts in catalogue(package, language).items() if not all(texts)] == []


@pytest.mark.parametrize("package", FOLDERS)
def test_a_text_has_the_same_placeholders_in_every_language(package: str) -> None:
    chinese, english = catalogue(package, "zh"), catalogue(package, "en")
    differing = {
        key: (_placeholders(chinese[key]), _placeholders(english[key]))
        for key in chinese.keys() & english.keys()
        if _placeholders(chinese[key]) != _placeholders(english[key])
    }
    assert differing == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_where_people_type_no_text_asks_for_a_touch(language: str) -> None:
    texts = catalogue("handlers", language) | catalogue("admin_cmds", language)
    typed = {key.removesuffix(TYPED) for key in texts if key.endswith(TYPED)}
    assert typed - texts.keys() == set(), "each takes the place of another"
    assert {
        key for key in typed if _placeholders(texts[key]) != _placeholders(texts[f"{key}{TYPED}"])
    } == set()
    touching = {key for key, said in texts.items() if any(_TOUCH[language].search(text) for text in said)}
    assert {key for key in touching if key.endswith(TYPED)} == set()
    assert touching - typed - TOUCHED_ONLY == set(), "say it in other words under <key>.typed"


def test_staff_and_customers_share_no_key() -> None:
    assert set(catalogue("handlers", "zh")) & set(catalogue("admin_cmds", "zh")) == set()


# -------------------------------------------------------------------------------------------------- the code


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_key_that_the_code_names_is_there(language: str) -> None:
    keys = all_keys(language)
    asked = read_asked()
    assert len(asked.whole) > 100
    assert {key: where for key, where in asked.whole.items() if key not in keys} == {}
    optional = {"gateway."}
    begun = {key: where for key, where in asked.begun.items() if key not in optional}
    assert {
        key: where for key, where in begun.items() if not any(known.startswith(key) for known in keys)
    } == {}


@pytest.mark.parametrize("pattern", BY_ENUM)
def test_every_state_has_its_words(pattern: str) -> None:
    states, impossible = BY_ENUM[pattern]
    wanted = {pattern.format(state.value) for state in states if state.value not in impossible}
    for language in LANGUAGES:
        assert wanted - all_keys(language) == set()


def test_every_command_tells_how_it_is_written_and_what_it_does() -> None:
    wanted = {f"admin.{part}.{command.word}" for command in COMMANDS for part in ("usage", "about")}
    for language in LANGUAGES:
        assert wanted - all_keys(language) == set()
    named = {
        key.split(".")[-1] for key in all_keys("zh") if key.startswith(("admin.about.", "admin.ask_for."))
    }
    assert named - {command.word for command in COMMANDS} == {"placeholder"}


def test_every_refusal_of_staff_commands_has_its_words() -> None:
    wanted = {f"error.{code}" for code in _refusals() if code.startswith("admin.")}
    for language in LANGUAGES:
        assert wanted - all_keys(language) <= {"error.admin.misused", "error.admin.unfinished"}


def test_no_words_of_staff_lie_about_unused() -> None:
    asked, constants = read_asked(), _constants()
    built = tuple(beginning for beginning in _beginnings() if beginning.endswith("."))
    errors = {f"error.{code}" for code in _refusals()}
    unused = [
        key
        for key in catalogue("admin_cmds", "zh")
        if key not in asked.whole
        and key not in constants
        and not key.startswith(built)
        and not key.endswith(TYPED)
        and not any(key == error or key.startswith(f"{error}.staff") for error in errors)
    ]
    assert unused == []
