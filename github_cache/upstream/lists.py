"""Which part of a list is asked for (pure): one page where `page` or `per_page` is given, else all of it up to MOST."""

from collections.abc import Mapping
from dataclasses import dataclass

from github_cache.upstream.errors import BadCall

PAGE = 100
"""GitHub's largest page."""

MOST = 1000
"""Items of one list that are fetched where no page is named."""

DEEPEST = 5000
"""Items that are passed over at most on the way to a page: GitHub has no way to jump."""

DEFAULT_PER_PAGE = 30
STATES = ("open", "closed", "all")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Pass over `skip` items, then take `want`."""

    skip: int
    want: int

    @property
    def page(self) -> int:
        """The number of the page, where pages have `want` items."""
        return self.skip // self.want + 1


def listing_wanted(params: Mapping[str, str]) -> Wanted:
    """The part of a list that `page` and `per_page` name. Raises BadCall for a page that cannot be."""
    if "page" not in params and "per_page" not in params:
        return Wanted(0, MOST)
    page = _number(params, "page", 1)
    per_page = _number(params, "per_page", DEFAULT_PER_PAGE)
    if per_page > PAGE:
        raise BadCall(f"per_page {per_page} is more than GitHub's {PAGE}")
    if (page - 1) * per_page > DEEPEST:
        raise BadCall(f"page {page} lies beyond the first {DEEPEST} items: narrow the list by state, labels or since")
    return Wanted((page - 1) * per_page, per_page)


def state_wanted(params: Mapping[str, str]) -> str:
    """`open` unless told. Raises BadCall for a state that does not exist."""
    state = params.get("state") or "open"
    if state not in STATES:
        raise BadCall(f"state {state[:40]!r} does not exist: {', '.join(STATES)}")
    return state


def _number(params: Mapping[str, str], name: str, default: int) -> int:
    text = params.get(name) or str(default)
    if not (text.isascii() and text.isdigit() and len(text) < 8) or int(text) < 1:
        raise BadCall(f"{name} {text[:40]!r} is no number from 1")
    return int(text)
