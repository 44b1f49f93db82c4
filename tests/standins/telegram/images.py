"""Width and height of the pictures that Telegram takes as photos: PNG, JPEG, GIF."""

from __future__ import annotations

_JPEG_FRAMES = {0xC0, 0xC1, 0xC2, 0xC3}


def image_size(content: bytes) -> tuple[int, int] | None:
    """Width and height in pixels; None where this is no picture."""
    if content.startswith(b"\x89PNG\r\n\x1a\n") and content[12:16] == b"IHDR":
        return _positive(int.from_bytes(content[16:20]), int.from_bytes(content[20:24]))
    if content.startswith((b"GIF87a", b"GIF89a")):
        return _positive(int.from_bytes(content[6:8], "little"), int.from_bytes(content[8:10], "little"))
    if content.startswith(b"\xff\xd8"):
        return _jpeg_size(content)
    return None


def _jpeg_size(content: bytes) -> tuple[int, int] | None:
    position = 2
    while position + 9 <= len(content) and content[position] == 0xFF:
        marker = content[position + 1]
        if marker in _JPEG_FRAMES:
            height = int.from_bytes(content[position + 5 : position + 7])
            return _positive(int.from_bytes(content[position + 7 : position + 9]), height)
        position += 2 + int.from_bytes(content[position + 2 : position + 4])
    return None


def _positive(width: int, height: int) -> tuple[int, int] | None:
    return (width, height) if width > 0 and height > 0 else None
