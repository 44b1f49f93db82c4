"""What docs/running tells an owner to copy is whole: the unit, the web server's file, the container's recipe."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
RUNNING = ROOT / "docs" / "running"
NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")


def test_the_unit_starts_what_the_document_installs() -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # systemd's names have capitals
    unit.read(RUNNING / "kapu.service")
    service, document = unit["Service"], (RUNNING / "as-a-service.md").read_text("utf-8")
    home = service["WorkingDirectory"]
    assert service["ExecStart"] == f"{home}/app/.venv/bin/kapu run --config {home}/config.toml"
    assert service["ReadWritePaths"] == home
    for path in (f"{home}/app", service["EnvironmentFile"], f"{home}/config.toml"):
        assert path in document
    assert f"--home-dir {home} " in document


def test_the_container_takes_every_package_along() -> None:
    recipe = (RUNNING / "Containerfile").read_text("utf-8")
    copied = {name for line in re.findall(r"^COPY (.+) \S+$", recipe, re.MULTILINE) for name in line.split()}
    assert all((ROOT / name).exists() for name in copied)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    packages = project["tool"]["setuptools"]["packages"]["find"]["include"]
    assert {name.rstrip("*.") for name in packages} <= copied


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
def test_nginx_takes_the_file_as_it_is(tmp_path: Path) -> None:
    certificate = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "1",
        "-subj",
        "/CN=shop",
    ]
    keys = ["-keyout", str(tmp_path / "privkey.pem"), "-out", str(tmp_path / "fullchain.pem")]
    subprocess.run([*certificate, *keys], check=True, capture_output=True)
    site = (RUNNING / "nginx.conf").read_text("utf-8")
    site = site.replace("/etc/letsencrypt/live/shop.example.com", str(tmp_path))
    (tmp_path / "site.conf").write_text(site, "utf-8")
    around = f"pid {tmp_path}/pid;\nerror_log {tmp_path}/log;\nevents {{}}\nhttp {{ include {tmp_path}/site.conf; }}\n"
    (tmp_path / "nginx.conf").write_text(around, "utf-8")
    tried = subprocess.run(
        [str(NGINX), "-t", "-c", tmp_path / "nginx.conf"], check=False, capture_output=True, text=True
    )
    assert tried.returncode == 0, tried.stderr
