"""How text becomes words, the same for every database and for queries. *Pure*.

Case and accents do not matter, punctuation separates, and scripts written without spaces go character by
character (so that a query of several is a phrase). The databases are handed these words and never parse text of
their own, so the same data give the same results on each.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

MAX_WORD: Final = 64  # characters; the rest of a longer word is not searched

_UNSPACED: Final = r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD: Final = re.compile(rf"[{_UNSPACED}]|(?:(?![{_UNSPACED}])[^\W_])+")


def words(text: str) -> tuple[str, ...]:
    """The words of `text`, in order, each of letters and digits only."""
    return tuple(word for word, _, _ in spans(text))


def spans(text: str) -> Iterator[tuple[str, int, int]]:
    """(word, start, end) for each word, where text[start:end] is how it is written there."""
    for match in _WORD.finditer(text):
        written = match[0]
        if written.isascii():
            yield written[:MAX_WORD].lower(), match.start(), match.end()
        else:
            # one sign may stand for several words
            for word in _WORD.findall(_normal(written)):
                yield word[:MAX_WORD], match.start(), match.end()


def _normal(written: str) -> str:
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", written).casefold())
    return unicodedata.normalize("NFC", "".join(char for char in decomposed if char.isalnum()))
