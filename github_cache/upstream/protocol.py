"""Calls and replies as values, and what can be read off a reply (pure).

Sources: docs.github.com, "Using pagination in the REST API", "Best practices for using the REST API" (redirects), and
RFC 8288 (Link), RFC 9110 (header fields).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

import orjson

from github_cache.upstream import paths
from github_cache.upstream.errors import BadAnswer, BadCall

JSON = dict[str, Any] | list[Any] | str | int | float | bool | None
Kind = Literal["read", "write", "content"]

PLAIN_JSON = "application/vnd.github+json"
API_VERSION = "2022-11-28"
USER_AGENT = "hubcache/0.1"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
RATE_LIMIT = "/rate_limit"

# Set by the transport itself, or meant for one connection only (RFC 9110, 7.6.1), or none of GitHub's business.
NEVER_SENT = frozenset(
    {"authorization", "cookie", "host", "content-length", "connection", "keep-alive", "proxy-authorization",
     "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "expect", "forwarded", "via",
     "accept-encoding", "user-agent", "x-api-key", "x-hubcache-tenant", "x-real-ip"}
)  # fmt: skip
_CONDITIONS = frozenset({"if-none-match", "if-modified-since"})
_FIELD_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_FIELD_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]{0,8192}")
_LINK = re.compile(r'<([^<>]*)>((?:\s*;\s*[A-Za-z-]+\s*=\s*(?:"[^"]*"|[^",;\s]*))*)')
_REL = re.compile(r';\s*rel\s*=\s*(?:"([^"]*)"|([^",;\s]*))', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Call:
    """One call to GitHub. `path` begins with "/", is percent-encoded and may have a query.

    `cost` is what GitHub's bucket is charged for it. `about` names what it asks for as a path of the REST API where
    the path itself does not (a GraphQL query): a credential that may not see it is remembered for that.
    Raises BadCall for a method, a path or a header that is never sent.
    """

    method: str
    path: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    graphql: bool = False
    cost: int = 1
    kind: Kind = "read"
    about: str = ""

    def __post_init__(self) -> None:
        paths.sendable(self.path)
        if self.method not in METHODS:
            raise BadCall(f"{self.method[:100]!r} is no method that GitHub has: {', '.join(sorted(METHODS))}")
        for name, value in self.headers:
            if not _FIELD_NAME.fullmatch(name) or not _FIELD_VALUE.fullmatch(value):
                raise BadCall(f"the header {name[:100]!r} has a name or a value that cannot be sent")

    @property
    def bucket(self) -> str:
        """The bucket of GitHub's primary limit that it is charged to."""
        if self.graphql:
            return "graphql"
        if self.path == RATE_LIMIT:
            return "rate_limit"  # of our own making: asking it costs nothing, and must not wait for another bucket
        if self.path.startswith("/search/"):
            return "code_search" if self.path.startswith("/search/code") else "search"
        return "core"

    @property
    def subject(self) -> str:
        """What it is about: a path without its query, in lower case, '' where nobody can tell."""
        return (self.about or ("" if self.graphql else self.path.partition("?")[0])).rstrip("/").lower()

    def unconditional(self) -> "Call":
        """The same without the validators of another token."""
        kept = tuple(pair for pair in self.headers if pair[0].lower() not in _CONDITIONS)
        return self if kept == self.headers else replace(self, headers=kept)

    def sent_headers(self) -> dict[str, str]:
        """The header fields that go out, beside those that the transport adds."""
        wanted = {
            name: value
            for name, value in self.headers
            if name.lower() not in NEVER_SENT and not name.lower().startswith("x-forwarded-")
        }
        given = {name.lower() for name in wanted}
        if "accept" not in given:
            wanted["Accept"] = PLAIN_JSON
        if "x-github-api-version" not in given:
            wanted["X-GitHub-Api-Version"] = API_VERSION
        if self.body is not None and "content-type" not in given:
            wanted["Content-Type"] = "application/json"
        return wanted


class Headers(Mapping[str, str]):
    """Header fields, found whatever the case of their names. Cannot be changed."""

    __slots__ = ("_fields",)

    def __init__(self, fields: Mapping[str, str]) -> None:
        self._fields = {name.lower(): (name, value) for name, value in fields.items()}

    def __getitem__(self, name: str) -> str:
        return self._fields[name.lower()][1]

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self._fields.values())

    def __len__(self) -> int:
        return len(self._fields)

    def __repr__(self) -> str:
        return f"Headers({dict(self)!r})"


@dataclass(frozen=True, slots=True)
class Reply:
    """What GitHub answered. `seconds` is how long it took, `bearer` the identity of the token that asked."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float
    bearer: str

    def json(self) -> Any:
        """The body read as JSON. Raises BadAnswer where it is none."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            kind = self.headers.get("Content-Type", "nothing that is named")
            what = "no JSON, though it says so" if "json" in kind else f"{kind} in place of JSON"
            raise BadAnswer(f"GitHub answered {self.status} with {what}", self.status) from None

    def message(self) -> str:
        """GitHub's own words in an error, '' where there are none."""
        message = self._refusal().get("message")
        return message if isinstance(message, str) else ""

    def errors(self) -> list[Any]:
        """What GitHub says of each fault in a call that it refuses."""
        listed = self._refusal().get("errors")
        return listed if isinstance(listed, list) else []

    def _refusal(self) -> dict[str, Any]:
        try:
            body = orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return {}
        return body if isinstance(body, dict) else {}


def listed(reply: Reply) -> list[dict[str, Any]]:
    """The objects of a list's body. Raises BadAnswer for anything else."""
    found = reply.json()
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise BadAnswer("GitHub answered something else than a list of objects", reply.status)
    return found


def links(header: str) -> dict[str, str]:
    """The URLs of a Link header by their relation (RFC 8288); what makes no sense is left out."""
    found: dict[str, str] = {}
    for url, parameters in _LINK.findall(header):
        for quoted, bare in _REL.findall(parameters):
            for relation in (quoted or bare).split():
                found.setdefault(relation, url)
    return found


def next_page(headers: Mapping[str, str], api_url: str) -> str | None:
    """The path of the next page below `api_url`, None after the last. Raises BadAnswer for a link to elsewhere."""
    url = links(headers.get("Link", "")).get("next")
    return None if url is None else below(url, api_url)


def last_page(headers: Mapping[str, str]) -> int | None:
    """The number of the last page, where the Link header tells it."""
    number = parse_qs(urlsplit(links(headers.get("Link", "")).get("last", "")).query).get("page", [""])[0]
    return int(number) if number.isdecimal() and len(number) < 8 else None


def redirection(reply: Reply, api_url: str) -> str | None:
    """Where a renamed thing has gone: a path below `api_url`; None if this is no redirection that keeps the method.

    Raises BadAnswer where it leads to another host.
    """
    if reply.status not in (301, 302, 307, 308) or "Location" not in reply.headers:
        return None
    return below(reply.headers["Location"], api_url)


def below(url: str, api_url: str) -> str:
    """The path with query of a URL below `api_url`. Raises BadAnswer for any other URL, and for one never sent."""
    base = urlsplit(api_url)
    try:
        parts = urlsplit(url)
        same = (parts.scheme, parts.netloc) == (base.scheme, base.netloc) and parts.path.startswith(base.path + "/")
    except ValueError:
        same = False
    if not same:
        raise BadAnswer("GitHub's answer links to another host, where nothing of ours is sent")
    path = parts.path.removeprefix(base.path) + (f"?{parts.query}" if parts.query else "")
    try:
        return paths.sendable(path)
    except BadCall as error:
        raise BadAnswer(f"GitHub's answer links to a path that cannot be sent: {error}") from error
