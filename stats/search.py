"""Search: which repositories and automations match, in which order, and what is shown of one page of them.

Text comes from the database's full-text index, everything else from the columns. Up to RANKED_UP_TO documents with the
text are ranked; beyond it the newest come first, and the answer says so. Order is stable: ties go by number.
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import orjson

from stats import text_index
from stats.columns import Snapshot
from stats.common_words import parted
from stats.counting import Audience, match
from stats.filters import Paging, Query, QueryError, Sort, Term
from stats.planes import Ints, Mask
from stats.results import results

RANKED_UP_TO: Final = 1_000  # documents with the text: bm25 takes a microsecond for each


@dataclass(frozen=True, slots=True)
class _Cursor:
    """Where the last page ended: the document, its time, and how many came before the next one."""

    sort: str
    newest: int
    doc_id: int
    offset: int

    def encoded(self) -> str:
        return base64.urlsafe_b64encode(orjson.dumps([self.sort, self.newest, self.doc_id, self.offset])).decode()


def search(snapshot: Snapshot, query: Query, paging: Paging, audience: Audience) -> dict[str, Any]:
    """The answer of ``GET /api/v1/search`` but for `next`, which is the cursor here.

    Raises:
        QueryError: the cursor is none of ours, or of another order.
    """
    cursor = _decoded(paging.cursor) if paging.cursor else None
    everything = snapshot.live_automations | snapshot.live_repositories
    with_words = _with_all(snapshot, query.terms) & everything if query.terms else None
    found = _without(snapshot, query, with_words)
    matching = match(snapshot, query, audience, found=found, universe=everything).all
    total = int(np.count_nonzero(matching))

    many = with_words is None or np.count_nonzero(with_words) > RANKED_UP_TO
    sort: Sort = "newest" if many else paging.sort
    if cursor and cursor.sort != sort:
        raise QueryError("this cursor belongs to another query or order; begin again without it", "cursor")
    if sort == "relevance":
        rows = _ranked(snapshot, matching, query)
        start = _after(snapshot, rows, cursor) if cursor else (paging.page - 1) * paging.per_page
        page = rows[start : start + paging.per_page]
    else:
        start = cursor.offset if cursor else (paging.page - 1) * paging.per_page
        before = 0 if cursor else start
        page = _newest(snapshot, matching, cursor, before + paging.per_page)[before:]
    ends = start + len(page)
    follows = None
    if len(page) and ends < total:
        last = int(page[-1])
        follows = _Cursor(sort, int(snapshot.newest[last]), int(snapshot.doc_ids[last]), ends).encoded()
    return {
        "query": query.described(),
        "total": total,
        "page": start // paging.per_page + 1,
        "per_page": paging.per_page,
        "sort": sort,
        "next": follows,
        "generation": snapshot.generation,
        "results": results(snapshot.doc_ids[page].tolist(), query.terms),
    }


def rows_with_text(snapshot: Snapshot, query: Query) -> Mask | None:
    """The rows with the query's words; None where it asks for none."""
    return _without(snapshot, query, _with_all(snapshot, query.terms) if query.terms else None)


def _with_all(snapshot: Snapshot, terms: Sequence[Term]) -> Mask:
    bits, others = parted(snapshot.common_words, terms)
    if not bits:
        return snapshot.rows_of(text_index.found(others))
    rows = snapshot.marks & bits == bits
    return rows & snapshot.rows_of(text_index.found(others)) if others else rows


def _with_any(snapshot: Snapshot, terms: Sequence[Term]) -> Mask:
    bits, others = parted(snapshot.common_words, terms)
    rows = snapshot.marks & bits != 0
    return rows | snapshot.rows_of(text_index.found(others, either=True)) if others else rows


def _without(snapshot: Snapshot, query: Query, rows: Mask | None) -> Mask | None:
    if not query.without_terms:
        return rows
    others = ~_with_any(snapshot, query.without_terms)
    return others if rows is None else rows & others


def _ranked(snapshot: Snapshot, matching: Mask, query: Query) -> Ints:
    """The matching rows, the best first."""
    rows = np.flatnonzero(matching)
    documents = snapshot.doc_ids[rows]
    best_first = text_index.ranked(query.terms, documents)
    _, among, places = np.intersect1d(documents, best_first, assume_unique=True, return_indices=True)
    return rows[among[np.argsort(places)]]


def _newest(snapshot: Snapshot, matching: Mask, after: _Cursor | None, most: int) -> Ints:
    """The `most` newest matching rows that come after the cursor, the newest first, ties by document."""
    rows = np.flatnonzero(matching)
    if after:
        times = snapshot.newest[rows]
        later = (times == after.newest) & (snapshot.doc_ids[rows] < after.doc_id)
        rows = rows[(times < after.newest) | later]
    if len(rows) > most:
        times = snapshot.newest[rows]
        border = np.partition(times, len(rows) - most)[len(rows) - most]
        tied = rows[times == border]
        rows = rows[times > border]
        wanted = most - len(rows)
        docs = snapshot.doc_ids[tied]
        chosen = np.argpartition(docs, len(docs) - wanted)[len(docs) - wanted :]
        rows = np.concatenate([rows, tied[chosen]])
    return rows[np.lexsort((-snapshot.doc_ids[rows], -snapshot.newest[rows]))]


def _after(snapshot: Snapshot, rows: Ints, cursor: _Cursor) -> int:
    """Where to go on in a ranked list: behind the last document, or at the same place where that is gone."""
    places = np.flatnonzero(snapshot.doc_ids[rows] == cursor.doc_id)
    return int(places[0]) + 1 if len(places) else cursor.offset


def _decoded(text: str) -> _Cursor:
    try:
        sort, newest, doc_id, offset = orjson.loads(base64.b64decode(text, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, TypeError):
        raise QueryError("this is no cursor; take the one in `next`", "cursor", 0, len(text)) from None
    if sort not in ("relevance", "newest") or not all(
        type(n) is int and 0 <= n < 2**62 for n in (newest, doc_id, offset)
    ):
        raise QueryError("this is no cursor; take the one in `next`", "cursor", 0, len(text))
    return _Cursor(sort, newest, doc_id, offset)
