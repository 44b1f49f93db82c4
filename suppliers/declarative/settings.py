"""One account at one upstream whose protocol stands in a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import ValidationError

from shop_core.kernel.secret import Secret
from suppliers.checks import PATIENCE_S, Checks
from suppliers.declarative.faults import faults_of
from suppliers.declarative.schema import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclarativeSettings:
    """What the owner was given by the upstream, and what it does otherwise than its file says.

    Attributes:
        name: The supplier's name in the config.
        base_url: What the file's paths are appended to.
        key: Our number there.
        secret: What requests are signed with.
        protocol: The file, loaded: ``file.shipped`` or ``file.load``.
        currency: What we are charged in; it must be the file's, or amounts would be taken for others.
        states: Their state → ours (``schema.State``), beside and before the file's.
        promises: Names of ``schema.Promises`` → what this site promises, before the file's.
        refusals: Codes of placing by which this site certainly refuses, beside the file's.
        plain_http: The owner allows an address without HTTPS: everybody on the way sees the codes.
        patience_s: How long a whole call may take.
    """

    name: str
    base_url: str
    key: str
    secret: Secret
    protocol: Protocol
    currency: str = "CNY"
    states: Mapping[str, str] = field(default_factory=dict)
    promises: Mapping[str, bool | int] = field(default_factory=dict)
    refusals: tuple[str, ...] = ()
    plain_http: bool = False
    patience_s: float = PATIENCE_S

    def __post_init__(self) -> None:
        checks = Checks(self.name)
        check = checks.account_anywhere if self.plain_http else checks.account
        check(self.base_url, self.secret, self.currency, self.patience_s)
        theirs = self.protocol.protocol.currency
        checks.require(self.currency == theirs, f"currency is {theirs} in the protocol's file")
        checks.given("key", self.key)
        self.as_agreed()

    def as_agreed(self) -> Protocol:
        """The protocol with what this site does otherwise.

        Raises:
            BadSupplierSettings: Something of that is no state or no promise, or the file's requests cannot keep it.
        """
        file = self.protocol.model_dump()
        file["states"] |= self.states
        file["promises"] |= self.promises
        file["place"]["no_codes"] += self.refusals
        try:
            return Protocol.model_validate(file)
        except ValidationError as error:
            problem = "; ".join(str(fault) for fault in faults_of(error))
        Checks(self.name).require(holds=False, problem=problem)
        raise AssertionError("refused above")
