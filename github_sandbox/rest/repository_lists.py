"""Lists of repositories: `type`, `sort`, `direction` (docs.github.com/rest/repos/repos)."""

from collections.abc import Callable
from typing import Any

from github_sandbox.bodies.repositories import repository_in_list
from github_sandbox.call import Answer, Call
from github_sandbox.entities import Account, Repository
from github_sandbox.rest.paging import in_order, page_of

_TYPES: dict[str, Callable[[Repository], bool]] = {
    "public": lambda r: not r.private,
    "private": lambda r: r.private,
    "forks": lambda r: r.fork,
    "sources": lambda r: not r.fork,
}
_KEYS: dict[str, Callable[[Repository], Any]] = {
    "created": lambda r: r.created_at,
    "updated": lambda r: r.updated_at,
    "pushed": lambda r: r.pushed_at,
    "full_name": lambda r: r.full_name.lower(),
}


def listed(call: Call, repositories: list[Repository], url: str, default_sort: str = "full_name") -> Answer:
    """A page of *repositories*, filtered and sorted as the query asks."""
    wanted = call.query.get("visibility") or call.query.get("type", "all")
    kept = [r for r in repositories if _TYPES.get(wanted, lambda _: True)(r)]
    ordered = in_order(call, kept, _KEYS, default_sort, {"full_name"})
    return page_of(call, ordered, url, lambda r: repository_in_list(r, call.urls, call.role(r)))


def counts(call: Call, owner: Account) -> tuple[int, int]:
    """(public, private) repositories of *owner* that the caller may see."""
    private = [r.private for r in call.world.repositories_of(call.account, owner)]
    return private.count(False), private.count(True)
