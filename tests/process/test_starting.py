"""Starting, or saying in one line why not. And the demo, as a newcomer plays it."""

from __future__ import annotations

import re
import socket
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import text

from bot.demo.demo import play_once
from bot.demo.setting import Setting, demo_setting, free_port
from bot.run import OldSchema, prepare_schema
from shop_core.db.tx import Tx
from shop_core.kernel.secret import Secret
from shop_core.migrations.upgrade import upgrade
from tests.postgres import PostgresServer
from tests.process.premises import Premises, run


async def refusal(premises: Premises) -> str:
    """What ``kapu run`` says when it does not start: one line, exit code 1, nothing on standard output."""
    code, out, err = await run("run", "--config", premises.config_file)
    assert (code, out) == (1, ""), err
    said = [line for line in err.splitlines() if line.startswith("Error: ")]
    assert len(said) == 1, err
    assert "Traceback" not in err
    return err.strip()


async def test_a_port_that_is_taken_is_named(sqlite_url: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = await refusal(Premises.lay(tmp_path, sqlite_url, port=port))
    assert said == f"Error: cannot listen on 127.0.0.1:{port}: Address already in use; change [http] port?"


async def test_a_key_of_the_vault_that_is_missing_is_named(sqlite_url: str, tmp_path: Path) -> None:
    premises = Premises.lay(tmp_path, sqlite_url)
    (tmp_path / "k1.key").unlink()
    said = await refusal(premises)
    faults = said.splitlines()[1:]
    assert len(faults) == 1, said
    assert "vault.keys.k1" in faults[0]
    assert "k1.key" in faults[0]


@pytest.mark.postgresql
async def test_postgresql_without_the_newest_schema_asks_for_an_upgrade(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    url = await postgres_server.create_database(f"process_{uuid4().hex}")
    with pytest.raises(OldSchema):
        await prepare_schema(url)
    await upgrade(url)
    premises = Premises.lay(tmp_path, url)
    async with premises.hands() as hands:
        await hands.shop.write(_pretend_to_be_older)
    said = await refusal(premises)
    assert said == "Error: the database does not have the newest schema; run `kapu db upgrade` first"


def _pretend_to_be_older(tx: Tx) -> None:
    tx.execute(text("UPDATE alembic_version SET version_num = '0000'"))


async def test_a_database_out_of_reach_is_not_taken_for_a_port(tmp_path: Path) -> None:
    said = await refusal(Premises.lay(tmp_path, "postgresql://postgres@127.0.0.1:1/kapu"))
    assert "the database cannot be used" in said
    assert "[database] url" in said
    assert "listen" not in said


async def test_the_demo_plays_a_purchase_over_the_real_paths() -> None:
    code, out, err = await run("demo", "--once", within_s=90)
    assert code == 0, err
    assert re.search(r"^ +([A-Z]{4}-\d{4}-[A-Z]{4}-\d{4}|\S{12,})$", out, re.MULTILINE), out
    assert "查看卡密" in out
    assert "向 bargain 购买，没买成。" in out
    assert "向 steady 购买，已到货。" in out
    assert "¥99.00 已退到你的余额" in out
    assert "店主 › /verify" in out
    assert "账目、订单、库存全部对得上。" in out
    assert "Traceback" not in err


def _with_another_key(setting: Setting) -> Setting:
    """The shop does not know the cashier's key, so neither believes the other."""
    config = setting.config
    gateway = config.gateways["sandbox"].model_copy(update={"key": Secret("0" * 32)})
    return replace(setting, config=config.model_copy(update={"gateways": {"sandbox": gateway}}))


async def test_the_demo_has_failed_if_no_code_came(capsys: pytest.CaptureFixture[str]) -> None:
    with demo_setting(free_port()) as setting:
        code = await play_once(_with_another_key(setting))
    said = capsys.readouterr().out
    assert code == 1
    assert "the demo failed: no button '去付款'" in said
    assert "待付款" in said
    assert "请妥善保存" not in said
