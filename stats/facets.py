"""Facets: for every facet its most frequent values among what matches, with exact counts.

Counts count automations; a repository's facet counts its automations. A chosen value stands in the list even where
it counts nothing, so that it can be unchosen.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from stats.columns import Snapshot
from stats.counting import Audience, Matches, match, places_of, top, universe_of
from stats.filters import Query
from stats.planes import Ints
from stats.search import rows_with_text
from stats.vocabulary import FACETS

DEFAULT_LIMIT: Final = 20


def facets(snapshot: Snapshot, query: Query, audience: Audience, limit: int = DEFAULT_LIMIT) -> dict[str, Any]:
    """The answer of ``GET /api/v1/facets``: `limit` values of each facet, and how many more there are."""
    matches = _matches(snapshot, query, audience)
    lists: dict[str, list[dict[str, Any]]] = {}
    more: dict[str, int] = {}
    for facet in FACETS.values():
        if not facet.listed:
            continue
        counted = matches.counts(facet.name)
        best, further = top(counted, limit)
        lists[facet.name] = _listed(matches, facet.name, best)
        if query.chosen(facet.name):
            lists[facet.name] += _chosen_besides(matches, facet.name, counted, best)
        if further:
            more[facet.name] = further
    return {
        "total": matches.tally.size,
        "generation": snapshot.generation,
        "query": query.described(),
        "facets": lists,
        "more": more,
    }


def values_of(
    snapshot: Snapshot, query: Query, audience: Audience, facet: str, prefix: str, limit: int = DEFAULT_LIMIT
) -> dict[str, Any]:
    """The values of one facet that begin with `prefix`, whole or after a slash, whatever their case."""
    matches = _matches(snapshot, query, audience)
    counted = matches.counts(facet).copy()
    names = snapshot.names[facet].texts
    if prefix := prefix.casefold():
        for place in np.flatnonzero(counted).tolist():
            text = names[place].casefold()
            if not text.startswith(prefix) and f"/{prefix}" not in text:
                counted[place] = 0
    best, further = top(counted, limit)
    return {
        "facet": facet,
        "prefix": prefix,
        "total": matches.tally.size,
        "generation": snapshot.generation,
        "query": query.described(),
        "values": _listed(matches, facet, best),
        "more": further,
    }


def _matches(snapshot: Snapshot, query: Query, audience: Audience) -> Matches:
    found = rows_with_text(snapshot, query)
    return match(snapshot, query, audience, found=found, universe=universe_of(snapshot, query))


def _listed(matches: Matches, facet: str, pairs: Sequence[tuple[int, int]]) -> list[dict[str, Any]]:
    names, chosen = matches.snapshot.names[facet].texts, _chosen(matches, facet)
    return [{"value": names[place], "count": count, "selected": place in chosen} for place, count in pairs]


def _chosen_besides(
    matches: Matches, facet: str, counted: Ints, best: Sequence[tuple[int, int]]
) -> list[dict[str, Any]]:
    """The chosen values that are not among the most frequent, and those that exist nowhere."""
    beyond = sorted(_chosen(matches, facet) - {place for place, _ in best})
    nowhere = [
        {"value": value, "count": 0, "selected": True}
        for value in matches.query.chosen(facet)
        if not places_of(matches.snapshot, facet, value)[1]
    ]
    return _listed(matches, facet, [(place, int(counted[place])) for place in beyond]) + nowhere


def _chosen(matches: Matches, facet: str) -> set[int]:
    """The places of the chosen values of `facet`."""
    snapshot, places = matches.snapshot, set[int]()
    if not matches.query.choices:
        return places
    for holder in (facet, "action") if facet == "action_version" else (facet,):
        for value in matches.query.chosen(holder):
            bearer, found = places_of(snapshot, holder, value)
            if bearer == facet:
                places.update(found)
    return places
