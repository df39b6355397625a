"""Answers of the index as bytes, cached by tenant, audience, meaning of the query and generation.

A new generation asks for other keys, so nothing has to be deleted; a manual clear renews the epoch that every answer
bears. One trip to the store brings both. Without the store every answer is computed, which takes about as long.
"""

import time
from collections.abc import Callable
from typing import Any, Final, Literal
from urllib.parse import urlencode, urlsplit

import orjson
from django.conf import settings

from github_cache import entries, invalidation, keys, store
from github_cache.caller import Caller
from github_cache.entries import Entry
from github_cache.keys import Scope
from github_cache.serving import Outcome, Served, from_entry
from github_cache.store.operations import Put
from ratelimit import deferred, live
from stats import metrics, snapshots
from stats.columns import Snapshot
from stats.counting import Audience
from stats.facets import DEFAULT_LIMIT, facets, values_of
from stats.filters import MAX_LIMIT, Parameters, QueryError, parse_paging, parse_query, whole_number
from stats.indexing import ANSWERS
from stats.search import search
from stats.statistics import statistics
from stats.vocabulary import FACETS, facet_named

MAX_PREFIX: Final = 255
_JSON: Final = (("Content-Type", "application/json"),)
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})

Family = Literal["facets", "search", "stats"]


def audience_of(caller: Caller) -> Audience:
    """What a caller may see: an anonymous one public repositories only, unless GitHub is a sandbox on this machine."""
    made_up = urlsplit(settings.GITHUB_API_URL).hostname in _LOOPBACK
    return Audience.PUBLIC if caller.kind == "anonymous" and not made_up else Audience.TENANT


def facets_answer(tenant: str, audience: Audience, parameters: Parameters) -> Served:
    """``GET /api/v1/facets``. Raises QueryError."""
    query = parse_query(parameters, besides=("limit",))
    limit = whole_number(parameters, "limit", DEFAULT_LIMIT, MAX_LIMIT)
    return _answer(
        tenant,
        audience,
        "facets",
        f"{query.canonical()} {limit}",
        lambda snapshot: facets(snapshot, query, audience, limit),
    )


def facet_answer(tenant: str, audience: Audience, name: str, parameters: Parameters) -> Served:
    """``GET /api/v1/facets/{name}``: the values of one facet. Raises QueryError; KeyError for an unknown facet."""
    facet = facet_named(name)
    if facet is None:
        raise KeyError(f"there is no facet {name[:60]!r}; there are {', '.join(FACETS)}")
    query = parse_query(parameters, besides=("limit", "prefix"))
    limit = whole_number(parameters, "limit", DEFAULT_LIMIT, MAX_LIMIT)
    prefix = " ".join(parameters.get("prefix", ("",))[-1].split())
    if len(prefix) > MAX_PREFIX:
        raise QueryError(f"prefix has at most {MAX_PREFIX} characters", "prefix", MAX_PREFIX, len(prefix) - MAX_PREFIX)
    return _answer(
        tenant,
        audience,
        "facets",
        f"{query.canonical()} {limit} {facet.name} {prefix.casefold()}",
        lambda snapshot: values_of(snapshot, query, audience, facet.name, prefix, limit),
    )


def search_answer(tenant: str, audience: Audience, parameters: Parameters) -> Served:
    """``GET /api/v1/search``. Raises QueryError."""
    query = parse_query(parameters, besides=("page", "per_page", "sort", "cursor"))
    paging = parse_paging(parameters, query)

    def found(snapshot: Snapshot) -> dict[str, Any]:
        answer = search(snapshot, query, paging, audience)
        if cursor := answer["next"]:
            following = [("sort", answer["sort"]), ("per_page", str(paging.per_page)), ("cursor", cursor)]
            page = urlencode(query.parameters() + following)
            answer["next"] = f"{settings.HUBCACHE_PUBLIC_URL}/api/v1/search?{page}"
        return answer

    return _answer(tenant, audience, "search", f"{query.canonical()} {paging.canonical()}", found)


def statistics_answer(tenant: str, audience: Audience) -> Served:
    """``GET /api/v1/stats``."""
    return _answer(tenant, audience, "stats", "", lambda snapshot: statistics(tenant, snapshot, audience, time.time()))


def forget(tenant: str) -> None:
    """No answer that was given before is given again: each bears the epoch that is renewed here."""
    invalidation.by_kind(tenant, _scope(tenant), (ANSWERS,))


def _answer(
    tenant: str, audience: Audience, family: Family, meaning: str, compute: Callable[[Snapshot], dict[str, Any]]
) -> Served:
    snapshot, policy, now = snapshots.current(tenant), live.policy(), time.time()
    if not policy.value(f"CACHE_{family.upper()}_ENABLED"):
        entry = _entry(_computed(family, snapshot, compute), now, 0.0, ())
        return _counted(family, from_entry(entry, Outcome.BYPASS, age=0.0, lifetime=0.0))
    key = keys.generation_entry(tenant, family, snapshot.generation, f"{snapshot.lineage} {audience.value} {meaning}")
    epochs = (keys.epoch(tenant, _scope(tenant), ANSWERS), keys.epoch(tenant, _scope(tenant), keys.CALLERS))
    held = store.get().read(key, epochs)
    known = store.readable(key, held.data)
    if known is not None and known.epochs == tuple(zip(epochs, held.epochs, strict=True)):
        age = max(0.0, now - known.stored_at)
        if age < known.lifetime:
            return _counted(family, from_entry(known, Outcome.HIT, age=age, lifetime=known.lifetime))
    tokens = held.epochs if all(held.epochs) else store.get().ensure_epochs(tenant, _scope(tenant), epochs)
    lifetime = float(policy.value(f"CACHE_TTL_{family.upper()}"))
    bound = tuple(zip(epochs, (token or "" for token in tokens), strict=True))
    entry = _entry(_computed(family, snapshot, compute), now, lifetime, bound)
    store.get().perform([Put(key, entries.encode(entry), max(1, int(lifetime)))])
    return _counted(family, from_entry(entry, Outcome.MISS, age=0.0, lifetime=lifetime))


def _computed(family: Family, snapshot: Snapshot, compute: Callable[[Snapshot], dict[str, Any]]) -> bytes:
    deferred.enforce()
    with metrics.index_answer_seconds.labels(family).time():
        return orjson.dumps(compute(snapshot))


def _entry(body: bytes, now: float, lifetime: float, epochs: tuple[tuple[str, str], ...]) -> Entry:
    return Entry(
        body=body,
        status=200,
        headers=_JSON,
        stored_at=now,
        lifetime=lifetime,
        grace=0.0,
        epochs=epochs,
        gzipped=entries.compressed(body),
        extra={"etag": f'"{keys.digest(body)[:32]}"'},
    )


def _counted(family: Family, served: Served) -> Served:
    metrics.index_answers_total.labels(family, served.outcome.value).inc()
    return served


def _scope(tenant: str) -> Scope:
    return Scope("tenant", tenant)
