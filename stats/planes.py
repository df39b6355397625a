"""Who has which facet values, as arrays: counted and looked up by value, and only ever added to.

A :class:`Plane` holds the values of all owners of one kind: rows, or repositories by their number. Values that many
owners have get a bit for each row, so counting them is a popcount and filtering by them needs no list; of the others
the owners are listed. What came after both were laid out last, the tail, is short and looked through.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Ints = NDArray[Any]

COMMON: Final = 128  # a value that one of so many owners has is common
FEW: Final = 16  # fewer than one of so many owners are counted one by one
UNSORTED: Final = 20_000  # entries that are looked through faster than laid out
_STEP: Final = 1 << 15  # rows laid out, and words counted, at once: what the processor's own memory holds


@dataclass(frozen=True, slots=True)
class Index:
    """The first owners of a plane, by value.

    Attributes:
        owners: How many they are.
        rows: How many rows are theirs.
        common: The values that have bits, in their order.
        bits: By common value: a bit for each row.
        rare: All other values that any of the owners has, in their order.
        listed: Their owners, those of ``rare[n]`` in ``listed[starts[n]:starts[n + 1]]``.
    """

    owners: int
    rows: int
    common: Ints
    bits: NDArray[np.uint64]
    rare: Ints
    listed: Ints
    starts: Ints

    @classmethod
    def of(cls, starts: Ints, values: Ints, size: int, owner_of: Ints) -> "Index":
        """Lay out owners and their values, of which there are `size`; `owner_of` has the owner of each row."""
        owners = len(starts) - 1
        had = np.bincount(values, minlength=size)
        is_common = had * COMMON >= max(1, owners)
        common, rare = np.flatnonzero(is_common), np.flatnonzero(~is_common & (had > 0))
        is_rare = ~is_common[values]
        rare_owners = np.repeat(np.arange(owners), np.diff(starts))[is_rare]
        return cls(
            owners=owners,
            rows=len(owner_of),
            common=common,
            bits=_bits(common, starts, values, owner_of),
            rare=rare,
            listed=rare_owners[np.argsort(values[is_rare], kind="stable")],
            starts=np.concatenate([[0], np.cumsum(had[rare])]),
        )

    def counts(self, mask: Mask, weights: Ints, size: int) -> Ints:
        """By value: how many of the rows in `mask` have it; `weights` are how many these are by owner."""
        counted = np.zeros(size, np.int64)
        each = weights.take(self.listed)
        each = each.view(np.uint8) if each.dtype == np.bool_ else each
        counted[self.rare] = np.add.reduceat(each, self.starts[:-1], dtype=np.int32)
        words = np.zeros(self.bits.shape[1], np.uint64)
        packed = np.packbits(mask[: self.rows], bitorder="little")
        words.view(np.uint8)[: len(packed)] = packed
        step = _STEP // max(1, len(words)) + 1
        for start in range(0, len(self.common), step):
            both = np.bitwise_count(self.bits[start : start + step] & words)
            counted[self.common[start : start + step]] = both.sum(axis=1, dtype=np.uint32)
        return counted

    def mark(self, value: int, rows: Mask) -> Ints:
        """Mark the rows that have a common value; returns the owners of any other, whose rows are not marked."""
        if (place := _place(self.common, value)) is not None:
            bits = self.bits[place].view(np.uint8)
            rows[: self.rows] |= np.unpackbits(bits, count=self.rows, bitorder="little").view(np.bool_)
        elif (place := _place(self.rare, value)) is not None:
            return self.listed[self.starts[place] : self.starts[place + 1]]
        return self.listed[:0]


@dataclass(frozen=True, slots=True)
class Plane:
    """The facet values of all owners of one kind.

    Owner `n` has ``values[starts[n]:starts[n + 1]]``; beside each value of a repository stands its amount, the bytes
    of a language. `totals` counts the live automations by value. Dead owners stay until they are left out.
    """

    starts: Ints
    values: Ints
    amounts: Ints
    totals: Ints
    index: Index

    def counts(self, mask: Mask, weights: Ints) -> Ints:
        """By value: how many of the rows in `mask` have it; `weights` are how many these are by owner."""
        if np.count_nonzero(weights) * FEW < len(weights):
            return self._counts_of(weights.nonzero()[0], weights)
        counted = self.index.counts(mask, weights, len(self.totals))
        tail = weights[self.index.owners :].nonzero()[0] + self.index.owners
        return counted + self._counts_of(tail, weights) if len(tail) else counted

    def _counts_of(self, owners: Ints, weights: Ints) -> Ints:
        starts = self.starts[owners]
        lengths = self.starts[owners + 1] - starts
        ends = np.cumsum(lengths)
        places = np.repeat(starts - ends + lengths, lengths)
        places += np.arange(len(places))
        values = self.values.take(places)
        if weights.dtype == np.bool_:
            return np.bincount(values, minlength=len(self.totals))
        return sums(values, np.repeat(weights[owners], lengths), len(self.totals))

    def mark(self, values: Ints, rows: Mask) -> Ints:
        """Mark rows that have any of `values`; returns the owners of the rows that are still to be marked."""
        index = self.index
        tail = self.values[self.starts[index.owners] :]
        places = np.flatnonzero(tail == values[0] if len(values) == 1 else np.isin(tail, values))
        found = [np.searchsorted(self.starts, places + (len(self.values) - len(tail)), side="right") - 1]
        return np.concatenate([*found, *(index.mark(value, rows) for value in values.tolist())])


class Growing:
    """An array that grows at its end; views handed out earlier stay as they are."""

    def __init__(self, dtype: type, first: Sequence[int] = ()) -> None:
        self._buffer: Ints = np.empty(1024, dtype)
        self._size = 0
        self.append(np.array(first, dtype))

    def append(self, more: Ints) -> None:
        size = self._size + len(more)
        if size > len(self._buffer):
            larger = np.empty(max(size, len(self._buffer) * 5 // 4), self._buffer.dtype)
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


class GrowingPlane:
    """A plane under the writer's hands."""

    def __init__(self, unsorted: int) -> None:
        self._unsorted = unsorted
        self.starts, self.values = Growing(np.int64, [0]), Growing(np.int32)
        self.amounts = Growing(np.int64)
        self.totals: Ints = np.zeros(0, np.int64)
        self.facets: list[str] = []  # by value
        self._index = _NO_INDEX

    def view(self, owner_of: Ints | None = None) -> Plane:
        """What readers may hold; `owner_of` has the owner of each row, in order, where these are not the owners."""
        starts, values = self.starts.view, self.values.view
        laid_out = int(starts[self._index.owners])
        if len(values) - laid_out > max(self._unsorted, laid_out // 8):
            rows = np.arange(len(starts) - 1) if owner_of is None else owner_of
            self._index = Index.of(starts, values, len(self.facets), rows)
        return Plane(starts, values, self.amounts.view, self.totals, self._index)

    def append(self, owners: int, owner_of: Ints, values: Ints) -> None:
        """Add so many owners with their values; `owner_of` counts from the first of them, in order."""
        self.starts.append(len(self.values.view) + np.cumsum(np.bincount(owner_of, minlength=owners)))
        self.values.append(values)

    def between(self, first: int, last: int) -> slice:
        """Where the values of the owners from `first` up to before `last` stand."""
        return slice(int(self.starts.view[first]), int(self.starts.view[last]))

    def keep(self, live: Mask) -> None:
        """Leave out the owners that are not live."""
        lengths = np.diff(self.starts.view)
        kept = np.repeat(live, lengths)
        self.values.replace(self.values.view[kept])
        self.amounts.replace(self.amounts.view[kept[: len(self.amounts.view)]])
        self.starts.replace(np.concatenate([[0], np.cumsum(lengths[live])]))
        self._index = _NO_INDEX


def _place(values: Ints, value: int) -> int | None:
    """Where `value` stands among `values`, which are in their order."""
    place = int(np.searchsorted(values, value))
    return place if place < len(values) and values[place] == value else None


def sums(values: Ints, weights: Ints, size: int) -> Ints:
    """The weights summed by value. Float64 in between is exact up to 2**53."""
    return np.bincount(values, weights=weights, minlength=size).astype(np.int64)


def _bits(common: Ints, starts: Ints, values: Ints, owner_of: Ints) -> NDArray[np.uint64]:
    """By common value a bit for each row whose owner has it, 64 of them in a word."""
    rows = len(owner_of)
    bits = np.zeros((len(common), -(-rows // 64)), np.uint64)
    places = np.full(int(values.max(initial=-1)) + 1, -1)
    places[common] = np.arange(len(common))
    for start in range(0, rows, _STEP):
        owners = owner_of[start : start + _STEP]
        first, last = int(owners[0]), int(owners[-1]) + 1
        place = places[values[starts[first] : starts[last]]]
        of = np.repeat(np.arange(last - first), np.diff(starts[first : last + 1]))
        having = np.zeros((len(common), last - first), np.bool_)
        having[place[place >= 0], of[place >= 0]] = True
        packed = np.packbits(having[:, owners - first], axis=1, bitorder="little")
        bits.view(np.uint8)[:, start // 8 : start // 8 + packed.shape[1]] = packed
    return bits


_NO_INDEX: Final = Index.of(np.zeros(1, np.int64), np.zeros(0, np.int32), 0, np.zeros(0, np.int32))
