"""THE table: what is cached, how long, who may be given it, and which events touch it (pure).

A *kind* is the unit of invalidation: each (scope, kind) has one epoch. A *route* maps a path of GitHub's REST API to a
kind and says who may be given a stored body; a path that stands in no route belongs to the kind `other`, is always
revalidated and goes only to the identity that fetched it. GraphQL answers and the typed API use the same kinds.
To cache a further resource, add a row to ROUTES (and to KINDS, if its events differ from those of every kind here).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from types import MappingProxyType

from github_cache.keys import ScopeKind


class Audience(StrEnum):
    """Who may be given a stored body."""

    IDENTITY = "identity"
    SAME_FOR_EVERYONE = "same_for_everyone"
    USER_RELATIVE = "user_relative"


@dataclass(frozen=True, slots=True)
class Kind:
    """One unit of invalidation within a scope. `ttl` names the setting of its freshness lifetime (seconds).

    `touched_by` lists webhook events as `event` or `event.action`; `paths`, where given, narrows `push` to pushes that
    change a matching path; `default_branch_only` narrows it to pushes to the default branch.
    """

    name: str
    scope: ScopeKind
    ttl: str
    touched_by: tuple[str, ...]
    paths: re.Pattern[str] | None = None
    default_branch_only: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """A path of GitHub's REST API. `ttl` overrides that of its kind; `revalidate`: never served without asking GitHub."""

    template: str
    kind: str
    scope: ScopeKind
    audience: Audience
    ttl: str = ""
    revalidate: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """A request path matched to its route, with the values of the template's parts (`owner`, `repo`, `org`, `id`, …)."""

    route: Route
    values: Mapping[str, str]


WORKFLOW_FILES = re.compile(r"\.github/workflows/[^/]+\.ya?ml")
AUTOMATION_FILES = re.compile(r"(?:.*\.ya?ml)")
_REPOSITORY = ("repository", "public", "star", "fork", "push", "issues.opened", "issues.closed", "issues.reopened",
               "issues.deleted", "issues.transferred", "pull_request.opened", "pull_request.closed",
               "pull_request.reopened", "meta", "installation_repositories", "team_add")  # fmt: skip
_MEMBERS = ("member", "membership", "team", "team_add", "organization")

_KINDS = (
    Kind("meta", "repo", "GITHUB_TTL_REPO", _REPOSITORY),
    Kind("languages", "repo", "GITHUB_TTL_LANGUAGES", ("push", "repository"), default_branch_only=True),
    Kind(
        "issues",
        "repo",
        "GITHUB_TTL_ISSUES",
        (
            "issues",
            "issue_comment",
            "sub_issues",
            "label.edited",
            "label.deleted",
            "milestone",
            "pull_request",
            "repository",
        ),  # fmt: skip
    ),
    Kind(
        "pulls",
        "repo",
        "GITHUB_TTL_PULLS",
        (
            "pull_request",
            "pull_request_review",
            "pull_request_review_comment",
            "pull_request_review_thread",
            "label.edited",
            "label.deleted",
            "milestone",
            "issue_comment",
            "repository",
        ),  # fmt: skip
    ),
    Kind("labels", "repo", "GITHUB_TTL_LABELS", ("label", "repository")),
    Kind(
        "milestones",
        "repo",
        "GITHUB_TTL_LABELS",
        (
            "milestone",
            "issues.milestoned",
            "issues.demilestoned",
            "issues.closed",
            "issues.reopened",
            "repository",
        ),
    ),
    Kind("workflows", "repo", "GITHUB_TTL_WORKFLOWS", ("push", "repository"), paths=WORKFLOW_FILES),
    Kind(
        "automations",
        "repo",
        "GITHUB_TTL_WORKFLOWS",
        ("push", "repository"),
        paths=AUTOMATION_FILES,
        default_branch_only=True,
    ),
    Kind(
        "runs",
        "repo",
        "GITHUB_TTL_ISSUES",
        ("workflow_run", "workflow_job", "check_run", "check_suite", "status"),
    ),
    Kind("contents", "repo", "GITHUB_TTL_CONTENTS", ("push", "create", "delete", "repository")),
    Kind(
        "refs",
        "repo",
        "GITHUB_TTL_CONTENTS",
        ("push", "create", "delete", "branch_protection_rule", "commit_comment", "status", "repository"),
    ),
    Kind("releases", "repo", "GITHUB_TTL_CONTENTS", ("release", "create", "delete", "repository")),
    Kind("members", "repo", "GITHUB_TTL_USER", _MEMBERS),
    Kind("deployments", "repo", "GITHUB_TTL_ISSUES", ("deployment", "deployment_status", "deployment_review")),
    Kind("other", "repo", "GITHUB_TTL_ISSUES", ("*",)),
    Kind("repos", "org", "GITHUB_TTL_ORG_REPOS", _REPOSITORY),
    Kind("meta", "org", "GITHUB_TTL_USER", ("organization", "repository")),
    Kind("members", "org", "GITHUB_TTL_USER", _MEMBERS),
    Kind("other", "org", "GITHUB_TTL_ISSUES", ("*",)),
    Kind("other", "tenant", "GITHUB_TTL_GRAPHQL", ("*",)),
)
KINDS: Mapping[tuple[ScopeKind, str], Kind] = MappingProxyType({(kind.scope, kind.name): kind for kind in _KINDS})

_SHARED, _IDENTITY, _RELATIVE = Audience.SAME_FOR_EVERYONE, Audience.IDENTITY, Audience.USER_RELATIVE
_REPO = "/repos/{owner}/{repo}"

ROUTES: tuple[Route, ...] = (
    Route(_REPO, "meta", "repo", _SHARED),
    Route(f"{_REPO}/languages", "languages", "repo", _SHARED),
    Route(f"{_REPO}/topics", "meta", "repo", _SHARED),
    Route(f"{_REPO}/license", "contents", "repo", _SHARED),
    Route(f"{_REPO}/issues", "issues", "repo", _SHARED),
    Route(f"{_REPO}/issues/comments", "issues", "repo", _SHARED),
    Route(f"{_REPO}/issues/{{number}}", "issues", "repo", _SHARED, ttl="GITHUB_TTL_ISSUE"),
    Route(f"{_REPO}/issues/{{number}}/comments", "issues", "repo", _SHARED, ttl="GITHUB_TTL_ISSUE"),
    Route(f"{_REPO}/issues/{{number}}/labels", "issues", "repo", _SHARED, ttl="GITHUB_TTL_ISSUE"),
    Route(f"{_REPO}/pulls", "pulls", "repo", _SHARED),
    Route(f"{_REPO}/pulls/{{number}}", "pulls", "repo", _SHARED, ttl="GITHUB_TTL_ISSUE"),
    Route(f"{_REPO}/pulls/{{number}}/reviews", "pulls", "repo", _SHARED, ttl="GITHUB_TTL_ISSUE"),
    Route(f"{_REPO}/pulls/{{number}}/files", "pulls", "repo", _SHARED, ttl="GITHUB_TTL_ISSUE"),
    Route(f"{_REPO}/pulls/{{number}}/commits", "pulls", "repo", _SHARED, ttl="GITHUB_TTL_ISSUE"),
    Route(f"{_REPO}/labels", "labels", "repo", _SHARED),
    Route(f"{_REPO}/labels/{{name}}", "labels", "repo", _SHARED),
    Route(f"{_REPO}/milestones", "milestones", "repo", _SHARED),
    Route(f"{_REPO}/milestones/{{number}}", "milestones", "repo", _SHARED),
    Route(f"{_REPO}/actions/workflows", "workflows", "repo", _SHARED),
    Route(f"{_REPO}/actions/workflows/{{id}}", "workflows", "repo", _SHARED),
    Route(f"{_REPO}/actions/runs", "runs", "repo", _SHARED),
    Route(f"{_REPO}/contents", "contents", "repo", _SHARED),
    Route(f"{_REPO}/contents/{{path*}}", "contents", "repo", _SHARED),
    Route(f"{_REPO}/readme", "contents", "repo", _SHARED),
    Route(f"{_REPO}/git/trees/{{sha}}", "contents", "repo", _SHARED),
    Route(f"{_REPO}/git/blobs/{{sha}}", "contents", "repo", _SHARED),
    Route(f"{_REPO}/branches", "refs", "repo", _SHARED),
    Route(f"{_REPO}/branches/{{name*}}", "refs", "repo", _SHARED),
    Route(f"{_REPO}/commits", "refs", "repo", _SHARED),
    Route(f"{_REPO}/commits/{{ref*}}", "refs", "repo", _SHARED),
    Route(f"{_REPO}/tags", "refs", "repo", _SHARED),
    Route(f"{_REPO}/releases", "releases", "repo", _IDENTITY),
    Route(f"{_REPO}/releases/latest", "releases", "repo", _SHARED),
    Route(f"{_REPO}/releases/tags/{{tag*}}", "releases", "repo", _SHARED),
    Route(f"{_REPO}/collaborators", "members", "repo", _IDENTITY),
    Route(f"{_REPO}/deployments", "deployments", "repo", _SHARED),
    Route("/orgs/{org}", "meta", "org", _IDENTITY),
    Route("/orgs/{org}/repos", "repos", "org", _IDENTITY),
    Route("/orgs/{org}/members", "members", "org", _IDENTITY),
    Route("/users/{user}", "other", "tenant", _IDENTITY, ttl="GITHUB_TTL_USER"),
    Route("/user", "other", "tenant", _RELATIVE),
    Route("/user/repos", "other", "tenant", _RELATIVE),
    Route("/user/orgs", "other", "tenant", _RELATIVE),
    Route("/notifications", "other", "tenant", _RELATIVE, revalidate=True),
)
UNKNOWN = {
    scope: Route(template, "other", scope, Audience.IDENTITY, revalidate=True)
    for scope, template in (
        ("repo", f"{_REPO}/{{rest*}}"),
        ("org", "/orgs/{org}/{rest*}"),
        ("tenant", "/{rest*}"),
    )
}


def match(path: str) -> Match:
    """The route of a path of GitHub's REST API, which begins with `/`; never fails (see the module's docstring).

    `/repositories/{id}/…` and `/organizations/{id}/…` match the routes of the named forms, with `id` among the values.
    """
    path = path.rstrip("/") or "/"
    for pattern, route in _patterns():
        if found := pattern.fullmatch(path):
            return Match(route, {name: value for name, value in found.groupdict().items() if value is not None})
    raise AssertionError("the last pattern matches every path")


def kinds_of(scope: ScopeKind) -> tuple[Kind, ...]:
    """All kinds of a scope."""
    return tuple(kind for kind in _KINDS if kind.scope == scope)


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], Route], ...]:
    return tuple((_pattern(route.template), route) for route in _by_specificity())


def _by_specificity() -> Iterator[Route]:
    """Literal parts before parameters, so that `/issues/comments` wins over `/issues/{number}`."""
    yield from sorted(ROUTES, key=lambda route: (route.template.count("*"), route.template.count("{")))
    yield from UNKNOWN.values()


def _pattern(template: str) -> re.Pattern[str]:
    expression = re.sub(
        r"\\\{(\w+)(\\\*)?\\\}",
        lambda found: f"(?P<{found[1]}>{'.*' if found[2] else '[^/]+'})",
        re.escape(template),
    )
    by_name, by_id = r"/repos/(?P<owner>[^/]+)/(?P<repo>[^/]+)", r"/repositories/(?P<repository_id>\d+)"
    expression = expression.replace(by_name, f"(?:{by_name}|{by_id})")
    expression = expression.replace(
        r"/orgs/(?P<org>[^/]+)", r"(?:/orgs/(?P<org>[^/]+)|/organizations/(?P<organization_id>\d+))"
    )
    return re.compile(expression, re.DOTALL)
