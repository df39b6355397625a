"""Masks and counts over a snapshot: who matches a query, and how many have which value. No I/O.

Within a facet either value will do, facets among each other all have to hold, and a facet's own choice does not
narrow its own counts. Counts are exact.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

import numpy as np

from stats.columns import Ints, Mask, Snapshot
from stats.filters import Choice, Query
from stats.vocabulary import FACETS, REPOSITORY_KIND


class Audience(Enum):
    """Who asks: a caller of the tenant, or anyone where the house answers without a key."""

    TENANT = "tenant"
    PUBLIC = "public"


@dataclass(frozen=True, slots=True)
class Matches:
    """The rows that match: `base` without any choice of facets, `by_facet` what each chosen facet lets through.

    `all` holds the rows that match everything.
    """

    snapshot: Snapshot
    query: Query
    base: Mask
    by_facet: Mapping[str, Mask]
    all: Mask
    whole: bool  # nothing narrows: the totals are the counts

    def without(self, facet: str) -> Mask:
        """The rows that match everything but the choice of `facet`."""
        mask = self.base.copy()
        for other, allowed in self.by_facet.items():
            if other != facet:
                mask &= allowed
        return mask


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
    return Matches(snapshot, query, base, by_facet, everything, whole=everything is snapshot.live_automations)


def universe_of(snapshot: Snapshot, query: Query) -> Mask:
    """What is counted: automations, and repositories too only where their kind was chosen."""
    if REPOSITORY_KIND in query.chosen("kind"):
        return snapshot.live_automations | snapshot.live_repositories
    return snapshot.live_automations


def counts(matches: Matches, facet: str) -> Ints:
    """How many of the matching rows have each value of `facet`, by the value's number."""
    snapshot = matches.snapshot
    if matches.whole:
        return snapshot.totals[facet]
    mask = matches.without(facet) if facet in matches.by_facet else matches.all
    entries = snapshot.entries[facet]
    size = len(snapshot.totals[facet])
    if FACETS[facet].bearer == "automation":
        return np.bincount(entries.values[mask[entries.owners]], minlength=size)
    weights = np.bincount(snapshot.repository_of[mask], minlength=len(snapshot.public))
    return np.bincount(entries.values, weights=weights[entries.owners], minlength=size).astype(np.int64)


def numbers_of(snapshot: Snapshot, facet: str, value: str) -> tuple[str, list[int]]:
    """The facet that really bears a chosen value, and the value's numbers in it.

    A version (``actions/checkout@v4``) chosen as an action stands among the action versions.
    """
    if facet == "action" and ("@" in value or value.startswith("docker://")):
        versions = snapshot.names["action_version"].matching(value)
        if versions or "@" in value:
            return "action_version", versions
    return facet, snapshot.names[facet].matching(value)


def _allowed(snapshot: Snapshot, choice: Choice) -> Mask:
    wanted: dict[str, list[int]] = {}
    for value in choice.values:
        facet, numbers = numbers_of(snapshot, choice.facet, value)
        wanted.setdefault(facet, []).extend(numbers)
    allowed = np.zeros(len(snapshot.doc_ids), np.bool_)
    for facet, numbers in wanted.items():
        size = len(snapshot.totals[facet])
        known = [number for number in numbers if number < size]
        if not known:
            continue
        entries = snapshot.entries[facet]
        if len(known) == 1:
            owners = entries.owners[entries.values == known[0]]
        else:
            chosen = np.zeros(size, np.bool_)
            chosen[known] = True
            owners = entries.owners[chosen[entries.values]]
        if FACETS[facet].bearer == "automation":
            allowed[owners] = True
        else:
            repositories = np.zeros(len(snapshot.public), np.bool_)
            repositories[owners] = True
            allowed |= repositories[snapshot.repository_of]
    return allowed


def top(counted: Ints, most: int) -> Ints:
    """The numbers of the `most` values with the highest counts above 0: highest first, ties by number."""
    present = np.flatnonzero(counted)
    if len(present) > most:
        # one sortable key per value, so that ties at the border fall the same way every time
        keys = counted[present] * np.int64(len(counted) + 1) - present
        present = present[np.argpartition(keys, -most)[-most:]]
    return present[np.lexsort((present, -counted[present]))]
