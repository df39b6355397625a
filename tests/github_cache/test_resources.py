"""The table: paths find their route, by name and by ID; the narrowest audience is the default."""

import pytest

from config.env import Env
from github_cache.resources import KINDS, ROUTES, TYPED, Audience, match, ttl_setting
from github_cache.written import about, written


@pytest.mark.parametrize(
    ("path", "kind", "scope", "audience"),
    [
        ("/repos/a/b", "meta", "repo", Audience.SAME_FOR_EVERYONE),
        ("/repositories/7", "meta", "repo", Audience.SAME_FOR_EVERYONE),
        ("/repos/a/b/issues", "issues", "repo", Audience.SAME_FOR_EVERYONE),
        ("/repositories/7/issues", "issues", "repo", Audience.SAME_FOR_EVERYONE),
        ("/repos/a/b/issues/comments", "issues", "repo", Audience.SAME_FOR_EVERYONE),
        ("/repos/a/b/labels/area/ci", "labels", "repo", Audience.SAME_FOR_EVERYONE),
        ("/repos/a/b/commits/feature/x/check-runs", "runs", "repo", Audience.SAME_FOR_EVERYONE),
        ("/repos/a/b/branches/main/protection", "refs", "repo", Audience.IDENTITY),
        ("/repos/a/b/branches/f/x/protection/restrictions", "refs", "repo", Audience.IDENTITY),
        ("/repos/a/b/releases", "releases", "repo", Audience.IDENTITY),
        ("/repos/a/b/collaborators", "members", "repo", Audience.IDENTITY),
        ("/repos/a/b/traffic/views", "other", "repo", Audience.IDENTITY),
        ("/repos/a/b/hooks", "other", "repo", Audience.IDENTITY),
        ("/repos/a/b/actions/secrets", "other", "repo", Audience.IDENTITY),
        ("/repos/a/b/subscription", "other", "repo", Audience.USER_RELATIVE),
        ("/orgs/o/repos", "repos", "org", Audience.IDENTITY),
        ("/organizations/9/repos", "repos", "org", Audience.IDENTITY),
        ("/orgs/o/issues", "other", "org", Audience.USER_RELATIVE),
        ("/user", "other", "tenant", Audience.USER_RELATIVE),
        ("/user/keys", "other", "tenant", Audience.USER_RELATIVE),
        ("/user/memberships/orgs/o", "other", "tenant", Audience.USER_RELATIVE),
        ("/notifications/threads/1", "other", "tenant", Audience.USER_RELATIVE),
        ("/issues", "other", "tenant", Audience.USER_RELATIVE),
        ("/gists", "other", "tenant", Audience.USER_RELATIVE),
        ("/gists/7/star", "other", "tenant", Audience.USER_RELATIVE),
        ("/feeds", "other", "tenant", Audience.USER_RELATIVE),
        ("/users/a/events", "other", "tenant", Audience.USER_RELATIVE),
        ("/users/a/events/orgs/o", "other", "tenant", Audience.USER_RELATIVE),
        ("/users/a/events/public", "other", "tenant", Audience.IDENTITY),
        ("/users/a/received_events", "other", "tenant", Audience.USER_RELATIVE),
        ("/zen", "other", "tenant", Audience.IDENTITY),
        ("/", "other", "tenant", Audience.IDENTITY),
    ],
)
def test_paths_and_their_routes(path: str, kind: str, scope: str, audience: Audience) -> None:
    route = match(path).route
    assert (route.kind, route.scope, route.audience) == (kind, scope, audience)


@pytest.mark.parametrize("path", ["/repos/a/b/traffic/views", "/user/keys", "/zen", "/orgs/o/teams", "/repos/a/b/x/y"])
def test_what_is_not_in_the_table_is_always_revalidated(path: str) -> None:
    assert match(path).route.revalidate


def test_values_and_a_slash_at_the_end() -> None:
    assert dict(match("/repos/a/b/issues/5/").values) == {"owner": "a", "repo": "b", "number": "5"}
    assert dict(match("/repositories/7/contents/x/y").values) == {"repository_id": "7", "path": "x/y"}


@pytest.mark.parametrize("route", [*ROUTES, *TYPED.values()], ids=lambda route: route.template)
def test_every_route_has_its_kind_and_a_lifetime(route) -> None:
    assert (route.scope, route.kind) in KINDS
    assert ttl_setting(route) in Env.model_fields


def test_a_longer_tail_wins_over_a_greedy_one() -> None:
    for route in ROUTES:
        path = route.template
        for name in ("owner", "repo", "org", "user"):
            path = path.replace(f"{{{name}}}", "x")
        path = path.replace("{", "").replace("}", "").replace("*", "")
        assert match(path).route == route


def test_closed_things_live_longer() -> None:
    issues = match("/repos/a/b/issues").route
    assert ttl_setting(issues, "closed") == "GITHUB_TTL_CLOSED"
    assert ttl_setting(issues, "all") == ttl_setting(issues, "open") == "GITHUB_TTL_ISSUES"


@pytest.mark.parametrize(
    ("path", "kinds"),
    [
        ("/repos/a/b/labels", {"labels"}),
        ("/repos/a/b/labels/x/y", {"labels", "issues", "pulls"}),
        ("/repos/a/b/issues/5/comments", {"issues", "pulls", "meta", "milestones", "labels"}),
        (about("/user/starred/a/b"), {"meta"}),
        ("/repositories/7/labels", {"labels"}),
    ],
)
def test_writes_that_touch_little(path: str, kinds: set[str]) -> None:
    found = written(path)
    assert found is not None
    assert found.kinds == kinds
    assert {("repo", kind) for kind in found.kinds} <= set(KINDS)


@pytest.mark.parametrize("path", ["/repos/a/b", "/repos/a/b/merges", "/orgs/o/repos", "/user/repos"])
def test_every_other_write_touches_everything(path: str) -> None:
    assert written(path) is None
