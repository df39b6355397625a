"""Branches, tags, commits and releases, as GraphQL shows them."""

import pytest

from github_sandbox import changes
from github_sandbox.clock import iso
from github_sandbox.entities import Repository
from tests.sandbox.asking import Asker, asker, small_world


@pytest.fixture
def ask() -> Asker:
    return asker(small_world(1, 0, 0), "octo-admin")


@pytest.fixture
def repository(ask: Asker) -> Repository:
    """With three commits of the test's own on `main`, a branch and a tag at the second."""
    (repository,) = ask.world.repositories.values()
    for number, path in enumerate(("docs/a.md", "src/b.py", "docs/a.md")):
        ask.world.clock.move(3600)
        commit = changes.push(ask.world, repository, ask.account, {path: b"%d" % number}, f"Change {number}\n\nWhy")
        if number == 1:
            changes.set_ref(ask.world, repository, ask.account, "refs/heads/feature/x", commit)
            changes.set_ref(ask.world, repository, ask.account, "refs/tags/v1", commit)
    return repository


def within(ask: Asker, repository: Repository, fields: str) -> dict[str, object]:
    query = f'{{ repository(owner: "octo-sample", name: "{repository.name}") {{ {fields} }} }}'
    shown: dict[str, object] = ask.data(query)["repository"]
    return shown


def test_a_ref_is_found_by_any_of_its_names(ask: Asker, repository: Repository) -> None:
    for name, full in (
        ("main", "refs/heads/main"),
        ("heads/feature/x", "refs/heads/feature/x"),
        ("refs/heads/feature/x", "refs/heads/feature/x"),
        ("refs/tags/v1", "refs/tags/v1"),
        ("v1", "refs/tags/v1"),
    ):
        shown = within(ask, repository, f'ref(qualifiedName: "{name}") {{ prefix name target {{ oid }} }}')["ref"]
        assert isinstance(shown, dict)
        assert shown["prefix"] + shown["name"] == full
        commit = ask.world.commit(repository, full)
        assert commit is not None
        assert shown["target"]["oid"] == commit.sha
    assert within(ask, repository, 'ref(qualifiedName: "none") { name }') == {"ref": None}
    assert within(ask, repository, 'ref(qualifiedName: "refs/heads/v1") { name }') == {"ref": None}


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        ('refPrefix: "refs/heads/"', ["feature/x", "main"]),
        ('refPrefix: "refs/heads/", direction: DESC', ["main", "feature/x"]),
        ('refPrefix: "refs/heads/", query: "MA"', ["main"]),
        ('refPrefix: "refs/tags/"', ["v1"]),
    ],
)
def test_refs_by_prefix(ask: Asker, repository: Repository, arguments: str, names: list[str]) -> None:
    shown = within(ask, repository, f"refs(first: 9, {arguments}) {{ nodes {{ name }} }}")
    assert shown == {"refs": {"nodes": [{"name": name} for name in names]}}


def test_history_runs_backwards_and_can_be_narrowed(ask: Asker, repository: Repository) -> None:
    head = repository.head
    assert head is not None
    assert head.parent is not None
    since = f'since: "{iso(head.parent.date)}"'
    fields = "totalCount nodes { messageHeadline messageBody parents(first: 1) { totalCount } }"
    for arguments, expected in (
        ("", ["Change 2", "Change 1", "Change 0"]),
        (', path: "docs"', ["Change 2", "Change 0"]),
        (', path: "src/b.py"', ["Change 1"]),
        (f", {since}", ["Change 2", "Change 1"]),
    ):
        query = f"defaultBranchRef {{ target {{ ... on Commit {{ history(first: 3{arguments}) {{ {fields} }} }} }} }}"
        history = within(ask, repository, query)["defaultBranchRef"]["target"]["history"]  # type: ignore[index]
        assert [node["messageHeadline"] for node in history["nodes"]][: len(expected)] == expected
        assert history["nodes"][0]["messageBody"] == "Why"
        assert history["nodes"][0]["parents"] == {"totalCount": 1}


def test_a_file_is_shown_as_it_was_in_that_commit(ask: Asker, repository: Repository) -> None:
    for ref, text in (("main", "2"), ("v1", "0"), ("feature/x", "0")):
        shown = within(ask, repository, f'object(expression: "{ref}:docs/a.md") {{ ... on Blob {{ text }} }}')
        assert shown == {"object": {"text": text}}
    by_file = within(
        ask,
        repository,
        'object(expression: "main") { ... on Commit { file(path: "src/b.py") { path extension type } } }',
    )
    assert by_file == {"object": {"file": {"path": "src/b.py", "extension": ".py", "type": "blob"}}}


def test_drafts_of_releases_are_for_those_who_may_push(ask: Asker, repository: Repository) -> None:
    changes.publish_release(ask.world, repository, ask.account, "v1", {"name": "One", "body": "Notes"})
    changes.publish_release(ask.world, repository, ask.account, "v2", {"prerelease": True})
    changes.publish_release(ask.world, repository, ask.account, "v3", {"draft": True})
    fields = "releases(first: 9) { nodes { tagName } } latestRelease { tagName isLatest tagCommit { oid } }"
    tags = {}
    for login in ("octo-admin", "octo-guest"):
        shown = within(asker(ask.world, login), repository, fields)
        tags[login] = {node["tagName"] for node in shown["releases"]["nodes"]}  # type: ignore[index]
        assert shown["latestRelease"] == {
            "tagName": "v1",
            "isLatest": True,
            "tagCommit": {"oid": repository.tags["v1"].sha},
        }
    assert tags == {"octo-admin": {"v1", "v2", "v3"}, "octo-guest": {"v1", "v2"}}
