"""The facet columns of a tenant in memory: exact counts over a million rows in milliseconds.

A row is a document: a repository, or an automation. What stands on automations and what stands on repositories are a
:class:`Plane` each: for each owner the numbers of its facet values, one after the other. A filter is a boolean mask
over rows; counting is one bincount over the values of the rows that are left. Readers hold a :class:`Snapshot`,
which never changes; the one writer (:class:`Columns`) appends behind the readers' views, marks replaced rows dead in
a copy, and swaps. Reading the rows from the database is :mod:`stats.loading`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from stats.vocabulary import FACETS, Bearer

Mask = NDArray[np.bool_]
Ints = NDArray[Any]

COMPACT_FROM: Final = 2_000  # dead rows; below it they cost nothing that shows
UNSORTED: Final = 20_000  # entries that are looked through faster than sorted


@dataclass(slots=True)
class Names:
    """The values of one facet, in the order of their appearance; it only grows."""

    texts: list[str]
    folded: dict[str, list[int]]

    def add(self, text: str) -> None:
        """Put a new value at the end."""
        self.folded.setdefault(text.casefold(), []).append(len(self.texts))
        self.texts.append(text)

    def matching(self, value: str) -> list[int]:
        """The places of the values equal to `value` but for case, or beginning so where it ends in ``*``."""
        if value.endswith("*"):
            return [place for text, places in self.folded.items() if text.startswith(value[:-1]) for place in places]
        return self.folded.get(value, [])


@dataclass(frozen=True, slots=True)
class Plane:
    """The facet values of all owners of one kind: rows, or repositories by their number.

    Owner `n` has ``values[starts[n]:starts[n + 1]]``. The other way round, value `v` is had by
    ``inverse[inverse_starts[v]:inverse_starts[v + 1]]``, as far as the first `len(inverse)` entries go; those
    behind them are looked through. `amounts` are the bytes of a language, 0 elsewhere. `totals` counts the live
    automations by value.
    """

    starts: Ints
    values: Ints
    amounts: Ints
    inverse: Ints
    inverse_starts: Ints
    totals: Ints

    def values_of(self, owners: Ints) -> tuple[Ints, Ints]:
        """The values of all these owners, one after the other, and how many each of them has."""
        starts = self.starts[owners]
        lengths = self.starts[owners + 1] - starts
        ends = np.cumsum(lengths)
        total = int(ends[-1]) if len(ends) else 0
        places = np.repeat(starts - ends + lengths, lengths)
        places += np.arange(total)
        return self.values.take(places), lengths

    def owners_of(self, values: Ints) -> Ints:
        """All owners of any of these values, the dead ones too, in no order; one may come several times."""
        indexed = values[values < len(self.inverse_starts) - 1]
        found = [self.inverse[self.inverse_starts[value] : self.inverse_starts[value + 1]] for value in indexed]
        tail = self.values[len(self.inverse) :]
        places = np.flatnonzero(tail == values[0] if len(values) == 1 else np.isin(tail, values))
        found.append(np.searchsorted(self.starts, places + len(self.inverse), side="right") - 1)
        return np.concatenate(found)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The index of one tenant at one generation. Nothing in it changes.

    `numbers` leads from a facet's values, in the order of `names`, to their numbers in their plane.
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
    planes: Mapping[Bearer, Plane]
    names: Mapping[str, Names]
    numbers: Mapping[str, Ints]
    weights: Ints  # live automations, by repository's number
    amounts: Ints  # bytes of live repositories, by value
    automations: int
    repositories: int

    @property
    def nbytes(self) -> int:
        """Bytes that the arrays take (names come on top)."""
        arrays = [self.doc_ids, self.newest, self.repository_of, self.live_automations, self.live_repositories]
        arrays += [self.public, self.row_of_doc, self.weights, self.amounts, *self.numbers.values()]
        for plane in self.planes.values():
            arrays += [plane.starts, plane.values, plane.amounts, plane.inverse, plane.inverse_starts, plane.totals]
        return sum(array.nbytes for array in arrays)

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

    def __init__(self, dtype: type, first: Sequence[int] = ()) -> None:
        self._buffer: Ints = np.empty(1024, dtype)
        self._size = 0
        self.append(np.array(first, dtype))

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


class _GrowingPlane:
    """A plane under the writer's hands."""

    def __init__(self) -> None:
        self.starts = _Growing(np.int64, [0])
        self.values, self.amounts = _Growing(np.int32), _Growing(np.int64)
        self.inverse: Ints = np.empty(0, np.int32)
        self.inverse_starts: Ints = np.zeros(1, np.int64)
        self.totals: Ints = np.zeros(0, np.int64)
        self.facets: list[str] = []  # by value

    def view(self) -> Plane:
        if len(self.values.view) - len(self.inverse) > max(UNSORTED, len(self.inverse) // 4):
            self._invert()
        return Plane(
            self.starts.view, self.values.view, self.amounts.view, self.inverse, self.inverse_starts, self.totals
        )

    def _invert(self) -> None:
        values = self.values.view
        owners = np.repeat(np.arange(len(self.starts.view) - 1, dtype=np.int32), np.diff(self.starts.view))
        self.inverse = owners[np.argsort(values, kind="stable")]
        self.inverse_starts = np.concatenate([[0], np.cumsum(np.bincount(values, minlength=len(self.facets)))])

    def append(self, owners: int, owner_of: Ints, values: Ints, amounts: Ints) -> None:
        """Add so many owners with their values; `owner_of` counts from the first of them, in order."""
        self.starts.append(len(self.values.view) + np.cumsum(np.bincount(owner_of, minlength=owners)))
        self.values.append(values)
        self.amounts.append(amounts)

    def between(self, first: int, last: int) -> slice:
        """Where the values of the owners from `first` up to before `last` stand."""
        return slice(int(self.starts.view[first]), int(self.starts.view[last]))

    def keep(self, live: Mask) -> None:
        """Leave out the owners that are not live."""
        lengths = np.diff(self.starts.view)
        kept = np.repeat(live, lengths)
        self.values.replace(self.values.view[kept])
        self.amounts.replace(self.amounts.view[kept])
        self.starts.replace(np.concatenate([[0], np.cumsum(lengths[live])]))
        self.inverse, self.inverse_starts = self.inverse[:0], np.zeros(1, np.int64)


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
        self._numbers = {facet: _Growing(np.int32) for facet in FACETS}
        self._planes: dict[Bearer, _GrowingPlane] = {"automation": _GrowingPlane(), "repository": _GrowingPlane()}
        # By ID of a facet value: its number, and whether its plane is that of repositories; -1: not learnt.
        self._number_of: Ints = np.empty(0, np.int32)
        self._of_repositories: Ints = np.empty(0, np.int8)
        self._doc_ids, self._newest = _Growing(np.int64), _Growing(np.int64)
        self._repository_of, self._public = _Growing(np.int32), _Growing(np.bool_)
        self._live_automations: Mask = np.zeros(0, np.bool_)
        self._live_repositories: Mask = np.zeros(0, np.bool_)
        self._row_of_doc: Ints = np.empty(0, np.int32)
        self._weights: Ints = np.zeros(0, np.int64)
        self._amounts: Ints = np.zeros(0, np.int64)
        self._spans: dict[int, _Span] = {}

    def learn(self, values: Iterable[tuple[int, str, str]]) -> None:
        """Take in facet values: (ID, facet, value). Those known already are passed over."""
        values = [value for value in values if value[1] in FACETS]
        if not values:
            return
        size = max(identifier for identifier, _, _ in values) + 1
        if size > len(self._number_of):
            self._number_of = _longer(self._number_of, size * 5 // 4, -1)
            self._of_repositories = _longer(self._of_repositories, size * 5 // 4, -1)
        for identifier, facet, text in values:
            if self._number_of[identifier] < 0:
                bearer = FACETS[facet].bearer
                plane = self._planes[bearer]
                self._number_of[identifier] = len(plane.facets)
                self._of_repositories[identifier] = bearer == "repository"
                self._numbers[facet].append(np.array([len(plane.facets)], np.int32))
                self._names[facet].add(text)
                plane.facets.append(facet)

    def unknown(self, values: Ints) -> Ints:
        """Those of the IDs that were never learnt."""
        known = values < len(self._number_of)
        known[known] = self._number_of[values[known]] >= 0
        return np.unique(values[~known])

    def replace(self, batch: Batch, removed: Iterable[int] = ()) -> None:
        """Put these repositories in the place of what was known of them, and drop the `removed` ones."""
        self._live_automations = self._live_automations.copy()
        self._live_repositories = self._live_repositories.copy()
        self._row_of_doc = self._row_of_doc.copy()
        self._weights = self._weights.copy()
        for plane in self._planes.values():
            plane.totals = _longer(plane.totals, len(plane.facets), 0, copy=True)
        self._amounts = _longer(self._amounts, len(self._planes["repository"].facets), 0, copy=True)
        for key in (*removed, *batch.repositories):
            if span := self._spans.pop(key, None):
                self._retire(span)
        if batch.repositories:
            self._append(batch)
        rows = len(self._live_automations)
        live = int(np.count_nonzero(self._live_automations)) + len(self._spans)
        if rows - live > max(self._compact_from, rows // 4):
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
            planes={bearer: plane.view() for bearer, plane in self._planes.items()},
            names=self._names,
            numbers={
                facet: numbers.view[: np.searchsorted(numbers.view, len(self._totals_of(facet)))]
                for facet, numbers in self._numbers.items()
            },
            weights=self._weights,
            amounts=self._amounts,
            automations=int(np.count_nonzero(self._live_automations)),
            repositories=len(self._spans),
        )

    def _totals_of(self, facet: str) -> Ints:
        return self._planes[FACETS[facet].bearer].totals

    def _append(self, batch: Batch) -> None:
        first_row, first_number = len(self._doc_ids.view), len(self._public.view)
        count = len(batch.repositories)
        starts = np.cumsum(batch.rows_each) - batch.rows_each
        for place, (key, start) in enumerate(zip(batch.repositories, (starts + first_row).tolist(), strict=True)):
            end = start + int(batch.rows_each[place])
            self._spans[key] = _Span(first_number + place, start, end)
        place_of = np.repeat(np.arange(count), batch.rows_each)
        is_repository = np.zeros(len(batch.doc_ids), np.bool_)
        is_repository[starts] = True
        self._doc_ids.append(batch.doc_ids)
        self._newest.append(batch.newest)
        self._repository_of.append(place_of + first_number)
        self._public.append(batch.public)
        self._weights = np.concatenate([self._weights, batch.rows_each - 1])
        self._live_repositories = np.concatenate([self._live_repositories, is_repository])
        self._live_automations = np.concatenate([self._live_automations, ~is_repository])
        self._row_of_doc = _longer(self._row_of_doc, (int(batch.doc_ids.max()) + 1) * 9 // 8, -1)
        self._row_of_doc[batch.doc_ids] = np.arange(first_row, first_row + len(batch.doc_ids), dtype=np.int32)

        numbers, of_repositories = self._number_of[batch.pair_values], self._of_repositories[batch.pair_values] > 0
        rows, values = batch.pair_rows[~of_repositories], numbers[~of_repositories]
        plane = self._planes["automation"]
        plane.append(len(batch.doc_ids), rows, values, np.zeros(len(rows), np.int64))
        plane.totals += np.bincount(values[~is_repository[rows]], minlength=len(plane.totals))

        places, values = place_of[batch.pair_rows[of_repositories]], numbers[of_repositories]
        amounts = self._bytes_of(batch, places, values)
        plane = self._planes["repository"]
        plane.append(count, places, values, amounts)
        plane.totals += sums(values, (batch.rows_each - 1)[places], len(plane.totals))
        self._amounts += sums(values, amounts, len(self._amounts))

    def _bytes_of(self, batch: Batch, places: Ints, values: Ints) -> Ints:
        numbers = self._numbers["language"].view
        text_of = dict(zip(numbers.tolist(), self._names["language"].texts, strict=True))
        pairs = zip(places.tolist(), values.tolist(), strict=True)
        return np.array([batch.languages[place].get(text_of.get(value, ""), 0) for place, value in pairs], np.int64)

    def _retire(self, span: _Span) -> None:
        """Mark a repository's rows dead, and take what they counted out of the totals."""
        rows = slice(span.start, span.end)
        self._row_of_doc[self._doc_ids.view[rows]] = -1
        self._live_automations[rows] = False
        self._live_repositories[rows] = False
        self._weights[span.number] = 0
        plane = self._planes["automation"]
        # the repository's own row comes first and is counted nowhere
        where = plane.between(span.start + 1, span.end)
        np.subtract.at(plane.totals, plane.values.view[where], 1)
        plane = self._planes["repository"]
        where = plane.between(span.number, span.number + 1)
        np.subtract.at(plane.totals, plane.values.view[where], span.end - span.start - 1)
        np.subtract.at(self._amounts, plane.values.view[where], plane.amounts.view[where])

    def _compact(self) -> None:
        """Leave the dead rows and repositories out; readers keep the arrays they hold."""
        live = self._live_automations | self._live_repositories
        new_row = np.cumsum(live, dtype=np.int64) - 1
        live_numbers = np.zeros(len(self._public.view), np.bool_)
        live_numbers[[span.number for span in self._spans.values()]] = True
        new_number = np.cumsum(live_numbers, dtype=np.int64) - 1
        self._planes["automation"].keep(live)
        self._planes["repository"].keep(live_numbers)
        self._doc_ids.replace(self._doc_ids.view[live])
        self._newest.replace(self._newest.view[live])
        self._repository_of.replace(new_number[self._repository_of.view[live]])
        self._public.replace(self._public.view[live_numbers])
        self._weights = self._weights[live_numbers]
        self._live_automations = self._live_automations[live]
        self._live_repositories = self._live_repositories[live]
        self._row_of_doc = np.full(len(self._row_of_doc), -1, np.int32)
        self._row_of_doc[self._doc_ids.view] = np.arange(len(self._doc_ids.view), dtype=np.int32)
        for key, span in self._spans.items():
            start = int(new_row[span.start])
            self._spans[key] = _Span(int(new_number[span.number]), start, start + span.end - span.start)


def sums(values: Ints, weights: Ints, size: int) -> Ints:
    """The weights summed by value. Float64 in between is exact up to 2**53."""
    return np.bincount(values, weights=weights, minlength=size).astype(np.int64)


def _longer(array: Ints, size: int, fill: int, *, copy: bool = False) -> Ints:
    if size <= len(array):
        return array.copy() if copy else array
    return np.concatenate([array, np.full(size - len(array), fill, array.dtype)])
