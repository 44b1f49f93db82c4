"""Drives a running stand-in over its control interface."""

from __future__ import annotations

from base64 import b64decode
from typing import Any, Self

import httpx

from tests.standins.suppliers.faults import FaultKind
from tests.standins.suppliers.vendor import Letter


class SupplierControl:
    """One running stand-in. Blocking: each call is answered at once."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self._http = httpx.Client(base_url=f"{base_url}/control", trust_env=False, timeout=30)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def reset(self) -> None:
        """Be as freshly started."""
        self._do("reset")

    def set(self, **changes: Any) -> None:
        """Change ``balance`` (fen), ``clock_offset_s`` or ``options`` (what the vendor's folder names)."""
        self._do("set", **changes)

    def goods(self, goods_id: str, **changes: Any) -> None:
        """Change goods: ``price`` (fen), ``codes``, ``on_sale``, ``is_later``, …, or add some."""
        self._do("goods", id=goods_id, **changes)

    def stock_up(self, first: int, count: int) -> None:
        """Add many goods, numbered from ``first``."""
        self._do("stock_up", first=first, count=count)

    def fail_next(self, kind: FaultKind, path: str = "", times: int = 1) -> None:
        """Have the next calls fail whose path or body contains ``path``."""
        self._do("fault", kind=kind, path=path, times=times)

    def finish(self, number: str, state: str = "done", delivered: int | None = None) -> None:
        """End an order: ``done``, ``failed``, or ``partial`` with so many pieces delivered."""
        self._do("finish", number=number, state=state, delivered=delivered)

    def letter(self, number: str, *, is_forged: bool = False) -> Letter:
        """What the vendor would tell about an order as it stands."""
        told = self._do("letter", number=number, is_forged=is_forged)
        return Letter(told["method"], told["headers"], b64decode(told["body"]))

    @property
    def balance(self) -> int:
        """What the shop has there, in fen."""
        return int(self._do("state")["balance"])

    @property
    def purchases(self) -> int:
        """How often it has charged."""
        return sum(self._do("state")["charges"].values())

    @property
    def orders(self) -> list[dict[str, Any]]:
        """Its orders, oldest first."""
        return list(self._do("state")["orders"])

    def _do(self, action: str, **told: Any) -> dict[str, Any]:
        answer = self._http.post(f"/{action}", json=told)
        answer.raise_for_status()
        done: dict[str, Any] = answer.json()
        return done
