"""The columns of a tenant under the hands of their one writer.

What is new is appended behind the readers' views, replaced rows are marked dead in a copy, and readers are handed the
whole as a :class:`stats.columns.Snapshot`. Dead rows are left out when they are many. Reading the rows from the
database is :mod:`stats.loading`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from stats.columns import GONE, Names, Snapshot
from stats.common_words import Bits
from stats.planes import UNSORTED, Growing, GrowingPlane, Ints, Mask
from stats.vocabulary import FACETS, Bearer

COMPACT_FROM: Final = 2_000  # dead rows; below it they cost nothing that shows
MARKED_FROM: Final = 50_000  # rows; the database lists those of fewer in three milliseconds


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
    unreadable: Sequence[int]  # files, by repository
    marks: Ints  # bits of the common words in a row's document


@dataclass(frozen=True, slots=True)
class _Span:
    """Where a repository stands, its number and its rows; and how many files of it are unreadable."""

    number: int
    start: int
    end: int
    unreadable: int


class Columns:
    """The writer: applies changes one after the other and makes snapshots. Not for several threads at once."""

    def __init__(
        self, compact_from: int = COMPACT_FROM, unsorted: int = UNSORTED, marked_from: int = MARKED_FROM
    ) -> None:
        self._compact_from = compact_from
        self._marked_from = marked_from
        self._names = {facet: Names([], {}) for facet in FACETS}
        self._numbers = {facet: Growing(np.int32) for facet in FACETS}
        self._planes: dict[Bearer, GrowingPlane] = {
            "automation": GrowingPlane(unsorted),
            "repository": GrowingPlane(unsorted),
        }
        # By ID of a facet value: its number, and whether its plane is that of repositories; -1: not learnt.
        self._number_of: Ints = np.empty(0, np.int32)
        self._of_repositories: Ints = np.empty(0, np.int8)
        self._doc_ids, self._newest = Growing(np.int64), Growing(np.int64)
        self._repository_of, self._public = Growing(np.int32), Growing(np.bool_)
        self._live_automations: Mask = np.zeros(0, np.bool_)
        self._live_repositories: Mask = np.zeros(0, np.bool_)
        self._documents = 0
        self._newest_of: Ints = np.zeros(0, np.int64)
        self._amounts: Ints = np.zeros(0, np.int64)
        self._unreadable = 0
        self.common_words: Bits = {}
        self._marks = Growing(np.uint64)
        self._spans: dict[int, _Span] = {}

    def learn(self, values: Iterable[tuple[int, str, str]]) -> None:
        """Take in facet values: (ID, facet, value). Those known already are passed over."""
        values = [value for value in values if value[1] in FACETS]
        if not values:
            return
        size = max(identifier for identifier, _, _ in values) + 1
        if size > len(self._number_of):
            self._number_of = _copied(self._number_of, size * 5 // 4, -1)
            self._of_repositories = _copied(self._of_repositories, size * 5 // 4, -1)
        for identifier, facet, text in values:
            if self._number_of[identifier] < 0:
                bearer = FACETS[facet].bearer
                plane = self._planes[bearer]
                self._number_of[identifier] = len(plane.facets)
                self._of_repositories[identifier] = bearer == "repository"
                self._numbers[facet].append(np.array([len(plane.facets)], np.int32))
                self._names[facet].add(text)
                plane.facets.append(facet)
        for plane in self._planes.values():
            plane.totals = _reaching(plane.totals, len(plane.facets))
        self._amounts = _reaching(self._amounts, len(self._planes["repository"].facets))

    def known(self, values: Ints) -> Mask:
        """Which of the IDs were learnt."""
        known = values < len(self._number_of)
        known[known] = self._number_of[values[known]] >= 0
        return known

    def replace(self, batch: Batch, removed: Iterable[int] = ()) -> None:
        """Put these repositories in the place of what was known of them, and drop the `removed` ones."""
        rows = len(self._doc_ids.view) + len(batch.doc_ids)
        self._live_automations = _copied(self._live_automations, rows)
        self._live_repositories = _copied(self._live_repositories, rows)
        self._newest_of = _copied(self._newest_of, len(self._public.view) + len(batch.repositories))
        for plane in self._planes.values():
            plane.totals = plane.totals.copy()
        self._amounts = self._amounts.copy()
        for key in (*removed, *batch.repositories):
            if span := self._spans.pop(key, None):
                self._retire(span)
        if batch.repositories:
            self._append(batch)
        live = int(np.count_nonzero(self._live_automations)) + len(self._spans)
        if rows - live > max(self._compact_from, rows // 4):
            self._compact()

    @property
    def doc_ids(self) -> Ints:
        """The documents by row, dead ones among them."""
        return self._doc_ids.view

    @property
    def wants_words(self) -> bool:
        """There are rows enough to choose common words, and twice as many as when they were chosen last."""
        return len(self.doc_ids) >= self._marked_from

    def mark(self, words: Bits, marks: Ints) -> None:
        """Take these as the common words; `marks` says by row which of them the document has."""
        self.common_words = words
        self._marks.replace(marks)
        self._marked_from = 2 * len(marks)

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
            newest_of=self._newest_of,
            planes={
                "automation": self._planes["automation"].view(),
                "repository": self._planes["repository"].view(self._repository_of.view),
            },
            names=self._names,
            numbers={facet: numbers.view for facet, numbers in self._numbers.items()},
            amounts=self._amounts,
            documents=self._documents,
            automations=int(np.count_nonzero(self._live_automations)),
            repositories=len(self._spans),
            unreadable=self._unreadable,
            common_words=self.common_words,
            marks=self._marks.view,
        )

    def _append(self, batch: Batch) -> None:
        first_row, first_number = len(self._doc_ids.view), len(self._public.view)
        count = len(batch.repositories)
        starts = np.cumsum(batch.rows_each) - batch.rows_each
        for place, (key, start) in enumerate(zip(batch.repositories, (starts + first_row).tolist(), strict=True)):
            end = start + int(batch.rows_each[place])
            self._spans[key] = _Span(first_number + place, start, end, batch.unreadable[place])
        self._unreadable += sum(batch.unreadable)
        place_of = np.repeat(np.arange(count), batch.rows_each)
        is_repository = np.zeros(len(batch.doc_ids), np.bool_)
        is_repository[starts] = True
        self._doc_ids.append(batch.doc_ids)
        self._newest.append(batch.newest)
        self._marks.append(batch.marks)
        self._repository_of.append(place_of + first_number)
        self._public.append(batch.public)
        self._newest_of[first_number:] = batch.newest[starts]
        self._live_repositories[first_row:] = is_repository
        self._live_automations[first_row:] = ~is_repository
        self._documents = max(self._documents, int(batch.doc_ids.max()) + 1)

        numbers, of_repositories = self._number_of[batch.pair_values], self._of_repositories[batch.pair_values] > 0
        rows, values = batch.pair_rows[~of_repositories], numbers[~of_repositories]
        plane = self._planes["automation"]
        plane.append(len(batch.doc_ids), rows, values)
        np.add.at(plane.totals, values[~is_repository[rows]], 1)

        places, values = place_of[batch.pair_rows[of_repositories]], numbers[of_repositories]
        amounts = self._bytes_of(batch, places, values)
        plane = self._planes["repository"]
        plane.append(count, places, values)
        plane.amounts.append(amounts)
        np.add.at(plane.totals, values, (batch.rows_each - 1)[places])
        np.add.at(self._amounts, values, amounts)

    def _bytes_of(self, batch: Batch, places: Ints, values: Ints) -> Ints:
        numbers = self._numbers["language"].view
        text_of = dict(zip(numbers.tolist(), self._names["language"].texts, strict=True))
        pairs = zip(places.tolist(), values.tolist(), strict=True)
        return np.array([batch.languages[place].get(text_of.get(value, ""), 0) for place, value in pairs], np.int64)

    def _retire(self, span: _Span) -> None:
        """Mark a repository's rows dead, and take what they counted out of the totals."""
        rows = slice(span.start, span.end)
        self._live_automations[rows] = False
        self._live_repositories[rows] = False
        self._newest_of[span.number] = GONE
        self._unreadable -= span.unreadable
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
        self._marks.replace(self._marks.view[live])
        self._repository_of.replace(new_number[self._repository_of.view[live]])
        self._public.replace(self._public.view[live_numbers])
        self._newest_of = self._newest_of[live_numbers]
        self._live_automations = self._live_automations[live]
        self._live_repositories = self._live_repositories[live]
        for key, span in self._spans.items():
            start = int(new_row[span.start])
            end = start + span.end - span.start
            self._spans[key] = _Span(int(new_number[span.number]), start, end, span.unreadable)


def _reaching(array: Ints, size: int) -> Ints:
    return array if len(array) >= size else _copied(array, size)


def _copied(array: Ints, size: int, fill: int = 0) -> Ints:
    """A copy of the array as long as `size`, if it was shorter, with `fill` at its end."""
    return np.concatenate([array, np.full(max(0, size - len(array)), fill, array.dtype)])
