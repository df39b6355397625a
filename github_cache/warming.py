"""What to fetch before it is asked for, in what order, and what of it in one call (pure).

What is used and no longer fresh, or will not be at the next round, is fetched anew: by how often and how lately it was
used, divided by what it costs. A condition that GitHub answers with 304 costs nothing, and what stands in a batch costs
a part of a point. What is fresh for longer is left alone.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from github_cache.asks import Ask, Typed

MOST = 2_000
"""Asks of one round."""
PORTION = 200
"""So many asks are sorted into batches at a time, so that the most used ones come first all the same."""
FREE, BATCHED, ALONE = 0.1, 0.2, 1.0
"""What an ask is reckoned to cost: with a validator, in a batch of GraphQL, by a call of its own."""


@dataclass(frozen=True, slots=True)
class Use:
    """An ask that people make. `weight` says how much it is used; what is held for it is fresh until `fresh_until`
    (epoch seconds); `validated` means that GitHub can be asked on a condition; `placed` that its name is known."""

    ask: Ask
    weight: float
    fresh_until: float
    validated: bool
    placed: bool

    @property
    def batched(self) -> bool:
        """Whether it goes into a batch."""
        return (
            self.placed
            and not self.validated
            and isinstance(self.ask.target, Typed)
            and "repo" in self.ask.match.values
        )

    @property
    def cost(self) -> float:
        """What it is reckoned to cost."""
        if self.validated:
            return FREE
        return BATCHED if self.batched else ALONE


def plan(uses: Iterable[Use], now: float, horizon: float) -> tuple[Use, ...]:
    """What to refresh, in its order. `horizon` is the time until the next round, in seconds."""
    due = [use for use in uses if use.fresh_until < now + horizon]
    due.sort(key=lambda use: (-use.weight / use.cost, not use.ask.names))
    return tuple(due[:MOST])


def batches(planned: Sequence[Use]) -> Iterator[tuple[Use, ...]]:
    """The plan in pieces that are asked for together: batches of one resource, and asks that go alone."""
    for start in range(0, len(planned), PORTION):
        together: dict[str, list[Use]] = {}
        for use in planned[start : start + PORTION]:
            if use.batched and isinstance(use.ask.target, Typed):
                together.setdefault(use.ask.target.resource, []).append(use)
            else:
                yield (use,)
        yield from map(tuple, together.values())


def owners_to_learn(planned: Sequence[Use], fewest: int = 3) -> tuple[str, ...]:
    """Owners of so many unknown names that it is cheaper to list their repositories, the most wanted first."""
    wanted: dict[str, set[str]] = {}
    for use in planned:
        values = use.ask.match.values
        if not use.placed and "owner" in values:
            wanted.setdefault(values["owner"].lower(), set()).add(values["repo"].lower())
    return tuple(
        owner for owner, names in sorted(wanted.items(), key=lambda item: -len(item[1])) if len(names) >= fewest
    )
