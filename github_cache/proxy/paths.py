"""Is this path GitHub's to answer, and how is it sent? Checked before anything is sent (pure).

What comes in was percent-decoded once by the web server; what goes out is encoded anew, so nothing can leave the
configured host or climb out of a path. Whatever looks as if it tried is refused.
"""

import re
from functools import lru_cache
from urllib.parse import quote, unquote

from github_cache.upstream import paths
from github_cache.upstream.errors import BadCall

MAX_PATH = 4096
MAX_QUERY = 8192

_AUTHORITY = re.compile(r"/[^/]*[:@][^/]*(?:/|$)")
_SECRETS = frozenset({"access_token", "client_secret"})
_REPOSITORY = "/(?:repos/[^/]+/[^/]+|repositories/[0-9]+)"
# GitHub takes a slash within these names only if it is encoded. What stands before the name, and what may follow it:
_ONE_SEGMENT = tuple(
    re.compile(f"({before})(.+?)((?:{after})?)", re.DOTALL)
    for before, after in (
        (f"{_REPOSITORY}/(?:issues/[0-9]+/)?labels/", ""),
        (
            f"{_REPOSITORY}/environments/",
            "/(?:secrets|variables|deployment-branch-policies|deployment_protection_rules)(?:/.*)?",
        ),
        (
            "/(?:(?:orgs|organizations|users)/[^/]+|user)/packages/[^/]+/",
            "/restore|/versions(?:/[0-9]+(?:/restore)?)?",
        ),
    )
)
# What clients leave raw in a query though RFC 3986 does not; servers take it, and so does GitHub once it is encoded.
_LEFT_RAW = re.compile(r'["<>\\^`{|}]|[^\x00-\x7f]')
_UNRESERVED = "!$&'()*+,;=:@~"


@lru_cache(maxsize=2048)
def checked(path: str, query: str = "") -> str:
    """The path with its query as it is sent to GitHub. `path` is decoded and begins with `/`, `query` is as it came;
    what RFC 3986 does not allow in it is encoded.

    Raises BadCall for dot segments, empty segments, control characters, anything encoded twice, another host, a name
    or an ID that GitHub cannot have given out, a token in the query, or what is too long.
    """
    if len(path) > MAX_PATH or len(query) > MAX_QUERY:
        raise BadCall(f"a path may have {MAX_PATH} characters and a query {MAX_QUERY}")
    if _AUTHORITY.match(path):
        raise BadCall("the path looks like another host")
    if any(unquote(part.partition("=")[0]).lower() in _SECRETS for part in query.split("&")):
        raise BadCall("send the token in the Authorization header: query strings are logged")
    sent = encoded(path) + (f"?{_encoded_query(query)}" if query else "")
    paths.sendable(sent)
    _, first, *rest = path.split("/")
    if first in ("repos", "orgs", "users") and rest and rest[0]:
        paths.owner(rest[0])
    if first == "repos" and len(rest) > 1 and rest[1]:
        paths.repository(rest[1])
    if first in ("repositories", "organizations") and rest and rest[0]:
        paths.identifier(rest[0])
    return sent


def encoded(path: str) -> str:
    """A decoded path, percent-encoded as GitHub wants it."""
    for pattern in _ONE_SEGMENT:
        if found := pattern.fullmatch(path):
            before, name, after = found.groups()
            return quote(before, safe="/" + _UNRESERVED) + quote(name, safe="") + quote(after, safe="/" + _UNRESERVED)
    return quote(path, safe="/" + _UNRESERVED)


def canonical_query(query: str) -> str:
    """The query for a key: its parameters sorted; the order of those with the same name is kept, as it may matter."""
    parts = (part for part in _encoded_query(query).split("&") if part)
    return "&".join(sorted(parts, key=lambda part: part.partition("=")[0]))


def _encoded_query(query: str) -> str:
    """The query with what was left raw encoded: WSGI tells each byte as one character."""
    return _LEFT_RAW.sub(lambda found: _of_bytes(found[0]), query)


def _of_bytes(character: str) -> str:
    encoding = "latin-1" if character <= "\xff" else "utf-8"
    return quote(character, safe="", encoding=encoding, errors="surrogatepass")
