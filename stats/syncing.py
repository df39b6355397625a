"""Reads an organisation through the gateway and feeds it to the index, page by page.

It tells its progress as it goes, stops when it is asked to, and goes on where it stopped: a page is counted when
all of it is indexed. A limit of GitHub's ends it with the time to wait; nothing here sleeps.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from github_cache import asks, gateway
from github_cache.upstream import paths
from github_cache.upstream.errors import BadAnswer, BadCall, NotFound, UpstreamError
from ratelimit.budget import Lane
from ratelimit.verdict import Wait
from stats import answers, indexing, runners, snapshots, statistics
from stats.counting import Audience
from stats.indexing import Outcome
from stats.models import Organization, Repository, SyncRun

log = logging.getLogger("hubcache.stats.syncing")

BATCH: Final = 50  # repositories whose files are asked for at once
_GONE: Final = frozenset({404, 410, 451})
GIVEN_UP_AFTER: Final = timedelta(minutes=2)  # a run without progress for so long was cut off
RESUMED_WITHIN: Final = timedelta(hours=24)  # an older one begins anew


class State(StrEnum):
    """How a sync stands, or ended."""

    RUNNING = "running"
    WAITING = "waiting"
    STOPPED = "stopped"
    FAILED = "failed"
    DONE = "done"
    BUSY = "busy"  # another process is at it; nothing was done here


@dataclass(frozen=True, slots=True)
class Progress:
    """One step of a sync. `total` is None until GitHub has told it; `wait` where a limit ended it."""

    state: State
    done: int
    total: int | None
    repository: str = ""
    message: str = ""
    wait: Wait | None = None


def sync(tenant: str, login: str, *, lane: Lane = Lane.WARM) -> Iterator[Progress]:
    """Index every repository of an organisation (or user), yielding how far it is; the last one tells how it ended."""
    try:
        paths.owner(login)
    except BadCall as error:
        yield Progress(State.FAILED, 0, None, message=error.message)
        return
    run, is_new = _begin(tenant, login)
    if run is None:
        yield Progress(State.BUSY, 0, None, message=f"{login} is being synced by another process.")
        return
    try:
        yield from _pages(run, tenant, login, lane)
    except UpstreamError as error:
        if is_new and isinstance(error, NotFound):
            # Kept, it would be tried every day, and counted as one that is behind.
            run.organization.delete()
            yield Progress(State.FAILED, 0, None, message=f"GitHub knows no {login}: {error.message}")
        else:
            yield _end(run, State.FAILED, str(error))
    except GeneratorExit:
        _end(run, State.STOPPED, "Interrupted; the next sync goes on from here.")
        raise
    except BaseException as error:
        _end(run, State.FAILED, f"{type(error).__name__}; the log says more.")
        raise


def stop(tenant: str, login: str) -> bool:
    """Ask a running sync of the organisation to stop after its present batch; False where none runs."""
    running = SyncRun.objects.filter(
        organization__tenant_id=tenant, organization__login__iexact=login, state=SyncRun.State.RUNNING
    )
    return bool(running.update(stop_asked=True))


def reindex(tenant: str, repository: str, *, lane: Lane = Lane.WEBHOOK) -> Outcome | Wait:
    """Read one repository (``owner/name``) anew and index it; one that GitHub no longer shows is removed.

    Raises:
        UpstreamError: GitHub could not be asked, or gave nothing usable.
    """
    outcome = _reindex(tenant, repository, lane)
    if outcome in (Outcome.INDEXED, Outcome.REMOVED):
        _make_statistics(tenant)
    return outcome


def _reindex(tenant: str, repository: str, lane: Lane) -> Outcome | Wait:
    observed_at = timezone.now()
    read = _read(tenant, repository, lane)
    if isinstance(read, Wait):
        return read
    if read is None:
        return _gone(tenant, repository, observed_at)
    files = gateway.automation_files(tenant, [read], lane=lane)
    if isinstance(files, Wait):
        return files
    return indexing.index_repository(tenant, read, _files_of(files, read), observed_at)


def reindex_known(tenant: str, github_id: int, *, lane: Lane = Lane.WEBHOOK) -> Outcome | Wait:
    """Read a repository that is in the index anew, by its ID. One that is not there is left to the next sync."""
    known = Repository.objects.filter(tenant_id=tenant, github_id=github_id, removed_at=None).first()
    return reindex(tenant, known.full_name, lane=lane) if known else Outcome.UNCHANGED


def _read(tenant: str, repository: str, lane: Lane) -> dict[str, Any] | Wait | None:
    """The repository as GitHub shows it now, with its languages; None where it shows none."""
    owner, _, name = repository.partition("/")
    caller, named = asks.pool_caller(tenant), {"owner": owner, "repo": name}
    read: dict[str, Any] = {}
    for resource in ("repository", "languages"):
        try:
            served = gateway.refresh(asks.typed(caller, resource, named), lane)
        except UpstreamError as error:
            if error.status in _GONE:
                return None
            raise
        if isinstance(served, Wait):
            return served
        if served.status in _GONE:
            return None
        if served.status != 200:
            raise BadAnswer(f"GitHub answered {served.status} for {repository}.", served.status)
        read |= served.json() if resource == "repository" else {"languages": served.json()}
        if read.get("languages") is not None:
            break
    return read


def _gone(tenant: str, repository: str, at: datetime) -> Outcome:
    known = Repository.objects.named(tenant, repository).first()
    return indexing.remove_repository(tenant, known.github_id, at) if known else Outcome.UNCHANGED


def _begin(tenant: str, login: str) -> tuple[SyncRun | None, bool]:
    """The run to go on with, or a new one, None where a living one is under way; whether the organisation is new."""
    now = timezone.now()
    with transaction.atomic():
        organization = Organization.objects.filter(tenant_id=tenant, login__iexact=login).first()
        is_new = organization is None
        organization = organization or Organization.objects.create(tenant_id=tenant, login=login)
        Organization.objects.select_for_update().get(pk=organization.pk)
        last = organization.syncs.first()
        if last is None or last.state == SyncRun.State.DONE or last.started_at < now - RESUMED_WITHIN:
            return SyncRun.objects.create(organization=organization, runner=runners.this_process()), is_new
        lives = last.moved_at > now - GIVEN_UP_AFTER and not runners.is_gone(last.runner)
        if last.state == SyncRun.State.RUNNING and lives:
            return None, is_new
        last.state, last.done, last.message = SyncRun.State.RUNNING, last.done_at_cursor, ""
        last.runner = runners.this_process()
        last.stop_asked, last.finished_at, last.moved_at = False, None, now
        last.save()
        return last, is_new


def _pages(run: SyncRun, tenant: str, login: str, lane: Lane) -> Iterator[Progress]:
    yield Progress(State.RUNNING, run.done, run.total)
    while True:
        page = gateway.organization_repositories(tenant, login, lane=lane, cursor=run.cursor or None)
        if isinstance(page, Wait):
            yield _limited(run, page)
            return
        run.total = page.total
        for start in range(0, len(page.repositories), BATCH):
            batch = page.repositories[start : start + BATCH]
            observed_at = timezone.now()
            files = gateway.automation_files(tenant, batch, lane=lane)
            if isinstance(files, Wait):
                yield _limited(run, files)
                return
            yield from _batch(run, tenant, batch, files, observed_at)
            if not _moved(run):
                yield _end(run, State.STOPPED, "Stopped; the next sync goes on from here.")
                return
        run.cursor, run.done_at_cursor = page.next_cursor or "", run.done
        run.save(update_fields=["cursor", "done_at_cursor", "total"])
        if page.next_cursor is None:
            break
    yield _missing(run, tenant, lane) or _done(run, tenant)


def _batch(
    run: SyncRun, tenant: str, batch: Sequence[Mapping[str, Any]], files: Mapping[str, Any], observed_at: datetime
) -> Iterator[Progress]:
    for given in batch:
        content = _files_of(files, given)
        if content is None:
            run.unread += 1
        indexing.index_repository(tenant, given, content, observed_at)
        run.done += 1
        yield Progress(State.RUNNING, run.done, run.total, repository=given["full_name"])


def _files_of(files: Mapping[str, Any], given: Mapping[str, Any]) -> Mapping[str, str] | None:
    """The files of one repository; None where they could not be read: then what is indexed of them stays."""
    found = files.get(given["full_name"])
    if found is None or isinstance(found, UpstreamError):
        log.warning("files not read", extra={"repository": given["full_name"], "why": str(found)})
        return None
    return found.files


def _missing(run: SyncRun, tenant: str, lane: Lane) -> Progress | None:
    """Look after what the pages did not show. Pages shift while repositories come and go, so GitHub is asked of each.

    Returns:
        How it ended where a limit ended it.
    """
    unseen = Repository.objects.filter(
        tenant_id=tenant,
        owner__iexact=run.organization.login,
        removed_at=None,
        observed_at__lt=run.started_at,
    )
    for full_name in unseen.values_list("full_name", flat=True):
        outcome = _reindex(tenant, full_name, lane)
        if isinstance(outcome, Wait):
            return _limited(run, outcome)
    return None


def _done(run: SyncRun, tenant: str) -> Progress:
    now = datetime.now(UTC)
    Organization.objects.filter(pk=run.organization_id).update(synced_at=now)
    statistics.roll_up(tenant, snapshots.current(tenant), now.date())
    _make_statistics(tenant)
    return _end(run, State.DONE, f"{run.unread} repositories without their files." if run.unread else "")


def _make_statistics(tenant: str) -> None:
    """Make the statistics anew, so that the next reader finds them."""
    answers.statistics_answer(tenant, Audience.TENANT)


def _moved(run: SyncRun) -> bool:
    """Keep how far it is; False where it was asked to stop."""
    run.moved_at = timezone.now()
    run.save(update_fields=["done", "total", "unread", "moved_at"])
    return not SyncRun.objects.filter(pk=run.pk, stop_asked=True).exists()


def _limited(run: SyncRun, wait: Wait) -> Progress:
    message = f"GitHub's limit: {wait.why}; to be continued in {wait.seconds:.0f} s."
    ended = _end(run, State.WAITING, message)
    return Progress(ended.state, ended.done, ended.total, message=message, wait=wait)


def _end(run: SyncRun, state: State, message: str = "") -> Progress:
    run.state, run.message, run.moved_at = state.value, message, timezone.now()
    run.finished_at = run.moved_at
    run.save(update_fields=["state", "message", "moved_at", "finished_at", "done", "total", "unread"])
    return Progress(state, run.done, run.total, message=message)
