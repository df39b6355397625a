"""Small charts as SVG (pure): bars of reads over time, and one line. A table beside them holds the same numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

WIDTH, HEIGHT = 480, 120
GAP = 2


@dataclass(frozen=True, slots=True)
class Bar:
    """One step: where its two parts stand, in the chart's own units, and what it says."""

    x: float
    width: float
    held_y: float
    held_height: float
    asked_y: float
    asked_height: float
    label: str


def bars(steps: Sequence[tuple[datetime, int, int]]) -> list[Bar]:
    """Stacked bars of (when, reads from the cache, reads from GitHub); the highest fills the chart."""
    most = max((held + asked for _, held, asked in steps), default=0) or 1
    width = WIDTH / max(1, len(steps))
    made = []
    for number, (at, from_cache, from_github) in enumerate(steps):
        held, asked = HEIGHT * from_cache / most, HEIGHT * from_github / most
        label = f"{at:%H:%M} UTC: {from_cache} from the cache, {from_github} from GitHub"
        x, held_y = round(number * width, 1), round(HEIGHT - held, 1)
        made.append(
            Bar(x, round(width - GAP, 1), held_y, round(held, 1), round(held_y - asked, 1), round(asked, 1), label)
        )
    return made


def line(values: Sequence[int]) -> str:
    """The points of a polyline through the values, from 0 at the bottom to the highest at the top."""
    most = max(values, default=0) or 1
    step = WIDTH / max(1, len(values) - 1)
    return " ".join(f"{number * step:.1f},{HEIGHT - HEIGHT * value / most:.1f}" for number, value in enumerate(values))
