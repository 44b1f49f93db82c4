"""The shop as its use cases see it: transactions, the clock, the owner's rules, and what was wired in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random, SystemRandom
from typing import Any, Concatenate, ParamSpec, TypeVar

from shop_core.db.database import Database
from shop_core.db.tx import Tx, View
from shop_core.kernel.clock import Clock
from shop_core.kernel.policy import Policy

T = TypeVar("T")
P = ParamSpec("P")
Service = TypeVar("Service")


class Shop:
    """Passed as the first argument to every use case. Holds no state of the trade: that is in the database."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        policy: Policy,
        services: Mapping[type[Any], object] | None = None,
        *,
        random: Random | None = None,
    ) -> None:
        self.random = random or SystemRandom()
        self.database = database
        self.clock = clock
        self.policy = policy
        self._services = dict(services or {})

    def called(self, name: str) -> Shop:
        """The same shop under another name, for a channel that has its own."""
        policy = replace(self.policy, name=name)
        return Shop(self.database, self.clock, policy, self._services, random=self.random)

    async def write(self, body: Callable[Concatenate[Tx, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a plain function in one transaction; its answer comes after the commit."""
        return await self.database.write(body, *args, **kwargs)

    async def read(self, query: Callable[Concatenate[View, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a plain function over one consistent state."""
        return await self.database.read(query, *args, **kwargs)

    def get(self, kind: type[Service]) -> Service:
        """What was wired in under this class: the vault, the gateways. Keeps lower areas free of upper ones' names."""
        service = self._services[kind]
        if not isinstance(service, kind):
            raise TypeError(f"{kind.__name__} was wired to a {type(service).__name__}")
        return service
