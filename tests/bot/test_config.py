"""The config: whole or refused, every fault at once, no secret in what is said of it."""

import re
import tomllib
import traceback
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest
from pydantic import BaseModel

from bot import config as config_module
from bot.channels.webchat.theme import LARGEST_LOGO, Logo, Theme
from bot.config import Config, TelegramConfig, load_config
from bot.config_gateways import EpayConfig, StarsConfig, WechatPayConfig
from bot.config_report import ConfigErrors
from bot.config_section import Section
from bot.config_suppliers import PROTOCOLS, SupplierSection
from bot.config_verification import SmsConfig, SmtpConfig
from bot.config_webchat import ThemeConfig, WebchatConfig
from bot.config_wechat import WechatConfig
from bot.config_wecom import WecomConfig
from bot.outside import Outside
from bot.wiring import build_suppliers
from shop_core.db.connect import backend_of
from shop_core.kernel.policy import Ask, Policy
from shop_core.kernel.secret import Secret
from shop_core.supply.supplier import No
from shop_core.vault.vault import Vault, new_key
from suppliers.declarative.file import template
from suppliers.words import Standing
from tests.standins.wechatpay import a_merchant

EXAMPLE = Path(__file__).parents[2] / "config.example.toml"

ENVIRON = {
    "KAPU_VAULT_KEY": new_key(),
    "KAPU_FINGERPRINT_KEY": new_key(),
    "KAPU_TELEGRAM_TOKEN": "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw",
    "KAPU_SESSION_SECRET": new_key(),
    "KAPU_EPAY_KEY": "89unJUB8HZ54Hj7x4nUj56HN4nUzUJ8i",
}

WEBCHAT = "[channels.x]\nkind = 'webchat'\nsession_secret = 'env:KAPU_SESSION_SECRET'\n"

IN_COMMENTS = {
    "KAPU_WEBHOOK_SECRET": new_key(),
    "KAPU_SUPPLIER_SECRET": "s3cret",
    "KAPU_FULU_SECRET": "0" * 32,
    "KAPU_WECHAT_TOKEN": "spamtest",
    "KAPU_WECHAT_AES_KEY": "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
    "KAPU_WECHAT_SECRET": "s3cret",
    "KAPU_WECOM_TOKEN": "spamtest",
    "KAPU_WECOM_AES_KEY": "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
    "KAPU_WECOM_SECRET": "s3cret",
    "KAPU_WECHATPAY_V3_KEY": a_merchant().seal_key,
    "KAPU_SMS_SECRET": new_key(),
    "KAPU_SMTP_PASSWORD": "s3cret",
}

SMALLEST = """
[vault]
active_key = "k1"
[vault.keys]
k1 = "env:KAPU_VAULT_KEY"
fingerprint = "env:KAPU_FINGERPRINT_KEY"
[channels.bot]
kind = "telegram"
token = "env:KAPU_TELEGRAM_TOKEN"
"""


def load(folder: Path, text: str, environ: Mapping[str, str] = ENVIRON) -> Config:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    return load_config(path, environ=environ)


def lay_files(folder: Path) -> None:
    """What the example names beside itself."""
    (folder / "own-supplier.toml").write_text(template(), encoding="utf-8")
    (folder / "logo.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>', encoding="utf-8")
    (folder / "apiclient_key.pem").write_text(a_merchant().key_pem, encoding="utf-8")
    (folder / "pub_key.pem").write_text(a_merchant().platform_pem, encoding="utf-8")
    (folder / "texts").mkdir()
    (folder / "texts" / "zh.po").write_text('msgid "order.due"\nmsgstr "{amount}"\n', encoding="utf-8")


def faults_of(folder: Path, text: str, environ: Mapping[str, str] = ENVIRON) -> dict[str, str]:
    """Load what has to be refused; return key → what was found and expected."""
    with pytest.raises(ConfigErrors) as caught:
        load(folder, text, environ)
    said = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert [name for name, value in environ.items() if value and value in said] == []
    return {fault.key: f"{fault.found}; {fault.expected}" for fault in caught.value.faults}


# ------------------------------------------------------------------------------------------------ the example


def uncommented(text: str) -> str:
    """The example with the keys that have no default, the suppliers, WeChat and WeChat Pay: they stand there as comments."""
    return re.sub(
        r"^# (\w+ = |\[suppliers\.|\[channels\.|\[gateways\.|\[verification\.)",
        r"\1",
        text,
        flags=re.MULTILINE,
    )


def test_the_example_is_valid_as_it_stands() -> None:
    config = load_config(EXAMPLE, environ=ENVIRON)
    assert [channel.kind for channel in config.channels.values()] == ["telegram", "webchat"]
    assert config.shop.policy() == Policy()
    assert backend_of(config.database.url.reveal()) == "sqlite"
    Vault(config.vault.active_key, config.vault.keys)


def test_the_example_with_nothing_set_names_exactly_the_missing_variables(tmp_path: Path) -> None:
    said = faults_of(tmp_path, EXAMPLE.read_text(encoding="utf-8"), {})
    assert set(re.findall(r"variable (\w+);", " ".join(said.values()))) == set(ENVIRON)
    assert len(said) == len(ENVIRON)


def test_the_keys_that_the_example_has_in_comments_are_valid_too(tmp_path: Path) -> None:
    text = uncommented(EXAMPLE.read_text(encoding="utf-8"))
    lay_files(tmp_path)
    config = load(
        tmp_path,
        text,
        ENVIRON | IN_COMMENTS,
    )
    assert config.http.public_url == "https://shop.example.com"


_IN_COMMENTS: Final = {WechatConfig, WecomConfig, SmsConfig, SmtpConfig, WechatPayConfig}


def tables_of(document: Mapping[str, Any]) -> dict[type[BaseModel], Mapping[str, object]]:
    """Which table of the example shows which model."""
    sections: dict[type[BaseModel], Mapping[str, object]] = {
        field.annotation: document[name]
        for name, field in Config.model_fields.items()
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section)
    }
    instances: dict[type[BaseModel], Mapping[str, object]] = {
        TelegramConfig: document["channels"]["telegram"],
        WebchatConfig: document["channels"]["web"],
        ThemeConfig: document["channels"]["web"].get("theme", {}),
        WechatConfig: document["channels"].get("wechat", {}),
        WecomConfig: document["channels"].get("wecom", {}),
        SmsConfig: document["verification"].get("sms", {}),
        SmtpConfig: document["verification"].get("smtp", {}),
        EpayConfig: document["gateways"]["alipay"],
        WechatPayConfig: document["gateways"].get("wechatpay", {}),
        StarsConfig: document["gateways"]["stars"],
    }
    return sections | instances


def test_every_protocol_stands_in_the_example_with_every_key_and_default() -> None:
    text = uncommented(EXAMPLE.read_text(encoding="utf-8"))
    tables = {table["protocol"]: table for table in tomllib.loads(text)["suppliers"].values()}
    assert list(tables) == list(PROTOCOLS)
    for protocol, model in PROTOCOLS.items():
        assert set(tables[protocol]) == set(model.model_fields), protocol
        for name, field in model.model_fields.items():
            assert field.description, name
            if not field.is_required():
                default = {} if field.default_factory else plain(field.default)
                assert tables[protocol][name] == default, f"{protocol}.{name}"


def test_every_protocol_of_the_config_has_its_adapter(tmp_path: Path) -> None:
    lay_files(tmp_path)
    environ = ENVIRON | IN_COMMENTS
    config = load(tmp_path, uncommented(EXAMPLE.read_text(encoding="utf-8")), environ)
    suppliers, clients = build_suppliers(config, Outside())
    assert suppliers.names == tuple(config.suppliers)
    assert len(clients) == len(PROTOCOLS)
    assert suppliers.callback_url("dujiao") == "https://shop.example.com/suppliers/dujiao/callback"


MEANINGS = """
[suppliers.faka]
protocol = "acg_faka"
base_url = "https://faka.example.com"
key = "1000"
secret = "env:KAPU_SUPPLIER_SECRET"
pending = [" Queued "]
words = { unsure = ["维护"], not_us = ["IP"] }

[suppliers.kss]
protocol = "kasushou"
base_url = "https://kasushou.example.com"
key = "1000"
secret = "env:KAPU_SUPPLIER_SECRET"
states = { 6 = "failed", -1 = "done" }

[suppliers.fulu]
protocol = "fulu"
key = "1000"
secret = "env:KAPU_FULU_SECRET"
refusals = ["3010"]
words = { known = ["号用过了"] }

[suppliers.dujiao]
protocol = "dujiao_next"
base_url = "https://dujiao.example.com"
key = "1000"
secret = "env:KAPU_SUPPLIER_SECRET"
refusals = { sold_out = "out_of_stock" }
"""


def test_what_messages_codes_and_states_mean_is_said_beside_what_is_known(tmp_path: Path) -> None:
    text = EXAMPLE.read_text(encoding="utf-8") + MEANINGS
    suppliers, _ = build_suppliers(load(tmp_path, text, ENVIRON | IN_COMMENTS), Outside())
    faka, kss, fulu, dujiao = (vars_of(suppliers.get(name)) for name in ("faka", "kss", "fulu", "dujiao"))
    assert faka.is_pending("You are QUEUED")
    assert faka.is_pending("发货中"), "what was known stays"
    assert faka.words.is_unsure("系统维护")
    assert faka.words.is_not_us("your ip is not allowed")
    assert (kss.states["6"], kss.states["-1"]) == (Standing.FAILED, Standing.DONE)
    assert kss.states["3"] is Standing.DONE
    assert {"3010", "3001"} <= set(fulu.refusals)
    assert fulu.words.is_known("号用过了")
    assert dujiao.why("sold_out") is No.OUT_OF_STOCK
    assert dujiao.why("insufficient_balance") is No.BALANCE


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ('words = { maybe = ["x"] }', "suppliers.faka.words.maybe"),
        ('words = { unsure = [" "] }', "suppliers.faka.words.unsure"),
        ('pending = [""]', "suppliers.faka.pending"),
    ],
)
def test_a_meaning_that_nothing_or_everything_would_fit_is_refused(
    tmp_path: Path, line: str, key: str
) -> None:
    text = EXAMPLE.read_text(encoding="utf-8") + MEANINGS.partition("pending =")[0] + line
    [fault] = faults_of(tmp_path, text, ENVIRON | IN_COMMENTS)
    assert fault == key


def vars_of(supplier: object) -> Any:
    """The settings that an adapter works by."""
    return supplier._settings  # type: ignore[attr-defined]


def plain(value: object) -> object:
    """A default as TOML would have it."""
    match value:
        case Secret():
            return value.reveal()
        case Decimal():
            return str(value)
        case tuple():
            return list(value)
        case _:
            return value


def test_every_key_stands_in_the_example_with_its_default() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    as_it_stands = tables_of(tomllib.loads(text))
    with_comments = tables_of(tomllib.loads(uncommented(text)))
    no_tables: set[type[Section]] = {Config, SupplierSection}
    assert set(as_it_stands) == set(Section.__subclasses__()) - no_tables
    shown_otherwise = {"gateways"}  # its default is told in words: a shop without a way to pay is no example
    for model, table in with_comments.items():
        assert set(table) == set(model.model_fields), model.__name__
        for name, field in model.model_fields.items():
            if field.is_required() or name in shown_otherwise:
                continue
            default = {} if field.default_factory else plain(field.default)
            # Their tables are comments as a whole: the defaults are there, and examples of what has none.
            shown = table if model in _IN_COMMENTS and default is not None else as_it_stands[model]
            assert shown.get(name) == default, f"{model.__name__}.{name}"


def test_every_key_says_what_is_expected_of_it() -> None:
    models = [
        model
        for model in vars(config_module).values()
        if isinstance(model, type) and issubclass(model, Section)
    ]
    silent = [
        f"{model.__name__}.{name}"
        for model in models
        if model is not Config
        for name, field in model.model_fields.items()
        if not field.description
    ]
    assert silent == []


# ---------------------------------------------------------------------------------------------------- loading


def test_a_small_config_takes_the_defaults(tmp_path: Path) -> None:
    config = load(tmp_path, SMALLEST)
    assert config.shop.policy() == Policy()
    assert config.http.public_url is None
    assert dict(config.gateways) == {}


def test_a_secret_comes_from_a_file_beside_the_config(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(ENVIRON["KAPU_TELEGRAM_TOKEN"] + "\n")
    config = load(tmp_path, SMALLEST.replace("env:KAPU_TELEGRAM_TOKEN", "file:token"))
    channel = config.channels["bot"]
    assert isinstance(channel, TelegramConfig)
    assert channel.token == Secret(ENVIRON["KAPU_TELEGRAM_TOKEN"])


def test_a_logo_is_read_once_and_may_not_be_heavy(tmp_path: Path) -> None:
    file = tmp_path / "logo.png"
    theme = "[channels.x.theme]\nlogo = 'logo.png'\ncolor = '#FFD400'"
    text = f"{SMALLEST}{WEBCHAT}sites = ['https://WWW.example.com:8443/']\n{theme}"
    file.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(LARGEST_LOGO))
    assert "32 KB at most" in faults_of(tmp_path, text)["channels.x.theme.logo"]
    file.write_bytes(b"\x89PNG\r\n\x1a\n")
    channel = load(tmp_path, text).channels["x"]
    assert isinstance(channel, WebchatConfig)
    assert channel.sites == ("https://www.example.com:8443",)
    assert channel.theme is not None
    assert channel.theme.theme() == Theme("#ffd400", None, Logo(file.read_bytes(), "image/png"))


def test_a_loaded_config_shows_no_secret(tmp_path: Path) -> None:
    environ = ENVIRON | {"DATABASE": "postgresql://kapu:hunter2hunter2@db.example.com/kapu"}
    config = load(tmp_path, SMALLEST + '[database]\nurl = "env:DATABASE"\n', environ)
    shown = repr(config) + str(config)
    assert [value for value in environ.values() if value in shown] == []


def test_all_secrets_can_be_listed_for_masking() -> None:
    config = load_config(EXAMPLE, environ=ENVIRON)
    assert {secret.reveal() for secret in config.secrets()} == set(ENVIRON.values())


def test_a_loaded_config_does_not_change(tmp_path: Path) -> None:
    config = load(tmp_path, SMALLEST)
    with pytest.raises(ValueError, match="frozen"):
        config.shop.name = "other"  # type: ignore[misc]
    with pytest.raises(TypeError):
        config.channels["more"] = config.channels["bot"]  # type: ignore[index]
    with pytest.raises(TypeError):
        config.vault.keys["more"] = Secret("x")  # type: ignore[index]


def test_several_channels_of_a_kind_stand_side_by_side(tmp_path: Path) -> None:
    second = '[channels.second]\nkind = "telegram"\ntoken = "env:SECOND"\n'
    config = load(
        tmp_path, SMALLEST + second, ENVIRON | {"SECOND": "110201544:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"}
    )
    assert list(config.channels) == ["bot", "second"]


@pytest.mark.parametrize(
    "address", ["https://shop.example.com/", "http://127.0.0.1:8000", "http://localhost", "http://[::1]:8000"]
)
def test_an_address_that_nobody_can_listen_to_is_taken(tmp_path: Path, address: str) -> None:
    config = load(tmp_path, SMALLEST + f'[http]\npublic_url = "{address}"\n')
    assert config.http.public_url == address.rstrip("/")


# --------------------------------------------------------------------------------------------------- refusals

EPAY = """
[gateways.ali]
kind = "epay"
base_url = "https://pay.example.com"
pid = "1000"
key = "env:KAPU_EPAY_KEY"
"""

WECHAT = """
[channels.wx]
kind = "wechat"
app_id = "wx0123456789abcdef"
token = "env:KAPU_EPAY_KEY"
"""
WECOM = """
[channels.kf]
kind = "wecom"
corp_id = "ww0123456789abcdef"
secret = "env:KAPU_EPAY_KEY"
token = "env:KAPU_EPAY_KEY"
encoding_aes_key = "env:KAPU_AES_KEY"
open_kfid = "wk0123456789abcdef"
"""
WECHAT_PAY = """
[gateways.wxp]
kind = "wechatpay"
app_id = "wx0123456789abcdef"
mchid = "1900000001"
serial = "5157F09E"
key = "file:apiclient_key.pem"
api_v3_key = "env:KAPU_WECHATPAY_V3_KEY"
public_key_id = "PUB_KEY_ID_0119"
public_key = "file:pub_key.pem"
"""
LISTS_IT = """
mode = "plain"
gateways = ["wxp"]
sells_virtual_goods = true
app_secret = "env:KAPU_EPAY_KEY"
profile = "service"
"""
STARS = """
gateways = ["stars"]
[gateways.stars]
kind = "stars"
rate = "0.1"
rate_source = "Fragment"
rate_at = 2026-11-28
"""
"""Goes on with the table of the bot, so that this one lists it."""
ON_TELEGRAM = "\ngateways = ['ali']\n" + EPAY
SECOND_BOT = "[channels.x]\nkind = 'telegram'\ntoken = 'env:SHORT'\ngateways = ['stars']\n"
ON_THE_WEB = "[channels.x]\nkind = 'webchat'\nsession_secret = 'env:SHORT'\ngateways = ['stars']\n"
SUPPLIER = """
[suppliers.dj]
protocol = "dujiao_next"
base_url = "https://up.example.com"
key = "dk_1"
secret = 'env:KAPU_EPAY_KEY'
"""

REFUSED = [
    (WECHAT_PAY, "http.public_url", "WeChat Pay (gateways.wxp) calls it"),
    ("[shop]\ncurrency = 'USD'\n" + WECHAT_PAY, "gateways.wxp.kind", "CNY"),
    (WECHAT_PAY.replace("apiclient_key", "pub_key"), "gateways.wxp.key", "the merchant's private key"),
    (WECHAT_PAY.replace("pub_key", "apiclient_key"), "gateways.wxp.public_key", "WeChat Pay's public key"),
    (WECHAT_PAY.replace("WECHATPAY_V3_KEY", "EPAY_KEY2"), "gateways.wxp.api_v3_key", "KAPU_EPAY_KEY2"),
    (
        WECHAT_PAY.replace("KAPU_WECHATPAY_V3_KEY", "SHORT"),
        "gateways.wxp.api_v3_key",
        "32 letters and digits",
    ),
    (
        WECHAT + LISTS_IT.replace('"service"', '"passive"') + WECHAT_PAY,
        "channels.wx.gateways",
        "only a verified service account",
    ),
    (
        WECHAT + LISTS_IT + WECHAT_PAY.replace("wx01", "wx99"),
        "gateways.wxp.app_id",
        "the app_id of channels.wx, by which its customers are known",
    ),
    (WECOM + "gateways = ['ali']\n" + EPAY, "channels.kf.gateways", "sells_virtual_goods = true"),
    (WECOM + "hand_over = 'me'\n", "channels.kf.hand_over", '"staff" or "agents"'),
    (
        WECOM.replace('open_kfid = "wk0123456789abcdef"\n', ""),
        "channels.kf.open_kfid",
        "the id of the customer service account",
    ),
    (WECOM + WECOM.replace(".kf", ".other"), "channels.other.open_kfid", "one of its own"),
    ("[shop]\ncurency = 'CNY'", "shop.curency", "perhaps currency"),
    ("[shop]\ncurrency = 'XYZ'", "shop.currency", '"XYZ"'),
    ("[shop]\ntimezone = 'Mars/Base'", "shop.timezone", '"Mars/Base"'),
    ("[shop]\ntimezone = '../etc/passwd'", "shop.timezone", "time zone"),
    ("[shop]\nlanguages = ['zh', 'de']", "shop.languages", '"de"'),
    ("[shop]\nlanguages = ['zh', 'zh']", "shop.languages", "twice"),
    ("[shop]\nlanguages = []", "shop.languages", "a list of"),
    ("[shop]\nowners = ['telegram:1']", "shop.owners", "a channel of this config: bot"),
    ("[shop]\nowners = ['12345']", "shop.owners", "CHANNEL:ID"),
    ("[shop]\nhold_minutes = 0", "shop.hold_minutes", "1 to 1440"),
    ("[shop]\nhold_minutes = true", "shop.hold_minutes", "true or false"),
    ("[shop]\nhold_minutes = 1.5", "shop.hold_minutes", "a whole number"),
    ("[shop]\nunpaid_cap = '3'", "shop.unpaid_cap", "a text"),
    ("shop = 3", "shop", "a table [shop]"),
    ("nonsense = 3", "nonsense", "one of shop, database"),
    ("[database]\nurl = 'mysql://host/x'", "database.url", "sqlite:///FILE"),
    ("[database]\nurl = 'sqlite:///:memory:'", "database.url", "sqlite:///FILE"),
    ("[database]\nurl = 'postgresql://kapu:hunter2@host/x'", "database.url", "a URL with a password"),
    ("[http]\nport = 65536", "http.port", "65536"),
    ("[http]\npublic_url = 'http://shop.example.com'", "http.public_url", "https://"),
    ("[http]\npublic_url = 'http://127.0.0.1.example.com'", "http.public_url", "https://"),
    ("[http]\npublic_url = 'shop.example.com'", "http.public_url", "https://"),
    ("[http]\npublic_url = 'https://shop.example.com/?a=1'", "http.public_url", "without ?"),
    ("[http]\npublic_url = 'https://me:hunter2@shop.example.com'", "http.public_url", "not shown"),
    ("[log]\nlevel = 'loud'", "log.level", '"info"'),
    ("[channels.Bad]\nkind = 'webchat'", "channels.Bad", "small letters"),
    ("[channels.x]\nkind = 'fax'", "channels.x.kind", '"telegram", "webchat", "wechat" or "wecom"'),
    ("[channels.x]", "channels.x.kind", "nothing"),
    (
        "[channels.x]\nkind = 'webchat'\nsession_secret = 'env:SHORT'",
        "channels.x.session_secret",
        "at least 32",
    ),
    (f"{WEBCHAT}sites = ['https://www.example.com/blog']", "channels.x.sites", "without a path"),
    (f"{WEBCHAT}sites = ['http://www.example.com']", "channels.x.sites", "https://"),
    (f"{WEBCHAT}sites = ['https://*.example.com']", "channels.x.sites", "https://HOST"),
    (f"{WEBCHAT}[channels.x.theme]\ncolor = 'green'", "channels.x.theme.color", '"#0d7264"'),
    (f"{WEBCHAT}[channels.x.theme]\ncolor_dark = '#fff'", "channels.x.theme.color_dark", '"#5ecbb5"'),
    (f"{WEBCHAT}[channels.x.theme]\ncolour = '#ffffff'", "channels.x.theme.colour", "perhaps color"),
    (f"{WEBCHAT}[channels.x.theme]\nname = ''", "channels.x.theme.name", "1 to 40"),
    (f"{WEBCHAT}[channels.x.theme]\nlogo = 'none.png'", "channels.x.theme.logo", "no file there"),
    (f"{WEBCHAT}[channels.x.theme]\nlogo = 'config.toml'", "channels.x.theme.logo", "PNG, JPEG, WebP or SVG"),
    (f"{WEBCHAT}theme = 'blue'", "channels.x.theme", "a table [channels.x.theme]"),
    ("[channels.x]\nkind = 'telegram'", "channels.x.token", "nothing"),
    ("[channels.x]\nkind = 'telegram'\ntoken = '1:literal'", "channels.x.token", "env:NAME or file:PATH"),
    ("[channels.x]\nkind = 'telegram'\ntoken = 12", "channels.x.token", "env:NAME or file:PATH"),
    ("[channels.x]\nkind = 'telegram'\ntoken = 'env:NOT_SET'", "channels.x.token", "NOT_SET"),
    ("[channels.x]\nkind = 'telegram'\ntoken = 'env:EMPTY'", "channels.x.token", "not empty"),
    ("[channels.x]\nkind = 'telegram'\ntoken = 'file:missing'", "channels.x.token", "No such file"),
    (
        "[channels.x]\nkind = 'telegram'\ntoken = 'env:KAPU_TELEGRAM_TOKEN'",
        "channels.x.token",
        "channels.bot",
    ),
    ("[channels.x]\nkind = 'telegram'\nmode = 'webhook'", "channels.x.webhook_secret", "kapu vault new-key"),
    ("[channels.x]\nkind = 'telegram'\nmode = 'webhook'", "http.public_url", "channels.x has mode"),
    (
        "[channels.x]\nkind = 'telegram'\nmode = 'webhook'\n[http]\npublic_url = 'https://a.example:8000'",
        "channels.x.mode",
        "443, 80, 88, 8443",
    ),
    (
        "[channels.x]\nkind = 'telegram'\nmode = 'webhook'\n[http]\npublic_url = 'http://127.0.0.1:8443'",
        "channels.x.mode",
        "https",
    ),
    (
        "[channels.x]\nkind = 'telegram'\nwebhook_secret = 'env:SHORT'",
        "channels.x.webhook_secret",
        "at least 32",
    ),
    ("[channels.x]\nkind = 'webchat'\nmode = 'webhook'", "channels.x.mode", "a key nobody knows"),
    (
        "[channels.x]\nkind = 'telegram'\napi_base_url = 'http://a.example/bot'",
        "channels.x.api_base_url",
        "https",
    ),
    ("[channels.x]\nkind = 'telegram'\ngateways = ['nope']", "channels.x.gateways", "there is none"),
    ("[channels.shell]\nkind = 'telegram'", "channels.shell", "another name"),
    ("[channels.upstream]\nkind = 'telegram'", "channels.upstream", "another name"),
    (EPAY.replace("ali", "wallet"), "gateways.wallet", "another name"),
    (EPAY.replace("https", "http"), "gateways.ali.base_url", "https://"),
    (EPAY.replace('"1000"', "1000"), "gateways.ali.pid", "in quotes"),
    (EPAY.replace('"epay"', '"stripe"'), "gateways.ali.kind", '"epay"'),
    (EPAY + "type = ''", "gateways.ali.type", "submit"),
    (EPAY + "mode = 'get'", "gateways.ali.mode", '"mapi" or "submit"'),
    (EPAY + "success_word = 'it is fine'", "gateways.ali.success_word", "one word"),
    (EPAY + "fields = { order = 'x' }", "gateways.ali.fields.order", "out_trade_no"),
    (EPAY + "[shop]\ncurrency = 'JPY'", "gateways.ali.kind", "two digits"),
    (ON_TELEGRAM, "channels.bot.gateways", "channels.bot.other_ways_to_pay = true"),
    ("\nother_ways_to_pay = 'yes'", "channels.bot.other_ways_to_pay", "true or false"),
    (WECHAT + "mode = 'safe'", "channels.wx.encoding_aes_key", 'or mode = "plain"'),
    (WECHAT + "mode = 'open'", "channels.wx.mode", '"plain", "compatible" or "safe"'),
    (WECHAT + "encoding_aes_key = 'env:KAPU_EPAY_KEY'", "channels.wx.encoding_aes_key", "EncodingAESKey"),
    (WECHAT + "mode = 'plain'\nprofile = 'service'", "channels.wx.app_secret", 'or "passive"'),
    (WECHAT + "mode = 'plain'\nmenu = { a = 'home' }", "channels.wx.app_secret", "or no menu"),
    (WECHAT + "template_id = 'ngqIpbwh8bUf'", "channels.wx.template_fields", "what each field"),
    (WECHAT + "template_fields = { thing1 = 'code' }", "channels.wx.template_fields.thing1", "goods"),
    (WECHAT + "menu = 'home'", "channels.wx.menu", "a table of names"),
    (WECHAT + "menu = { a = 'home', b = 'home', c = 'home', d = 'home' }", "channels.wx.menu", "at most 3"),
    (WECHAT + "menu = { a = {} }", "channels.wx.menu", "1 to 5"),
    (WECHAT + "menu = { a = { b = { c = 'home' } } }", "channels.wx.menu", "a place of the shop"),
    (WECHAT + "menu = { '五个汉字长' = 'home' }", "channels.wx.menu", "4 Chinese characters"),
    (WECHAT + "menu = { a = 'buy/1/1/abcdefghij' }", "channels.wx.menu", "a place of the shop"),
    (WECHAT + "menu = { a = 'http://a.example' }", "channels.wx.menu", "https://"),
    (WECHAT.replace("wx0123", "a b") + "mode = 'plain'", "channels.wx.app_id", "AppID"),
    (WECHAT.replace("EPAY_KEY", "SESSION_SECRET"), "channels.wx.token", "3 to 32 letters"),
    (
        EPAY + WECHAT + "mode = 'plain'\ngateways = ['ali']",
        "channels.wx.gateways",
        "channels.wx.sells_virtual_goods = true",
    ),
    (STARS.replace('gateways = ["stars"]', ""), "gateways.stars", "one Telegram channel"),
    (STARS + SECOND_BOT, "gateways.stars", "bot, x"),
    (STARS + ON_THE_WEB, "channels.x.gateways", "only Telegram"),
    (STARS.replace('"0.1"', "0.1"), "gateways.stars.rate", "in quotes"),
    (STARS.replace('"0.1"', '"0.00"'), "gateways.stars.rate", "more than 0"),
    (STARS.replace('"0.1"', '"-1"'), "gateways.stars.rate", "in quotes"),
    (STARS.replace("2026-11-28", '"yesterday"'), "gateways.stars.rate_at", "2026-11-28"),
    (STARS.replace('rate_source = "Fragment"', ""), "gateways.stars.rate_source", "nothing"),
    (STARS + "prices = { 12 = 0 }", "gateways.stars.prices.12", "whole Stars"),
    (STARS + "prices = { twelve = 9 }", "gateways.stars.prices.twelve", "does not fit"),
    (
        STARS.replace('["stars"]', '["stars", "more"]')
        + STARS.replace('gateways = ["stars"]', "").replace("gateways.stars", "gateways.more"),
        "channels.bot.gateways",
        'no other Stars than "stars"',
    ),
    ("[suppliers.a]\nprotocol = 'x'", "suppliers.a.protocol", "dujiao_next"),
    ("[suppliers.a]", "suppliers.a.protocol", "nothing"),
    ("[suppliers.Bad]\nprotocol = 'x'", "suppliers.Bad", "small letters"),
    (SUPPLIER.replace("https", "http"), "suppliers.dj.base_url", "https://"),
    (SUPPLIER.replace("'env:KAPU_EPAY_KEY'", "'literal'"), "suppliers.dj.secret", "env:NAME or file:PATH"),
    (SUPPLIER + "rate = 7.2", "suppliers.dj.rate", "in quotes"),
    (SUPPLIER + "rate = '0'", "suppliers.dj.rate", "above zero"),
    (SUPPLIER + "currency = 'USD'", "suppliers.dj.rate", "one unit of USD costs you in CNY"),
    (SUPPLIER + "at_once = 0", "suppliers.dj.at_once", "1 to 200"),
    (SUPPLIER + "contact = 'me'", "suppliers.dj.contact", "a key nobody knows"),
    (
        SUPPLIER.replace("dujiao_next", "declarative") + "file = 'none.toml'",
        "suppliers.dj.file",
        "no file there",
    ),
]


@pytest.mark.parametrize(
    ("addition", "key", "said"), REFUSED, ids=[f"{row[1]}-{i}" for i, row in enumerate(REFUSED)]
)
def test_a_wrong_key_is_named_with_what_is_expected(
    tmp_path: Path, addition: str, key: str, said: str
) -> None:
    text = addition + SMALLEST if re.match(r"\w", addition) else SMALLEST + addition
    lay_files(tmp_path)
    environ = ENVIRON | {"SHORT": "tiny-one", "EMPTY": "", "KAPU_AES_KEY": "a" * 43}
    faults = faults_of(tmp_path, text, environ | {"KAPU_WECHATPAY_V3_KEY": a_merchant().seal_key})
    assert said in faults[key]
    assert "hunter2" not in str(faults)
    assert "literal" not in str(faults)


@pytest.mark.parametrize(
    ("old", "new", "key", "said"),
    [
        ('active_key = "k1"', "", "vault.active_key", "nothing"),
        ('active_key = "k1"', 'active_key = "k2"', "vault.active_key", "k1, fingerprint"),
        ('active_key = "k1"', 'active_key = "fingerprint"', "vault.active_key", "another key"),
        ("fingerprint =", "other =", "vault.keys.fingerprint", "kapu vault new-key"),
        ("KAPU_FINGERPRINT_KEY", "KAPU_VAULT_KEY", "vault.keys", "the same key"),
        ("KAPU_VAULT_KEY", "KAPU_EPAY_KEY", "vault.keys.k1", "32 bytes"),
        ("[channels.bot]", "[elsewhere]", "channels", "at least one"),
    ],
)
def test_the_vault_and_the_channels_are_needed(
    tmp_path: Path, old: str, new: str, key: str, said: str
) -> None:
    assert said in faults_of(tmp_path, SMALLEST.replace(old, new))[key]


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    text = """
    [shop]
    currency = "XYZ"
    owners = ["nobody:1"]
    [channels.bot]
    kind = "telegram"
    gateways = ["nope"]
    [suppliers.a]
    [typo]
    """
    assert set(faults_of(tmp_path, text)) == {
        "shop.currency",
        "shop.owners",
        "vault.active_key",
        "vault.keys",
        "channels.bot.token",
        "channels.bot.gateways",
        "suppliers.a.protocol",
        "typo",
    }


def test_a_mistyped_secret_key_does_not_show_its_value(tmp_path: Path) -> None:
    faults = faults_of(tmp_path, SMALLEST + "tokn = 'literal'\n")
    assert faults == {"channels.bot.tokn": "a key nobody knows; a known one, perhaps token"}


def test_what_is_not_toml_is_refused_with_the_line(tmp_path: Path) -> None:
    assert "line 2" in faults_of(tmp_path, "[shop]\nname = \n")["the file"]


def test_a_missing_file_tells_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigErrors, match=r"copy config\.example\.toml"):
        load_config(tmp_path / "none.toml")


# ----------------------------------------------------------------------------------------------- verification

SMS = "\n[verification.sms]\nurl = 'https://sms.example.com/kapu'\nsecret = 'env:KAPU_SESSION_SECRET'\n"
SMTP = "\n[verification.smtp]\nhost = 'smtp.example.com'\nsender = 'shop@example.com'\n"


def test_what_is_asked_for_where_it_cannot_be_shown_is_named(tmp_path: Path) -> None:
    ask = "[verification]\nfirst_contact = 'phone'\n"
    load(tmp_path, SMALLEST + ask)
    [(key, said)] = faults_of(tmp_path, SMALLEST + WEBCHAT + ask).items()
    assert key == "verification.first_contact"
    assert "channels.x is webchat" in said
    assert "[verification.sms]" in said
    load(tmp_path, SMALLEST + WEBCHAT + ask + SMS)
    either = "[verification]\nfrom_total = '500.00'\n"
    assert list(faults_of(tmp_path, SMALLEST + WEBCHAT + either)) == ["verification.from_total_asks"]
    config = load(tmp_path, SMALLEST + WEBCHAT + either + SMTP)
    rules = config.verification.rules("CNY", ("bot:1",))
    assert (rules.from_total_minor, rules.from_total_asks) == (50_000, Ask.EITHER)
    assert rules.owners == {"bot:1"}
    mail = "[verification]\nfirst_contact = 'email'\n"
    assert list(faults_of(tmp_path, SMALLEST + mail)) == ["verification.first_contact"]


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ("[verification]\nfrom_total = '0.00'", "verification.from_total"),
        ("[verification]\nfrom_total = '5.001'", "verification.from_total"),
        ("[verification]\nfirst_contact = 'fax'", "verification.first_contact"),
        ("[verification]\ncountry = 'cn'", "verification.country"),
        (SMS.replace("https", "http"), "verification.sms.url"),
        (SMS + "countries = ['China']", "verification.sms.countries"),
        (SMTP + "tls = 'none'", "verification.smtp.tls"),
        (SMTP + "username = 'shop'", "verification.smtp.password"),
        (SMTP.replace("shop@example.com", "shop"), "verification.smtp.sender"),
        (SMTP.replace("sender", "from"), "verification.smtp.from"),
    ],
)
def test_a_wrong_key_of_the_verification_is_named(tmp_path: Path, table: str, key: str) -> None:
    said = faults_of(tmp_path, f"{SMALLEST}{table}\n")
    assert key in said
    assert "a known one" not in said[key] or key.endswith("from")
