"""What may stand in the path of a call to GitHub (pure): names are checked one by one, and the whole again at the end.

GitHub's own rules are stricter; these keep a call on the configured host and within the path that it was meant for.
Whatever is refused here is never sent.
"""

import re
from urllib.parse import quote, unquote

from github_cache.upstream.errors import BadCall

MOST_CHARACTERS = 16 * 1024
OWNER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}(?:\[bot\])?")
IDENTIFIER = re.compile(r"[0-9]{1,19}")
REPOSITORY = re.compile(r"[A-Za-z0-9._-]{1,100}")
# RFC 3986, 3.3 and 3.4: what a path and a query are made of, percent-encoded elsewhere.
_PATH = r"/(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*"
_QUERY = r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/?\[\]-]|%[0-9A-Fa-f]{2})*"
_SENDABLE = re.compile(rf"{_PATH}(?:\?{_QUERY})?")
_ENCODED_AGAIN = re.compile(r"%(?:2e|2f|5c|25)", re.IGNORECASE)
_UNSEEN = re.compile(r"[\x00-\x1f\x7f\\]")


def owner(name: str) -> str:
    """The name, if a user or an organisation can bear it. Raises BadCall."""
    if not OWNER.fullmatch(name):
        raise BadCall(f"{_shown(name)} cannot be the name of a user or an organisation at GitHub")
    return name


def repository(name: str) -> str:
    """The name, if a repository can bear it. Raises BadCall."""
    if not REPOSITORY.fullmatch(name) or name in (".", ".."):
        raise BadCall(f"{_shown(name)} cannot be the name of a repository at GitHub")
    return name


def identifier(text: str) -> str:
    """The text, if it can be the ID of a repository or an organisation. Raises BadCall."""
    if not IDENTIFIER.fullmatch(text):
        raise BadCall(f"{_shown(text)} cannot be an ID at GitHub: it has 1 to 19 digits")
    return text


def full_name(name: str) -> tuple[str, str]:
    """Owner and name out of `owner/name`. Raises BadCall."""
    first, slash, second = name.partition("/")
    if not slash:
        raise BadCall(f"{_shown(name)} is no full name of a repository: it looks like owner/name")
    return owner(first), repository(second)


def of_repository(owner_name: str, name: str, rest: str = "") -> str:
    """`/repos/OWNER/NAME` and what follows it, which is ours and already encoded. Raises BadCall."""
    return f"/repos/{quote(owner(owner_name))}/{repository(name)}{rest}"


def of_organization(login: str, rest: str = "") -> str:
    """`/orgs/LOGIN` and what follows it. Raises BadCall."""
    return f"/orgs/{quote(owner(login))}{rest}"


def segment(text: str) -> str:
    """Any text as one segment of a path, such as the name of a label. Raises BadCall for what is empty or a dot."""
    if not text or len(text) > 1000 or text in (".", "..") or _UNSEEN.search(text):
        raise BadCall(f"{_shown(text)} cannot stand in a path")
    return quote(text, safe="")


def sendable(path: str) -> str:
    """The path with its query, if it can be sent as it is. Raises BadCall for anything that could lead elsewhere:
    another host, dot segments in any spelling, empty segments, control characters, what is not percent-encoded."""
    if len(path) > MOST_CHARACTERS:
        raise BadCall(f"a path of {len(path)} characters is too long for GitHub")
    if not _SENDABLE.fullmatch(path):
        raise BadCall(f"{_shown(path)} is no path: it begins with / and is percent-encoded")
    plain = unquote(path.partition("?")[0])
    if "//" in plain or _UNSEEN.search(plain) or _ENCODED_AGAIN.search(plain):
        raise BadCall(f"{_shown(path)} has an empty segment, a control character or something encoded twice in it")
    if any(part in (".", "..") for part in plain.split("/")):
        raise BadCall(f"{_shown(path)} has a dot segment in it")
    return path


def _shown(text: str) -> str:
    return repr(text if len(text) <= 100 else text[:100] + "…")
