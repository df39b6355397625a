"""Counts over columns of every size equal counting one by one, common values and rare ones, laid out and behind it."""

import random
from collections import Counter
from collections.abc import Iterable

import numpy as np
import pytest

from stats.columns import Snapshot
from stats.counting import Audience, match
from stats.filters import parse_query
from stats.growing import Batch, Columns

EACH = 10
VALUES = {
    "kind": ["github_actions", "home_assistant"],
    "trigger": [f"event_{n}" for n in range(40)],
    "action": [f"owner/action-{n}" for n in range(2_000)],
    "language": [f"Language {n}" for n in range(20)],
    "topic": [f"topic-{n}" for n in range(500)],
}
QUERIES = [
    {"trigger": ["event_0"]},
    {"trigger": ["event_1", "event_30"], "language": ["language 0"]},
    {"action": ["owner/action-1*"]},
    {"topic": ["topic-499", "topic-3"]},
    {"q": ['-trigger:event_0 -language:"language 0"'], "kind": ["home_assistant"]},
    {"action": ["owner/action-0"], "topic": ["topic-0"], "trigger": ["event_0"], "language": ["language 1"]},
]

Values = set[tuple[str, str]]


class Made:
    """Columns, and the same as one set of values for each automation, by repository."""

    def __init__(self, repositories: int, seed: int) -> None:
        self.chance = random.Random(seed)
        self.columns = Columns()
        self.ids = {pair: n for n, pair in enumerate((f, v) for f, values in VALUES.items() for v in values)}
        self.columns.learn((n, *pair) for pair, n in self.ids.items())
        self.rows: dict[int, list[Values]] = {}
        self.put(range(repositories))

    def put(self, numbers: Iterable[int]) -> None:
        """Make these repositories anew, the columns as the rows."""
        numbers = list(numbers)
        pairs: list[tuple[int, int]] = []
        row = 0
        for number in numbers:
            of_repository = self.some("language", 3) | self.some("topic", 4)
            automations = [self.some("kind", 1) | self.some("trigger", 3) | self.some("action", 4) for _ in range(EACH)]
            self.rows[number] = [automation | of_repository for automation in automations]
            for offset, values in enumerate([of_repository, *automations]):
                pairs += [(row + offset, self.ids[pair]) for pair in sorted(values)]
            row += 1 + EACH
        keys = np.array(numbers)
        docs = np.column_stack([keys * 2, *((keys * EACH + n) * 2 + 1 for n in range(EACH))]).ravel()
        rows, values = np.array(pairs).T
        self.columns.replace(
            Batch(
                repositories=numbers,
                public=np.ones(len(numbers), np.bool_),
                rows_each=np.full(len(numbers), 1 + EACH),
                doc_ids=docs,
                newest=np.zeros(len(docs), np.int64),
                pair_rows=rows,
                pair_values=values,
                languages=[{}] * len(numbers),
                unreadable=[0] * len(numbers),
                marks=np.zeros(len(docs), np.uint64),
            )
        )

    def some(self, facet: str, most: int) -> Values:
        """Values of a facet; the first are everywhere, most are rare."""
        values = VALUES[facet]
        picked = (int(self.chance.paretovariate(0.6)) - 1 for _ in range(self.chance.randint(1, most)))
        return {
            (facet, values[place if place < len(values) else self.chance.randrange(len(values))]) for place in picked
        }


def counted(snapshot: Snapshot, parameters: dict[str, list[str]]) -> dict[str, Counter[str]]:
    matches = match(snapshot, parse_query(parameters), Audience.TENANT, found=None, universe=snapshot.live_automations)
    found = {}
    for facet in VALUES:
        counts = matches.counts(facet).tolist()
        found[facet] = Counter(dict(zip(snapshot.names[facet].texts, counts, strict=True)))
    return found


def one_by_one(rows: Iterable[Values], parameters: dict[str, list[str]]) -> dict[str, Counter[str]]:
    query = parse_query(parameters)
    allowed = {choice.facet: _those(choice.facet, choice.values) for choice in query.choices}
    never = set[tuple[str, str]]().union(*(_those(choice.facet, choice.values) for choice in query.without))
    found = {facet: Counter[str]() for facet in VALUES}
    for row in rows:
        if row & never:
            continue
        missed = [facet for facet, values in allowed.items() if not row & values]
        for facet, value in row if not missed else [pair for pair in row if missed == [pair[0]]]:
            found[facet][value] += 1
    return found


def _those(facet: str, wanted: Iterable[str]) -> Values:
    """The values that are wanted, a star standing for any end."""
    return {
        (facet, value)
        for value in VALUES[facet]
        if any(value.lower().startswith(w[:-1]) if w.endswith("*") else value.lower() == w for w in wanted)
    }


@pytest.mark.parametrize("automations", [50, 5_000, 20_000, 200_000])
def test_every_count_equals_counting_one_by_one(automations):
    made = Made(automations // EACH, seed=automations)
    made.columns.snapshot("", 1, "")  # lays out what there is
    made.put(range(0, automations // EACH, 40))  # replaced: dead rows, and new ones behind what was laid out
    snapshot = made.columns.snapshot("", 2, "")
    rows = [row for some in made.rows.values() for row in some]
    assert snapshot.automations == len(rows) == automations
    for parameters in QUERIES if automations <= 20_000 else QUERIES[:2]:
        assert counted(snapshot, parameters) == one_by_one(rows, parameters), parameters
    if automations >= 20_000:
        index = snapshot.planes["automation"].index
        assert len(index.common) > 0
        assert len(index.rare) > 0
        assert index.rows < len(snapshot.doc_ids)
