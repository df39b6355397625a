"""Masks and counts over a snapshot: who matches a query, and how many have which value. No I/O.

Within a facet either value will do, facets among each other all have to hold, and a facet's own choice does not
narrow its own counts. Counts are exact.
"""

from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from operator import itemgetter
from typing import Final

import numpy as np

from stats.columns import Snapshot
from stats.filters import Choice, Query
from stats.planes import Ints, Mask
from stats.vocabulary import FACETS, REPOSITORY_KIND

FEW: Final = 64


class Audience(Enum):
    """Who asks: a caller of the tenant, or anyone where the house answers without a key."""

    TENANT = "tenant"
    PUBLIC = "public"


class Tally:
    """How many of the rows in a mask have each value. Of all automations the columns keep it themselves."""

    def __init__(self, snapshot: Snapshot, mask: Mask) -> None:
        self._snapshot, self._mask = snapshot, mask
        self._is_everything = mask is snapshot.live_automations
        self.size = snapshot.automations if self._is_everything else int(np.count_nonzero(mask))

    def counts(self, facet: str) -> Ints:
        """By value of `facet`, in the order of its names."""
        bearer = FACETS[facet].bearer
        if self._is_everything:
            counted = self._snapshot.planes[bearer].totals
        else:
            counted = self._of_automations if bearer == "automation" else self._of_repositories
        return counted[self._snapshot.numbers[facet]]

    @cached_property
    def _of_automations(self) -> Ints:
        return self._snapshot.planes["automation"].counts(self._mask, self._mask)

    @cached_property
    def _of_repositories(self) -> Ints:
        repositories = self._snapshot.repository_of.take(np.flatnonzero(self._mask))
        weights = np.bincount(repositories, minlength=len(self._snapshot.public))
        return self._snapshot.planes["repository"].counts(self._mask, weights)


@dataclass(frozen=True)
class Matches:
    """The rows that match: `base` without any choice of facets, `by_facet` what each chosen facet lets through.

    `all` holds the rows that match everything.
    """

    snapshot: Snapshot
    query: Query
    base: Mask
    by_facet: dict[str, Mask]
    all: Mask

    @cached_property
    def tally(self) -> Tally:
        """The counts of everything that matches."""
        return Tally(self.snapshot, self.all)

    def counts(self, facet: str) -> Ints:
        """How many of the matching rows have each value of `facet`, its own choice apart."""
        if facet not in self.by_facet:
            return self.tally.counts(facet)
        mask = self.base
        for other, allowed in self.by_facet.items():
            if other != facet:
                mask = mask & allowed
        return Tally(self.snapshot, mask).counts(facet)


def match(snapshot: Snapshot, query: Query, audience: Audience, *, found: Mask | None, universe: Mask) -> Matches:
    """The rows of `universe` that match; `found` are the rows with the query's text, where it has any."""
    base = universe
    if found is not None:
        base = base & found
    if audience is Audience.PUBLIC and not snapshot.public.all():
        base = base & snapshot.public[snapshot.repository_of]
    for choice in query.without:
        base = base & ~_allowed(snapshot, choice)
    by_facet = {choice.facet: _allowed(snapshot, choice) for choice in query.choices}
    everything = base
    for allowed in by_facet.values():
        everything = everything & allowed
    return Matches(snapshot, query, base, by_facet, everything)


def universe_of(snapshot: Snapshot, query: Query) -> Mask:
    """What is counted: automations, and repositories too only where their kind was chosen."""
    if REPOSITORY_KIND in query.chosen("kind"):
        return snapshot.live_automations | snapshot.live_repositories
    return snapshot.live_automations


def places_of(snapshot: Snapshot, facet: str, value: str) -> tuple[str, list[int]]:
    """The facet that really bears a chosen value, and the value's places among its names.

    A version (``actions/checkout@v4``) chosen as an action stands among the action versions.
    """
    if facet == "action" and ("@" in value or value.startswith("docker://")):
        versions = _known(snapshot, "action_version", value)
        if versions or "@" in value:
            return "action_version", versions
    return facet, _known(snapshot, facet, value)


def _known(snapshot: Snapshot, facet: str, value: str) -> list[int]:
    """Names may have grown since the snapshot was made."""
    size = len(snapshot.numbers[facet])
    return [place for place in snapshot.names[facet].matching(value) if place < size]


def _allowed(snapshot: Snapshot, choice: Choice) -> Mask:
    allowed = np.zeros(len(snapshot.doc_ids), np.bool_)
    for value in choice.values:
        facet, places = places_of(snapshot, choice.facet, value)
        if places:
            allowed |= snapshot.rows_having(facet, places)
    return allowed


def top(counted: Ints, most: int) -> tuple[list[tuple[int, int]], int]:
    """(place, count) of the `most` highest counts above 0, the highest first, ties by place; and how many more."""
    if len(counted) <= FEW:  # for so few, Python is faster than numpy's calls
        pairs = [(place, count) for place, count in enumerate(counted.tolist()) if count]
        pairs.sort(key=itemgetter(1), reverse=True)
        return pairs[:most], max(0, len(pairs) - most)
    present = counted.nonzero()[0]
    further = max(0, len(present) - most)
    if further:
        # one sortable key per value, so that ties at the border fall the same way every time
        keys = counted[present] * np.int64(len(counted) + 1) - present
        present = present[keys.argpartition(further)[further:]]
    places = present[np.lexsort((present, -counted[present]))]
    return list(zip(places.tolist(), counted[places].tolist(), strict=True)), further
