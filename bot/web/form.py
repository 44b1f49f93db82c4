"""Reading what a request brings: each parameter once, and not too many bytes of them."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import Request

from shop_core.wire.callback import RawCallback

LARGEST_FORM: Final = 16 * 1024
"""Bytes of query and body together: what a page of ours sends, or a gateway (the longest has about two thousand)."""

_FORM: Final = "application/x-www-form-urlencoded"
_MOST_PARAMS: Final = 100


class BadForm(Exception):
    """The parameters cannot be read in exactly one way. Nothing of them was looked at."""

    def __init__(self, status: HTTPStatus, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


async def read_params(request: Request) -> Mapping[str, str]:
    """The parameters of the query and, of a POST, of its form.

    A name that comes twice is refused, not resolved: the signature would be checked over one of the values
    and the amount perhaps read from the other.

    Raises:
        BadForm: Too large, a name twice, or not UTF-8.
    """
    query = request.scope["query_string"]
    body = await read_body(request, at_most=LARGEST_FORM - len(query)) if request.method == "POST" else b""
    if len(query) + len(body) > LARGEST_FORM:
        raise BadForm(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large")
    return _once([*_pairs(query), *_pairs(body)])


def read_once(raw: bytes) -> Mapping[str, str]:
    """The parameters of one part, a query or a form.

    Raises:
        BadForm: A name twice, or not UTF-8.
    """
    return _once(_pairs(raw))


async def read_raw(request: Request, *, at_most: int) -> RawCallback:
    """A callback as gateways and suppliers read it.

    Args:
        at_most: Bytes of query and body together.

    Raises:
        BadForm: Too large, a name twice, or not UTF-8.
    """
    raw_query = request.scope["query_string"]
    body = await read_body(request, at_most=at_most - len(raw_query))
    headers = {name.lower(): value for name, value in request.headers.items()}
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    # Small sites forget to say what they send.
    is_form = kind == _FORM or (not kind and not body.lstrip().startswith((b"{", b"[", b"<")))
    query, form = read_once(raw_query), read_once(body) if is_form else {}
    if query.keys() & form.keys():
        raise BadForm(HTTPStatus.BAD_REQUEST, "repeated_name")
    return RawCallback(method=request.method, headers=headers, query=query, form=form, body=body)


async def read_body(request: Request, *, at_most: int) -> bytes:
    """The body, if it has no more than so many bytes; what comes after those is not waited for.

    Raises:
        BadForm: It has more.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > at_most:
            raise BadForm(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large")
    return bytes(body)


def _once(pairs: list[tuple[str, str]]) -> Mapping[str, str]:
    params = dict(pairs)
    if len(params) != len(pairs):
        raise BadForm(HTTPStatus.BAD_REQUEST, "repeated_name")
    return params


def _pairs(raw: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(raw.decode(), keep_blank_values=True, errors="strict", max_num_fields=_MOST_PARAMS)
    except ValueError:
        raise BadForm(HTTPStatus.BAD_REQUEST, "unreadable") from None
