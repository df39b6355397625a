"""Indexing: idempotent, the older never over the newer, gone is gone; over both databases."""

from datetime import timedelta

import pytest

from stats.counting import Audience
from stats.facets import facets
from stats.filters import Paging, parse_query
from stats.indexing import Outcome, index_repository, privatise, remove_repository, renew
from stats.models import Automation, IndexedFile, IndexGeneration, Repository
from stats.search import search
from stats.snapshots import current
from tests.stats.samples import OBSERVED, repository, workflow

pytestmark = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)

CI = ".github/workflows/ci.yml"
LATER = OBSERVED + timedelta(minutes=1)
EARLIER = OBSERVED - timedelta(minutes=1)


def found(tenant: str, text: str) -> list[str]:
    query = parse_query({"q": [text]})
    return [one["name"] for one in search(current(tenant), query, Paging("newest"), Audience.TENANT)["results"]]


def counted(tenant: str, facet: str) -> dict[str, int]:
    answer = facets(current(tenant), parse_query({}), Audience.TENANT)
    return {item["value"]: item["count"] for item in answer["facets"][facet]}


def generation(tenant: str) -> int:
    return IndexGeneration.objects.get(tenant=tenant).value


def test_the_same_again_changes_nothing(tenant):
    assert index_repository(tenant, repository(1), {CI: workflow()}, OBSERVED) is Outcome.INDEXED
    before = generation(tenant), list(Automation.objects.values_list("pk", "digest"))
    assert index_repository(tenant, repository(1), {CI: workflow()}, LATER) is Outcome.UNCHANGED
    assert (generation(tenant), list(Automation.objects.values_list("pk", "digest"))) == before
    assert Repository.objects.get().observed_at == LATER


def test_a_changed_workflow_is_found_as_it_is_now(tenant):
    index_repository(tenant, repository(1), {CI: workflow("Alpha", ["push"])}, OBSERVED)
    number = Automation.objects.get().pk
    assert counted(tenant, "trigger") == {"push": 1}
    index_repository(tenant, repository(1), {CI: workflow("Alpha", ["schedule"], ["a/zanzibar@v1"])}, LATER)
    assert counted(tenant, "trigger") == {"schedule": 1}
    assert found(tenant, "zanzibar") == ["Alpha"]
    assert found(tenant, "checkout") == []
    assert Automation.objects.get().pk == number


def test_renamed_and_removed_automations_leave_nothing_behind(tenant):
    index_repository(tenant, repository(1), {CI: workflow("Alpha"), ".github/workflows/b.yml": workflow("B")}, OBSERVED)
    index_repository(tenant, repository(1), {CI: workflow("Omega")}, LATER)
    assert found(tenant, "kind:github_actions") == ["Omega"]
    assert found(tenant, "alpha") == []
    assert list(IndexedFile.objects.values_list("path", flat=True)) == [CI]


def test_older_is_refused(tenant):
    index_repository(tenant, repository(1), {CI: workflow("New")}, OBSERVED)
    assert index_repository(tenant, repository(1), {CI: workflow("Old")}, EARLIER) is Outcome.OLDER
    assert found(tenant, "kind:github_actions") == ["New"]


def test_a_removed_repository_is_gone_and_an_older_report_does_not_bring_it_back(tenant):
    index_repository(tenant, repository(1), {CI: workflow("Alpha")}, OBSERVED)
    assert counted(tenant, "owner") == {"acme": 1}
    assert remove_repository(tenant, 1, LATER) is Outcome.REMOVED
    assert found(tenant, "") == found(tenant, "alpha") == []
    assert counted(tenant, "owner") == {}
    assert not Automation.objects.exists()
    assert not Repository.objects.exclude(description="", full_name="").exists()
    assert index_repository(tenant, repository(1), {CI: workflow()}, OBSERVED) is Outcome.OLDER
    assert remove_repository(tenant, 1, OBSERVED) is Outcome.OLDER
    assert remove_repository(tenant, 1, LATER) is Outcome.UNCHANGED
    again = LATER + timedelta(seconds=1)
    assert index_repository(tenant, repository(1), {CI: workflow("Alpha")}, again) is Outcome.INDEXED
    assert found(tenant, "alpha") == ["Alpha"]


def test_a_removal_that_comes_first_holds(tenant):
    assert remove_repository(tenant, 9, LATER) is Outcome.REMOVED
    assert index_repository(tenant, repository(9), {}, OBSERVED) is Outcome.OLDER


def test_what_became_private_is_gone_until_it_is_seen_anew(tenant):
    index_repository(tenant, repository(1), {CI: workflow("Alpha")}, OBSERVED)
    privatise(tenant, 1, LATER)
    assert found(tenant, "") == []
    private = repository(1, visibility="private", private=True)
    index_repository(tenant, private, {CI: workflow("Alpha")}, LATER + timedelta(seconds=1))
    assert counted(tenant, "visibility") == {"private": 1}


def test_a_file_that_cannot_be_read_is_listed_and_stops_nothing(tenant):
    index_repository(tenant, repository(1), {CI: workflow(), ".github/workflows/bad.yml": "on: [\n"}, OBSERVED)
    good, bad = IndexedFile.objects.order_by("-path")
    assert (good.path, good.automations, good.reason) == (CI, 1, "")
    assert (bad.automations, bad.reason[:6]) == (0, "line 2")


def test_files_that_could_not_be_fetched_leave_the_automations(tenant):
    index_repository(tenant, repository(1), {CI: workflow("Alpha")}, OBSERVED)
    index_repository(tenant, repository(1, archived=True), None, LATER)
    assert counted(tenant, "archived") == {"true": 1}
    assert found(tenant, "alpha") == ["Alpha"]


def test_a_rename_is_followed_by_id(tenant):
    index_repository(tenant, repository(1, name="before"), {CI: workflow("Alpha")}, OBSERVED)
    index_repository(tenant, repository(1, name="after"), {CI: workflow("Alpha")}, LATER)
    assert found(tenant, "after alpha") == ["Alpha"]
    assert found(tenant, "before") == []


def test_languages_that_were_not_fetched_are_kept(tenant):
    index_repository(tenant, repository(1, languages={"Go": 5}), {CI: workflow()}, OBSERVED)
    index_repository(tenant, repository(1, languages=None, archived=True), None, LATER)
    assert counted(tenant, "language") == {"Go": 1}


def test_stars_are_kept_without_a_new_generation(tenant):
    index_repository(tenant, repository(1), {}, OBSERVED)
    before = generation(tenant)
    assert index_repository(tenant, repository(1, stargazers_count=99), {}, LATER) is Outcome.UNCHANGED
    assert (generation(tenant), Repository.objects.get().stargazers_count) == (before, 99)


def test_several_automations_of_one_name_in_one_file(tenant):
    one = "- {alias: Same, trigger: {platform: sun}, action: {service: a.%s}}\n"
    path = "automations.yaml"
    index_repository(tenant, repository(1), {path: one % "a" + one % "b"}, OBSERVED)
    assert counted(tenant, "action") == {"a.a": 1, "a.b": 1}
    index_repository(tenant, repository(1), {path: one % "a" + one % "c"}, LATER)
    assert counted(tenant, "action") == {"a.a": 1, "a.c": 1}


@pytest.mark.parametrize("given", [{}, {"id": "1", "full_name": "a/b"}, {"id": 1}, {"id": 1, "full_name": "ab"}])
def test_what_is_no_repository_is_refused(tenant, given):
    with pytest.raises(ValueError, match="numeric id"):
        index_repository(tenant, given, {}, OBSERVED)
    assert not Repository.objects.exists()


def test_strange_text_is_kept_and_found(tenant):
    given = repository(1, description="nul \0 and \ud800 lone", topics=["x" * 400, "  "])
    index_repository(tenant, given, {CI: workflow('"\\U0001F680 r\\u00e9sum\\u00e9"')}, OBSERVED)
    assert found(tenant, "resume") == ["🚀 résumé"]
    assert found(tenant, "lone") == ["project-1"]
    assert list(counted(tenant, "topic")) == ["x" * 255]


def test_two_tenants_keep_the_same_repository_apart(tenant):
    from github_cache.models import Tenant

    Tenant.objects.create(slug="other")
    index_repository(tenant, repository(1), {CI: workflow("Alpha")}, OBSERVED)
    index_repository("other", repository(1), {CI: workflow("Beta")}, OBSERVED)
    assert (found(tenant, "kind:github_actions"), found("other", "kind:github_actions")) == (["Alpha"], ["Beta"])
    assert found(tenant, "beta") == found("other", "alpha") == []
    remove_repository(tenant, 1, LATER)
    assert found("other", "beta") == ["Beta"]


def test_renewing_makes_a_new_generation(tenant):
    index_repository(tenant, repository(1), {}, OBSERVED)
    before = generation(tenant)
    assert renew(tenant) == before + 1
    assert current(tenant).generation == before + 1
