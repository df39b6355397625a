"""Is this path GitHub's to answer, and how is it sent? Checked before anything is sent (pure).

What comes in was percent-decoded once by the web server; what goes out is encoded anew, so nothing can leave the
configured host or climb out of a path. Whatever looks as if it tried is refused.
"""

import re
from urllib.parse import quote

MAX_PATH = 4096
MAX_QUERY = 8192

OWNER = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,99})(?:\[bot\])?")
REPOSITORY = re.compile(r"[A-Za-z0-9._-]{1,100}")

_CONTROL = re.compile(r"[\x00-\x1f\x7f\\]")
_ENCODED_AGAIN = re.compile(r"%(?:2e|2f|5c|00|0a|0d|25)", re.IGNORECASE)
_AUTHORITY = re.compile(r"/[^/]*[:@][^/]*(?:/|$)")
_SECRET_IN_QUERY = re.compile(r"(?:^|&)(?:access_token|client_secret)=", re.IGNORECASE)
# GitHub takes a slash within these names only if it is encoded.
_ONE_SEGMENT = re.compile(
    r"(/repos/[^/]+/[^/]+/(?:labels|environments)/|/repositories/\d+/(?:labels|environments)/)(.+)"
)
_UNRESERVED = "!$&'()*+,;=:@~"


class BadPath(ValueError):
    """The path or query cannot be sent to GitHub; the message says why."""


def checked(path: str, query: str = "") -> str:
    """The path with its query as it is sent to GitHub. `path` is decoded and begins with `/`, `query` is as it came.

    Raises BadPath for dot segments, empty segments, control characters, anything encoded twice, another host, a
    name that GitHub cannot have given out, a token in the query, or what is too long.
    """
    if len(path) > MAX_PATH or len(query) > MAX_QUERY:
        raise BadPath(f"The path may have {MAX_PATH} characters and the query {MAX_QUERY}.")
    if not path.startswith("/") or "//" in path:
        raise BadPath("The path must begin with one slash and have no empty segment.")
    if _CONTROL.search(path) or _CONTROL.search(query):
        raise BadPath("The path or the query has a control character or a backslash in it.")
    if _ENCODED_AGAIN.search(path):
        raise BadPath("The path is percent-encoded twice.")
    if any(segment in (".", "..") for segment in path.split("/")):
        raise BadPath("The path has a dot segment in it.")
    if _AUTHORITY.match(path):
        raise BadPath("The path looks like another host.")
    if _SECRET_IN_QUERY.search(query):
        raise BadPath("Send the token in the Authorization header: query strings are logged.")
    if not query.isascii() or " " in query:
        raise BadPath("The query must be percent-encoded.")
    _check_names(path)
    return encoded(path) + (f"?{query}" if query else "")


def _check_names(path: str) -> None:
    _, first, *rest = path.split("/")
    if first == "repos" and rest:
        owner(rest[0])
        if len(rest) > 1 and rest[1]:
            repository(rest[1])
    elif first == "orgs" and rest and rest[0]:
        owner(rest[0])


def owner(name: str) -> str:
    """The name, if GitHub can have given it to a user or an organisation. Raises BadPath otherwise."""
    if not OWNER.fullmatch(name):
        raise BadPath(f"{name[:100]!r} cannot be the name of a user or an organisation.")
    return name


def repository(name: str) -> str:
    """The name, if GitHub can have given it to a repository. Raises BadPath otherwise."""
    if not REPOSITORY.fullmatch(name) or name in (".", ".."):
        raise BadPath(f"{name[:100]!r} cannot be the name of a repository.")
    return name


def encoded(path: str) -> str:
    """A decoded path, percent-encoded as GitHub wants it."""
    if found := _ONE_SEGMENT.fullmatch(path):
        return quote(found[1], safe="/" + _UNRESERVED) + quote(found[2], safe="")
    return quote(path, safe="/" + _UNRESERVED)


def canonical_query(query: str) -> str:
    """The query for a key: its parameters sorted; the order of those with the same name is kept, as it may matter."""
    return "&".join(sorted((part for part in query.split("&") if part), key=lambda part: part.partition("=")[0]))
