"""From the database's rows to the columns in memory: all of a tenant, or what changed since a generation.

The generation is read first and the rows after it. What is written in between is read again next time, because its
generation is greater; replacing a repository twice does no harm.
"""

from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import Any, Final

import numpy as np
import orjson
from django.db import connection

from stats import text_index
from stats.common_words import SAMPLE, commonest, mark
from stats.filters import Term
from stats.growing import Batch, Columns
from stats.planes import Ints, Mask

CHUNK: Final = 5_000  # repositories at a time: bounds what is in memory beside the columns

_GENERATION: Final = "SELECT lineage, value, changed_at FROM stats_indexgeneration WHERE tenant_id = %s"
_REPOSITORIES: Final = (
    "SELECT id, newest_at, facet_ids, visibility, languages, unreadable_files, removed_at FROM stats_repository "
    "WHERE tenant_id = %s AND generation > %s"
)
_AUTOMATIONS: Final = (
    "SELECT id, repository_id, newest_at, facet_ids FROM stats_automation "
    "WHERE repository_id IN ({places}) ORDER BY repository_id, id"
)
_VALUES: Final = "SELECT id, facet, value FROM stats_facetvalue WHERE tenant_id = %s"

State = tuple[str, int, str]  # lineage, generation, when it changed


def state(tenant: str) -> State | None:
    """The tenant's generation as it stands in the database; None before anything was indexed."""
    with connection.cursor() as cursor:
        cursor.execute(_GENERATION, [tenant])
        row = cursor.fetchone()
    return (row[0], row[1], str(row[2])) if row else None


def apply_changes(tenant: str, columns: Columns, since: int) -> int:
    """Bring `columns` up to date with everything written after the generation `since` (-1: everything).

    Returns:
        How many repositories were replaced or removed.
    """
    with connection.cursor() as cursor:
        if since < 0:
            cursor.execute(_VALUES, [tenant])
            columns.learn(cursor.fetchall())
        cursor.execute(_REPOSITORIES, [tenant, since])
        changed = sorted(cursor.fetchall(), key=itemgetter(0))  # an ORDER BY would tempt SQLite to read all in order
        for chunk in _chunks(changed):
            removed = [row[0] for row in chunk if row[6] is not None]
            columns.replace(_batch(cursor, tenant, columns, [row for row in chunk if row[6] is None]), removed)
    if columns.wants_words:
        _choose_words(columns)
    return len(changed)


def _chunks(rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(rows), CHUNK):
        yield rows[start : start + CHUNK]


def _batch(cursor: Any, tenant: str, columns: Columns, repositories: Sequence[Any]) -> Batch:
    keys = [row[0] for row in repositories]
    automations: list[Any] = []
    if keys:
        cursor.execute(_AUTOMATIONS.format(places=",".join(["%s"] * len(keys))), keys)
        automations = cursor.fetchall()
    place_of = {key: place for place, key in enumerate(keys)}
    of = np.fromiter((place_of[row[1]] for row in automations), np.int64, len(automations))
    rows_each = 1 + np.bincount(of, minlength=len(keys))
    repository_rows = np.cumsum(rows_each) - rows_each
    automation_rows = np.arange(len(automations)) + of + 1
    rows = np.concatenate([repository_rows, automation_rows])

    doc_ids, newest = np.empty(len(rows), np.int64), np.empty(len(rows), np.int64)
    doc_ids[rows] = [repository_doc(key) for key in keys] + [automation_doc(row[0]) for row in automations]
    newest[rows] = [row[1] for row in repositories] + [row[2] for row in automations]
    pair_rows, pair_values = _pairs(rows, [row[2] for row in repositories] + [row[3] for row in automations])
    known = _learnt(cursor, tenant, columns, pair_values)
    return Batch(
        repositories=keys,
        public=np.array([row[3] == "public" for row in repositories], np.bool_),
        rows_each=rows_each,
        doc_ids=doc_ids,
        newest=newest,
        pair_rows=pair_rows[known],
        pair_values=pair_values[known],
        languages=[orjson.loads(row[4]) for row in repositories],
        unreadable=[row[5] for row in repositories],
        marks=_marks(columns, doc_ids),
    )


def _marks(columns: Columns, doc_ids: Ints) -> Ints:
    marks = np.zeros(len(doc_ids), np.uint64)
    if bits := columns.common_words:
        found = {number: mark(bits, words) for number, words in text_index.words_of(doc_ids.tolist())}
        marks[:] = [found.get(number, 0) for number in doc_ids.tolist()]
    return marks


def _choose_words(columns: Columns) -> None:
    """Choose the common words by a sample of the documents, and ask the database once for those that have them."""
    doc_ids = columns.doc_ids
    sample = doc_ids[np.random.default_rng(len(doc_ids)).integers(len(doc_ids), size=SAMPLE)]
    bits = commonest(dict(text_index.words_of(sample.tolist())).values())
    of_document = np.zeros(int(doc_ids.max()) + 1, np.uint64)
    for word, bit in bits.items():
        found = text_index.found([Term((word,))])
        of_document[found[found < len(of_document)]] |= np.uint64(bit)
    columns.mark(bits, of_document.take(doc_ids))


def _pairs(rows: Ints, facet_ids: Sequence[str]) -> tuple[Ints, Ints]:
    """(row, value ID) for each number in the comma-separated `facet_ids`, in the order of rows."""
    lengths = [text.count(",") + 1 if text else 0 for text in facet_ids]
    values = np.fromstring(",".join(filter(None, facet_ids)), np.int64, sep=",")
    owners = np.repeat(rows, lengths)
    order = np.argsort(owners, kind="stable")
    return owners[order], values[order]


def _learnt(cursor: Any, tenant: str, columns: Columns, values: Ints) -> Mask:
    """Which of `values` are known, after asking for those that were not."""
    known = columns.known(values)
    if known.all():
        return known
    unknown = np.unique(values[~known]).tolist()
    for start in range(0, len(unknown), CHUNK):
        some = unknown[start : start + CHUNK]
        cursor.execute(f"{_VALUES} AND id IN ({','.join(['%s'] * len(some))})", [tenant, *some])
        columns.learn(cursor.fetchall())
    return columns.known(values)


def repository_doc(key: int) -> int:
    """The document of a repository: repositories have the even numbers, automations the odd ones."""
    return key * 2


def automation_doc(key: int) -> int:
    """The document of an automation."""
    return key * 2 + 1
