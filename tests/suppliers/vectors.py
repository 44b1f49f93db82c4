"""The published vectors of the suppliers' signatures."""

import json
from pathlib import Path
from typing import Any

_ALL = json.loads((Path(__file__).parents[1] / "data" / "supplier_vectors.json").read_text("utf-8"))


def vector(name: str) -> dict[str, Any]:
    """One of them by its name."""
    (found,) = [one for one in _ALL if one["name"] == name]
    return dict(found)
