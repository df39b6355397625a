"""Statistics: totals, the busiest values, what is not pinned, activity, and growth day by day.

Counts come from the columns' running totals, so they cost the same at five thousand automations and at a million.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import numpy as np
from django.db import connection

from stats.automations.references import is_outside, is_pinned
from stats.columns import GONE, Snapshot
from stats.counting import Audience, Matches, match, top
from stats.filters import Query
from stats.models import DailyRollup, IndexedFile
from stats.planes import Ints, Mask, sums

BUSIEST: Final = 20
ACTIVITY_DAYS: Final = (1, 7, 30, 90, 365)
GROWTH_DAYS: Final = 365

_GROWTH: Final = (
    "SELECT CAST(day AS text), repositories, automations FROM stats_dailyrollup "
    "WHERE tenant_id = %s AND day > %s ORDER BY day"
)


def statistics(tenant: str, snapshot: Snapshot, audience: Audience, now: float) -> dict[str, Any]:
    """The answer of ``GET /api/v1/stats``; `now` in epoch seconds."""
    matches = match(snapshot, Query(), audience, found=None, universe=snapshot.live_automations)
    whole = audience is Audience.TENANT
    newest = snapshot.newest_of if whole else np.where(snapshot.public, snapshot.newest_of, GONE)
    shown = newest != GONE
    return {
        "repositories": int(np.count_nonzero(shown)),
        "automations": matches.tally.size,
        "by_kind": {item["value"]: item["count"] for item in _busiest(matches, "kind")},
        "languages": _languages(matches, shown),
        "triggers": _busiest(matches, "trigger"),
        "actions": _busiest(matches, "action"),
        "blueprints": _busiest(matches, "blueprint"),
        "pinned": {item["value"]: item["count"] for item in _busiest(matches, "pinned")},
        "unpinned_actions": _unpinned(matches),
        "activity": _activity(newest, int(now)),
        "growth": _growth(tenant, now) if whole else [],
        "unreadable_files": snapshot.unreadable if whole else None,
        "last_updated": last_updated(snapshot),
        "generation": snapshot.generation,
    }


def last_updated(snapshot: Snapshot) -> str | None:
    """When the index changed last, as ISO 8601 in UTC; None while it is empty."""
    if not snapshot.changed_at:
        return None
    changed = datetime.fromisoformat(snapshot.changed_at)
    changed = changed.replace(tzinfo=UTC) if changed.tzinfo is None else changed.astimezone(UTC)
    return changed.strftime("%Y-%m-%dT%H:%M:%SZ")


def unreadable_files(tenant: str) -> Any:
    """The files of the tenant that could not be read (a query set)."""
    return IndexedFile.objects.filter(repository__tenant_id=tenant).exclude(reason="")


def roll_up(tenant: str, snapshot: Snapshot, day: date) -> None:
    """Keep what the index holds as the state of `day`; once more on the same day overwrites it."""
    kinds = snapshot.names["kind"].texts
    counted = snapshot.planes["automation"].totals[snapshot.numbers["kind"]].tolist()
    DailyRollup.objects.update_or_create(
        tenant_id=tenant,
        day=day,
        defaults={
            "repositories": snapshot.repositories,
            "automations": snapshot.automations,
            "by_kind": {kind: count for kind, count in zip(kinds, counted, strict=False) if count},
        },
    )


def _busiest(matches: Matches, facet: str) -> list[dict[str, Any]]:
    names = matches.snapshot.names[facet].texts
    return [{"value": names[place], "count": count} for place, count in top(matches.counts(facet), BUSIEST)[0]]


def _languages(matches: Matches, shown: Mask) -> list[dict[str, Any]]:
    """The languages by bytes, with how many automations stand in `shown` repositories that have them."""
    snapshot = matches.snapshot
    counted = matches.counts("language")
    plane, numbers = snapshot.planes["repository"], snapshot.numbers["language"]
    if matches.all is snapshot.live_automations:
        sizes = snapshot.amounts[numbers]
    else:
        counting = np.repeat(shown, np.diff(plane.starts))
        sizes = sums(plane.values, np.where(counting, plane.amounts, 0), len(plane.totals))[numbers]
    names = snapshot.names["language"].texts
    # one that has no bytes, since only its name was told, is listed after those that have
    return [
        {"value": names[place], "bytes": int(sizes[place]), "count": int(counted[place])}
        for place, _ in top(sizes + (counted > 0), BUSIEST)[0]
    ]


def _unpinned(matches: Matches) -> list[dict[str, Any]]:
    """The most used action versions that are not bound to a commit."""
    counted = matches.counts("action_version")
    names = matches.snapshot.names["action_version"].texts
    looked, further = 4 * BUSIEST, 1
    found: list[dict[str, Any]] = []
    while further and len(found) < BUSIEST:
        pairs, further = top(counted, looked)
        unpinned = ((names[place], count) for place, count in pairs)
        found = [
            {"value": name, "count": count} for name, count in unpinned if is_outside(name) and not is_pinned(name)
        ]
        looked *= 8
    return found[:BUSIEST]


def _activity(newest: Ints, now: int) -> list[dict[str, int]]:
    """How many repositories were pushed to within so many days; those that are gone were never."""
    return [
        {"days": days, "repositories": int(np.count_nonzero(newest >= now - days * 86_400))} for days in ACTIVITY_DAYS
    ]


def _growth(tenant: str, now: float) -> list[dict[str, Any]]:
    since = datetime.fromtimestamp(now, UTC).date() - timedelta(days=GROWTH_DAYS)
    with connection.cursor() as cursor:  # making the query by the ORM takes longer than all the counting
        cursor.execute(_GROWTH, [tenant, since])
        return [
            {"day": day, "repositories": repositories, "automations": automations}
            for day, repositories, automations in cursor.fetchall()
        ]
