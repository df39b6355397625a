"""Full text in the database: FTS5 on SQLite, tsvector with GIN on PostgreSQL; the same documents are found by both.

Each is handed the words of :mod:`stats.words` and never parses text itself: FTS5 splits at spaces, a tsvector is
written out with its positions. Ranking is the database's own (bm25, ts_rank) and may differ.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
from django.db import connection

from stats.documents import FIELDS, Document
from stats.filters import Term
from stats.planes import Ints

_WEIGHTS: Final = (10.0, 4.0, 3.0, 1.0)  # of FIELDS
_LETTERS: Final = "ABCD"
_FIELD_GAP: Final = 2  # positions between fields, so that no phrase reaches from one into the next
_CHUNK: Final = 500

_BM25: Final = f"bm25(stats_text, {', '.join(map(str, _WEIGHTS))})"
_RANK: Final = f"ts_rank(ARRAY[{', '.join(str(weight / 10) for weight in reversed(_WEIGHTS))}], vector, query)"

_FOUND: Final = {
    "sqlite": "SELECT group_concat(rowid) FROM stats_text WHERE stats_text MATCH %s",
    "postgresql": "SELECT string_agg(doc_id::text, ',') FROM stats_text WHERE vector @@ %s::tsquery",
}
_RANKED: Final = {
    "sqlite": "SELECT group_concat(rowid) FROM (SELECT rowid FROM stats_text WHERE stats_text MATCH %s "  # noqa: S608
    # a plus, since FTS5 would look each of them up
    f"AND +rowid IN (SELECT value FROM json_each(%s)) ORDER BY {_BM25}, rowid)",
    "postgresql": f"SELECT string_agg(doc_id::text, ',' ORDER BY {_RANK} DESC, doc_id) "  # noqa: S608
    "FROM stats_text, (SELECT %s::tsquery AS query) AS asked WHERE vector @@ query "
    "AND doc_id IN (SELECT value::bigint FROM json_array_elements_text(%s))",
}
_WORDS: Final = {
    "sqlite": "SELECT rowid, name || ' ' || repository || ' ' || description || ' ' || body FROM stats_text "
    "WHERE rowid IN ({places})",
    "postgresql": "SELECT doc_id, array_to_string(tsvector_to_array(vector), ' ') FROM stats_text "
    "WHERE doc_id IN ({places})",
}


def replace(documents: Mapping[int, Document], gone: Iterable[int]) -> None:
    """Write these documents, in the place of what stood under their numbers, and take out those that are gone."""
    insert = _INSERTS[connection.vendor]
    rows = [_ROWS[connection.vendor](number, document) for number, document in documents.items()]
    column = "rowid" if connection.vendor == "sqlite" else "doc_id"
    numbers = [*documents, *gone]
    with connection.cursor() as cursor:
        for start in range(0, len(numbers), _CHUNK):
            some = numbers[start : start + _CHUNK]
            cursor.execute(f"DELETE FROM stats_text WHERE {column} IN ({','.join(['%s'] * len(some))})", some)  # noqa: S608
        if rows:
            cursor.executemany(insert, rows)


def found(terms: Sequence[Term], *, either: bool = False) -> Ints:
    """The numbers of the documents with all of `terms` (or with `either` of them), in no order."""
    return _numbers(_FOUND, terms, " OR " if either else " AND ", " | " if either else " & ")


def ranked(terms: Sequence[Term], among: Ints) -> Ints:
    """Those of the documents `among` that have all of `terms`, the best first."""
    return _numbers(_RANKED, terms, " AND ", " & ", str(among.tolist()))


def words_of(doc_ids: Sequence[int]) -> Iterator[tuple[int, frozenset[str]]]:
    """(number, words) of those of the documents that are there."""
    for start in range(0, len(doc_ids), _CHUNK):
        some = doc_ids[start : start + _CHUNK]
        with connection.cursor() as cursor:
            cursor.execute(_WORDS[connection.vendor].format(places=",".join(["%s"] * len(some))), some)
            yield from ((number, frozenset(text.split())) for number, text in cursor.fetchall())


def _numbers(statements: Mapping[str, str], terms: Sequence[Term], fts5: str, tsquery: str, *more: str) -> Ints:
    if connection.vendor == "sqlite":
        expression = fts5.join(_fts5(term) for term in terms)
    else:
        expression = tsquery.join(_tsquery(term) for term in terms)
    with connection.cursor() as cursor:
        cursor.execute(statements[connection.vendor], [expression, *more])
        text = cursor.fetchone()[0]
    return np.fromstring(text, np.int64, sep=",") if text else np.empty(0, np.int64)


def _fts5(term: Term) -> str:
    return f'"{" ".join(term.words)}"' + (" *" if term.prefix else "")


def _tsquery(term: Term) -> str:
    *head, last = [f"'{word}'" for word in term.words]
    return "(" + " <-> ".join([*head, last + (":*" if term.prefix else "")]) + ")"


def _fts5_row(number: int, document: Document) -> tuple[Any, ...]:
    return (number, *(" ".join(words) for words in document))


def _tsvector_row(number: int, document: Document) -> tuple[Any, ...]:
    lexemes = []
    position = 1
    for letter, words in zip(_LETTERS, document, strict=True):
        for word in words:
            lexemes.append(f"'{word}':{position}{letter}")
            position += 1
        position += _FIELD_GAP
    return number, " ".join(lexemes)


_ROWS: Final = {"sqlite": _fts5_row, "postgresql": _tsvector_row}
_INSERTS: Final = {
    "sqlite": f"INSERT INTO stats_text (rowid, {', '.join(FIELDS)}) VALUES (%s, %s, %s, %s, %s)",  # noqa: S608
    "postgresql": "INSERT INTO stats_text (doc_id, vector) VALUES (%s, %s::tsvector)",
}
