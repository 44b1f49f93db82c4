"""Formatted text: the vendor's HTML parse mode, explicit entities, and the trimming it does to every text."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tests.standins.telegram.refusals import Json, bad_request

MAX_ENTITIES = 100
"""Entities past the hundredth are dropped silently."""

_KIND_OF_TAG = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline",
    "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough", "code": "code", "pre": "pre",
    "a": "text_link", "tg-spoiler": "spoiler", "span": "spoiler", "blockquote": "blockquote",
    "tg-emoji": "custom_emoji",
}  # fmt: skip
_CHARACTER = re.compile(r"&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|(lt|gt|amp|quot));")
_TAG_NAME = re.compile(r"[^\s>]*")
_ATTRIBUTE = re.compile(
    r"\s*([^\s=>/\"']+)\s*(?:=\s*(?:\"([^\"]*)\"|'([^']*)'|([a-zA-Z0-9.\-]+)))?",
)
_COMMAND = re.compile(r"(?<![\w/])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?![\w/])")


@dataclass(frozen=True, slots=True)
class Formatted:
    """Text as people see it, and its entities; offsets and lengths count UTF-16 code units."""

    text: str
    entities: tuple[Json, ...] = ()


@dataclass(slots=True)
class _Open:
    tag: str
    offset: int
    position: int
    attributes: dict[str, str] = field(default_factory=dict)


def utf16_length(text: str) -> int:
    """How long Telegram says a text is where it measures entities."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def utf16_slice(text: str, offset: int, length: int) -> str:
    """The part of a text that an entity covers."""
    raw = text.encode("utf-16-le", "surrogatepass")
    return raw[2 * offset : 2 * (offset + length)].decode("utf-16-le", "surrogatepass")


def format_text(text: str, parse_mode: str, entities: list[Json] | None) -> Formatted:
    """What a text becomes once sent: parsed, trimmed, its entities ordered.

    Raises:
        RefusedError: 400 for markup that cannot be parsed, or a mode other than HTML.
    """
    mode = parse_mode.lower()
    if mode in {"markdown", "markdownv2"}:
        raise bad_request("the stand-in models parse_mode HTML only")
    if mode not in {"", "html", "none"}:
        raise bad_request("unsupported parse_mode")
    parsed = parse_html(text) if mode == "html" else Formatted(text, tuple(_clean(e) for e in entities or ()))
    return _trimmed(parsed)


def parse_html(source: str) -> Formatted:
    """Parse the HTML parse mode as the vendor's parser does, with its error texts."""
    return _HtmlParser(source).run()


def command_entities(text: str) -> list[Json]:
    """The ``bot_command`` entities that Telegram finds by itself in what a person writes."""
    return [
        {
            "type": "bot_command",
            "offset": utf16_length(text[: match.start()]),
            "length": utf16_length(match.group()),
        }
        for match in _COMMAND.finditer(text)
    ]


class _HtmlParser:
    """One pass over the source; ``<`` opens a tag, always; ``&`` counts only where it spells a character."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._position = 0
        self._out: list[str] = []
        self._offset = 0
        self._open: list[_Open] = []
        self._entities: list[Json] = []

    def run(self) -> Formatted:
        while self._position < len(self._source):
            character = self._source[self._position]
            if character == "<":
                self._tag()
            elif character == "&":
                self._ampersand()
            else:
                self._emit(character)
                self._position += 1
        if self._open:
            raise _cannot_parse(f'Can\'t find end tag corresponding to start tag "{self._open[-1].tag}"')
        self._entities.sort(key=lambda entity: (entity["offset"], -entity["length"]))
        return Formatted("".join(self._out), tuple(self._entities))

    def _emit(self, text: str) -> None:
        self._out.append(text)
        self._offset += utf16_length(text)

    def _ampersand(self) -> None:
        match = _CHARACTER.match(self._source, self._position)
        if match is None:
            self._emit("&")
            self._position += 1
            return
        self._emit(html.unescape(match.group()))
        self._position = match.end()

    def _tag(self) -> None:
        if self._source.startswith("</", self._position):
            self._end_tag()
        else:
            self._start_tag()

    def _start_tag(self) -> None:
        begin = self._position
        name = self._name_at(begin + 1)
        cursor = begin + 1 + len(name)
        tag = name.lower()
        if cursor >= len(self._source):
            raise _cannot_parse(f"Unclosed start tag at byte offset {self._byte(begin)}")
        if tag not in _KIND_OF_TAG:
            raise _cannot_parse(f'Unsupported start tag "{tag}" at byte offset {self._byte(begin)}')
        attributes, self._position = self._attributes(tag, begin, cursor)
        if tag == "span" and attributes.get("class") != "tg-spoiler":
            raise _cannot_parse(f'Tag "span" must have class "tg-spoiler" at byte offset {self._byte(begin)}')
        self._open.append(_Open(tag, self._offset, len(self._out), attributes))

    def _attributes(self, tag: str, begin: int, cursor: int) -> tuple[dict[str, str], int]:
        found: dict[str, str] = {}
        while True:
            while self._source[cursor : cursor + 1].isspace():
                cursor += 1
            if cursor >= len(self._source):
                raise _cannot_parse(f'Unclosed start tag "{tag}" at byte offset {self._byte(begin)}')
            if self._source[cursor] == ">":
                return found, cursor + 1
            match = _ATTRIBUTE.match(self._source, cursor)
            if match is None:
                raise _cannot_parse(
                    f'Empty attribute name in the tag "{tag}" at byte offset {self._byte(begin)}',
                )
            name, *values = match.groups()
            value = next((v for v in values if v is not None), None)
            if value is None and name.lower() != "expandable":
                raise _cannot_parse(
                    f'Expected equal sign in declaration of an attribute of the tag "{tag}" '
                    f"at byte offset {self._byte(begin)}",
                )
            found[name.lower()] = _CHARACTER.sub(lambda m: html.unescape(m.group()), value or "")
            cursor = match.end()

    def _end_tag(self) -> None:
        begin = self._position
        if not self._open:
            raise _cannot_parse(f"Unexpected end tag at byte offset {self._byte(begin)}")
        name = self._name_at(begin + 2)
        cursor = begin + 2 + len(name)
        while self._source[cursor : cursor + 1].isspace():
            cursor += 1
        if self._source[cursor : cursor + 1] != ">":
            raise _cannot_parse(f"Unclosed end tag at byte offset {self._byte(begin)}")
        opened = self._open.pop()
        if name and name.lower() != opened.tag:
            raise _cannot_parse(
                f"Unmatched end tag at byte offset {self._byte(begin)}, "
                f'expected "</{opened.tag}>", found "</{name.lower()}>"',
            )
        self._position = cursor + 1
        self._close(opened)

    def _close(self, opened: _Open) -> None:
        length = self._offset - opened.offset
        if length <= 0:
            return
        entity: Json = {"type": _KIND_OF_TAG[opened.tag], "offset": opened.offset, "length": length}
        if opened.tag == "a":
            url = opened.attributes.get("href") or "".join(self._out[opened.position :])
            if not is_link(url):
                return
            entity["url"] = url
        elif opened.tag == "blockquote" and "expandable" in opened.attributes:
            entity["type"] = "expandable_blockquote"
        elif opened.tag == "code" and self._is_inside_pre(opened, length):
            return
        elif opened.tag == "tg-emoji":
            entity["custom_emoji_id"] = opened.attributes.get("emoji-id", "")
        elif opened.tag == "pre" and "language" in opened.attributes:
            entity["language"] = opened.attributes["language"]
        self._entities.append(entity)

    def _is_inside_pre(self, opened: _Open, length: int) -> bool:
        """``<pre><code class="language-x">`` is one entity, the pre, with a language."""
        language = opened.attributes.get("class", "").removeprefix("language-")
        if not (language and length and self._open and self._open[-1].tag == "pre"):
            return False
        self._open[-1].attributes["language"] = language
        return True

    def _name_at(self, position: int) -> str:
        match = _TAG_NAME.match(self._source, position)
        return match.group() if match else ""

    def _byte(self, position: int) -> int:
        return len(self._source[:position].encode("utf-8", "surrogatepass"))


def is_link(url: str) -> bool:
    """Whether Telegram takes this as a link: http, https, tg or ton; a host with a dot."""
    return link_fault(url) is None


def link_fault(url: str) -> str | None:
    """Why a link is refused, in the vendor's words; None where it is fine.

    A host without a dot is refused, so ``http://localhost`` is and ``http://127.0.0.1:8000`` is not.
    """
    lowered = url.lower()
    if lowered.startswith(("tg:", "ton:")):
        return None if lowered.partition(":")[2].strip("/") else "URL host is empty"
    if "://" in url and not lowered.startswith(("http://", "https://")):
        return "Unsupported URL protocol"
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "Wrong port number specified in the URL"
    if not host:
        return "URL host is empty"
    if port == 0 or any(character.isspace() for character in host) or ("." not in host and ":" not in host):
        return "Wrong HTTP URL"
    return None


def _trimmed(formatted: Formatted) -> Formatted:
    """Cut outer white space: at the end all of it, at the start blanks and breaks before the first entity."""
    text = formatted.text.rstrip()
    limit = min((e["offset"] for e in formatted.entities), default=len(text))
    lead = 0
    while lead < min(limit, len(text)) and text[lead] in " \n":
        lead += 1
    text = text[lead:]
    end = utf16_length(text)
    kept = []
    for entity in formatted.entities:
        offset = entity["offset"] - lead
        length = min(entity["length"], end - offset)
        if length > 0 and utf16_slice(text, offset, length).strip():
            kept.append({**entity, "offset": offset, "length": length})
    return Formatted(text, tuple(kept[:MAX_ENTITIES]))


def _clean(entity: Json) -> Json:
    if "type" not in entity or "offset" not in entity or "length" not in entity:
        raise bad_request("can't parse MessageEntity: Can't find field")
    return {key: value for key, value in entity.items() if value is not None}


def _cannot_parse(reason: str) -> Exception:
    return bad_request(f"can't parse entities: {reason}")
