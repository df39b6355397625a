"""Works off what deliveries left to be done: make stale once more, revoke, refetch what is hot, read the index again.

Everything may be repeated, and nothing is taken from a payload that GitHub can be asked for: so the order of events and
a kill at any moment leave the upstream's state. A `Wait` puts a batch off without counting as an attempt.
"""

import logging
import time
from collections.abc import Callable, Iterable
from datetime import datetime

from django.utils import timezone

from github_cache.keys import Scope
from github_cache.upstream.errors import UpstreamError
from ratelimit.budget import Lane
from ratelimit.verdict import Wait
from stats import syncing
from stats.indexing import Outcome
from stats.models import Repository
from webhooks import claiming, finishing, invalidating, metrics, refetching
from webhooks.affects import IndexChange, Touched
from webhooks.claiming import INDEX, Batch, Unit
from webhooks.finishing import Failed, Later, Progress
from webhooks.models import WebhookEvent

log = logging.getLogger("hubcache.webhooks")

BATCH_SECONDS = 25.0
"""No further step of a batch begins after this, so that it ends before its lease does."""

RUN_SECONDS = 120.0
SWEPT_WITHIN = 30.0
"""What is due later than this is left to the sweeper."""

NAMED = 20
"""Deliveries of a batch whose IDs stand in the log."""


def run(seconds: float = RUN_SECONDS, clock: Callable[[], datetime] = timezone.now) -> None:
    """Works off whatever is due by `clock`, for up to `seconds`."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and (batches := claiming.claim(clock())):
        for batch in batches:
            work_off(batch)


def answer_bell(event_id: int) -> float | None:
    """Works off what is due. In how many seconds the bell should be rung again for this delivery, or None.

    Where a newer delivery is due no sooner, its bell does: so a stream of deliveries does not ring ever more bells.
    """
    due_at = WebhookEvent.objects.filter(pk=event_id).values_list("next_try_at", flat=True)
    if due_at.first() is None:
        return None
    run()
    left = due_at.first()
    if left is None:
        return None
    newer = WebhookEvent.objects.filter(pk__gt=event_id, state=WebhookEvent.State.RECEIVED, next_try_at__gte=left)
    if newer.exists():
        return None
    seconds = (left - timezone.now()).total_seconds()
    return max(seconds, 0.05) if seconds <= SWEPT_WITHIN else None


def work_off(batch: Batch) -> None:
    """Does what is due of a batch and writes down what came of it. Raises nothing but a database's failure."""
    started = time.monotonic()
    progress = Progress()
    rest: Later | Failed
    try:
        rest = _steps(batch, progress, started + BATCH_SECONDS)
    except UpstreamError as error:
        rest = Failed(error.message)
    except Exception as error:
        log.exception("deliveries could not be worked off", extra={"tenant": batch.tenant, "scope": batch.scope})
        rest = Failed(f"{type(error).__name__}: {error}")
    finishing.write_down(batch, progress, rest, timezone.now())
    metrics.webhook_processing_duration_seconds.observe(time.monotonic() - started)
    log.info(
        "deliveries worked off",
        extra={
            "tenant": batch.tenant,
            "scope": batch.scope,
            "deliveries": len(batch.events),
            "delivery_ids": [each.guid for each in batch.events[:NAMED]],
            "error": rest.error if isinstance(rest, Failed) else "",
            **progress.as_json(),
        },
    )


def _steps(batch: Batch, progress: Progress, until: float) -> Later | Failed:
    """What revokes comes first and needs nobody; what needs GitHub may end in a wait."""
    due = {each: claiming.narrowed(each.touched, batch.due & each.units) for each in batch.events}
    for each, touched in due.items():
        revoked = invalidating.revoke(batch.tenant, touched, each.received_at)
        progress.indexed |= {str(number): outcome for number, outcome in revoked.items()}
    together = _together(due.values())
    removed = invalidating.invalidate(batch.tenant, together)
    progress.epochs, progress.entries = removed.epochs, removed.entries
    newest = max(each.received_at for each in batch.events).timestamp()
    turns = [0.0]
    for scope, kinds in together.kinds.items():
        waits = _refetch(batch, scope, kinds, progress, newest, until)
        if isinstance(waits, Wait):
            return Later(waits.seconds)
        turns.append(waits)
    for repository in together.index:
        if time.monotonic() > until:
            break
        outcome = _read_again(batch, repository)
        if isinstance(outcome, Wait):
            return Later(outcome.seconds)
        progress.indexed[str(repository)] = outcome.value
        progress.done.add(Unit(f"repo:{repository}", INDEX))
    return Later(max(turns))


def _refetch(
    batch: Batch, scope: Scope, kinds: frozenset[str], progress: Progress, newest: float, until: float
) -> float | Wait:
    """Refetches what is hot of a scope; in how many seconds it is our turn for what is left, 0 where nothing is."""
    name = f"{scope.kind}:{scope.id}"
    asked = refetching.hot_asks(batch.tenant, scope, kinds)
    waits: dict[str, float] = {}
    if name != batch.scope:
        turns = {
            kind: refetching.turn(batch.tenant, f"{name}/{kind}", newest) for kind in {a.route.kind for a in asked}
        }
        waits = {kind: seconds for kind, seconds in turns.items() if seconds}
        asked = tuple(ask for ask in asked if turns[ask.route.kind] is None)
    fetched = refetching.refetch(asked, until)
    if isinstance(fetched, Wait):
        return fetched
    progress.refetched |= {f"{name}/{kind}": count for kind, count in fetched.items()}
    progress.done |= {Unit(name, kind) for kind in kinds - waits.keys()}
    return max(waits.values(), default=0.0)


def _read_again(batch: Batch, repository: int) -> Outcome | Wait:
    """Reads a repository into the index, by the name that the index has for it and by the one that deliveries said."""
    known = Repository.objects.filter(tenant_id=batch.tenant, github_id=repository, removed_at=None)
    names = [*known.values_list("full_name", flat=True)]
    if batch.scope == f"repo:{repository}":
        names += [each.repository for each in batch.events[-1:]]
    outcome: Outcome | Wait = Outcome.UNCHANGED
    for name in dict.fromkeys(filter(None, names)):
        outcome = syncing.reindex(batch.tenant, name, lane=Lane.WEBHOOK)
        if isinstance(outcome, Wait):
            break
    return outcome


def _together(several: Iterable[Touched]) -> Touched:
    kinds: dict[Scope, frozenset[str]] = {}
    purged: frozenset[Scope] = frozenset()
    index: dict[int, IndexChange] = {}
    for touched in several:
        purged |= touched.purged
        index |= touched.index
        for scope, names in touched.kinds.items():
            kinds[scope] = kinds.get(scope, frozenset()) | names
    return Touched(kinds, purged, index)
