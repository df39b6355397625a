"""What each event touches, revokes and makes the index do, over made-up and recorded payloads."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from github_cache.keys import CALLERS, Scope
from github_cache.resources import KINDS
from webhooks import payloads
from webhooks.affects import NOTHING, IndexChange, Target, Touched, believed, covered_kinds, table, touched
from webhooks.github_events import EVERY, KNOWN

REPO, ORG = 186853002, 38302899
OWNER = {"id": ORG, "login": "acme", "type": "Organization"}
REPOSITORY = {"id": REPO, "full_name": "acme/api", "default_branch": "main", "owner": OWNER}
TENANT = Target("tenant")
EVERYTHING_OF_REPO = {kind for scope, kind in KINDS if scope == "repo"}


def look(event: str, payload: dict[str, Any], target: Target = TENANT) -> Touched:
    return touched(event, payload, payloads.subject(payload), target, "acme")


def about_repository(**more: Any) -> dict[str, Any]:
    return {"repository": REPOSITORY, "organization": {"id": ORG, "login": "acme"}, **more}


def kinds(found: Touched, scope: str, number: int | str) -> set[str]:
    return set(found.kinds.get(Scope(scope, str(number)), ()))  # type: ignore[arg-type]


def push(**more: Any) -> dict[str, Any]:
    commit = {"added": [], "removed": [], "modified": ["src/main.py"]}
    return about_repository(**{"ref": "refs/heads/main", "commits": [commit], **more})


@pytest.mark.parametrize(
    ("event", "payload", "of_repo", "of_org"),
    [
        ("label", {"action": "created"}, {"labels", "other"}, {"other"}),
        ("label", {"action": "edited"}, {"labels", "issues", "pulls", "other"}, {"other"}),
        ("milestone", {"action": "created"}, {"issues", "pulls", "milestones", "other"}, {"other"}),
        ("issues", {"action": "labeled"}, {"issues", "other"}, {"other"}),
        ("issues", {"action": "opened"}, {"issues", "meta", "milestones", "other"}, {"repos", "other"}),
        ("issue_comment", {"action": "created"}, {"issues", "pulls", "other"}, {"other"}),
        ("pull_request", {"action": "synchronize"}, {"issues", "pulls", "other"}, {"other"}),
        ("pull_request_review", {"action": "submitted"}, {"issues", "pulls", "other"}, {"other"}),
        ("release", {"action": "published"}, {"releases", "other"}, {"other"}),
        ("create", {"ref_type": "branch"}, {"contents", "refs", "releases", "other"}, {"other"}),
        ("delete", {"ref_type": "tag"}, {"contents", "refs", "releases", "other"}, {"other"}),
        ("workflow_run", {"action": "completed"}, {"runs", "other"}, {"other"}),
        ("workflow_job", {"action": "queued"}, {"runs", "other"}, {"other"}),
        ("star", {"action": "created"}, {"meta", "other"}, {"repos", "other"}),
        ("fork", {}, {"meta", "other"}, {"repos", "other"}),
        ("deployment_status", {"action": "created"}, {"deployments", "other"}, {"other"}),
        ("discussion", {"action": "created"}, {"other"}, {"other"}),
    ],
)
def test_events_touch_their_kinds_and_no_others(
    event: str, payload: dict[str, Any], of_repo: set[str], of_org: set[str]
) -> None:
    found = look(event, about_repository(**payload))
    assert kinds(found, "repo", REPO) == of_repo
    assert kinds(found, "org", ORG) == of_org
    assert kinds(found, "tenant", "acme") == {"other"}
    assert not found.purged
    assert len(found.kinds) == 3


PUSH_ALWAYS = {"meta", "contents", "refs", "other"}


@pytest.mark.parametrize(
    ("more", "also"),
    [
        ({}, {"languages"}),
        ({"commits": [{"added": [".github/workflows/ci.yml"], "removed": [], "modified": []}]},
         {"languages", "workflows", "automations"}),
        ({"commits": [{"added": [], "removed": ["config/lights.yaml"], "modified": []}]}, {"languages", "automations"}),
        ({"ref": "refs/heads/topic"}, set()),
        ({"ref": "refs/heads/topic",
          "commits": [{"added": [".github/workflows/a.yaml"], "removed": [], "modified": []}]},
         {"workflows"}),
        ({"ref": "refs/tags/v1", "commits": []}, set()),
        ({"forced": True}, {"languages", "workflows", "automations"}),
        ({"commits": []}, {"languages", "workflows", "automations"}),
        ({"commits": [{"id": "old payloads list no paths"}]}, {"languages", "workflows", "automations"}),
        ({"commits": [{"added": [], "removed": [], "modified": []}] * 2048}, {"languages", "workflows", "automations"}),
        ({"commits": "rubbish"}, {"languages", "workflows", "automations"}),
    ],
)  # fmt: skip
def test_a_push_touches_what_its_paths_and_branch_say(more: dict[str, Any], also: set[str]) -> None:
    assert kinds(look("push", push(**more)), "repo", REPO) == PUSH_ALWAYS | also


def test_the_index_is_read_again_only_where_what_it_is_made_from_was_touched() -> None:
    assert look("push", push()).index == {REPO: IndexChange.READ_AGAIN}
    assert look("issues", about_repository(action="labeled")).index == {}


@pytest.mark.parametrize(
    ("action", "change"),
    [
        ("deleted", IndexChange.REMOVE),
        ("privatized", IndexChange.PRIVATISE),
        ("transferred", IndexChange.READ_AGAIN),
    ],
)
def test_what_is_taken_away_is_purged(action: str, change: IndexChange) -> None:
    found = look("repository", about_repository(action=action))
    assert found.purged == {Scope("repo", str(REPO))}
    assert found.index == {REPO: change}
    assert "repos" in kinds(found, "org", ORG)


@pytest.mark.parametrize("event", ["repository.publicized", "repository.renamed", "public", "repository.created"])
def test_nothing_is_granted(event: str) -> None:
    name, _, action = event.partition(".")
    found = look(name, about_repository(action=action))
    assert not found.purged
    assert found.index == {REPO: IndexChange.READ_AGAIN}


def test_a_transfer_touches_both_owners() -> None:
    new = {"id": 7, "login": "newco", "type": "Organization"}
    payload = {
        "action": "transferred",
        "repository": REPOSITORY | {"owner": new, "full_name": "newco/api"},
        "changes": {"owner": {"from": {"organization": {"id": ORG, "login": "acme"}}}},
    }
    assert "repos" in kinds(look("repository", payload), "org", 7)
    assert "repos" in kinds(look("repository", payload), "org", ORG)
    old = Target("organization", ORG, "acme")
    assert believed(old, payloads.subject(payload))
    assert kinds(look("repository", payload, old), "org", 7) == set()


def test_an_app_that_loses_repositories_loses_what_is_stored_of_them() -> None:
    account = {"installation": {"id": 1, "account": OWNER}}
    lost = {"action": "removed", "repositories_added": [], "repositories_removed": [{"id": 1}, {"id": 2}], **account}
    assert look("installation_repositories", lost).purged == {Scope("repo", "1"), Scope("repo", "2")}
    gone = {"action": "deleted", "repositories": [{"id": 3}, {"id": "4"}, None, {"id": True}], **account}
    assert look("installation", gone).purged == {Scope("repo", "3"), Scope("tenant", "acme")}
    ordinary = Target("organization", ORG, "acme")
    assert look("installation", gone, ordinary).purged == frozenset()


def test_members_and_their_rights() -> None:
    removed = {"action": "member_removed", "organization": {"id": ORG, "login": "acme"}}
    assert kinds(look("organization", removed), "org", ORG) >= {"members", "access", "meta", "other"}
    assert "access" in kinds(look("member", about_repository(action="removed")), "repo", REPO)


@pytest.mark.parametrize(
    ("event", "action"),
    [
        ("organization", "member_removed"),
        ("membership", "removed"),
        ("team", "deleted"),
        ("team", "removed_from_repository"),
        ("team", "edited"),
        ("org_block", "blocked"),
    ],
)
def test_who_may_see_less_is_asked_about_again_everywhere(event: str, action: str) -> None:
    """No payload tells which repositories somebody could see as a member, so every token's proofs are old."""
    found = look(event, {"action": action, "organization": {"id": ORG, "login": "acme"}})
    assert CALLERS in kinds(found, "tenant", "acme")
    more = {"organization": "member_added", "membership": "added", "team": "created", "org_block": "unblocked"}
    assert CALLERS not in kinds(look(event, {"action": more[event], "organization": OWNER}), "tenant", "acme")


def test_nothing_is_kept_of_an_organisation_that_is_gone() -> None:
    gone = {"action": "deleted", "organization": {"id": ORG, "login": "acme"}}
    assert look("organization", gone).purged == {Scope("org", str(ORG))}
    assert look("organization", gone, Target("organization", 1, "other")).purged == frozenset()


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (Target("tenant"), True),
        (Target("repository", REPO, "acme/api"), True),
        (Target("repository", REPO, "acme/an-older-name"), True),
        (Target("repository", None, "Acme/API"), True),
        (Target("repository", 1, "acme/api"), False),
        (Target("repository", None, "acme/other"), False),
        (Target("organization", ORG, "acme"), True),
        (Target("organization", None, "ACME"), True),
        (Target("organization", 1, "acme"), False),
        (Target("organization", None, "other"), False),
    ],
)
def test_an_event_is_believed_within_the_scope_of_the_configuration(target: Target, expected: bool) -> None:
    assert believed(target, payloads.subject(about_repository())) is expected


def test_the_owner_of_the_repository_counts_not_what_stands_beside_it() -> None:
    foreign = REPOSITORY | {"owner": {"id": 5, "login": "foreign", "type": "Organization"}}
    payload = about_repository(repository=foreign)
    assert not believed(Target("organization", ORG, "acme"), payloads.subject(payload))


def test_a_hook_of_a_repository_speaks_for_its_owner_only_as_github_told_it() -> None:
    payload = about_repository(action="edited")
    assert {scope.kind for scope in look("repository", payload, Target("repository", REPO)).kinds} == {"repo", "tenant"}
    known = look("repository", payload, Target("repository", REPO, owner_id=ORG))
    assert "repos" in kinds(known, "org", ORG)


def test_a_payload_about_nothing_of_ours_touches_nothing() -> None:
    assert look("security_advisory", {"action": "published"}) == NOTHING
    assert not NOTHING


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["id", "owner", "login", "type", "full_name", "organization", "from", "commits", "account"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
FIELDS = ["repository", "organization", "installation", "changes", "action", "repositories", "commits", "ref", "forced"]


@given(event=st.sampled_from(sorted(KNOWN)), payload=st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=6))
def test_no_shape_of_payload_makes_it_fail(event: str, payload: dict[str, Any]) -> None:
    for target in (TENANT, Target("repository", 1), Target("organization", None, "a")):
        about = payloads.subject(payload)
        believed(target, about)
        found = touched(event, payload, about, target, "acme")
        assert not found.purged & found.kinds.keys()
        assert Touched.of_json(json.loads(json.dumps(found.as_json()))) == found


def test_full_coverage_needs_every_event_of_a_kind() -> None:
    assert covered_kinds([EVERY], "organization", "repo") == EVERYTHING_OF_REPO
    assert covered_kinds(["label", "repository"], "repository", "repo") == {"labels"}
    assert covered_kinds(["label"], "repository", "repo") == frozenset()
    releases = covered_kinds(["release", "create", "delete", "repository"], "organization", "repo")
    assert releases == {"releases"}
    assert covered_kinds([], "tenant", "org") == frozenset()


def test_the_table_names_every_event_that_touches_something() -> None:
    events = {event.partition(".")[0] for event, _, _ in table()}
    assert events - {EVERY} <= KNOWN
    assert ("label.edited", "repo", "issues, pulls") in table()
    assert any("automations (default branch, matching paths)" in row[2] for row in table() if row[0] == "push")


@pytest.mark.parametrize("event", sorted(KNOWN - {"push"}))
def test_every_documented_event_touches_what_the_table_says(event: str) -> None:
    """By a made-up payload, since of some no example is at hand."""
    found = look(event, about_repository(action="happened"))
    told = {(scope, kind) for name, scope, kinds in table() if name in (event, EVERY) for kind in kinds.split(", ")}
    assert {(scope.kind, kind) for scope, names in found.kinds.items() for kind in names} == told
    assert not found.purged


def recorded(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for file in sorted((folder / "webhooks").glob("*.json")):
        for example in json.loads(file.read_text()):
            yield file.stem, example


def test_every_recorded_payload_touches_what_the_table_says(test_data: Path) -> None:
    seen = 0
    for event, payload in recorded(test_data):
        found = look(event, payload)
        names = {event, f"{event}.{payload.get('action')}", EVERY}
        for scope, of_scope in found.kinds.items():
            expected = {
                name for (kind, name), row in KINDS.items() if kind == scope.kind and names & set(row.touched_by)
            }
            assert of_scope <= expected
            if event != "push":
                assert of_scope == expected, (event, scope)
        assert found or not {"repository", "organization", "installation"} & payload.keys(), event
        assert payload.get("repository") is None or Scope("repo", str(payload["repository"]["id"])) in (
            found.kinds.keys() | found.purged
        )
        seen += 1
    assert seen == 227
