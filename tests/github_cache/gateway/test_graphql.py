"""GraphQL by way of the cache: queries kept by document, variables and identity; mutations passed on."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from github_cache import invalidation
from github_cache.keys import Scope
from github_cache.models import ApiKey, Tenant
from github_cache.upstream import transport
from tests.github_cache.gateway.house import DEV, TENANT, House

ISSUES = "query Q($o: String!, $n: String!) { repository(owner: $o, name: $n) { issues(first: 2) { totalCount } } }"
HELLO = {"o": "octo", "n": "hello"}


def scope(house: House) -> Scope:
    return Scope("repo", str(house.repository().id))


def test_the_same_query_however_it_is_spelt_is_asked_once(house: House) -> None:
    first = house.graphql(ISSUES, HELLO)
    house.forgotten()
    respelt = ISSUES.replace("{", "{ \n # a comment \n", 1).replace(",", " ")
    second = house.graphql(respelt, dict(reversed(HELLO.items())))
    assert (second["X-Cache"], house.calls) == ("HIT", 0)
    assert second.content == first.content


def test_other_variables_are_another_question(house: House) -> None:
    house.graphql(ISSUES, HELLO)
    other = house.graphql(ISSUES, {"o": "octo", "n": "secret"})
    assert other["X-Cache"] == "MISS"
    assert other.json() != house.graphql(ISSUES, HELLO).json()


@pytest.fixture
def sent() -> Iterator[list[Mapping[str, str]]]:
    """The headers of each GraphQL call to GitHub, as it went out."""
    found: list[Mapping[str, str]] = []

    def note(answer: Any, **_: Any) -> None:
        if answer.request.path_url == "/graphql":
            found.append(answer.request.headers)

    hooks = transport.session().hooks["response"]
    hooks.append(note)
    yield found
    hooks.remove(note)


ASKED_WITH = {
    "GraphQL-Features": "sub_issues",
    "X-Github-Next-Global-ID": "1",
    "Accept": "application/vnd.github.x+json",
}
STAR = "mutation($id: ID!) { addStar(input: {starrableId: $id}) { starrable { id } } }"


@pytest.mark.parametrize("query", [ISSUES, STAR], ids=["query", "mutation"])
def test_what_is_asked_with_headers_is_passed_on_with_them(
    house: House, sent: list[Mapping[str, str]], query: str
) -> None:
    house.graphql(query, {**HELLO, "id": house.repository().node_id}, **ASKED_WITH)
    assert {name: sent[-1][name] for name in ASKED_WITH} == ASKED_WITH


@pytest.mark.parametrize("header", ASKED_WITH)
def test_and_is_another_question(house: House, header: str) -> None:
    house.graphql(ISSUES, HELLO)
    assert house.graphql(ISSUES, HELLO, Accept="application/vnd.github.v3+json")["X-Cache"] == "HIT"
    assert house.graphql(ISSUES, HELLO, **{header: ASKED_WITH[header]})["X-Cache"] == "MISS"
    assert house.graphql(ISSUES, HELLO, **{header: ASKED_WITH[header]})["X-Cache"] == "HIT"


def test_an_event_of_the_repository_drops_it(house: House) -> None:
    house.graphql(ISSUES, HELLO)
    invalidation.by_kind(TENANT, scope(house), ["other"])
    assert house.graphql(ISSUES, HELLO)["X-Cache"] == "MISS"


def test_what_belongs_to_no_repository_lives_a_minute_under_the_tenant(house: House) -> None:
    query = '{ search(query: "hello", type: REPOSITORY, first: 1) { repositoryCount } }'
    assert house.graphql(query)["Cache-Status"].endswith("ttl=60")
    assert house.graphql(query)["X-Cache"] == "HIT"
    invalidation.by_kind(TENANT, Scope("tenant", TENANT), ["other"])
    assert house.graphql(query)["X-Cache"] == "MISS"


def test_answers_with_errors_are_not_kept(house: House) -> None:
    for _ in range(2):
        answer = house.graphql('{ repository(owner: "octo", name: "nope") { id } }')
        assert answer.json()["errors"][0]["type"] == "NOT_FOUND"
        assert answer["X-Cache"] != "HIT"


def test_the_state_of_limits_is_asked_every_time(house: House) -> None:
    for query in ("{ rateLimit { remaining } }", "{ ...F } fragment F on Query { rateLimit { remaining } }"):
        assert house.graphql(query)["X-Cache"] == "BYPASS"
        assert house.graphql(query)["X-Cache"] == "BYPASS"


def test_what_does_not_parse_is_githubs_to_complain_about(house: House) -> None:
    answer = house.graphql("{ repository(")
    assert answer.status_code == 200
    assert answer.json()["errors"]


@pytest.mark.parametrize("before", ["", "# a comment\n", "query Q { __typename } ", "fragment F on Query { id } "])
@pytest.mark.parametrize(
    "after", ["", " " + "# \n", " __typename" * 30_000, " ("], ids=["", "comment", "long", "broken"]
)
def test_a_key_that_may_only_read_changes_nothing_however_it_is_put(house: House, before: str, after: str) -> None:
    _, key = ApiKey.create(Tenant.objects.get(slug=TENANT), "reader", ("read",))
    star = f'addStar(input: {{starrableId: "{house.repository().node_id}"}}) {{ clientMutationId }}'
    house.forgotten()
    for operation in ("M", "", None):
        body = {"query": f"{before}mutation M {{ {star}{after} }}", "operationName": operation}
        assert house.ask("POST", "/api/graphql", body=body, key=key).status_code == 403
    assert house.calls == 0


def test_what_is_no_graphql_request_is_refused_here(house: House) -> None:
    house.forgotten()
    assert house.ask("POST", "/api/graphql", body=["no"]).status_code == 400
    assert house.ask("POST", "/api/graphql", body={"query": 5}).status_code == 400
    for method in ("GET", "OPTIONS"):
        answer = house.ask(method, "/api/graphql")
        assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert house.calls == 0


def test_below_the_base_url_of_rest_it_is_the_same(house: House) -> None:
    house.graphql(ISSUES, HELLO)
    body = {"query": ISSUES, "variables": HELLO}
    assert house.ask("POST", "/api/v3/graphql", body=body)["X-Cache"] == "HIT"
    house.get("/api/v3/repos/octo/hello/labels")
    made = "mutation($i: CreateLabelInput!) { createLabel(input: $i) { label { name } } }"
    label = {"repositoryId": house.repository().node_id, "name": "made-by-graphql", "color": "ff0000"}
    assert "errors" not in house.ask("POST", "/api/v3/graphql", body={"query": made, "variables": {"i": label}}).json()
    assert b"made-by-graphql" in house.get("/api/v3/repos/octo/hello/labels").content


def test_a_mutation_passes_and_drops_what_it_touched(house: House) -> None:
    query = 'query { repository(owner: "octo", name: "hello") { stargazerCount } }'
    assert house.graphql(query).json()["data"]["repository"]["stargazerCount"] == 0
    answer = house.graphql(STAR, {"id": house.repository().node_id}, token=DEV)
    assert answer["X-Cache"] == "BYPASS"
    assert "errors" not in answer.json()
    assert house.graphql(query).json()["data"]["repository"]["stargazerCount"] == 1


def test_a_mutation_is_seen_where_the_organisation_tells_of_the_repository(house: House) -> None:
    listed = '{ organization(login: "octo") { repositories(first: 9) { nodes { description } } } }'
    house.graphql(listed)
    house.get("/api/v3/orgs/octo/repos")
    update = "mutation($i: UpdateRepositoryInput!) { updateRepository(input: $i) { repository { id } } }"
    wish = {"repositoryId": house.repository().node_id, "description": "Says it louder"}
    assert "errors" not in house.graphql(update, {"i": wish}).json()
    assert b"Says it louder" in house.graphql(listed).content
    assert b"Says it louder" in house.get("/api/v3/orgs/octo/repos").content


def test_a_mutation_whose_answer_was_lost_may_have_been_done(house: House) -> None:
    query = 'query { repository(owner: "octo", name: "hello") { stargazerCount } }'
    house.graphql(query)
    house.handle.faults.add({"kind": "reset", "path": "/graphql", "count": 1})
    assert house.graphql(STAR, {"id": house.repository().node_id}, token=DEV).status_code == 502
    assert house.graphql(query).json()["data"]["repository"]["stargazerCount"] == 1


def test_a_spent_quota_is_a_200_with_githubs_error(house: House) -> None:
    house.graphql("{ __typename }")
    house.handle.faults.add({"kind": "primary", "path": "/graphql"})
    answer = house.graphql('{ organization(login: "octo") { name } }')
    assert answer.status_code == 200
    assert answer.json()["errors"][0]["type"] == "RATE_LIMITED"
