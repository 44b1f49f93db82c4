"""An owner's own texts: what he says is said, and what would break a screen is refused before the shop opens."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from admin_cmds.words import STAFF_WORDS
from bot.cli import main
from bot.outside import Outside
from bot.wiring import open_shop
from handlers.own_texts import find_mistakes
from handlers.words import CUSTOMER_WORDS, Words
from shop_core.payments.gateway import Gateways
from tests.bot.test_config import SMALLEST, faults_of, load

FOLDERS = (CUSTOMER_WORDS, STAFF_WORDS)
WITH_TEXTS = f'[shop]\ntexts = "texts"\n{SMALLEST}'


def write(folder: Path, text: str, name: str = "zh.po") -> Path:
    own = folder / "texts"
    own.mkdir(exist_ok=True)
    (own / name).write_text(text, "utf-8")
    return own


async def test_what_an_owner_says_is_said_and_the_rest_stays(tmp_path: Path) -> None:
    write(tmp_path, 'msgid "order.delivered.text"\nmsgstr "好了！{{}}"\n')
    shop = open_shop(load(tmp_path, WITH_TEXTS), Outside(), Gateways({}, {}))
    try:
        words = shop.get(Words)
        assert words.to("zh")("order.delivered.text") == "好了！{}"
        assert words.to("en")("order.delivered.text").startswith("Paid")
        assert words.to("zh")("order.awaiting.short") == "待付款"
    finally:
        await shop.database.close()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('msgid "order.deliverd.text"\nmsgstr "好"\n', "do you mean order.delivered.text?"),
        (
            'msgid "order.due"\nmsgstr "{amout}"\n',
            "nothing fills {amout}; what may stand in braces here: {amount}",
        ),
        ('msgid "order.due"\nmsgstr "{amount.minor}"\n', "nothing fills {amount.minor}"),
        ('msgid "order.due"\nmsgstr "{amount!r}"\n', "nothing fills {amount!}"),
        ('msgid "order.due"\nmsgstr "{}"\n', "nothing fills {}"),
        ('msgid "order.due"\nmsgstr "应付 {amount"\n', "a brace that does not close"),
        ('msgid "home.support_unseen"\nmsgstr "客服"\nmsgid ""', "cannot be read"),
        ('msgid "order.due"\nmsgid_plural "order.due"\nmsgstr[0] "{n}"\n', "nothing fills {n}"),
        ("not a catalogue at all", "cannot be read"),
    ],
)
def test_what_would_break_a_screen_is_named(tmp_path: Path, text: str, said: str) -> None:
    own = write(tmp_path, text)
    (mistake,) = find_mistakes(own, FOLDERS)
    assert mistake.startswith("zh.po: ")
    assert said in mistake
    assert said in faults_of(tmp_path, WITH_TEXTS)["shop.texts"]


def test_both_forms_of_an_english_plural_are_wanted(tmp_path: Path) -> None:
    whole = 'msgid "home.support_unseen"\nmsgid_plural "home.support_unseen"\nmsgstr[0] "{n} new"\n'
    own = write(tmp_path, whole, "en.po")
    assert "has 2 form(s)" in find_mistakes(own, FOLDERS)[0]
    write(tmp_path, f'{whole}msgstr[1] "{{n}} news"\n', "en.po")
    assert find_mistakes(own, FOLDERS) == []


def test_a_folder_that_says_nothing_is_refused(tmp_path: Path) -> None:
    assert "no folder there" in faults_of(tmp_path, WITH_TEXTS)["shop.texts"]
    (tmp_path / "texts").mkdir()
    assert "there is none of en.po, zh.po" in faults_of(tmp_path, WITH_TEXTS)["shop.texts"]
    write(tmp_path, "", "fr.po")
    assert "a language that the shop does not speak" in faults_of(tmp_path, WITH_TEXTS)["shop.texts"]


def test_what_the_command_shows_is_a_file_that_changes_nothing(tmp_path: Path) -> None:
    """Each text of either language, as it is shown, is taken: so whatever an owner begins from is good."""
    for language in ("zh", "en"):
        shown = CliRunner().invoke(main, ["texts", "--language", language])
        assert shown.exit_code == 0
        write(tmp_path, shown.output, f"{language}.po")
    assert find_mistakes(tmp_path / "texts", FOLDERS) == []
    own = Words(("zh", "en"), "Asia/Shanghai", FOLDERS, own=tmp_path / "texts")
    assert own.to("zh")("order.awaiting.short") == "待付款"


def test_words_find_texts() -> None:
    found = CliRunner().invoke(main, ["texts", "待付款", "order."])
    assert 'msgid "order.awaiting.short"' in found.output
    assert 'msgid "pay_page.awaiting"' not in found.output
    assert CliRunner().invoke(main, ["texts", "没有这句话"]).exit_code == 1
