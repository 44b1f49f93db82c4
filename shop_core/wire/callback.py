"""What somebody brings to a web address of ours, before anything of it is believed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RawCallback:
    """A request of somebody who says that he is the supplier, or the gateway.

    Attributes:
        headers: Names in lower case.
        query, form: Decoded; ``form`` is empty unless the body is a form. A name that came twice, in one of them or in both,
            was refused.
    """

    method: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    form: Mapping[str, str]
    body: bytes

    @property
    def params(self) -> Mapping[str, str]:
        """The parameters, wherever they stood."""
        return {**self.query, **self.form}
