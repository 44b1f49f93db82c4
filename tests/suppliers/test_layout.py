"""Every protocol has the same files, a stand-in and a driver."""

from pathlib import Path

from suppliers.declarative.file import SHIPPED
from tests.suppliers.contract import all_drivers

ROOT = Path(__file__).parents[2]
FILES = {"__init__.py", "adapter.py", "settings.py", "signing.py", "translate.py"}
MORE = {"reloadly": {"service.py", "gift_cards.py", "airtime.py"}}
"""What a protocol of several services has besides."""
FROM_FILES = "declarative"
"""The folder whose protocols are files: it has more modules, and each file stands under the contract."""


def folders_in(path: Path) -> set[str]:
    return {folder.parent.name for folder in path.glob("*/__init__.py")}


def test_every_protocol_has_the_same_files() -> None:
    found = {
        name: {path.name for path in (ROOT / "suppliers" / name).glob("*.py")}
        for name in folders_in(ROOT / "suppliers")
    }
    assert found
    assert found.pop(FROM_FILES) >= FILES
    assert found == {name: FILES | MORE.get(name, set()) for name in found}


def test_every_protocol_stands_under_the_contract_with_a_stand_in_of_its_own() -> None:
    protocols = folders_in(ROOT / "suppliers") - {FROM_FILES} | set(SHIPPED)
    assert {driver.protocol for driver in all_drivers()} == protocols
    assert folders_in(ROOT / "tests" / "standins" / "suppliers") == protocols


def test_every_file_that_comes_with_the_shop_is_one_of_the_protocols() -> None:
    files = {path.stem for path in (ROOT / "suppliers" / FROM_FILES / "protocols").glob("*.toml")}
    assert files == {*SHIPPED, "template"}
