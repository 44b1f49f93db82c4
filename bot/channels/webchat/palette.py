"""Colours around the one that an owner likes, light and dark: whatever it is, what is written on it can be read.

Contrast as WCAG 2.2 counts it (1.4.3, level AA: 4.5 to 1 for text).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

READABLE: Final = 4.5
"""The least contrast between a text and what is behind it."""

_WHITE: Final = "#ffffff"
_BLACK: Final = "#000000"
_STEPS: Final = 50

# The grounds of ``page/chat.css`` that text in the owner's colour stands on.
_LIGHT_GROUNDS: Final = (_WHITE, "#f4f7f6")
_DARK_GROUNDS: Final = ("#161d1c", "#1c2523")


def contrast(one: str, other: str) -> float:
    """From 1 (the same) to 21 (black on white)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def light(color: str) -> Mapping[str, str]:
    """The variables of ``page/chat.css`` on white. A large area has the colour itself."""
    tint, tint_strong = mix(_WHITE, color, 0.1), mix(_WHITE, color, 0.18)
    return {
        "accent": color,
        "on-accent": on(color),
        "accent-strong": _toward(_BLACK, color, (*_LIGHT_GROUNDS, tint, tint_strong)),
        "tint": tint,
        "tint-strong": tint_strong,
        "own": mix(_WHITE, color, 0.22),
    }


def dark(color: str) -> Mapping[str, str]:
    """The same at night. A dark colour is lightened until it stands out from the ground."""
    ground = _DARK_GROUNDS[0]
    accent = _toward(_WHITE, color, (ground,))
    tint, tint_strong = mix(ground, accent, 0.12), mix(ground, accent, 0.18)
    return {
        "accent": accent,
        "on-accent": on(accent),
        "accent-strong": _toward(_WHITE, accent, (*_DARK_GROUNDS, tint, tint_strong)),
        "tint": tint,
        "tint-strong": tint_strong,
        "own": mix(ground, accent, 0.25),
    }


def on(color: str) -> str:
    """Black or white, whichever reads better: one of them always reaches 4.58."""
    return max((_WHITE, _BLACK), key=lambda text: contrast(text, color))


def mix(ground: str, color: str, share: float) -> str:
    """So much of a colour over a ground."""
    pairs = zip(_channels(ground), _channels(color), strict=True)
    return "#" + "".join(f"{round(below + (above - below) * share):02x}" for below, above in pairs)


def _toward(pole: str, color: str, grounds: Iterable[str]) -> str:
    """The colour, moved toward black or white until it can be read on each of the grounds."""
    tried = (mix(color, pole, step / _STEPS) for step in range(_STEPS + 1))
    return next(shade for shade in tried if all(contrast(shade, ground) >= READABLE for ground in grounds))


def _luminance(color: str) -> float:
    red, green, blue = (_linear(channel / 255) for channel in _channels(color))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4  # noqa: PLR2004 - sRGB


def _channels(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)
