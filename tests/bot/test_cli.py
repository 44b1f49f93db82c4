"""The command line: one clear line and an exit code, never a traceback; and no waiting for ``--help``."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from bot.cli import COMMANDS, Shell, main
from shop_core.kernel.errors import ShopError
from shop_core.kernel.secret import Secret
from shop_core.vault.vault import FINGERPRINT_KEY, Vault, new_key

pytestmark = pytest.mark.usefixtures("logging_as_before")

CONFIG = """
[database]
url = "sqlite:///{folder}/kapu.db"
[vault]
active_key = "k1"
[vault.keys]
k1 = "file:vault.key"
fingerprint = "file:fingerprint.key"
[channels.web]
kind = "webchat"
session_secret = "file:session.key"
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    for name in ("vault", "fingerprint", "session"):
        (tmp_path / f"{name}.key").write_text(new_key())
    path = tmp_path / "config.toml"
    path.write_text(CONFIG.format(folder=tmp_path))
    return path


def kapu(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(main, [str(argument) for argument in arguments], prog_name="kapu")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


# -------------------------------------------------------------------------------------------------- the shell


def test_help_lists_every_command_in_its_own_words() -> None:
    said = kapu("--help").output
    context = click.Context(main)
    assert isinstance(main, Shell)
    for name, listed in COMMANDS.items():
        command = main.get_command(context, name)
        assert command is not None
        assert command.get_short_help_str(limit=200) == listed.help
        assert name in said


def test_help_waits_for_no_heavy_library() -> None:
    program = (
        "import sys\n"
        "from bot.cli import main\n"
        "main(['--help'], prog_name='kapu', standalone_mode=False)\n"
        "heavy = {'telegram', 'sqlalchemy', 'alembic', 'starlette', 'httpx', 'pydantic', 'structlog'}\n"
        "sys.exit(', '.join(sorted(heavy & set(sys.modules))) or None)\n"
    )
    root = Path(__file__).parents[2]
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert "check-config" in run.stdout


def test_an_unknown_command_is_a_mistake_of_usage() -> None:
    result = kapu("sell-everything")
    assert result.exit_code == 2
    assert "No such command" in result.stderr


def test_a_refusal_of_the_shop_is_one_line() -> None:
    class Closed(ShopError):
        code = "shop.closed"

    @click.command()
    def refuse() -> None:
        raise Closed(until="monday")

    class Refusing(Shell):
        def get_command(self, _ctx: click.Context, _name: str) -> click.Command:
            return refuse

    result = CliRunner().invoke(Refusing("kapu"), ["refuse"])
    assert result.exit_code == 1
    assert result.stderr == "Error: refused: shop.closed (until=monday)\n"


# ----------------------------------------------------------------------------------------------- check-config


def test_a_complete_config_is_summed_up(config: Path) -> None:
    result = kapu("check-config", config)
    assert result.exit_code == 0
    assert "complete" in result.stdout
    assert "web (webchat)" in result.stdout
    assert "note: shop.owners is empty" in result.stdout


def test_every_fault_of_a_config_is_listed(config: Path) -> None:
    text = config.read_text()
    config.write_text(text.replace("file:vault.key", "env:KAPU_NOT_SET") + "[shop]\ncurency = 'CNY'\n")
    result = kapu("check-config", config)
    assert result.exit_code == 1
    assert "2 things to mend" in result.stderr
    assert "vault.keys.k1: found no environment variable KAPU_NOT_SET" in result.stderr
    assert "shop.curency" in result.stderr
    assert "Traceback" not in result.output


def test_the_config_is_named_by_argument_variable_or_habit(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAPU_CONFIG", str(config))
    assert f"{config}: complete" in kapu("check-config").stdout
    monkeypatch.delenv("KAPU_CONFIG")
    monkeypatch.chdir(config.parent)
    assert "config.toml: complete" in kapu("check-config").stdout


def test_a_missing_config_tells_the_way_on(tmp_path: Path) -> None:
    result = kapu("db", "status", "--config", tmp_path / "none.toml")
    assert result.exit_code == 1
    assert "copy config.example.toml" in result.stderr


# --------------------------------------------------------------------------------------------------------- db


def test_the_database_is_brought_forward_once(config: Path) -> None:
    before = kapu("db", "status", "-c", config)
    assert (before.exit_code, before.stdout) == (
        1,
        "sqlite: not the newest schema; `kapu db upgrade` brings it forward\n",
    )
    first, second = kapu("db", "upgrade", "-c", config), kapu("db", "upgrade", "-c", config)
    assert first.exit_code == second.exit_code == 0
    assert "applied" in first.stdout
    assert second.stdout == "The database has the newest schema.\n"
    after = kapu("db", "status", "-c", config)
    assert (after.exit_code, after.stdout) == (0, "sqlite: the newest schema\n")


def test_a_newer_database_is_left_alone(config: Path) -> None:
    with closing(sqlite3.connect(config.parent / "kapu.db")) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        connection.execute("INSERT INTO alembic_version VALUES ('ffff')")
        connection.commit()
    result = kapu("db", "upgrade", "-c", config)
    assert result.exit_code == 1
    assert "refused: db.newer" in result.stderr


@pytest.mark.parametrize("url", ["sqlite:////nonexistent/kapu.db", "postgresql://kapu@127.0.0.1:1/kapu"])
def test_a_database_out_of_reach_is_one_line(config: Path, url: str) -> None:
    config.write_text(config.read_text().replace(f"sqlite:///{config.parent}/kapu.db", url))
    result = kapu("db", "upgrade", "-c", config)
    assert result.exit_code == 1
    assert "Error: the database cannot be used" in result.stderr
    assert "Traceback" not in result.output


def test_migrations_are_checked_without_a_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = kapu("db", "check")
    assert result.exit_code == 0, result.output


def test_a_missing_migration_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.commands.db.migrations.find_drift", lambda: ["add column orders.gift"])
    result = kapu("db", "check")
    assert result.exit_code == 1
    assert "add column orders.gift" in result.stderr


# ------------------------------------------------------------------------------------------------------ vault


def test_a_new_key_is_good_for_the_vault() -> None:
    first, second = (kapu("vault", "new-key").stdout.strip() for _ in range(2))
    assert first != second
    Vault("k1", {"k1": Secret(first), FINGERPRINT_KEY: Secret(second)})
