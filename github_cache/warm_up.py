"""A warm-up of one tenant: refreshes what people use, in the order of warming.plan, and stops where the budget does.

Where many names of an owner are unknown, as after the store was emptied, they are learnt by listing its repositories:
a hundred for a point. Then what goes together goes in one call of GraphQL, and the rest one by one.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import timedelta

from django.core.cache import cache

from github_cache import gateway, health, holding, metrics, uses, warming
from github_cache.asks import Ask
from github_cache.health import Part, State
from github_cache.models import Tenant
from github_cache.upstream import tally
from github_cache.upstream.errors import Throttled, UpstreamError
from github_cache.warming import Use
from ratelimit import live
from ratelimit.budget import Lane
from ratelimit.verdict import Wait

HORIZON = 300.0
"""Seconds between two rounds."""

logger = logging.getLogger("hubcache.warming")
Progress = Callable[[int, int], None]
Pause = Callable[[float], bool]
"""Bears a wait of so many seconds, or says that it is too long."""


@dataclass(frozen=True, slots=True)
class Round:
    """What a round came to: `refreshed`, `failed`, and `left` undone, with the `wait` that ended it in seconds;
    `calls` to GitHub and their `cost` in points; `at` in epoch seconds."""

    refreshed: int
    failed: int
    left: int
    wait: float | None = None
    calls: int = 0
    cost: int = 0
    at: float = 0.0


def planned(tenant: str, now: float, organization: str = "") -> tuple[Use, ...]:
    """What should be refreshed now, in its order; of one owner where that is named."""
    policy = live.policy()
    found = (_use(used, now, policy) for used in uses.known(tenant))
    wanted = organization.lower()
    return warming.plan((use for use in found if not wanted or _owner(use.ask) == wanted), now, HORIZON)


def knows(tenant: str, organization: str) -> bool:
    """Whether people use anything that belongs to this organisation or user."""
    return any(_owner(used.ask) == organization.lower() for used in uses.known(tenant))


def patience(most: float) -> Pause:
    """A pause that sleeps, up to `most` seconds in all: for a command, and for a worker that has nothing else to do.

    The lane is paced, so that people always find something left; so waits are short and many.
    """
    deadline = time.monotonic() + most

    def pause(seconds: float) -> bool:
        if time.monotonic() + seconds > deadline:
            return False
        time.sleep(seconds)
        return True

    return pause


def run(
    tenant: str,
    *,
    organization: str = "",
    pause: Pause = lambda seconds: False,
    progress: Progress = lambda done, total: None,
) -> Round:
    """One round in the lane that leaves room for people. Where a limit ends it, it says what is left.

    `pause` may bear a wait, `progress` is told how much is done of how many.
    """
    now = time.time()
    uses.remember(tenant, now)
    opened = tally.current()
    with tally.opened(opened.request_id if opened else "warm-up") as asked:
        done = _round(tenant, now, organization, pause, progress)
    result = Round(*done, calls=asked.calls, cost=asked.cost, at=now)
    metrics.WARMED.labels(tenant, "refreshed").inc(result.refreshed)
    metrics.WARMED.labels(tenant, "failed").inc(result.failed)
    metrics.WARM_LEFT.labels(tenant).set(result.left)
    metrics.WARM_COST.labels(tenant).inc(result.cost)
    cache.set(_key(tenant), asdict(result), timeout=timedelta(days=1).total_seconds())
    logger.info("warm-up", extra={"tenant": tenant, **asdict(result)})
    return result


def _round(
    tenant: str, now: float, organization: str, pause: Pause, progress: Progress
) -> tuple[int, int, int, float | None]:
    """Refreshed, failed, left, and the wait that ended it."""
    plan = planned(tenant, now, organization)
    while (wait := _learn_names(tenant, plan)) is not None:
        if not pause(wait.seconds):
            return 0, 0, len(plan), wait.seconds
    if any(not use.placed for use in plan):
        plan = planned(tenant, now, organization)
    refreshed = failed = 0
    for batch in warming.batches(plan):
        rest: tuple[Use, ...] = batch
        while rest:
            ok, bad, rest, wait = _refresh(rest)
            refreshed, failed = refreshed + ok, failed + bad
            progress(refreshed + failed, len(plan))
            if wait is not None and not pause(wait.seconds):
                return refreshed, failed, len(plan) - refreshed - failed, wait.seconds
    return refreshed, failed, 0, None


def _learn_names(tenant: str, plan: tuple[Use, ...]) -> Wait | None:
    """Lists the repositories of owners of whom many names are unknown; a Wait where the budget ends that."""
    for owner in warming.owners_to_learn(plan):
        cursor: str | None = None
        try:
            while True:
                page = gateway.organization_repositories(tenant, owner, lane=Lane.WARM, cursor=cursor)
                if isinstance(page, Wait):
                    return page
                cursor = page.next_cursor
                if cursor is None:
                    break
        except UpstreamError as error:
            # Its names are asked for one by one then.
            logger.info("names not learnt", extra={"tenant": tenant, "owner": owner, "why": error.message})
    return None


def _refresh(batch: tuple[Use, ...]) -> tuple[int, int, tuple[Use, ...], Wait | None]:
    """How many were refreshed, how many failed, which are left, and the Wait that kept those."""
    asks = [use.ask for use in batch]
    try:
        if not batch[0].batched:
            answer = gateway.refresh(asks[0], Lane.WARM)
            return (0, 0, batch, answer) if isinstance(answer, Wait) else (1, 0, (), None)
        answers = gateway.refresh_many(asks, Lane.WARM)
    except Throttled as error:
        return 0, 0, batch, error.wait
    except UpstreamError as error:
        logger.info("not warmed", extra={"kind": asks[0].route.kind, "number": len(asks), "why": error.message})
        return 0, len(asks), (), None
    if isinstance(answers, Wait):
        return 0, 0, batch, answers
    left = [(use, each.wait) for use, each in zip(batch, answers, strict=True) if isinstance(each, Throttled)]
    failed = sum(isinstance(each, UpstreamError) for each in answers) - len(left)
    rest = tuple(use for use, _ in left)
    return len(answers) - failed - len(rest), failed, rest, left[0][1] if left else None


def _use(used: uses.Used, now: float, policy: live.Policy) -> Use:
    look = holding.look(used.ask, now, policy)
    kept = look.kept
    fresh = kept is not None and kept.held.current and kept.held.permitted
    return Use(
        used.ask,
        uses.faded(used.weight, now - used.used_at),
        kept.held.stored_at + kept.held.lifetime if kept and fresh else 0.0,
        validated=look.revalidatable(None) is not None,
        placed=look.place is not None and look.sure,
    )


def _owner(ask: Ask) -> str:
    values = ask.match.values
    return values.get("owner", values.get("org", "")).lower()


def _key(tenant: str) -> str:
    return f"warm-up:{tenant}"


def last(tenant: str) -> Round | None:
    """The last round of a tenant, within a day."""
    told = cache.get(_key(tenant))
    return Round(**told) if told else None


def check(now: float) -> Part:
    """For `/health`: what the last rounds came to. Degraded where one had to leave something undone."""
    rounds = {slug: last(slug) for slug in Tenant.objects.values_list("slug", flat=True)}
    told = [
        f"{slug}: {each.refreshed} refreshed for {each.cost} points, {each.left} left, {now - each.at:.0f} s ago"
        for slug, each in rounds.items()
        if each is not None
    ]
    if any(each is not None and each.left for each in rounds.values()):
        remedy = "The next round goes on; for more at a time add a credential, or lower GITHUB_RESERVE_WARM."
        return Part(State.DEGRADED, "; ".join(told), remedy)
    return Part(State.OK, "; ".join(told) or "no round yet")


health.register("warm-up", check)
