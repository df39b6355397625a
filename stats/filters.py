"""The one query language of search and facets: a box with words and fields, and parameters beside it. *Pure*.

    checkout "set up go" build* "set u"*  words, phrases, beginnings of them: all have to occur
    trigger:schedule  action:"a b"        fields: the same facet twice means either, different facets mean both
    action:actions/*                      beginnings of a value
    -language:go  -deploy                 not

Parameters (``language=go&language=rust``) mean the same as fields in the box. A query that cannot be read raises
:class:`QueryError`, which tells the parameter and the place in it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from stats.vocabulary import FACETS, Facet, facet_named
from stats.words import words

MAX_QUERY: Final = 1_000  # characters
MAX_TERMS: Final = 32
MAX_VALUES: Final = 100
MAX_VALUE: Final = 255  # characters
MAX_PER_PAGE: Final = 100
MAX_WINDOW: Final = 10_000  # results that page numbers reach; a cursor goes on from there
MAX_LIMIT: Final = 1_000

Sort = Literal["relevance", "newest"]
SORTS: Final[tuple[Sort, ...]] = ("relevance", "newest")


class QueryError(ValueError):
    """A query that cannot be read.

    Attributes:
        parameter: Which parameter.
        position: Offset of the first bad character in its value.
        length: How many characters are meant.
    """

    def __init__(self, message: str, parameter: str, position: int = 0, length: int = 0) -> None:
        super().__init__(message)
        self.parameter = parameter
        self.position = position
        self.length = length


@dataclass(frozen=True, slots=True, order=True)
class Term:
    """Words that stand side by side; `prefix`: the last one is the beginning of a word."""

    words: tuple[str, ...]
    prefix: bool = False


@dataclass(frozen=True, slots=True, order=True)
class Choice:
    """One facet and the values chosen, in lower case; any of them may hold. ``x*`` is every value that begins so."""

    facet: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for. Equal queries are equal values, however they were typed."""

    terms: tuple[Term, ...] = ()
    without_terms: tuple[Term, ...] = ()
    choices: tuple[Choice, ...] = ()
    without: tuple[Choice, ...] = ()

    def chosen(self, facet: str) -> tuple[str, ...]:
        """The values chosen of `facet`."""
        return next((choice.values for choice in self.choices if choice.facet == facet), ())

    def canonical(self) -> str:
        """One text per meaning: the part of a cache key that stands for the query."""
        return repr((self.terms, self.without_terms, self.choices, self.without))

    def parameters(self) -> list[tuple[str, str]]:
        """Parameters that mean this query."""
        box = [_boxed(term) for term in self.terms] + [f"-{_boxed(term)}" for term in self.without_terms]
        box += [f'-{choice.facet}:"{value}"' for choice in self.without for value in choice.values]
        chosen = [(choice.facet, value) for choice in self.choices for value in choice.values]
        return [("q", " ".join(box)), *chosen] if box else chosen

    def described(self) -> dict[str, object]:
        """The query as it was understood, for the answer."""
        return {
            "text": [_spelled(term) for term in self.terms],
            "without_text": [_spelled(term) for term in self.without_terms],
            "filters": {choice.facet: list(choice.values) for choice in self.choices},
            "without": {choice.facet: list(choice.values) for choice in self.without},
        }


def _boxed(term: Term) -> str:
    words = " ".join(term.words)
    return f'"{words}"' + ("*" if term.prefix else "") if len(term.words) > 1 else words + ("*" if term.prefix else "")


def _spelled(term: Term) -> str:
    return " ".join(term.words) + ("*" if term.prefix else "")


@dataclass(frozen=True, slots=True)
class Paging:
    """Which part of the results: a page by number, or what follows a cursor (then `page` is 1)."""

    sort: Sort
    page: int = 1
    per_page: int = 30
    cursor: str | None = None

    def canonical(self) -> str:
        return repr((self.sort, self.page, self.per_page, self.cursor))


Parameters = Mapping[str, Sequence[str]]
_PAGING: Final = ("sort", "page", "per_page", "cursor")


def parse_query(parameters: Parameters, *, besides: Sequence[str] = ()) -> Query:
    """The query in `parameters` (each name with all its values); `besides` names those that others read.

    Raises:
        QueryError: an unknown parameter or field, too long, unbalanced quotes, a value a facet cannot have.
    """
    reader = _Reader()
    for name, values in parameters.items():
        if name == "q":
            reader.read_box(_single(parameters, "q") or "")
        elif (facet := facet_named(name)) is not None:
            for value in values:
                reader.choose(facet, value, name, 0, exclude=False)
        elif name not in besides:
            known = ", ".join(["q", *besides, *FACETS])
            raise QueryError(f"there is no parameter {_cut(name)!r}; there are {known}", _cut(name))
    return reader.query()


def parse_paging(parameters: Parameters, query: Query) -> Paging:
    """Which results are asked for; by default by relevance where there is text, else the newest first."""
    sort = _single(parameters, "sort") or ("relevance" if query.terms else "newest")
    if sort not in SORTS:
        raise QueryError(f"sort is {' or '.join(SORTS)}, not {_cut(sort)!r}", "sort", 0, len(sort))
    per_page = whole_number(parameters, "per_page", 30, MAX_PER_PAGE)
    cursor = _single(parameters, "cursor")
    if cursor and "page" in parameters:
        raise QueryError("give a page or a cursor, not both", "page")
    page = whole_number(parameters, "page", 1, None)
    if page * per_page > MAX_WINDOW:
        raise QueryError(
            f"page numbers reach the first {MAX_WINDOW:,} results; follow `next` for those after", "page", 0
        )
    return Paging(sort, page, per_page, cursor or None)


def whole_number(parameters: Parameters, name: str, default: int, most: int | None) -> int:
    """The parameter `name` as a number from 1 to `most`."""
    text = _single(parameters, name)
    if text is None:
        return default
    if not re.fullmatch(r"[0-9]{1,18}", text) or int(text) < 1 or (most and int(text) > most):
        reach = f"from 1 to {most:,}" if most else "from 1"
        raise QueryError(f"{name} is a whole number {reach}, not {_cut(text)!r}", name, 0, len(text))
    return int(text)


def _single(parameters: Parameters, name: str) -> str | None:
    values = parameters.get(name, ())
    if len(values) > 1:
        raise QueryError(f"{name} may be given once, not {len(values)} times", name)
    return values[0] if values else None


_FIELD: Final = re.compile(r"([A-Za-z_]+):(?!//)")


class _Reader:
    """Collects what a query says, piece by piece."""

    def __init__(self) -> None:
        self._terms: dict[Term, None] = {}
        self._without_terms: dict[Term, None] = {}
        self._choices: dict[str, set[str]] = {}
        self._without: dict[str, set[str]] = {}
        self._count = 0

    def query(self) -> Query:
        return Query(
            tuple(sorted(self._terms)),
            tuple(sorted(self._without_terms)),
            _choices(self._choices),
            _choices(self._without),
        )

    def read_box(self, text: str) -> None:
        if len(text) > MAX_QUERY:
            raise QueryError(
                f"the query has {len(text):,} characters; {MAX_QUERY:,} are read", "q", MAX_QUERY, len(text) - MAX_QUERY
            )
        position, pieces = 0, 0
        while position < len(text):
            if text[position].isspace():
                position += 1
                continue
            pieces += 1
            position = self._read_piece(text, position)
        if pieces and not (self._terms or self._without_terms or self._choices or self._without):
            raise QueryError("there is no letter or digit to search for", "q", 0, len(text))

    def _read_piece(self, text: str, start: int) -> int:
        exclude = text[start] == "-" and start + 1 < len(text) and not text[start + 1].isspace()
        position = start + 1 if exclude else start
        field = _FIELD.match(text, position)
        if field is None:
            written, end, prefix = _value(text, position)
            self._add_term(written, start, end, prefix=prefix, exclude=exclude)
            return end
        facet = facet_named(field[1])
        if facet is None:
            names = ", ".join(FACETS)
            raise QueryError(
                f"there is no field {_cut(field[1])!r}; there are {names}. Put quotes around text with a colon",
                "q",
                position,
                len(field[1]),
            )
        if field.end() >= len(text) or text[field.end()].isspace():
            raise QueryError(f"{field[1]}: wants a value right after the colon", "q", position, len(field[0]))
        written, end, _ = _value(text, field.end())
        self.choose(facet, written, "q", field.end(), exclude=exclude)
        return end

    def _add_term(self, written: str, start: int, end: int, *, prefix: bool, exclude: bool) -> None:
        found = words(written)
        if not found:  # punctuation is not in the index, so it narrows nothing
            return
        self._counted("q", start, end - start)
        term = Term(found, prefix)
        (self._without_terms if exclude else self._terms)[term] = None

    def choose(self, facet: Facet, written: str, parameter: str, position: int, *, exclude: bool) -> None:
        value = " ".join(written.split()).casefold()
        if not value or len(value) > MAX_VALUE:
            raise QueryError(
                f"a value of {facet.name} has 1 to {MAX_VALUE} characters", parameter, position, len(written)
            )
        if facet.choices and value not in facet.choices:
            raise QueryError(
                f"{facet.name} is {' or '.join(facet.choices)}, not {_cut(value)!r}", parameter, position, len(written)
            )
        self._counted(parameter, position, len(written))
        (self._without if exclude else self._choices).setdefault(facet.name, set()).add(value)

    def _counted(self, parameter: str, position: int, length: int) -> None:
        self._count += 1
        most = MAX_TERMS if parameter == "q" else MAX_VALUES
        if self._count > most:
            raise QueryError(f"more than {most} words and values", parameter, position, length)


def _value(text: str, position: int) -> tuple[str, int, bool]:
    """What is written at `position`, where it ends, and whether a star says that it is only the beginning."""
    if text[position] == '"':
        close = text.find('"', position + 1)
        if close < 0:
            raise QueryError("this quotation mark is never closed", "q", position, 1)
        star = text[close + 1 : close + 2] == "*"
        return text[position + 1 : close] + "*" * star, close + 1 + star, star
    written = text[position:].split(maxsplit=1)[0].partition('"')[0]
    return written, position + len(written), written.endswith("*")


def _choices(collected: Mapping[str, set[str]]) -> tuple[Choice, ...]:
    return tuple(sorted(Choice(facet, tuple(sorted(values))) for facet, values in collected.items()))


def _cut(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "…"
