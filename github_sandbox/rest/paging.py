"""Lists: filter by caller, cut out the page that is asked for, and say in `Link` where the others are."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from github_sandbox.call import Answer, Call
from github_sandbox.entities import Account, Repository
from github_sandbox.links import link_header, page_wanted, slice_page

T = TypeVar("T")


def page_of(call: Call, items: Sequence[T], url: str, body: Callable[[T], Any]) -> Answer:
    """A page of *items*, each spelt by *body*; *url*: this list's own, by ID, as the links have it."""
    wanted = page_wanted(call.query)
    link = link_header(url, call.query, wanted, len(items))
    answer = Answer([body(item) for item in slice_page(items, wanted)])
    if link:
        answer.headers["Link"] = link
    return answer


def repository_url(call: Call, repository: Repository, rest: str) -> str:
    return f"{call.api_url}/repositories/{repository.id}{rest}"


def organization_url(call: Call, organization: Account, rest: str) -> str:
    return f"{call.api_url}/organizations/{organization.id}{rest}"


def in_order(
    call: Call, items: Sequence[T], keys: dict[str, Callable[[T], Any]], default: str, rising: set[str]
) -> list[T]:
    """*items* sorted by the query's `sort` (one of *keys*, else *default*) and `direction`.

    *rising* names the keys that rise unless told; the others fall.
    """
    sort = call.query.get("sort", default)
    if sort not in keys:
        sort = default
    direction = call.query.get("direction", "asc" if sort in rising else "desc")
    return sorted(items, key=keys[sort], reverse=direction != "asc")
