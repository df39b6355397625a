"""Settings that change while Hubcache runs."""

import pytest
from constance import config
from constance.models import Constance
from django.db import DatabaseError, connection

from ratelimit import live
from ratelimit.backoff import BackoffPolicy
from ratelimit.budget import Reserves
from ratelimit.ledger import Limits


@pytest.fixture
def defaults() -> dict[str, object]:
    return live.default_values()


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_environment_is_the_default(defaults) -> None:
    policy = live.make_policy({}, defaults)
    assert policy.limits == Limits(max_concurrent=80, reserves=Reserves(0.1, 0.3))
    assert policy.backoff == BackoffPolicy(500, 2.0, 60_000, 1.0, 5)
    assert (policy.anonymous_requests, policy.authenticated_requests) == (100, 6000)
    assert policy.value("GITHUB_API_MODE") == "auto"
    assert set(policy.values) == set(defaults)


def test_a_name_that_is_no_live_setting_says_so(defaults) -> None:
    with pytest.raises(KeyError, match="GITHUB_TOKEN is no live setting"):
        live.make_policy({}, defaults).value("GITHUB_TOKEN")


def test_changed_values_are_in_force(defaults) -> None:
    policy = live.make_policy(
        {"GITHUB_RESERVE_WARM": 0.5, "GITHUB_BACKOFF_FACTOR": 3, "RATELIMIT_REQUESTS": 7, "GITHUB_MAX_CONCURRENT": 20},
        defaults,
    )
    assert policy.limits.reserves.warm == 0.5
    assert policy.limits.max_concurrent == 20
    assert policy.backoff.factor == 3.0
    assert policy.anonymous_requests == 7


def test_backoff_switched_off_makes_one_attempt(defaults) -> None:
    assert live.make_policy({"GITHUB_BACKOFF_ENABLED": False}, defaults).backoff.max_attempts == 1


@pytest.mark.parametrize(
    "values",
    [
        {"GITHUB_BACKOFF_JITTER": 7.0},
        {"GITHUB_BACKOFF_MAX_ATTEMPTS": 0},
        {"GITHUB_RESERVE_WARM": 0.05},
        {"GITHUB_RESERVE_WARM": 2.0},
        {"GITHUB_MAX_CONCURRENT": 0},
        {"GITHUB_MAX_CONCURRENT": "many"},
        {"GITHUB_BACKOFF_BASE_MS": None},
        {"UNKNOWN": 1},
    ],
)
def test_impossible_values_give_way_to_the_defaults(defaults, values) -> None:
    policy, standard = live.make_policy(values, defaults), live.make_policy({}, defaults)
    assert (policy.limits, policy.backoff) == (standard.limits, standard.backoff)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GITHUB_READ_TIMEOUT", -3.0),
        ("GITHUB_READ_TIMEOUT", float("nan")),
        ("GITHUB_CONNECT_TIMEOUT", 0.0),
        ("GITHUB_TTL_REPO", 0),
        ("GITHUB_BACKOFF_MAX_ATTEMPTS", 10**9),
    ],
)
def test_a_value_out_of_its_bounds_gives_way_to_its_default(defaults, settings, name: str, value: float) -> None:
    assert live.make_policy({name: value}, defaults, settings.LIVE_BOUNDS).value(name) == defaults[name]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GITHUB_API_MODE", "soap"),
        ("GITHUB_READ_TIMEOUT", "-3"),
        ("GITHUB_BACKOFF_FACTOR", "0"),
        ("GITHUB_TTL_REPO", "0"),
        ("GITHUB_RESERVE_WARM", "2"),
    ],
)
def test_the_admin_refuses_what_the_environment_would_be_refused_for(admin_client, name: str, value: str) -> None:
    page = "/admin/constance/config/"
    shown = admin_client.get(page).context_data["form"]
    given = {field: shown.initial.get(field, each.initial) for field, each in shown.fields.items()}
    data = {field: value for field, value in given.items() if value is not None and value is not False}
    answer = admin_client.post(page, {**data, name: value})
    assert answer.status_code == 200
    assert set(answer.context_data["form"].errors) == {name}
    assert admin_client.post(page, data).status_code == 302


def test_githubs_own_limit_on_concurrency_is_never_passed(defaults) -> None:
    assert live.make_policy({"GITHUB_MAX_CONCURRENT": 1000}, defaults).limits.max_concurrent == 100


def test_a_snapshot_is_kept_for_a_while_and_soon_renewed(defaults) -> None:
    clock, reads = Clock(), []

    def read() -> dict[str, object]:
        reads.append(clock.now)
        return {"RATELIMIT_REQUESTS": len(reads)}

    snapshot = live.Snapshot(read, lambda: defaults, clock)
    for moment in (100.0, 100.5, 101.2, 101.3, 102.0, 110.0):
        clock.now = moment
        assert snapshot.policy().anonymous_requests == len(reads)
    assert reads == [100.0, 101.3, 110.0]


def test_while_the_database_is_away_the_last_snapshot_holds(defaults) -> None:
    clock, answers = Clock(), [DatabaseError("away"), {"RATELIMIT_REQUESTS": 7}, DatabaseError("away")]

    def read() -> dict[str, object]:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    snapshot = live.Snapshot(read, lambda: defaults, clock)
    seen = []
    for moment in (100.0, 106.0, 112.0):
        clock.now = moment
        seen.append(snapshot.policy().anonymous_requests)
    assert seen == [100, 7, 7]


@pytest.mark.django_db
def test_a_change_in_the_admin_is_read_in_one_query(django_assert_num_queries) -> None:
    config.GITHUB_TTL_REPO = 42
    config.GITHUB_GRAPHQL_ENABLED = False
    config.GITHUB_RESERVE_WEBHOOK = 0.25
    with django_assert_num_queries(1):
        policy = live.refresh()
    try:
        assert policy.value("GITHUB_TTL_REPO") == 42
        assert policy.value("GITHUB_GRAPHQL_ENABLED") is False
        assert policy.limits.reserves.webhook == 0.25
        assert live.policy() is policy
    finally:
        Constance.objects.all().delete()
        live.refresh()


@pytest.mark.django_db
def test_a_stored_value_that_cannot_be_read_gives_way_to_its_default() -> None:
    Constance.objects.create(key="GITHUB_TTL_REPO", value="{no json")
    Constance.objects.create(key="GITHUB_TTL_USER", value='{"__type__": "default", "__value__": 7}')
    assert live.stored_values() == {"GITHUB_TTL_USER": 7}


@pytest.mark.django_db
def test_without_its_table_the_defaults_hold() -> None:
    snapshot = live.Snapshot(live.stored_values, live.default_values)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {Constance._meta.db_table}")
    assert snapshot.policy().anonymous_requests == 100
