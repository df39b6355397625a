"""Syncing an organisation from a GitHub of one's own, over HTTP: progress, being cut off, limits, what went away."""

from collections.abc import Iterator
from typing import Any

import pytest

from github_cache import scoping
from github_cache.models import Tenant
from github_cache.serving import Outcome
from github_cache.upstream import credentials
from github_sandbox import changes
from github_sandbox.sample import sample_accounts
from github_sandbox.server import Handle, serve
from github_sandbox.world import World
from ratelimit.governor import governor
from stats import answers, syncing
from stats.counting import Audience
from stats.models import Automation, DailyRollup, IndexedFile, Organization, Repository, SyncRun
from stats.snapshots import current
from stats.syncing import Progress, State
from tests.stats.samples import workflow

SIZE = 110  # more than a page


def world() -> World:
    made = World()
    org = sample_accounts(made, "octo")
    admin = made.accounts["octo-admin"]
    for number in range(SIZE):
        repository = changes.create_repository(made, org, admin, f"tool-{number:03}", {"private": number % 10 == 0})
        files = {".github/workflows/ci.yml": workflow(f"Number {number}").encode()}
        if number == 0:
            files[".github/workflows/bad.yml"] = b"on: ["
            files["automations.yaml"] = b"- {alias: Porch, trigger: {platform: sun}, action: {service: light.turn_on}}"
        changes.push(made, repository, admin, files, "Start")
    return made


@pytest.fixture
def github(settings: Any, transactional_db: None) -> Iterator[Handle]:
    with serve(world()) as handle:
        settings.GITHUB_API_URL = handle.url
        settings.GITHUB_GRAPHQL_URL = f"{handle.url}/graphql"
        settings.GITHUB_TOKENS = ("ghp_sandbox_admin_1",)
        settings.HUBCACHE_TENANT = "acme"
        Tenant.objects.get_or_create(slug="acme")
        credentials.forget()
        governor.cache_clear()
        scoping.forget_all()
        yield handle
        credentials.forget()
        governor.cache_clear()


def sync(login: str = "octo") -> list[Progress]:
    return list(syncing.sync("acme", login))


def repository_of(github: Handle, name: str) -> Any:
    return next(each for each in github.world.repositories.values() if each.name == name)


def test_a_sync_indexes_everything_and_tells_how_far_it_is(github: Handle) -> None:
    steps = sync()
    assert (steps[-1].state, steps[-1].done, steps[-1].total) == (State.DONE, SIZE, SIZE)
    assert [step.done for step in steps[1:-1]] == list(range(1, SIZE + 1))
    assert {step.total for step in steps[1:]} == {SIZE}
    assert Repository.objects.count() == SIZE
    assert Automation.objects.filter(kind="github_actions").count() == SIZE
    assert Automation.objects.get(kind="home_assistant").name == "Porch"
    assert IndexedFile.objects.exclude(reason="").get().path == ".github/workflows/bad.yml"
    assert Organization.objects.get().synced_at is not None
    assert DailyRollup.objects.get().automations == SIZE + 1
    assert current("acme").automations == SIZE + 1


def test_the_same_sync_again_changes_nothing(github: Handle) -> None:
    sync()
    before = current("acme").generation
    assert sync()[-1].state is State.DONE
    assert current("acme").generation == before


def test_one_that_was_cut_off_goes_on_where_it_stopped(github: Handle) -> None:
    steps = syncing.sync("acme", "octo")
    for step in steps:
        if step.done == SIZE - 5:
            break
    steps.close()
    run = SyncRun.objects.get()
    assert (run.state, run.done_at_cursor > 0) == (SyncRun.State.STOPPED, True)
    rest = sync()
    assert rest[0].done == run.done_at_cursor
    assert (rest[-1].state, rest[-1].done) == (State.DONE, SIZE)
    assert SyncRun.objects.count() == 1
    assert Repository.objects.count() == SIZE


def test_one_that_is_asked_to_stop_stops_and_goes_on_later(github: Handle) -> None:
    states = []
    for step in syncing.sync("acme", "octo"):
        states.append(step.state)
        if step.done == 1:
            assert syncing.stop("acme", "OCTO")
    assert states[-1] is State.STOPPED
    assert 0 < Repository.objects.count() < SIZE
    assert not syncing.stop("acme", "octo")
    assert sync()[-1].state is State.DONE


def test_two_at_once_do_not_happen(github: Handle) -> None:
    first = syncing.sync("acme", "octo")
    next(first)
    assert [step.state for step in sync()] == [State.BUSY]
    first.close()


def test_a_limit_ends_it_with_the_time_to_wait(github: Handle) -> None:
    github.faults.add({"kind": "secondary", "retry_after": 30})
    last = sync()[-1]
    assert last.state is State.WAITING
    assert last.wait is not None
    assert 25 < last.wait.seconds < 40
    assert SyncRun.objects.get().state == "waiting"


def test_what_was_deleted_at_github_is_gone_after_the_next_sync(github: Handle) -> None:
    sync()
    with github.world.lock:
        changes.delete_repository(github.world, repository_of(github, "tool-007"), github.world.accounts["octo-admin"])
    assert sync()[-1].state is State.DONE
    assert Repository.objects.filter(removed_at=None).count() == SIZE - 1
    assert current("acme").repositories == SIZE - 1


def test_one_repository_read_anew(github: Handle) -> None:
    assert syncing.reindex("acme", "octo/tool-003") is syncing.Outcome.INDEXED
    assert Automation.objects.get().name == "Number 3"
    admin = github.world.accounts["octo-admin"]
    files = {".github/workflows/ci.yml": workflow("Renewed").encode()}
    with github.world.lock:
        changes.push(github.world, repository_of(github, "tool-003"), admin, files, "Renew")
    number = Repository.objects.get().github_id
    assert syncing.reindex_known("acme", number) is syncing.Outcome.INDEXED
    assert Automation.objects.get().name == "Renewed"
    assert Repository.objects.get().languages is not None
    with github.world.lock:
        changes.delete_repository(github.world, repository_of(github, "tool-003"), admin)
    assert syncing.reindex("acme", "octo/tool-003") is syncing.Outcome.REMOVED
    assert not Automation.objects.exists()
    assert syncing.reindex_known("acme", 424242) is syncing.Outcome.UNCHANGED


def test_statistics_are_made_before_they_are_asked_for(github: Handle) -> None:
    assert syncing.reindex("acme", "octo/tool-003") is syncing.Outcome.INDEXED
    assert answers.statistics_answer("acme", Audience.TENANT).outcome is Outcome.HIT
    sync()
    served = answers.statistics_answer("acme", Audience.TENANT)
    assert (served.outcome, served.json()["repositories"]) == (Outcome.HIT, SIZE)


def test_an_organisation_that_is_not_there_is_one_sentence(github: Handle) -> None:
    last = sync("nobody-here")[-1]
    assert last.state is State.FAILED
    assert "nobody-here" in last.message or "Not Found" in last.message
    assert not Repository.objects.exists()
    assert not Organization.objects.exists()


def test_one_that_was_known_before_stays_when_github_shows_it_no_more(github: Handle) -> None:
    Organization.objects.create(tenant_id="acme", login="nobody-here")
    assert sync("nobody-here")[-1].state is State.FAILED
    assert SyncRun.objects.get().state == SyncRun.State.FAILED


def test_a_name_that_cannot_be_is_refused_unasked(github: Handle) -> None:
    (last,) = sync("../x")
    assert (last.state, "'../x' cannot be the name" in last.message) == (State.FAILED, True)
    assert not Organization.objects.exists()
