"""A process that follows the index, and an index that changes under it."""

import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from stats import loading
from stats.columns import Snapshot
from stats.growing import Columns
from stats.indexing import index_repository, remove_repository
from tests.stats.samples import OBSERVED, organisation


class Follower:
    """What one process knows of a tenant's index; `options` are those of its columns."""

    def __init__(self, tenant: str, **options: Any) -> None:
        self.tenant, self.columns, self.generation = tenant, Columns(**options), -1

    def current(self) -> Snapshot:
        state = loading.state(self.tenant)
        loading.apply_changes(self.tenant, self.columns, self.generation)
        self.generation = state[1]
        return self.columns.snapshot(*state)


def changed(tenant: str, seed: int, times: int) -> Iterator[None]:
    """Indexes twelve repositories, then changes or removes one at a time; gives way at moments to look at the index."""
    chance, at = random.Random(seed), OBSERVED
    variants = [organisation(12, 4, seed=number) for number in range(3)]
    for one in variants[0]:
        index_repository(tenant, one.given, one.files, at)
    yield
    for _ in range(times):
        at += timedelta(seconds=1)
        number = chance.randrange(12)
        if chance.random() < 0.2:
            remove_repository(tenant, number + 1, at)
        else:
            one = chance.choice(variants)[number]
            files = dict(chance.sample(sorted(one.files.items()), chance.randrange(5)))
            index_repository(tenant, one.given, files, at)
        if chance.random() < 0.7:
            yield
