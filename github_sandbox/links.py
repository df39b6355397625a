"""*pure*. Pages and the `Link` header (docs.github.com, "Using pagination in the REST API").

The caller hands the URL by ID (`/repositories/42/issues`), as GitHub spells it in every link.
On the last page there is no `last`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlencode

T = TypeVar("T")
MOST_PER_PAGE = 100
DEFAULT_PER_PAGE = 30


@dataclass(frozen=True, slots=True)
class PageWanted:
    page: int
    per_page: int


def page_wanted(query: Mapping[str, str]) -> PageWanted:
    """What `page` and `per_page` ask for; GitHub takes nonsense as the default and clips what is too much."""
    page = _whole(query.get("page"), 1)
    per_page = _whole(query.get("per_page"), DEFAULT_PER_PAGE)
    return PageWanted(max(1, page), min(per_page, MOST_PER_PAGE) if per_page > 0 else DEFAULT_PER_PAGE)


def slice_page(items: Sequence[T], wanted: PageWanted) -> Sequence[T]:
    start = (wanted.page - 1) * wanted.per_page
    return items[start : start + wanted.per_page]


def link_header(url: str, query: Mapping[str, str], wanted: PageWanted, total: int) -> str | None:
    """The value of `Link` for *url* (absolute, without query), or None where everything fits on this page."""
    last = max(1, -(-total // wanted.per_page))
    pages: dict[str, int] = {}
    if wanted.page > 1:
        pages["prev"] = min(wanted.page - 1, last)
    if wanted.page < last:
        pages["next"] = wanted.page + 1
        pages["last"] = last
    if wanted.page > 1:
        pages["first"] = 1
    if not pages:
        return None
    rest = {name: value for name, value in query.items() if name != "page"}
    return ", ".join(f'<{url}?{urlencode({**rest, "page": n})}>; rel="{rel}"' for rel, n in pages.items())


def _whole(text: str | None, default: int) -> int:
    return int(text) if text is not None and text.isascii() and text.isdecimal() else default
