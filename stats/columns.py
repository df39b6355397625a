"""The facet columns of a tenant in memory: exact counts over a million rows in milliseconds.

Each facet is a column of (owner, value) pairs, append-only; a filter is a boolean mask over rows, counting is one
bincount. A row is a document: a repository, or an automation. Readers hold a :class:`Snapshot`, which never
changes; the one writer (:class:`Columns`) appends behind the readers' views, marks replaced rows dead in a copy,
and swaps. Reading the rows from the database is :mod:`stats.loading`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from stats.vocabulary import FACETS

Mask = NDArray[np.bool_]
Ints = NDArray[Any]

COMPACT_FROM: Final = 2_000  # dead rows; below it they cost nothing that shows


@dataclass(slots=True)
class Names:
    """The values of one facet, numbered from 0 in the order of their appearance; it only grows."""

    texts: list[str]
    folded: dict[str, list[int]]

    def add(self, text: str) -> int:
        """The number of a value that has none yet."""
        self.texts.append(text)
        self.folded.setdefault(text.casefold(), []).append(len(self.texts) - 1)
        return len(self.texts) - 1

    def matching(self, value: str) -> list[int]:
        """The numbers of the values equal to `value` but for case, or beginning so where it ends in ``*``."""
        if value.endswith("*"):
            return [number for text, ids in self.folded.items() if text.startswith(value[:-1]) for number in ids]
        return self.folded.get(value, [])


@dataclass(frozen=True, slots=True)
class Entries:
    """(owner, value) pairs of one facet, in the order of their owners: rows, or repositories."""

    owners: Ints
    values: Ints


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The index of one tenant at one generation. Nothing in it changes.

    `live_automations` and `live_repositories` are masks over rows; `totals` are the counts without any filter.
    """

    lineage: str
    generation: int
    changed_at: str
    doc_ids: Ints
    newest: Ints  # epoch seconds, by row
    repository_of: Ints  # the repository's number, by row
    live_automations: Mask
    live_repositories: Mask
    public: Mask  # by repository's number
    row_of_doc: Ints  # -1 where there is none
    entries: Mapping[str, Entries]
    names: Mapping[str, Names]
    totals: Mapping[str, Ints]
    language_bytes: Ints  # by language, without any filter
    language_sizes: Ints  # bytes, beside the entries of language
    automations: int
    repositories: int

    @property
    def nbytes(self) -> int:
        """Bytes that the arrays take (names come on top)."""
        arrays = [self.doc_ids, self.newest, self.repository_of, self.live_automations, self.live_repositories]
        arrays += [self.public, self.row_of_doc, self.language_bytes, self.language_sizes, *self.totals.values()]
        return sum(a.nbytes for a in arrays) + sum(e.owners.nbytes + e.values.nbytes for e in self.entries.values())

    def rows_of(self, doc_ids: Ints) -> Ints:
        """The rows of those documents that stand in this snapshot, in the order given."""
        known = doc_ids[doc_ids < len(self.row_of_doc)]
        rows = self.row_of_doc[known]
        return rows[rows >= 0]


@dataclass(frozen=True, slots=True)
class Batch:
    """Repositories and their automations to be appended.

    Every array is by row, in the order of `repositories`, a repository's own row before those of its automations.
    `pairs` are (row in the batch, ID of a facet value), in the order of rows.
    """

    repositories: Sequence[int]  # primary keys
    public: Mask  # by repository
    rows_each: Ints  # by repository: 1 + its automations
    doc_ids: Ints
    newest: Ints
    pair_rows: Ints
    pair_values: Ints
    languages: Sequence[Mapping[str, int]]  # by repository: name -> bytes


class _Growing:
    """An array that grows at its end; views handed out earlier stay as they are."""

    def __init__(self, dtype: type) -> None:
        self._buffer: Ints = np.empty(1024, dtype)
        self._size = 0

    def append(self, more: Ints) -> None:
        size = self._size + len(more)
        if size > len(self._buffer):
            larger = np.empty(max(size, len(self._buffer) * 3 // 2), self._buffer.dtype)
            larger[: self._size] = self._buffer[: self._size]
            self._buffer = larger
        self._buffer[self._size : size] = more
        self._size = size

    @property
    def view(self) -> Ints:
        return self._buffer[: self._size]

    def replace(self, values: Ints) -> None:
        self._buffer = values.astype(self._buffer.dtype, copy=True)
        self._size = len(values)


@dataclass(frozen=True, slots=True)
class _Span:
    """Where a repository stands: its number and its rows."""

    number: int
    start: int
    end: int


class Columns:
    """The writer: applies changes one after the other and makes snapshots. Not for several threads at once."""

    def __init__(self, compact_from: int = COMPACT_FROM) -> None:
        self._compact_from = compact_from
        self._names = {facet: Names([], {}) for facet in FACETS}
        self._facet_of: Ints = np.empty(0, np.int16)  # by ID of a facet value; -1 where there is none
        self._number_of: Ints = np.empty(0, np.int32)
        self._facet_numbers = {facet: number for number, facet in enumerate(FACETS)}
        self._doc_ids, self._newest = _Growing(np.int64), _Growing(np.int64)
        self._repository_of, self._public = _Growing(np.int32), _Growing(np.bool_)
        self._owners = {facet: _Growing(np.int32) for facet in FACETS}
        self._values = {facet: _Growing(np.int32) for facet in FACETS}
        self._bytes = _Growing(np.int64)  # beside the entries of language
        self._live_automations: Mask = np.zeros(0, np.bool_)
        self._live_repositories: Mask = np.zeros(0, np.bool_)
        self._row_of_doc: Ints = np.empty(0, np.int32)
        self._totals: dict[str, Ints] = {facet: np.zeros(0, np.int64) for facet in FACETS}
        self._language_bytes: Ints = np.zeros(0, np.int64)
        self._spans: dict[int, _Span] = {}

    def learn(self, values: Iterable[tuple[int, str, str]]) -> None:
        """Take in facet values: (ID, facet, value). Those known already are passed over."""
        values = [value for value in values if value[1] in self._names]
        if not values:
            return
        size = max(identifier for identifier, _, _ in values) + 1
        if size > len(self._facet_of):
            self._facet_of = _longer(self._facet_of, size * 5 // 4, -1)
            self._number_of = _longer(self._number_of, size * 5 // 4, -1)
        for identifier, facet, text in values:
            if self._facet_of[identifier] < 0:
                self._facet_of[identifier] = self._facet_numbers[facet]
                self._number_of[identifier] = self._names[facet].add(text)

    def unknown(self, values: Ints) -> Ints:
        """Those of the IDs that were never learnt."""
        known = values < len(self._facet_of)
        known[known] = self._facet_of[values[known]] >= 0
        return np.unique(values[~known])

    def replace(self, batch: Batch, removed: Iterable[int] = ()) -> None:
        """Put these repositories in the place of what was known of them, and drop the `removed` ones."""
        self._live_automations = self._live_automations.copy()
        self._live_repositories = self._live_repositories.copy()
        self._row_of_doc = self._row_of_doc.copy()
        self._totals = {
            facet: _longer(totals, len(self._names[facet].texts), 0, copy=True)
            for facet, totals in self._totals.items()
        }
        self._language_bytes = _longer(self._language_bytes, len(self._names["language"].texts), 0, copy=True)
        for key in (*removed, *batch.repositories):
            if span := self._spans.pop(key, None):
                self._retire(span)
        if batch.repositories:
            self._append(batch)
        dead = len(self._live_automations) - int(
            np.count_nonzero(self._live_automations) + np.count_nonzero(self._live_repositories)
        )
        if dead > self._compact_from and dead > len(self._live_automations) // 4:
            self._compact()

    def snapshot(self, lineage: str, generation: int, changed_at: str) -> Snapshot:
        """What readers may hold from now on."""
        return Snapshot(
            lineage=lineage,
            generation=generation,
            changed_at=changed_at,
            doc_ids=self._doc_ids.view,
            newest=self._newest.view,
            repository_of=self._repository_of.view,
            live_automations=self._live_automations,
            live_repositories=self._live_repositories,
            public=self._public.view,
            row_of_doc=self._row_of_doc,
            entries={facet: Entries(self._owners[facet].view, self._values[facet].view) for facet in FACETS},
            names=self._names,
            totals=self._totals,
            language_bytes=self._language_bytes,
            language_sizes=self._bytes.view,
            automations=int(np.count_nonzero(self._live_automations)),
            repositories=len(self._spans),
        )

    def _append(self, batch: Batch) -> None:
        first_row, first_number = len(self._doc_ids.view), len(self._public.view)
        ends = np.cumsum(batch.rows_each)
        starts = ends - batch.rows_each
        numbers = np.arange(first_number, first_number + len(batch.repositories), dtype=np.int32)
        for key, number, start, end in zip(
            batch.repositories,
            numbers.tolist(),
            (starts + first_row).tolist(),
            (ends + first_row).tolist(),
            strict=True,
        ):
            self._spans[key] = _Span(number, start, end)
        is_repository = np.zeros(len(batch.doc_ids), np.bool_)
        is_repository[starts] = True
        self._doc_ids.append(batch.doc_ids)
        self._newest.append(batch.newest)
        self._repository_of.append(np.repeat(numbers, batch.rows_each))
        self._public.append(batch.public)
        self._live_repositories = np.concatenate([self._live_repositories, is_repository])
        self._live_automations = np.concatenate([self._live_automations, ~is_repository])
        top = int(batch.doc_ids.max()) + 1
        if top > len(self._row_of_doc):
            self._row_of_doc = _longer(self._row_of_doc, top * 9 // 8, -1)
        self._row_of_doc[batch.doc_ids] = np.arange(first_row, first_row + len(batch.doc_ids), dtype=np.int32)
        self._append_entries(batch, first_row, numbers, is_repository)

    def _append_entries(self, batch: Batch, first_row: int, numbers: Ints, is_repository: Mask) -> None:
        facets = self._facet_of[batch.pair_values]
        values = self._number_of[batch.pair_values]
        of_repository = is_repository[batch.pair_rows]
        repository_numbers = np.repeat(numbers, batch.rows_each)
        weights = batch.rows_each - 1
        for facet, number in self._facet_numbers.items():
            chosen = facets == number
            rows, own = batch.pair_rows[chosen], values[chosen]
            if FACETS[facet].bearer == "automation":
                self._owners[facet].append(rows + first_row)
                counted = own[~of_repository[chosen]]
                self._totals[facet] += np.bincount(counted, minlength=len(self._totals[facet]))
            else:
                owners = repository_numbers[rows]
                self._owners[facet].append(owners)
                weight = weights[owners - numbers[0]]
                self._totals[facet] += _sums(own, weight, len(self._totals[facet]))
                if facet == "language":
                    texts = self._names[facet].texts
                    pairs = zip((owners - numbers[0]).tolist(), own.tolist(), strict=True)
                    sizes = np.array([batch.languages[at].get(texts[value], 0) for at, value in pairs], np.int64)
                    self._bytes.append(sizes)
                    self._language_bytes += _sums(own, sizes, len(self._language_bytes))
            self._values[facet].append(own)

    def _retire(self, span: _Span) -> None:
        """Mark a repository's rows dead, and take what they counted out of the totals."""
        rows = slice(span.start, span.end)
        docs = self._doc_ids.view[rows]
        weight = int(np.count_nonzero(self._live_automations[rows]))
        self._row_of_doc[docs] = -1
        for facet, owners in self._owners.items():
            by_row = FACETS[facet].bearer == "automation"
            # the repository's own row comes first and is counted nowhere
            low, high = (span.start + 1, span.end) if by_row else (span.number, span.number + 1)
            start, end = np.searchsorted(owners.view, [low, high]).tolist()
            values = self._values[facet].view[start:end]
            np.subtract.at(self._totals[facet], values, 1 if by_row else weight)
            if facet == "language":
                np.subtract.at(self._language_bytes, values, self._bytes.view[start:end])
        self._live_automations[rows] = False
        self._live_repositories[rows] = False

    def _compact(self) -> None:
        """Leave the dead rows and repositories out; readers keep the arrays they hold."""
        live = self._live_automations | self._live_repositories
        new_row = np.cumsum(live, dtype=np.int64) - 1
        live_numbers = np.zeros(len(self._public.view), np.bool_)
        live_numbers[[span.number for span in self._spans.values()]] = True
        new_number = np.cumsum(live_numbers, dtype=np.int64) - 1
        for facet, owners in self._owners.items():
            by_row = FACETS[facet].bearer == "automation"
            kept = (live if by_row else live_numbers)[owners.view]
            if facet == "language":
                self._bytes.replace(self._bytes.view[kept])
            self._values[facet].replace(self._values[facet].view[kept])
            owners.replace((new_row if by_row else new_number)[owners.view[kept]])
        self._doc_ids.replace(self._doc_ids.view[live])
        self._newest.replace(self._newest.view[live])
        self._repository_of.replace(new_number[self._repository_of.view[live]])
        self._public.replace(self._public.view[live_numbers])
        self._live_automations = self._live_automations[live]
        self._live_repositories = self._live_repositories[live]
        self._row_of_doc = np.full(len(self._row_of_doc), -1, np.int32)
        self._row_of_doc[self._doc_ids.view] = np.arange(len(self._doc_ids.view), dtype=np.int32)
        self._spans = {
            key: _Span(
                int(new_number[span.number]), int(new_row[span.start]), int(new_row[span.start]) + span.end - span.start
            )
            for key, span in self._spans.items()
        }


def _longer(array: Ints, size: int, fill: int, *, copy: bool = False) -> Ints:
    if size <= len(array):
        return array.copy() if copy else array
    return np.concatenate([array, np.full(size - len(array), fill, array.dtype)])


def _sums(values: Ints, weights: Ints, size: int) -> Ints:
    """The weights summed by value. Float64 in between is exact up to 2**53."""
    return np.bincount(values, weights=weights, minlength=size).astype(np.int64)
