"""Statistics: equal to counting one by one, for the tenant and for the public; growth day by day."""

from collections import Counter
from datetime import date, timedelta

import pytest

from stats.counting import Audience
from stats.indexing import index_repository, remove_repository
from stats.snapshots import current
from stats.statistics import roll_up, statistics
from tests.stats.samples import OBSERVED, Sample, counted, organisation, repository, rows, workflow

pytestmark = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
NOW = OBSERVED.timestamp()


@pytest.fixture
def samples(tenant) -> list[Sample]:
    samples = organisation(15, 4)
    for one in samples:
        index_repository(tenant, one.given, one.files, OBSERVED)
    return samples


def _counts(items: list[dict]) -> dict[str, int]:
    return {item["value"]: item["count"] for item in items}


@pytest.mark.parametrize("audience", Audience)
def test_totals_equal_counting_one_by_one(tenant, samples, audience):
    shown = [s for s in samples if audience is Audience.TENANT or s.given["visibility"] == "public"]
    answer = statistics(tenant, current(tenant), audience, NOW)
    every = rows(shown)
    assert (answer["repositories"], answer["automations"]) == (len(shown), len(every))
    assert answer["by_kind"] == {"github_actions": len(every)}
    assert _counts(answer["triggers"]) == dict(counted(every, lambda row: True, "trigger"))
    assert _counts(answer["actions"]) == dict(counted(every, lambda row: True, "action"))
    assert answer["pinned"] == dict(counted(every, lambda row: True, "pinned"))
    sizes = Counter()
    for sample in shown:
        sizes.update(sample.given["languages"])
    assert {item["value"]: item["bytes"] for item in answer["languages"]} == dict(sizes)
    assert _counts(answer["languages"]) == dict(counted(every, lambda row: True, "language"))
    versions = counted(every, lambda row: True, "action_version")
    assert _counts(answer["unpinned_actions"]) == {v: n for v, n in versions.items() if not v.endswith("a" * 40)}
    times = [(OBSERVED - timedelta(days=30)).isoformat()[:10], *(s.given["pushed_at"] for s in shown)]
    within = sum(time[:19] >= times[0] + OBSERVED.isoformat()[10:19] for time in times[1:])
    assert {item["days"]: item["repositories"] for item in answer["activity"]}[30] == within


def test_when_it_changed_last(tenant, samples):
    answer = statistics(tenant, current(tenant), Audience.TENANT, NOW)
    assert answer["last_updated"].endswith("Z")
    assert answer["generation"] == 15
    assert statistics("nobody", current("nobody"), Audience.TENANT, NOW)["last_updated"] is None


def test_growth_is_one_row_a_day(tenant):
    today = OBSERVED.date()
    for number, day in enumerate([today - timedelta(days=400), today - timedelta(days=1), today, today], start=1):
        index_repository(tenant, repository(number), {".github/workflows/a.yml": workflow()}, OBSERVED)
        roll_up(tenant, current(tenant), day)
    answer = statistics(tenant, current(tenant), Audience.TENANT, NOW)
    assert answer["growth"] == [
        {"day": date.isoformat(today - timedelta(days=1)), "repositories": 2, "automations": 2},
        {"day": date.isoformat(today), "repositories": 4, "automations": 4},
    ]


def test_unreadable_files_are_counted_for_the_tenant_alone(tenant):
    index_repository(tenant, repository(1), {".github/workflows/bad.yml": "- a"}, OBSERVED)
    assert statistics(tenant, current(tenant), Audience.TENANT, NOW)["unreadable_files"] == 1
    assert statistics("nobody", current("nobody"), Audience.TENANT, NOW)["unreadable_files"] == 0
    assert statistics(tenant, current(tenant), Audience.PUBLIC, NOW)["unreadable_files"] is None


def test_unreadable_files_are_counted_as_they_come_and_go(tenant):
    at = OBSERVED
    for bad in (2, 3, 0, 1):  # nothing else changes
        at += timedelta(seconds=1)
        files = {f"{number}/automations.yaml": "- [" if number < bad else "" for number in range(3)}
        index_repository(tenant, repository(1), files, at)
        assert statistics(tenant, current(tenant), Audience.TENANT, NOW)["unreadable_files"] == bad
    remove_repository(tenant, 1, at)
    assert statistics(tenant, current(tenant), Audience.TENANT, NOW)["unreadable_files"] == 0
