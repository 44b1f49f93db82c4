"""``kapu admin``: the chat's commands in a shell, with exit codes, files and questions."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.commands.admin import admin
from shop_core.vault.vault import new_key
from tests.admin.office import staffed
from tests.core.builders import VAULT_KEYS, Market, a_market

CONFIG = """
[shop]
owners = ["web:1"]
[database]
url = "sqlite:///{database}"
[vault]
active_key = "k1"
[vault.keys]
k1 = "file:k1.key"
fingerprint = "file:fingerprint.key"
[channels.web]
kind = "webchat"
session_secret = "file:session.key"
"""


class Shell:
    """A shell beside a shop's config."""

    def __init__(self, folder: Path, database: Path) -> None:
        self.folder, self.database = folder, database
        for name, key in VAULT_KEYS.items():
            (folder / f"{name}.key").write_text(key.reveal())
        (folder / "session.key").write_text(new_key())
        (folder / "config.toml").write_text(CONFIG.format(database=database))

    def run(self, *words: str, said: str | bytes = "", language: str = "zh_CN.UTF-8") -> Result:
        environ = {"KAPU_CONFIG": str(self.folder / "config.toml"), "LC_ALL": language}
        result = CliRunner().invoke(admin, words, input=said, env=environ)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    def one(self, statement: str) -> object:
        with closing(sqlite3.connect(self.database)) as connection:
            return connection.execute(statement).fetchone()[0]


@pytest.fixture
def shell(sqlite_url: str, tmp_path: Path) -> Shell:
    return Shell(tmp_path, Path(sqlite_url.partition("///")[2]))


async def _sell(market: Market) -> str:
    staffed(market)
    customer = await market.a_customer()
    return (await market.an_order(customer, paid=True)).number


@pytest.fixture
def sold(sqlite_url: str, shell: Shell) -> str:
    """The number of an order that was paid and delivered."""

    async def sell() -> str:
        async with a_market(sqlite_url) as market:
            return await _sell(market)

    del shell
    return asyncio.run(sell())


def test_a_product_is_set_up_and_stocked(shell: Shell) -> None:
    (shell.folder / "codes.txt").write_text("S-1\nS-2\nS-2\n")
    assert "草稿" in shell.run("product", "add", "爱奇艺黄金会员", "--en", "iQIYI").output
    assert "¥15.00" in shell.run("variant", "add", "1", "15", "月卡", "--cost", "12.30").output
    imported = shell.run("import", "1", "--expires", "2027-03-31", str(shell.folder / "codes.txt"))
    assert "入库 2 张" in imported.output
    assert "重复 1 张" in imported.output
    assert "S-1" not in imported.output
    again = shell.run("import", "1", "-", said="S-2\nS-3\n")
    assert "入库 1 张" in again.output
    assert "1 张以前就有" in again.output
    assert "在售" in shell.run("product", "publish", "1").output
    assert shell.one("SELECT count(*) FROM audit_log WHERE actor LIKE 'shell:%'") == 5
    assert shell.one("SELECT min(imported_by) LIKE 'shell:%' FROM batches") == 1


def test_buttons_are_printed_as_the_commands_they_stand_for(shell: Shell) -> None:
    assert "新建商品  →  kapu admin product add" in shell.run("product", "list").output


def test_the_shell_speaks_its_own_language(shell: Shell) -> None:
    assert "Nothing to do." in shell.run("cases", language="en_US.UTF-8").output
    assert "没有待处理的事" in shell.run("cases").output


def test_help_needs_no_config_and_lists_every_command(tmp_path: Path) -> None:
    environ = {"KAPU_CONFIG": str(tmp_path / "none.toml"), "LC_ALL": "C"}
    result = CliRunner().invoke(admin, ["--help"], env=environ)
    assert result.exit_code == 0
    assert "price VARIANT PRICE [COST]" in result.output
    assert "FILE (or -)" in result.output


def test_a_slip_ends_with_2_and_says_how_it_is_written(shell: Shell) -> None:
    for words in (
        ("price", "1"),
        ("price", "x", "5"),
        ("import", "1"),
        ("refund",),
        ("limits", "1", "2", "-1"),
    ):
        result = shell.run(*words)
        assert result.exit_code == 2, words
        assert f"写法：kapu admin {words[0]}" in result.output
        assert "例如：" in result.output


def test_a_refusal_ends_with_1_and_one_line(shell: Shell) -> None:
    refusals = {
        ("nope",): "没有“nope”这个命令",
        ("order", "K7M2-9QX9"): "没有找到这个订单",
        ("price", "7", "一块"): "金额看不懂",
        ("import", "7", "nowhere.txt"): "nowhere.txt: No such file",
        ("import", "7", "-"): "没有这个规格号",
    }
    for words, said in refusals.items():
        result = shell.run(*words)
        assert result.exit_code == 1, words
        assert said in result.output
        assert len(result.output.strip().splitlines()) == 1


def test_a_database_of_another_version_is_not_touched(shell: Shell) -> None:
    shell.database.write_bytes(b"")
    result = shell.run("orders")
    assert result.exit_code == 1
    assert "kapu db upgrade" in result.output


def test_a_refund_asks_on_the_terminal(shell: Shell, sold: str) -> None:
    for answer in ("n\n", ""):
        refused = shell.run("refund", sold, said=answer)
        assert refused.exit_code == 1
        assert "什么也没做" in refused.output
    assert shell.one("SELECT state FROM orders") == "delivered"
    done = shell.run("refund", sold, said="y\n")
    assert done.exit_code == 0
    assert "已退到买家余额" in done.output
    assert "没有重复退" in shell.run("refund", sold, "--yes").output
    assert shell.one("SELECT amount_minor FROM ledger_balances") == 990


def test_a_script_says_yes_beforehand(shell: Shell, sold: str) -> None:
    assert shell.run("refund", sold, "--yes").exit_code == 0
    person = str(shell.one("SELECT person_id FROM orders"))
    assert "+¥5.00" in shell.run("wallet", person, "5", "补偿", "--yes").output
    assert "−¥1.50" in shell.run("wallet", person, "-1.50", "记错了", "--yes").output
    assert shell.one("SELECT amount_minor FROM ledger_balances") == 990 + 500 - 150


def test_verify_opens_every_code_and_ends_with_1_when_something_is_wrong(shell: Shell, sold: str) -> None:
    assert sold
    assert shell.run("verify", "--codes").exit_code == 0
    with closing(sqlite3.connect(shell.database)) as connection, connection:
        connection.execute(
            "UPDATE ledger_postings SET amount_minor = amount_minor + 1 WHERE amount_minor > 0"
        )
    result = shell.run("verify")
    assert result.exit_code == 1
    assert "对不上" in result.output
    assert "entry_balances" in result.output


def test_no_code_is_ever_printed(shell: Shell, sold: str) -> None:
    for words in (("order", sold), ("why", sold), ("stock",), ("orders",), ("audit",)):
        assert "CODE-" not in shell.run(*words).output
