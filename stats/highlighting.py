"""Where the words of a query stand in a text, as HTML: all is escaped but the marks. *Pure*.

Made from the text that is shown, not by the database, so it is the same for each of them and safe to put on a page.
"""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Final

from stats.filters import Term
from stats.words import spans

LONGEST: Final = 300  # characters of a text that are shown around its first mark


def highlight(fields: Mapping[str, str | None], terms: Sequence[Term]) -> dict[str, str]:
    """For each field in which a term stands, its text as HTML with ``<mark>`` around what was found."""
    if not terms:
        return {}
    beginnings = tuple(term.words[0] for term in terms)
    marked = {name: _marked(text, terms, beginnings) for name, text in fields.items() if text}
    return {name: text for name, text in marked.items() if text is not None}


def _marked(text: str, terms: Sequence[Term], beginnings: tuple[str, ...]) -> str | None:
    if text.isascii():
        lower = text.lower()
        for beginning in beginnings:
            if beginning in lower:
                break
        else:
            return None  # most texts of a page: not worth taking apart
    places = list(spans(text))
    marks: list[tuple[int, int]] = []
    at = 0
    while at < len(places):
        length = 0
        if places[at][0].startswith(beginnings):
            length = max(_length_at(places, at, term) for term in terms)
        if length:
            marks.append((places[at][1], places[at + length - 1][2]))
        at += length or 1
    if not marks:
        return None
    start = max(0, marks[0][0] - LONGEST // 4) if len(text) > LONGEST else 0
    end = min(len(text), start + LONGEST)
    html = ["…" if start else ""]
    position = start
    for mark_start, mark_end in marks:
        if mark_start >= end:
            break
        html += [escape(text[position:mark_start]), "<mark>", escape(text[mark_start:mark_end]), "</mark>"]
        position = mark_end
    return "".join([*html, escape(text[position : max(end, position)]), "…" if end < len(text) else ""])


def _length_at(places: Sequence[tuple[str, int, int]], at: int, term: Term) -> int:
    """How many words from `at` on are the term's; 0 where it does not stand there."""
    length = len(term.words)
    found = [word for word, _, _ in places[at : at + length]]
    if len(found) < length or tuple(found[:-1]) != term.words[:-1]:
        return 0
    last = term.words[-1]
    return length if found[-1] == last or (term.prefix and found[-1].startswith(last)) else 0
