"""MD5 over the sorted form, as PHP writes a query, with the key behind it."""

from __future__ import annotations

import hashlib
from typing import Any


def signature(form: dict[str, Any], app_key: str) -> str:
    """``form`` has nested arrays as dicts; only the outer names are sorted."""
    parts: list[str] = []
    for name in sorted(form):
        value = form[name]
        if name == "sign" or value is None or value == "":
            continue
        if isinstance(value, dict):
            parts += [f"{name}[{inner}]={text}" for inner, text in value.items()]
        else:
            parts.append(f"{name}={value}")
    text = f"{'&'.join(parts)}&key={app_key}"
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
