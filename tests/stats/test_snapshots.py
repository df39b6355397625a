"""The columns in memory: whatever changed in whatever order, they equal what is read afresh; readers keep theirs."""

from collections import Counter

import numpy as np
import pytest

from github_cache.models import Tenant
from stats import metrics, snapshots
from stats.columns import Snapshot
from stats.counting import Audience, Tally
from stats.facets import facets
from stats.filters import parse_query
from stats.indexing import index_repository
from stats.models import IndexGeneration
from stats.planes import Ints
from stats.snapshots import current
from stats.vocabulary import FACETS
from tests.stats.followed import Follower, changed
from tests.stats.samples import OBSERVED, organisation, repository, workflow

pytestmark = pytest.mark.django_db


@pytest.fixture
def tenant() -> str:
    return Tenant.objects.create(slug="acme").pk


def described(snapshot: Snapshot) -> dict[str, Counter[str]]:
    """Every count without a filter, with no trace of the order in which it came about."""
    found = {"docs": Counter(snapshot.doc_ids[snapshot.live_automations | snapshot.live_repositories].tolist())}
    for facet in FACETS:
        found[facet] = by_name(snapshot, facet, snapshot.planes[FACETS[facet].bearer].totals)
    found["bytes"] = by_name(snapshot, "language", snapshot.amounts)
    return found


def by_name(snapshot: Snapshot, facet: str, counted: Ints) -> Counter[str]:
    pairs = zip(snapshot.names[facet].texts, counted[snapshot.numbers[facet]].tolist(), strict=False)
    return Counter({name: count for name, count in pairs if count})


def checked(snapshot: Snapshot) -> None:
    """The running totals equal counting the rows, and documents lead to their rows."""
    half = np.arange(len(snapshot.doc_ids)) % 2 == 0
    halves = [Tally(snapshot, snapshot.live_automations & part) for part in (half, ~half)]
    assert sum(tally.size for tally in halves) == snapshot.automations
    for facet, numbers in snapshot.numbers.items():
        counted = sum(tally.counts(facet) for tally in halves)
        assert counted.tolist() == snapshot.planes[FACETS[facet].bearer].totals[numbers].tolist(), facet
    live = snapshot.live_automations | snapshot.live_repositories
    some = live & half
    assert (snapshot.rows_of(snapshot.doc_ids[some]) & live).tolist() == some.tolist()


@pytest.mark.parametrize("seed", range(4))
def test_changes_one_by_one_lead_to_the_same_as_reading_all(tenant, seed):
    follower = Follower(tenant, compact_from=20, unsorted=60)
    for _ in changed(tenant, seed, 40):
        checked(follower.current())
    assert (
        described(follower.current())
        == described(Follower(tenant, compact_from=20, unsorted=60).current())
        == described(current(tenant))
    )


def test_a_reader_keeps_what_it_holds(tenant):
    for one in organisation(5, 3):
        index_repository(tenant, one.given, one.files, OBSERVED)
    held = current(tenant)
    before, arrays = described(held), [held.doc_ids.copy(), held.planes["automation"].values.copy()]
    for number in range(1, 6):
        index_repository(tenant, repository(number), {".github/workflows/x.yml": workflow("X")}, OBSERVED)
        assert current(tenant) is not held
    assert described(held) == before
    assert held.doc_ids.tolist() == arrays[0].tolist()
    assert held.planes["automation"].values.tolist() == arrays[1].tolist()


def test_dead_rows_do_not_pile_up(tenant):
    follower = Follower(tenant, compact_from=10, unsorted=60)
    for number in range(60):
        files = {".github/workflows/x.yml": workflow(f"Number {number}")}
        index_repository(tenant, repository(1, description=str(number)), files, OBSERVED)
        assert follower.current().automations == 1
        assert len(follower.current().doc_ids) <= 14


def test_the_same_generation_is_the_same_snapshot(tenant):
    index_repository(tenant, repository(1), {}, OBSERVED)
    assert current(tenant) is current(tenant)


def test_an_empty_tenant_has_an_empty_index(tenant):
    assert current(tenant).automations == current("nobody").repositories == 0
    answer = facets(current(tenant), parse_query({"trigger": ["push"], "q": ["-a"]}), Audience.TENANT)
    assert answer["total"] == 0


def test_a_count_from_another_database_is_not_taken_for_ours(tenant):
    index_repository(tenant, repository(1), {}, OBSERVED)
    assert current(tenant).repositories == 1
    IndexGeneration.objects.filter(tenant=tenant).update(lineage="another", value=7)
    assert current(tenant).lineage == "another"
    assert current(tenant).repositories == 1


def test_memory_is_bounded_by_dropping_the_tenant_asked_for_longest_ago(tenant, settings):
    for slug in ("one", "two", "three"):
        Tenant.objects.create(slug=slug)
        index_repository(slug, repository(1), {".github/workflows/x.yml": workflow()}, OBSERVED)
    for slug in ("one", "two"):
        current(slug)
    settings.HUBCACHE_INDEX_MEMORY = sum(snapshots.nbytes().values())
    current("three")
    assert "one" not in snapshots.nbytes()
    assert "three" in snapshots.nbytes()
    told = {tenant: metrics.index_bytes.labels(tenant)._value.get() for tenant in ("one", "two", "three")}
    assert {tenant: bytes_ for tenant, bytes_ in told.items() if bytes_} == snapshots.nbytes()
    assert current("one").automations == 1


def test_languages_keep_their_bytes_through_changes(tenant):
    index_repository(tenant, repository(1, languages={"Go": 10, "C": 5}), {}, OBSERVED)
    index_repository(tenant, repository(2, languages={"Go": 7}), {}, OBSERVED)
    assert described(current(tenant))["bytes"] == {"Go": 17, "C": 5}
    index_repository(tenant, repository(1, languages={"Go": 1}), {}, OBSERVED)
    assert described(current(tenant))["bytes"] == {"Go": 8}
