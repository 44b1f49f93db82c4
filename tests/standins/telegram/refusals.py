"""How the Bot API says no: every refusal with the vendor's own words and error code."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


class RefusedError(Exception):
    """An answer ``{"ok": false, …}``; the call had no effect."""

    def __init__(self, code: int, description: str, parameters: Json | None = None) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters

    def envelope(self) -> Json:
        """The body that is sent to the bot."""
        body: Json = {"ok": False, "error_code": self.code, "description": self.description}
        if self.parameters is not None:
            body["parameters"] = self.parameters
        return body


def bad_request(reason: str) -> RefusedError:
    """400, the vendor's answer to nearly every mistake of the caller."""
    return RefusedError(400, f"Bad Request: {reason}")


def unauthorized() -> RefusedError:
    """401 for a token that no bot has."""
    return RefusedError(401, "Unauthorized")


def unknown_method() -> RefusedError:
    """404 for a method that the Bot API does not have."""
    return RefusedError(404, "Not Found: method not found")


def not_simulated(method: str) -> RefusedError:
    """501 for a real method that this stand-in does not model: better a loud stop than an invented answer."""
    return RefusedError(501, f"Not Implemented: the stand-in does not model {method}")


def conflict(reason: str) -> RefusedError:
    """409 where two ways of taking updates collide."""
    return RefusedError(409, f"Conflict: {reason}")


def forbidden(reason: str) -> RefusedError:
    """403 where the other side does not want to hear from the bot."""
    return RefusedError(403, f"Forbidden: {reason}")


def too_many_requests(retry_after_s: int) -> RefusedError:
    """429 with the whole seconds to wait."""
    return RefusedError(
        429, f"Too Many Requests: retry after {retry_after_s}", {"retry_after": retry_after_s}
    )


def query_too_old() -> RefusedError:
    """400 for a query that is unknown, answered already, or past its time."""
    return bad_request("query is too old and response timeout expired or query ID is invalid")


class ImpossibleError(Exception):
    """A person's client offers no such thing: no such button, a blocked bot, too long a text."""
