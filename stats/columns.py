"""The columns of a tenant in memory, as readers hold them: exact counts over a million rows in milliseconds.

A row is a document: a repository, or an automation. What stands on automations and what stands on repositories are a
plane each (:mod:`stats.planes`). A filter is a boolean mask over rows. A :class:`Snapshot` never changes; the one
writer is :mod:`stats.growing`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from stats.common_words import Bits
from stats.planes import Ints, Mask, Plane
from stats.vocabulary import FACETS, Bearer

GONE: Final = -1


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
            folded = list(self.folded.items())  # at once, since the writer may add to it meanwhile
            return [place for text, places in folded if text.startswith(value[:-1]) for place in places]
        return self.folded.get(value, [])


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
    newest_of: Ints  # epoch seconds, by repository's number; GONE where it is
    planes: Mapping[Bearer, Plane]
    names: Mapping[str, Names]
    numbers: Mapping[str, Ints]
    amounts: Ints  # bytes of live repositories, by value
    documents: int  # all numbers of documents are below it
    automations: int
    repositories: int
    unreadable: int  # files
    common_words: Bits
    marks: Ints  # bits of the common words in a row's document, by row

    @property
    def nbytes(self) -> int:
        """Bytes that the arrays take (names come on top)."""
        arrays = [self.doc_ids, self.newest, self.repository_of, self.live_automations, self.live_repositories]
        arrays += [self.public, self.newest_of, self.amounts, self.marks, *self.numbers.values()]
        for plane in self.planes.values():
            arrays += [plane.starts, plane.values, plane.amounts, plane.totals]
            index = plane.index
            arrays += [index.common, index.bits, index.rare, index.listed, index.starts]
        return sum(array.nbytes for array in arrays)

    def rows_of(self, doc_ids: Ints) -> Mask:
        """The rows of these documents, dead ones too."""
        asked = np.zeros(max(self.documents, int(doc_ids.max(initial=-1)) + 1), np.bool_)
        asked[doc_ids] = True
        return asked.take(self.doc_ids)

    def rows_having(self, facet: str, places: Sequence[int]) -> Mask:
        """The rows with any of the values at these places among the facet's names, dead ones too."""
        bearer = FACETS[facet].bearer
        rows = np.zeros(len(self.doc_ids), np.bool_)
        owners = self.planes[bearer].mark(self.numbers[facet][places], rows)
        if bearer == "automation":
            rows[owners] = True
        elif len(owners):
            repositories = np.zeros(len(self.public), np.bool_)
            repositories[owners] = True
            rows |= repositories[self.repository_of]
        return rows
