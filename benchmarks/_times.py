"""Times of several runs, and what a process needs of memory."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psutil


@dataclass(frozen=True)
class Times:
    """Milliseconds of several runs."""

    each: list[float]

    @property
    def p50(self) -> float:
        return statistics.median(self.each)

    @property
    def p95(self) -> float:
        return sorted(self.each)[int(len(self.each) * 0.95)] if len(self.each) > 1 else self.each[0]

    def __str__(self) -> str:
        return f"{self.p50:8.3f} / {self.p95:8.3f}"


def timed(run: Callable[[], Any]) -> tuple[float, Any]:
    """Milliseconds that it took, and what it gave."""
    began = time.perf_counter()
    given = run()
    return (time.perf_counter() - began) * 1000, given


def used() -> float:
    """Megabytes of memory that this process has (resident set)."""
    return float(psutil.Process().memory_info().rss) / 1e6
