"""An organisation's repositories by REST, a page at a time, with their languages: a call each, which is what it costs.

Languages change with a push only, so those that were read are remembered by the time of the last push: a page that a
limit cut off goes on where it stopped.
"""

import time
from typing import Any

from github_cache.memory import Memory
from github_cache.upstream import protocol
from github_cache.upstream.errors import NotFound, Refused
from github_cache.upstream.fetched import Fetched, RepositoryPage
from github_cache.upstream.protocol import Reply
from github_cache.upstream.rest import Asker
from github_cache.upstream.rest_resources import fetch, of_owner
from github_cache.upstream.shapes.repositories import repository_of_rest
from github_cache.upstream.sources import Cursor
from ratelimit.verdict import Wait

PER_PAGE = 30
LANGUAGES_SECONDS = 3600.0

_languages: Memory[tuple[str, int, str | None], Any] = Memory(20_000)


def page(login: str, at: Cursor, asker: Asker) -> RepositoryPage | Wait:
    """The repositories from `at`, oldest first; where that is no page's beginning, from the beginning of its page.
    A user's login will do as well. Raises NotFound, BadCall and the errors of `calls.send`."""
    number = at.offset // PER_PAGE + 1
    reply = _listed(login, number, asker)
    if isinstance(reply, Wait):
        return reply
    bodies = protocol.listed(reply)
    repositories, cost = [], 1
    for body in bodies:
        repository = repository_of_rest(body)
        languages, calls = _spoken(repository, asker)
        if isinstance(languages, Wait):
            return languages
        cost += calls
        repositories.append(repository | {"languages": languages})
    offset = (number - 1) * PER_PAGE + len(bodies)
    more = "next" in protocol.links(reply.headers.get("Link", ""))
    owner = bodies[0]["owner"] if bodies else {}
    return RepositoryPage(
        repositories=tuple(repositories),
        next_cursor=str(Cursor(offset)) if more else None,
        total=_total(reply, offset),
        cost=cost,
        source="rest",
        organization_id=owner.get("id") if owner.get("type") == "Organization" else None,
    )


def _listed(login: str, number: int, asker: Asker) -> Reply | Wait:
    wanted = {"per_page": str(PER_PAGE), "page": str(number)}
    try:
        return asker.get(of_owner(login, wanted))
    except NotFound:
        return asker.get(of_owner(login, wanted, root="/users/"))


def _spoken(repository: dict[str, Any], asker: Asker) -> tuple[Any, int]:
    """(languages or a Wait, calls that were made)"""
    if repository["language"] is None:
        return {}, 0
    key = (asker.tenant, repository["id"], repository["pushed_at"])
    if known := _languages.get(key, time.time()):
        return known.value, 0
    owner, _, name = repository["full_name"].partition("/")
    try:
        found = fetch("languages", {"owner": owner, "repo": name}, asker)
    except Refused:
        return {}, 1  # blocked, or taken away since it was listed
    if isinstance(found, Wait):
        return found, 1
    value = found.value if isinstance(found, Fetched) else {}
    _languages.put(key, value, time.time() + LANGUAGES_SECONDS)
    return value, 1


def _total(reply: Reply, so_far: int) -> int:
    """How many there are, as far as the number of the last page tells."""
    last = protocol.last_page(reply.headers)
    return so_far if last is None else max(last * PER_PAGE, so_far)
