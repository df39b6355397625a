"""The commonest words of an index: a bit for each of them in a number that each row has. *Pure*.

A word that most documents have is looked up in these numbers, since no database lists documents by the hundred
thousand as fast as a million numbers are looked through. Which words have bits is chosen by a sample of documents.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Final

import numpy as np

from stats.filters import Term

MOST: Final = 64  # the bits of a number
COMMON: Final = 32  # a word that one of so many documents has is common
SAMPLE: Final = 2_000  # documents

Bits = Mapping[str, int]  # word -> its bit


def commonest(documents: Collection[frozenset[str]]) -> Bits:
    """The words that most of the documents have, with a bit for each."""
    counted = Counter(word for words in documents for word in words).most_common(MOST)
    return {word: 1 << place for place, (word, count) in enumerate(counted) if count * COMMON >= len(documents)}


def mark(bits: Bits, words: frozenset[str]) -> int:
    """The bits of those of the words that are common."""
    return sum(bits[word] for word in bits.keys() & words)


def parted(bits: Bits, terms: Iterable[Term]) -> tuple[np.uint64, list[Term]]:
    """The bits of those terms that are one common word, and all the other terms."""
    found, others = 0, []
    for term in terms:
        bit = 0 if term.prefix or len(term.words) > 1 else bits.get(term.words[0], 0)
        found |= bit
        if not bit:
            others.append(term)
    return np.uint64(found), others
