"""One request to the sandbox and what comes back: `Call` in, `Answer` out, `Refused` raised on the way."""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from github_sandbox.bodies.urls import Urls
from github_sandbox.deliveries import Deliveries
from github_sandbox.entities import Account, App, Repository, Token
from github_sandbox.world import World

DOCS = "https://docs.github.com/rest"


class Refused(Exception):
    """GitHub's no: a status with a body of `message`, `documentation_url` and perhaps `errors`."""

    def __init__(
        self,
        status: int,
        message: str,
        errors: list[dict[str, Any]] | None = None,
        headers: dict[str, str] | None = None,
        more: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = errors
        self.headers = headers or {}
        self.more = more or {}


def not_found() -> Refused:
    return Refused(404, "Not Found")


def invalid(resource: str, field_name: str, code: str = "invalid", message: str | None = None) -> Refused:
    """422 as GitHub words it; *code* is missing_field, invalid, already_exists, …"""
    error: dict[str, Any] = {"resource": resource, "code": code, "field": field_name}
    if message:
        error["message"] = message
    return Refused(422, "Validation Failed", [error])


@dataclass(slots=True)
class Answer:
    """`body`: bytes go out as they are, None is empty, anything else becomes JSON."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json; charset=utf-8"
    media_type: str | None = "github.v3; format=json"
    """None: neither this nor the scopes are told, as in redirects to downloads."""
    last_modified: float | None = None
    etag: str | None = None
    """A git SHA to serve as the ETag; None: made from the body."""
    cacheable: bool = True
    """False: no ETag, and `Cache-Control: no-cache` (searches, GraphQL)."""


def nothing(status: int = 204) -> Answer:
    return Answer(status=status, cacheable=False)


@dataclass(slots=True)
class Call:
    """A request, with whom it was made as. Header names are lower-case; of a repeated query name the last counts."""

    world: World
    deliveries: Deliveries
    method: str
    path: str
    query_string: str
    headers: dict[str, str]
    body: bytes
    address: str
    api_url: str
    token: Token | None = None
    app: App | None = None
    """The App, where a JWT of its own was sent instead of a token."""

    @property
    def account(self) -> Account | None:
        return self.token.account if self.token else None

    @property
    def urls(self) -> Urls:
        return Urls(self.api_url, self.world.html_url)

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(self.query_string, keep_blank_values=True))

    @property
    def now(self) -> float:
        return self.world.clock.now()

    def json(self) -> dict[str, Any]:
        """The body's JSON object, {} when empty; Refused 400 where it is none."""
        if not self.body.strip():
            return {}
        try:
            parsed = json.loads(self.body)
        except ValueError:
            raise Refused(400, "Problems parsing JSON") from None
        if not isinstance(parsed, dict):
            raise Refused(400, "Body should be a JSON object")
        return parsed

    def signed_in(self) -> Account:
        """Who is calling; Refused 401 for a stranger."""
        if self.account is None:
            raise Refused(401, "Requires authentication")
        return self.account

    def writable(self, repository: Repository, role: str = "push") -> Repository:
        """*repository* to be changed; Refused unless the caller has at least *role* and it is not archived."""
        account = self.signed_in()
        if not self.world.can(account, role, repository):
            raise Refused(403, _LACKING[role] if account.kind != "Bot" else "Resource not accessible by integration")
        if repository.archived and role != "admin":
            raise Refused(403, "Repository was archived so is read-only.")
        return self.world.before_write(repository)

    def role(self, repository: Repository) -> str | None:
        """What the caller may do there, None for a stranger (whose bodies bear no `permissions`)."""
        return self.world.role(self.account, repository) if self.account else None


_LACKING = {
    "pull": "Must have read access to repository",
    "triage": "Must have triage access to repository",
    "push": "Must have push access to repository",
    "maintain": "Must have maintain access to repository",
    "admin": "Must have admin rights to Repository.",
}
