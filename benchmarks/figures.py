"""Figures, one JSON line each on standard output; what is going on goes to standard error."""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


def print_figure(figure: str, **facts: object) -> None:
    """Print one line. Floats keep three digits after the point: more would be noise."""
    rounded = {name: round(fact, 3) if isinstance(fact, float) else fact for name, fact in facts.items()}
    print(json.dumps({"figure": figure} | rounded, ensure_ascii=False), flush=True)


def print_skipped(figure: str, reason: str, **facts: object) -> None:
    """Say that a figure is missing, and why: silence would read as "not asked for"."""
    print_figure(figure, **facts, skipped=reason)


def print_progress(text: str) -> None:
    """Tell who watches what takes so long."""
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that ``share`` (0 to 1) of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


@dataclass(frozen=True, slots=True)
class Round:
    """One stretch of work.

    Attributes:
        cpu_s: Of this process, all threads; a database server's own is not in it.
        latencies_s: One for each piece of work that was done.
    """

    elapsed_s: float
    cpu_s: float
    latencies_s: tuple[float, ...]

    @property
    def done(self) -> int:
        return len(self.latencies_s)

    @property
    def per_s(self) -> float:
        return self.done / self.elapsed_s

    @property
    def cpu_ms(self) -> float:
        """Milliseconds of processor for one piece of work."""
        return self.cpu_s / self.done * 1000


@dataclass(frozen=True, slots=True)
class Summary:
    """Several rounds of the same. Rates and processor time are the median round's, latencies are over all rounds."""

    per_s: float
    cpu_ms: float
    p50_ms: float
    p99_ms: float

    @classmethod
    def of(cls, rounds: Sequence[Round]) -> Summary:
        latencies = [latency for one in rounds for latency in one.latencies_s]
        return cls(
            per_s=median(one.per_s for one in rounds),
            cpu_ms=median(one.cpu_ms for one in rounds),
            p50_ms=percentile(latencies, 0.5) * 1000,
            p99_ms=percentile(latencies, 0.99) * 1000,
        )
