"""From a method and a path to a handler: three tables, for repositories, for organisations and for all the rest.

`/repos/{owner}/{repo}…` and `/repositories/{id}…` lead to the same handlers, as do `/orgs/{org}…` and
`/organizations/{id}…`. A renamed repository answers 301, a write to it 307; what may not be seen is 404.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from github_sandbox.call import DOCS, Answer, Call, Refused, not_found
from github_sandbox.entities import Account, Repository

_REPOSITORY = re.compile(r"/repos/([^/]+)/([^/]+)(/.*)?|/repositories/(\d+)(/.*)?")
_ORGANIZATION = re.compile(r"/orgs/([^/]+)(/.*)?|/organizations/(\d+)(/.*)?")
_MOVED_SCOPES = (
    "admin:repo_hook, delete_repo, read:repo_hook, repo, repo:status, repo_deployment, security_events, write:repo_hook"
)


@dataclass(frozen=True, slots=True)
class Route:
    """`pattern` may hold `{name}` (one segment) and `{name*}` (the rest of the path)."""

    method: str
    pattern: str
    handler: Callable[..., Answer]
    scopes: str = ""
    """What `X-Accepted-OAuth-Scopes` says."""
    docs: str = DOCS
    creates_content: bool = False
    regex: re.Pattern[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        pattern = re.sub(r"\\\{\w+\\\*\\\}", "(.*)", re.escape(self.pattern))
        pattern = re.sub(r"\\\{\w+\\\}", "([^/]+)", pattern)
        object.__setattr__(self, "regex", re.compile(pattern))


@dataclass(frozen=True, slots=True)
class Found:
    """A route with its arguments; calling it makes the answer."""

    route: Route
    arguments: tuple[Any, ...]

    def __call__(self, call: Call) -> Answer:
        return self.route.handler(call, *self.arguments)


@dataclass(frozen=True, slots=True)
class Table:
    plain: Sequence[Route]
    repository: Sequence[Route]
    organization: Sequence[Route]

    def find(self, call: Call) -> Found:
        """The handler for *call*; Refused 404 or 451 where there is none; a `moved` answer for a former name."""
        if match := _REPOSITORY.fullmatch(call.path):
            owner, name, rest, number, rest_by_id = match.groups()
            rest = rest or rest_by_id or ""
            world, account = call.world, call.account
            if number:
                repository = world.repository_by_id(account, int(number))
            else:
                repository = world.find_repository(account, unquote(owner), unquote(name))
                if repository is None and (moved := world.find_renamed(account, unquote(owner), unquote(name))):
                    return Found(_MOVED, (moved, rest))
            return self._below(self.repository, call, _unblocked(repository), rest)
        if match := _ORGANIZATION.fullmatch(call.path):
            login, rest, number, rest_by_id = match.groups()
            organization = call.world.account_by_id(int(number)) if number else call.world.organization(unquote(login))
            if organization is None or organization.kind != "Organization":
                raise not_found()
            return self._below(self.organization, call, organization, rest or rest_by_id or "")
        return self._match(self.plain, call.method, call.path, ())

    def _below(self, routes: Sequence[Route], call: Call, owner: Repository | Account, rest: str) -> Found:
        return self._match(routes, call.method, rest.rstrip("/"), (owner,))

    def _match(self, routes: Sequence[Route], method: str, path: str, first: tuple[Any, ...]) -> Found:
        method = "GET" if method == "HEAD" else method
        for route in routes:
            if route.method == method and (match := route.regex.fullmatch(path)):
                return Found(route, (*first, *(unquote(group) for group in match.groups())))
        raise not_found()


def _unblocked(repository: Repository | None) -> Repository:
    if repository is None:
        raise not_found()
    if repository.blocked is not None:
        raise Refused(451, "Repository access blocked", more={"block": repository.blocked})
    return repository


def moved(call: Call, repository: Repository, rest: str) -> Answer:
    """301 for reads, 307 for writes, to the repository's ID."""
    url = f"{call.api_url}/repositories/{repository.id}{rest}"
    if call.query_string:
        url += f"?{call.query_string}"
    body = {
        "message": "Moved Permanently",
        "url": url,
        "documentation_url": "https://docs.github.com/v3/#http-redirects",
    }
    status = 301 if call.method in ("GET", "HEAD") else 307
    return Answer(body, status, {"Location": url})


_MOVED = Route("*", "", moved, _MOVED_SCOPES)
