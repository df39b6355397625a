"""Search over both databases: the same set for the same query, stable pages, the newest first."""

import pytest

from stats import text_index
from stats.counting import Audience
from stats.filters import Paging, QueryError, parse_paging, parse_query
from stats.indexing import index_repository
from stats.search import RANKED_UP_TO, search
from stats.snapshots import current
from tests.stats.samples import OBSERVED, organisation, repository, workflow

pytestmark = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)

BUILD, RELEASE, NIGHTLY = "Build and test", "Release the build", "Nightly Übersicht 設定画面"
ODD = "'; DROP TABLE stats_text; -- NEAR AND OR NOT"
WORKFLOWS = {
    "ci.yml": workflow("Build and test", ["push"], ["actions/checkout@v4", "actions/setup-go@v5"]),
    "release.yml": workflow("Release the build", ["release"], ["acme/publish@v1"], "macos-14"),
    "nightly.yml": workflow("Nightly Übersicht 設定画面", ["schedule"], ["actions/checkout@" + "a" * 40]),
    "odd.yml": workflow(f'"{ODD}"', ["push"], []),
}


@pytest.fixture
def index(tenant):
    files = {f".github/workflows/{name}": text for name, text in WORKFLOWS.items()}
    index_repository(tenant, repository(1, name="tools", description="Gadgets that build"), files, OBSERVED)
    index_repository(tenant, repository(2, name="site", visibility="private", languages={"C++": 9}), {}, OBSERVED)
    return tenant


def names(tenant: str, text: str, audience: Audience = Audience.TENANT, **parameters: str) -> set[str]:
    return {result["name"] for result in answer(tenant, text, audience, **parameters)["results"]}


def answer(tenant: str, text: str, audience: Audience = Audience.TENANT, **parameters: str) -> dict:
    given = {"q": [text], **{name: [value] for name, value in parameters.items()}}
    query = parse_query(given, besides=("page", "per_page", "sort", "cursor"))
    return search(current(tenant), query, parse_paging(given, query), audience)


EVERYTHING = {BUILD, RELEASE, NIGHTLY, ODD, "tools", "site"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", EVERYTHING),
        ("build", {BUILD, RELEASE, "tools"}),
        ("BUILD release", {RELEASE}),
        ("rel*", {RELEASE}),
        ("rel", set()),
        ('"the build"', {RELEASE}),
        ('"build the"', set()),
        ("checkout", {BUILD, NIGHTLY}),
        ("actions/checkout@v4", {BUILD}),
        ("macos", {RELEASE}),
        ("ubersicht", {NIGHTLY}),
        ("設定", {NIGHTLY}),
        ("画設", set()),
        ("drop table", {ODD}),
        ("NEAR AND", {ODD}),
        ("acme", EVERYTHING),
        ("-build", EVERYTHING - {BUILD, RELEASE, "tools"}),
        ("-build -checkout kind:github_actions", {ODD}),
        ("build -release", {BUILD, "tools"}),
        ("trigger:push", {BUILD, ODD}),
        ("trigger:push trigger:schedule checkout", {BUILD, NIGHTLY}),
        ("action:actions/checkout", {BUILD, NIGHTLY}),
        ("action:actions/checkout@v4", {BUILD}),
        ("pinned:true", {NIGHTLY}),
        ("language:c++", {"site"}),
        ("visibility:private", {"site"}),
        ("kind:repository build", {"tools"}),
        ("-kind:github_actions", {"tools", "site"}),
        ("repository:acme/tools kind:repository", {"tools"}),
        ("zanzibar", set()),
    ],
)
def test_what_is_found(index, text, expected):
    assert names(index, text) == expected
    assert answer(index, text)["total"] == len(expected)


def test_a_phrase_does_not_reach_from_one_field_into_the_next(index):
    assert names(index, '"test acme"') == set()
    assert names(index, '"build and test"') == {BUILD}


def test_the_public_sees_no_private_repository(index):
    assert names(index, "", Audience.PUBLIC) == EVERYTHING - {"site"}


def test_what_is_shown_of_a_workflow(index):
    (result,) = answer(index, "test checkout trigger:push")["results"]
    assert result == {
        "kind": "github_actions",
        "name": BUILD,
        "description": None,
        "repository": "acme/tools",
        "visibility": "public",
        "archived": False,
        "languages": ["Go"],
        "topics": ["infra"],
        "pushed_at": "2026-11-01T00:00:00Z",
        "path": ".github/workflows/ci.yml",
        "line": 1,
        "url": "https://github.com/acme/tools/blob/main/.github/workflows/ci.yml#L1",
        "triggers": ["push"],
        "actions": ["actions/checkout@v4", "actions/setup-go@v5"],
        "blueprint": None,
        "blueprints": [],
        "pinned": False,
        "highlights": {"name": "Build and <mark>test</mark>"},
    }


def test_what_is_shown_of_a_repository(index):
    (result,) = answer(index, "gadgets")["results"]
    assert (result["kind"], result["name"], result["repository"]) == ("repository", "tools", "acme/tools")
    assert (result["path"], result["line"], result["url"]) == (None, None, "https://github.com/acme/tools")
    assert result["highlights"] == {"description": "<mark>Gadgets</mark> that build"}


def test_a_name_counts_more_than_a_path(index):
    index_repository(
        index,
        repository(3, name="other"),
        {".github/workflows/release-notes.yml": workflow("Notes"), ".github/workflows/b.yml": workflow("Release")},
        OBSERVED,
    )
    found = [result["name"] for result in answer(index, "release")["results"]]
    assert set(found) == {RELEASE, "Release", "Notes"}
    assert found[-1] == "Notes"
    narrowed = [result["name"] for result in answer(index, "release trigger:push")["results"]]
    assert narrowed == [name for name in found if name in narrowed] != found


def test_what_too_many_documents_have_is_shown_newest_first(index):
    assert answer(index, "gadgets")["sort"] == "relevance"
    one = "- {alias: Gadgets, trigger: {platform: sun}, action: {service: light.turn_on}}\n"
    index_repository(index, repository(4, name="home"), {"automations.yaml": one * RANKED_UP_TO}, OBSERVED)
    found = answer(index, "gadgets")
    assert (found["sort"], found["total"]) == ("newest", RANKED_UP_TO + 1)
    assert answer(index, "gadgets kind:repository")["sort"] == "newest"


def test_what_others_have_decides_no_order(index):
    text_index.replace({10**9 + n: (("gadgets",), (), (), ()) for n in range(RANKED_UP_TO)}, ())
    found = answer(index, "gadgets")
    assert (found["sort"], found["total"]) == ("relevance", 1)


@pytest.fixture
def many(tenant):
    for one in organisation(30, 4):
        index_repository(tenant, one.given, one.files, OBSERVED)
    return tenant


def _key(result: dict) -> tuple:
    return result["repository"], result["path"] or ""


@pytest.mark.parametrize("text", ["", "part", "test part trigger:push", "-deploy"])
@pytest.mark.parametrize("sort", ["newest", "relevance"])
def test_pages_by_number_and_by_cursor_show_everything_once(many, text, sort):
    whole = answer(many, text, sort=sort, per_page="100")
    by_number = [whole["results"]]
    for page in range(2, whole["total"] // 100 + 2):
        by_number.append(answer(many, text, sort=sort, per_page="100", page=str(page))["results"])
    expected = [_key(result) for results in by_number for result in results]
    assert len(expected) == len(set(expected)) == whole["total"]
    seen, step = [], answer(many, text, sort=sort, per_page="7")
    while True:
        seen += [_key(result) for result in step["results"]]
        if step["next"] is None:
            break
        step = answer(many, text, sort=sort, per_page="7", cursor=step["next"])
    assert seen == expected


def test_the_newest_come_first(many):
    results = answer(many, "", per_page="100", sort="newest")["results"]
    times = [result["pushed_at"] for result in results]
    assert times == sorted(times, reverse=True)


def test_a_cursor_goes_on_where_it_was_after_a_change(many):
    first = answer(many, "kind:repository", per_page="10")
    rest = {_key(result) for result in answer(many, "kind:repository", per_page="100")["results"][10:]}
    index_repository(many, repository(900, pushed_at="2026-11-19T00:00:00Z"), {}, OBSERVED)
    second = answer(many, "kind:repository", per_page="100", cursor=first["next"])
    assert {_key(result) for result in second["results"]} == rest


@pytest.mark.parametrize("cursor", ["x", "", "AAAA", "WzEsMl0=", "bnVsbA==", "WyJuZXdlc3QiLC0xLDAsMF0="])
def test_a_cursor_that_is_none(index, cursor):
    with pytest.raises(QueryError):
        search(current(index), parse_query({}), Paging("newest", cursor=cursor or "="), Audience.TENANT)


def test_a_page_behind_the_last_is_empty(index):
    assert answer(index, "", page="100")["results"] == []
    assert answer(index, "", page="100")["next"] is None
