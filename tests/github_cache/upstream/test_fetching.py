"""Which API answers, what is tried when one fails, and what asking again costs; over real HTTP."""

from collections.abc import Callable
from typing import Any

import pytest

from github_cache import keys
from github_cache.keys import Scope
from github_cache.upstream import fetching, graphql
from github_cache.upstream.errors import BadAnswer, BadCall, NotFound, NotOffered, Refused, Throttled, Unreachable
from github_cache.upstream.fetched import AutomationFiles, Fetched, NotModified, RepositoryPage
from github_sandbox.entities import Repository
from github_sandbox.server import Handle
from ratelimit.budget import Lane
from ratelimit.verdict import Wait, Why

from .conftest import ADMIN, ORG, spent

Flags = Callable[..., None]
LANE = Lane.INTERACTIVE


@pytest.fixture
def repository(sandbox: Handle) -> Repository:
    return next(each for each in sandbox.world.repositories.values() if each.has_issues and not each.private)


def ask(resource: str, repository: Repository, known: Any = None, **params: str) -> Any:
    named = {"owner": ORG, "repo": repository.name, **params}
    return fetching.fetch(resource, named, tenant="default", lane=LANE, known=known)


def sent(sandbox: Handle) -> list[str]:
    return [str(entry["path"]).partition("?")[0] for entry in sandbox.ledger.entries()]


@pytest.mark.parametrize("resource", ["repository", "languages", "labels", "workflows", "pulls"])
def test_asking_again_is_free_while_nothing_changes(sandbox: Handle, repository: Repository, resource: str) -> None:
    first = ask(resource, repository)
    assert first.source == "rest"
    assert first.validators.bearer == keys.identity(ADMIN)
    before = spent(sandbox, "core")
    assert ask(resource, repository, first.validators) == NotModified()
    assert spent(sandbox, "core") == before


def test_a_full_page_without_a_next_one_has_no_validator(sandbox: Handle, repository: Repository) -> None:
    pulls = ask("pulls", repository, state="all").value
    full = ask("pulls", repository, state="all", page="1", per_page=str(len(pulls)))
    assert full.value == pulls
    assert not full.more
    assert full.validators is None
    assert ask("pulls", repository, state="all", page="1", per_page=str(len(pulls) + 1)).validators is not None


def test_what_took_several_pages_has_no_validator(sandbox: Handle, flags: Flags) -> None:
    flags(GITHUB_API_MODE="rest")
    found = fetching.fetch(
        "organization_repositories", {"org": ORG, "page": "1", "per_page": "5"}, tenant="default", lane=LANE
    )
    assert isinstance(found, Fetched)
    assert found.more
    assert found.validators is not None
    assert found.scope == Scope("org", "9001")


def test_issues_come_by_graphql(sandbox: Handle, repository: Repository) -> None:
    found = ask("issues", repository)
    assert (found.source, found.scope, found.complete) == ("graphql", Scope("repo", str(repository.id)), True)
    assert spent(sandbox, "core") == 0


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 500},
        {"kind": "html", "status": 502},
        {"kind": "cut_body"},
        {"kind": "primary"},
    ],
    ids=str,
)
def test_rest_answers_where_graphql_fails(sandbox: Handle, repository: Repository, fault: dict[str, Any]) -> None:
    sandbox.faults.add({**fault, "path": "^/graphql"})
    found = ask("issues", repository)
    assert found.source == "rest"
    assert found.value


def test_graphql_answers_where_rest_fails(sandbox: Handle, repository: Repository) -> None:
    sandbox.faults.add({"kind": "status", "status": 503, "path": "^/repos/"})
    found = ask("repository", repository)
    assert (found.source, found.value["id"]) == ("graphql", repository.id)


def test_graphql_answers_where_the_core_bucket_is_empty(sandbox: Handle, repository: Repository) -> None:
    sandbox.world.limits.change(core=0)
    assert ask("repository", repository).source == "graphql"


def test_where_both_have_to_wait_the_shorter_wait_comes_back(sandbox: Handle, repository: Repository) -> None:
    sandbox.world.limits.change(core=0, graphql=0)
    found = ask("repository", repository)
    assert isinstance(found, Wait)
    assert found.why in (Why.PRIMARY, Why.GRAPHQL_PRIMARY, Why.EXHAUSTED)


def test_a_server_without_our_fields_is_asked_by_rest(
    sandbox: Handle, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The sandbox as an old GitHub Enterprise Server would be.
    from github_sandbox.graphql import execution, schema

    issue: Any = schema.SCHEMA.type_map["Issue"]
    monkeypatch.delitem(issue.fields, "fullDatabaseId")
    execution._check.cache_clear()
    assert ask("issues", repository).source == "rest"
    execution._check.cache_clear()


@pytest.mark.parametrize(
    ("switches", "source"),
    [
        ({"GITHUB_GRAPHQL_ENABLED": False}, "rest"),
        ({"GITHUB_REST_FALLBACK_ENABLED": False}, "graphql"),
        ({"GITHUB_API_MODE": "rest"}, "rest"),
        ({"GITHUB_API_MODE": "graphql"}, "graphql"),
    ],
)
def test_the_switches_count_at_once(
    sandbox: Handle, flags: Flags, repository: Repository, switches: dict[str, Any], source: str
) -> None:
    flags(**switches)
    assert ask("issues", repository).source == ask("repository", repository).source == source


def test_without_the_fallback_a_failure_is_a_failure(sandbox: Handle, flags: Flags, repository: Repository) -> None:
    flags(GITHUB_REST_FALLBACK_ENABLED=False)
    sandbox.faults.add({"kind": "status", "status": 500, "path": "^/graphql"})
    with pytest.raises(BadAnswer):
        ask("issues", repository)
    assert ask("workflows", repository).source == "rest"


def test_what_the_forced_api_does_not_have(sandbox: Handle, flags: Flags, repository: Repository) -> None:
    flags(GITHUB_API_MODE="graphql")
    with pytest.raises(NotOffered, match="GITHUB_API_MODE"):
        ask("workflows", repository)
    with pytest.raises(NotOffered):
        ask("issues", repository, labels="bug,question")


def test_several_labels_mean_all_of_them(sandbox: Handle, repository: Repository) -> None:
    both = ask("issues", repository, state="all", labels="bug,question")
    assert both.source == "rest"
    assert all({"bug", "question"} <= {label["name"] for label in issue["labels"]} for issue in both.value)


def test_nothing_is_tried_where_nobody_listens(sandbox: Handle, repository: Repository) -> None:
    sandbox.close()
    with pytest.raises(Unreachable):
        ask("repository", repository)


@pytest.mark.parametrize("mode", ["rest", "graphql"])
def test_a_repository_that_is_not_there(sandbox: Handle, flags: Flags, mode: str) -> None:
    flags(GITHUB_API_MODE=mode)
    with pytest.raises(NotFound) as raised:
        fetching.fetch("repository", {"owner": ORG, "repo": "never"}, tenant="default", lane=LANE)
    assert raised.value.status == 404


@pytest.mark.parametrize("owner", ["..", "%2e%2e", "a/b", "", "x" * 5000])
@pytest.mark.parametrize("resource", ["repository", "issues", "labels"])
def test_a_name_that_cannot_be_is_never_sent(sandbox: Handle, resource: str, owner: str) -> None:
    with pytest.raises(BadCall):
        fetching.fetch(resource, {"owner": owner, "repo": "api"}, tenant="default", lane=LANE)
    assert sent(sandbox) == []


def test_a_rename_is_followed_and_remembered(sandbox: Handle, repository: Repository) -> None:
    old = repository.name
    sandbox.world.rename(repository, "moved")
    named = {"owner": ORG, "repo": old}
    first = fetching.fetch("repository", named, tenant="default", lane=LANE)
    assert isinstance(first, Fetched)
    assert isinstance(first.value, dict)
    assert first.value["full_name"] == f"{ORG}/moved"
    assert sent(sandbox) == [f"/repos/{ORG}/{old}", f"/repositories/{repository.id}"]
    again = fetching.fetch("languages", named, tenant="default", lane=LANE)
    assert isinstance(again, Fetched)
    assert again.scope == Scope("repo", str(repository.id))
    assert sent(sandbox)[2:] == [f"/repositories/{repository.id}/languages"]


def test_many_at_once(sandbox: Handle) -> None:
    named = [{"owner": ORG, "repo": each.name} for each in sandbox.world.repositories.values()]
    named.insert(3, {"owner": ORG, "repo": "never"})
    found = fetching.fetch_many("labels", named, tenant="default", lane=LANE)
    assert not isinstance(found, Wait)
    assert isinstance(found[3], NotFound)
    rest = [each for each in found if isinstance(each, Fetched)]
    assert len(rest) == len(named) - 1
    assert [each.scope for each in rest] == [Scope("repo", str(each)) for each in sandbox.world.repositories]
    assert sent(sandbox) == ["/graphql"]
    assert sum(each.cost for each in rest) == spent(sandbox, "graphql") == 1


def test_many_issues_are_counted_first(sandbox: Handle) -> None:
    named = [{"owner": ORG, "repo": each.name} for each in sandbox.world.repositories.values() if each.has_issues]
    found = fetching.fetch_many("issues", named, tenant="default", lane=LANE)
    assert not isinstance(found, Wait)
    values = [each.value for each in found if isinstance(each, Fetched)]
    assert sum(len(value) for value in values if isinstance(value, list)) > 50
    one_by_one = [fetching.fetch("issues", params, tenant="default", lane=LANE) for params in named]
    assert [each.value for each in one_by_one if isinstance(each, Fetched)] == values
    # A page of a hundred for each would have been a point for each.
    assert sum(each.cost for each in found if isinstance(each, Fetched)) <= 3


def test_many_without_graphql(sandbox: Handle, flags: Flags) -> None:
    named = [{"owner": ORG, "repo": each.name} for each in sandbox.world.repositories.values()]
    by_graphql = fetching.fetch_many("languages", named, tenant="default", lane=LANE)
    flags(GITHUB_GRAPHQL_ENABLED=False)
    by_rest = fetching.fetch_many("languages", named, tenant="default", lane=LANE)
    assert not isinstance(by_graphql, Wait)
    assert not isinstance(by_rest, Wait)
    assert [each.value for each in by_rest if isinstance(each, Fetched)] == [
        each.value for each in by_graphql if isinstance(each, Fetched)
    ]


def test_what_a_limit_cut_off_is_told_from_what_was_answered(sandbox: Handle, flags: Flags) -> None:
    flags(GITHUB_API_MODE="rest")
    sandbox.world.limits.change(core=5)
    named = [{"owner": ORG, "repo": each.name} for each in sandbox.world.repositories.values()]
    found = fetching.fetch_many("languages", named, tenant="default", lane=LANE)
    assert not isinstance(found, Wait)
    assert [type(each) for each in found] == [Fetched] * 5 + [Throttled] * (len(named) - 5)
    late = found[-1]
    assert isinstance(late, Throttled)
    assert late.wait.seconds > 0


def test_a_page_is_halved_remembered_and_grown_again(sandbox: Handle) -> None:
    sandbox.faults.add({"kind": "html", "status": 502, "path": "^/graphql", "count": 2})
    page = fetching.organization_repositories("default", ORG, lane=LANE)
    assert isinstance(page, RepositoryPage)
    assert page.source == "graphql"
    assert len(page.repositories) == 12
    assert graphql.sizes.of("organization_repositories") == 25
    for _ in range(30):
        fetching.organization_repositories("default", ORG, lane=LANE)
    assert graphql.sizes.of("organization_repositories") == 100


def test_what_github_cut_off_is_asked_for_again(sandbox: Handle, flags: Flags) -> None:
    flags(GITHUB_API_MODE="graphql")
    whole = repositories(sandbox)
    sandbox.world.limits.change(graphql_result_nodes=60)
    graphql.sizes.forget()
    assert repositories(sandbox) == whole
    assert graphql.sizes.of("organization_repositories") < 12


def test_a_batch_keeps_what_was_answered_before_it_was_cut_off(sandbox: Handle, flags: Flags) -> None:
    flags(GITHUB_API_MODE="graphql")
    named = [{"owner": ORG, "repo": each.name} for each in sandbox.world.repositories.values()]
    whole = fetching.fetch_many("labels", named, tenant="default", lane=LANE)
    sandbox.world.limits.change(graphql_result_nodes=40)
    parts = fetching.fetch_many("labels", named, tenant="default", lane=LANE)
    assert not isinstance(whole, Wait)
    assert not isinstance(parts, Wait)
    assert [each.value for each in parts if isinstance(each, Fetched)] == [
        each.value for each in whole if isinstance(each, Fetched)
    ]


def test_a_list_goes_on_at_the_other_api(sandbox: Handle, flags: Flags) -> None:
    whole = repositories(sandbox)
    for first, second in (("graphql", "rest"), ("rest", "graphql")):
        graphql.sizes.shrink("organization_repositories", 10)
        flags(GITHUB_API_MODE=first)
        page = fetching.organization_repositories("default", ORG, lane=LANE)
        assert isinstance(page, RepositoryPage)
        flags(GITHUB_API_MODE=second)
        rest = repositories(sandbox, page.next_cursor) if page.next_cursor else []
        names = {each["full_name"]: each for each in (*page.repositories, *rest)}
        assert list(names.values()) == whole


def test_an_organisation_that_is_not_there(sandbox: Handle, flags: Flags) -> None:
    for mode in ("graphql", "rest"):
        flags(GITHUB_API_MODE=mode)
        with pytest.raises(NotFound):
            fetching.organization_repositories("default", "nobody-here", lane=LANE)


def test_a_reading_of_files_goes_on_where_a_limit_cut_it_off(sandbox: Handle, flags: Flags) -> None:
    named = repositories(sandbox)
    whole = fetching.automation_files("default", named, lane=LANE)
    flags(GITHUB_API_MODE="rest")
    sandbox.world.limits.change(core=40)
    waits = 0
    while isinstance(found := fetching.automation_files("default", named, lane=LANE), Wait):
        waits += 1
        assert waits < 10
        sandbox.world.limits.forget()
        graphql.sizes.forget()
        from .conftest import forget

        forget()
    assert waits
    assert found == whole


def test_a_repository_that_is_too_much_for_graphql_is_read_by_rest(sandbox: Handle, flags: Flags) -> None:
    named = repositories(sandbox)
    whole = fetching.automation_files("default", named, lane=LANE)
    sandbox.world.limits.change(graphql_blob_bytes=3_000)
    before = len(sandbox.ledger.entries())
    assert fetching.automation_files("default", named, lane=LANE) == whole
    assert {entry["bucket"] for entry in sandbox.ledger.entries()[before:]} == {"graphql", "core"}
    flags(GITHUB_API_MODE="graphql")
    parts = fetching.automation_files("default", named, lane=LANE)
    assert isinstance(parts, dict)
    assert {type(each) for each in parts.values()} == {AutomationFiles, BadAnswer}


def repositories(sandbox: Handle, cursor: str | None = None) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while True:
        page = fetching.organization_repositories("default", ORG, lane=LANE, cursor=cursor)
        assert isinstance(page, RepositoryPage)
        found += page.repositories
        if (cursor := page.next_cursor) is None:
            return found


def test_a_refusal_says_what_github_found_wrong(sandbox: Handle, repository: Repository, flags: Flags) -> None:
    flags(GITHUB_API_MODE="rest")
    with pytest.raises(Refused, match="Validation Failed") as refused:
        ask("issues", repository, since="never")
    assert refused.value.errors == [{"resource": "Issue", "code": "invalid", "field": "since"}]
