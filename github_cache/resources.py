"""THE table: what is cached, how long, who may be given it, and which events touch it (pure).

A *kind* is the unit of invalidation: each (scope, kind) has one epoch. A *route* maps a path of GitHub's REST API to a
kind and says who may be given a stored body; a path that stands in no route belongs to the kind `other`, is always
revalidated and goes only to the identity that fetched it. GraphQL answers and the typed API use the same kinds.
To cache a further resource, add a row to ROUTES (and to KINDS, if its events differ from those of every kind here).

The kind `access` has no route: its epoch stands in every entry, alias and proof of its scope, and changes when names
or visibility or members do, so that what was learnt under the old ones is never used again.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from types import MappingProxyType

from github_cache.keys import CALLERS, ScopeKind, kind_of


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
    """A path of GitHub's REST API. `ttl` overrides that of its kind; `revalidate`: never served without asking."""

    template: str
    kind: str
    scope: ScopeKind
    audience: Audience
    ttl: str = ""
    revalidate: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """A request path matched to its route, with the values of the template's parts (`owner`, `repo`, `org`, …)."""

    route: Route
    values: Mapping[str, str]


WORKFLOW_FILES = re.compile(r"\.github/workflows/[^/]+\.ya?ml")
AUTOMATION_FILES = re.compile(r"(?:.*\.ya?ml)")
_REPOSITORY = ("repository", "public", "star", "fork", "push", "issues.opened", "issues.closed", "issues.reopened",
               "issues.deleted", "issues.transferred", "pull_request.opened", "pull_request.closed",
               "pull_request.reopened", "watch", "custom_property_values", "repository_import",
               "security_and_analysis", "meta", "installation_repositories", "team_add")  # fmt: skip
_ACCESS = ("repository.privatized", "repository.publicized", "repository.deleted", "repository.renamed",
           "repository.transferred", "repository.archived", "public", "member", "team_add", "team",
           "installation_repositories")  # fmt: skip
_THREADS = ("issue_comment", "pull_request", "pull_request_review", "pull_request_review_comment", "label.edited",
            "label.deleted", "milestone", "repository")  # fmt: skip
_ISSUES = ("issues", "sub_issues", "issue_dependencies", *_THREADS)
_PULLS = ("pull_request_review_thread", *_THREADS)
_MILESTONES = ("milestone", "issues.opened", "issues.milestoned", "issues.demilestoned", "issues.closed",
               "issues.reopened", "issues.deleted", "issues.transferred", "pull_request.opened",
               "pull_request.milestoned", "pull_request.demilestoned", "pull_request.closed",
               "pull_request.reopened", "repository")  # fmt: skip
_RUNS = ("workflow_run", "workflow_job", "check_run", "check_suite", "status")
_REFS = ("push", "create", "delete", "branch_protection_rule", "branch_protection_configuration",
         "repository_ruleset", "commit_comment", "status", "check_run", "check_suite", "repository")  # fmt: skip
# Somebody may see less of what an organisation has, and nothing says of which repositories.
_REVOKED = ("organization.member_removed", "membership.removed", "team.deleted", "team.removed_from_repository",
            "team.edited", "org_block.blocked", "github_app_authorization.revoked")  # fmt: skip
_MEMBERS = ("member", "membership", "team", "team_add", "organization")

ACCESS = "access"

_KINDS = (
    Kind(ACCESS, "repo", "GITHUB_TTL_REPO", _ACCESS),
    Kind("meta", "repo", "GITHUB_TTL_REPO", _REPOSITORY),
    Kind("languages", "repo", "GITHUB_TTL_LANGUAGES", ("push", "repository"), default_branch_only=True),
    Kind("issues", "repo", "GITHUB_TTL_ISSUES", _ISSUES),
    Kind("pulls", "repo", "GITHUB_TTL_PULLS", _PULLS),
    Kind("labels", "repo", "GITHUB_TTL_LABELS", ("label", "repository")),
    Kind("milestones", "repo", "GITHUB_TTL_LABELS", _MILESTONES),
    Kind("workflows", "repo", "GITHUB_TTL_WORKFLOWS", ("push", "repository"), paths=WORKFLOW_FILES),
    Kind("automations", "repo", "GITHUB_TTL_WORKFLOWS", ("push", "repository"), AUTOMATION_FILES, True),
    Kind("runs", "repo", "GITHUB_TTL_ISSUES", _RUNS),
    Kind("contents", "repo", "GITHUB_TTL_CONTENTS", ("push", "create", "delete", "repository")),
    Kind("refs", "repo", "GITHUB_TTL_CONTENTS", _REFS),
    Kind("releases", "repo", "GITHUB_TTL_CONTENTS", ("release", "create", "delete", "repository")),
    Kind("members", "repo", "GITHUB_TTL_USER", _MEMBERS),
    Kind("deployments", "repo", "GITHUB_TTL_ISSUES", ("deployment", "deployment_status", "deployment_review")),
    Kind("other", "repo", "GITHUB_TTL_ISSUES", ("*",)),
    Kind(ACCESS, "org", "GITHUB_TTL_USER", (*_MEMBERS, "installation")),
    Kind("repos", "org", "GITHUB_TTL_ORG_REPOS", _REPOSITORY),
    Kind("meta", "org", "GITHUB_TTL_USER", ("organization", "repository", "installation_target")),
    Kind("members", "org", "GITHUB_TTL_USER", _MEMBERS),
    Kind("other", "org", "GITHUB_TTL_ISSUES", ("*",)),
    Kind("other", "tenant", "GITHUB_TTL_GRAPHQL", ("*",)),
    Kind(CALLERS, "tenant", "GITHUB_TTL_USER", _REVOKED),
)
KINDS: Mapping[tuple[ScopeKind, str], Kind] = MappingProxyType({(kind.scope, kind.name): kind for kind in _KINDS})
KIND_NAMES = sorted({kind.name for kind in _KINDS})

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
    Route(f"{_REPO}/pulls/{{number}}/comments", "pulls", "repo", _SHARED, ttl="GITHUB_TTL_ISSUE"),
    Route(f"{_REPO}/labels", "labels", "repo", _SHARED),
    Route(f"{_REPO}/labels/{{name*}}", "labels", "repo", _SHARED),
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
    Route(f"{_REPO}/branches/{{name*}}/protection", "refs", "repo", _IDENTITY, revalidate=True),
    Route(f"{_REPO}/branches/{{name*}}/protection/{{rest*}}", "refs", "repo", _IDENTITY, revalidate=True),
    Route(f"{_REPO}/git/ref/{{ref*}}", "refs", "repo", _SHARED),
    Route(f"{_REPO}/git/matching-refs/{{ref*}}", "refs", "repo", _SHARED),
    Route(f"{_REPO}/git/commits/{{sha}}", "refs", "repo", _SHARED),
    Route(f"{_REPO}/compare/{{basehead*}}", "refs", "repo", _SHARED),
    Route(f"{_REPO}/commits", "refs", "repo", _SHARED),
    Route(f"{_REPO}/commits/{{ref*}}", "refs", "repo", _SHARED),
    Route(f"{_REPO}/commits/{{ref*}}/pulls", "pulls", "repo", _SHARED),
    Route(f"{_REPO}/commits/{{ref*}}/status", "runs", "repo", _SHARED),
    Route(f"{_REPO}/commits/{{ref*}}/statuses", "runs", "repo", _SHARED),
    Route(f"{_REPO}/commits/{{ref*}}/check-runs", "runs", "repo", _SHARED),
    Route(f"{_REPO}/commits/{{ref*}}/check-suites", "runs", "repo", _SHARED),
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
    *(
        Route(template, "other", "tenant", _RELATIVE, revalidate=True)
        for template in (
            "/user/{rest*}",
            "/notifications",
            "/notifications/{rest*}",
            "/issues",
            "/gists",
            "/gists/starred",
            "/gists/{id}/star",
            "/feeds",
            "/users/{user}/events",
            "/users/{user}/events/orgs/{org}",
            "/users/{user}/received_events",
        )
    ),
    Route(f"{_REPO}/notifications", "other", "repo", _RELATIVE, revalidate=True),
    Route(f"{_REPO}/subscription", "other", "repo", _RELATIVE, revalidate=True),
    Route("/orgs/{org}/issues", "other", "org", _RELATIVE, revalidate=True),
)
_EVERYTHING_ELSE: tuple[tuple[ScopeKind, str], ...] = (
    ("repo", f"{_REPO}/{{rest*}}"),
    ("org", "/orgs/{org}/{rest*}"),
    ("tenant", "/{rest*}"),
)
UNKNOWN: Mapping[ScopeKind, Route] = {
    scope: Route(template, "other", scope, Audience.IDENTITY, revalidate=True) for scope, template in _EVERYTHING_ELSE
}


TYPED: Mapping[str, Route] = MappingProxyType(
    {
        "repository": Route(_REPO, "meta", "repo", _SHARED),
        "languages": Route(f"{_REPO}/languages", "languages", "repo", _SHARED),
        "issues": Route(f"{_REPO}/issues", "issues", "repo", _SHARED),
        "pulls": Route(f"{_REPO}/pulls", "pulls", "repo", _SHARED),
        "labels": Route(f"{_REPO}/labels", "labels", "repo", _SHARED),
        "workflows": Route(f"{_REPO}/actions/workflows", "workflows", "repo", _SHARED),
        "organization_repositories": Route("/orgs/{org}/repos", "repos", "org", _IDENTITY),
    }
)
"""The resources of the typed API, each under the kind and audience of its REST route."""

GRAPHQL: Mapping[tuple[ScopeKind, Audience], Route] = MappingProxyType(
    {
        (scope, audience): Route(f"graphql {scope}", "other", scope, audience)
        for scope, _ in _EVERYTHING_ELSE
        for audience in (_IDENTITY, _RELATIVE)
    }
)
"""GraphQL queries by what their roots name and whether they ask about the viewer: dropped by every event of that
scope, for one identity only."""


@lru_cache(maxsize=8192)
def match(path: str) -> Match:
    """The route of a path of GitHub's REST API, which begins with `/`; never fails (see the module's docstring).

    `/repositories/{id}/…` and `/organizations/{id}/…` match the routes of the named forms, with `id` among the values.
    """
    path = path.rstrip("/") or "/"
    for pattern, route in _patterns():
        if found := pattern.fullmatch(path):
            values = {name: value for name, value in found.groupdict().items() if value is not None}
            return Match(route, MappingProxyType(values))
    raise AssertionError("the last pattern matches every path")


def ttl_setting(route: Route, state: str | None = None) -> str:
    """The name of the setting that tells a route's lifetime; `state` is that of a list of issues or pulls."""
    if state == "closed" and route.kind in ("issues", "pulls"):
        return "GITHUB_TTL_CLOSED"
    return route.ttl or KINDS[route.scope, route.kind].ttl


def foremost_kind(epoch_keys: Iterable[str]) -> str:
    """The kind that an answer with these epochs is about: the first of them, beside those that many answers bear."""
    return min(map(kind_of, epoch_keys), key=lambda kind: (kind in (ACCESS, CALLERS), kind))


def kinds_of(scope: ScopeKind) -> tuple[Kind, ...]:
    """All kinds of a scope."""
    return tuple(kind for kind in _KINDS if kind.scope == scope)


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], Route], ...]:
    return tuple((pattern(route.template), route) for route in _by_specificity())


def _by_specificity() -> Iterator[Route]:
    """The one with the most literal text first: `/issues/comments` wins over `/issues/{number}`, a tail over none."""
    yield from sorted(ROUTES, key=lambda route: -len(re.sub(r"\{.*?\}", "", route.template)))
    yield from UNKNOWN.values()


def pattern(template: str) -> re.Pattern[str]:
    """A template of a path as an expression that matches the path by name and by ID."""
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
