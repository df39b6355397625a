"""Strangers' YAML read within bounds: size, nesting, number of values, and what aliases expand to. *Pure*.

libyaml's event stream is walked in one loop and every scalar stays the text that was written. So a key ``on``
stays "on" instead of YAML 1.1's boolean, no number or date can be expensive to build, unknown tags are kept as
tags, and nesting that would overflow the stack of PyYAML's recursive composer (measured: 100 KB of "[") ends in
a sentence instead.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

MAX_BYTES: Final = 1024 * 1024
MAX_DEPTH: Final = 64
MAX_VALUES: Final = 200_000  # counted with every alias expanded

_NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})
_CORE: Final = "tag:yaml.org,2002:"


class YamlProblem(ValueError):
    """The text is no YAML document we read; ``str()`` is one sentence that says why and where."""


class Mapping(dict[str, Any]):
    """A YAML mapping that remembers the line it began on, from 1."""

    __slots__ = ("line",)

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line


@dataclass(frozen=True, slots=True)
class Tagged:
    """A value under a tag of someone's own (``!include``, ``!secret``, ``!input``): known to be there, not resolved."""

    tag: str
    value: Any


def read_document(content: str | bytes) -> Any:
    """The one document in `content`: Mapping, list, str, None or Tagged.

    Raises:
        YamlProblem: no text, no YAML, several documents, or one of the bounds above is passed.
    """
    text = _as_text(content)
    builder = _Builder()
    try:
        for event in _events(text):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}: " if mark else ""
        raise YamlProblem(f"{where}{error.problem or error.context}") from error
    except yaml.YAMLError as error:
        raise YamlProblem(" ".join(str(error).split())) from error
    return builder.root


def _as_text(content: str | bytes) -> str:
    size = len(content) if isinstance(content, bytes) else len(content.encode("utf-8", "surrogatepass"))
    if size > MAX_BYTES:
        raise YamlProblem(f"the file has {size:,} bytes; files over {MAX_BYTES:,} are not read")
    if isinstance(content, bytes):
        try:
            content = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise YamlProblem(f"not UTF-8 text (byte {error.start})") from error
    if "\0" in content:
        raise YamlProblem("binary: it holds NUL characters")
    return content.removeprefix("\ufeff").encode("utf-8", "replace").decode("utf-8")


def _events(text: str) -> Iterator[yaml.Event]:
    loader = yaml.CSafeLoader(text)
    try:
        while (event := loader.get_event()) is not None:
            yield event
    finally:
        loader.dispose()


@dataclass(slots=True)
class _Open:
    """A collection whose end has not come yet."""

    value: Mapping | list[Any]
    anchor: str | None
    tag: str | None
    began_at: int  # values seen before it, for the size of what an alias repeats
    key: str | None = None
    awaits_key: bool = True
    merges: list[Any] = field(default_factory=list)


_MERGE: Final = "<<"


class _Builder:
    """Turns the event stream into values, iteratively."""

    def __init__(self) -> None:
        self.root: Any = None
        self._stack: list[_Open] = []
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._values = 0
        self._documents = 0

    def take(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.ScalarEvent):
            self._count(1, event)
            value = _scalar(event)
            if event.anchor:
                self._anchors[event.anchor] = (value, 1)
            self._place(value, event, is_merge=event.value == _MERGE and event.implicit[0])
        elif isinstance(event, yaml.MappingStartEvent):
            self._open(Mapping(_number(event)), event)
        elif isinstance(event, yaml.SequenceStartEvent):
            self._open([], event)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._close(event)
        elif isinstance(event, yaml.AliasEvent):
            if event.anchor not in self._anchors:
                raise YamlProblem(f"{_line(event)}the alias *{event.anchor} has no anchor before it")
            value, size = self._anchors[event.anchor]
            self._count(size, event)
            self._place(value, event)
        elif isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                raise YamlProblem(f"{_line(event)}a second document begins; a file holds one")

    def _open(self, value: Mapping | list[Any], event: yaml.CollectionStartEvent) -> None:
        if self._stack and self._expects_key():
            raise YamlProblem(f"{_line(event)}a mapping key that is itself a collection")
        if len(self._stack) >= MAX_DEPTH:
            raise YamlProblem(f"{_line(event)}nested deeper than {MAX_DEPTH} levels")
        if event.anchor:  # an alias to a collection that is still open would be a circle
            self._anchors.pop(event.anchor, None)
        self._stack.append(_Open(value, event.anchor, event.tag, self._values))
        self._count(1, event)

    def _close(self, event: yaml.CollectionEndEvent) -> None:
        done = self._stack.pop()
        for source in done.merges:
            for mapping in source if isinstance(source, list) else [source]:
                if isinstance(mapping, Mapping) and isinstance(done.value, Mapping):
                    for key, value in mapping.items():
                        done.value.setdefault(key, value)
        value = _tagged(done.tag, done.value)
        if done.anchor:
            self._anchors[done.anchor] = (value, self._values - done.began_at)
        self._place(value, event)

    def _place(self, value: Any, event: yaml.Event, *, is_merge: bool = False) -> None:
        if not self._stack:
            self.root = value
            return
        top = self._stack[-1]
        if isinstance(top.value, list):
            top.value.append(value)
        elif top.awaits_key:
            if isinstance(value, (Mapping, list, Tagged)):
                raise YamlProblem(f"{_line(event)}a mapping key that is not text")
            top.key = None if is_merge else ("" if value is None else value)
            top.awaits_key = False
        else:
            if top.key is None:
                top.merges.append(value)
            else:
                top.value[top.key] = value
            top.awaits_key = True

    def _expects_key(self) -> bool:
        top = self._stack[-1]
        return isinstance(top.value, Mapping) and top.awaits_key

    def _count(self, number: int, event: yaml.Event) -> None:
        self._values += number
        if self._values > MAX_VALUES:
            raise YamlProblem(f"{_line(event)}more than {MAX_VALUES:,} values, each alias counted as what it repeats")


def _scalar(event: yaml.ScalarEvent) -> Any:
    if event.tag is None and event.implicit[0] and event.value in _NULLS:
        return None
    return _tagged(event.tag, event.value)


def _tagged(tag: str | None, value: Any) -> Any:
    if tag is None or tag == "!" or tag in _KNOWN_TAGS:
        return value
    return Tagged(tag, value)


_KNOWN_TAGS: Final = frozenset(_CORE + name for name in ("str", "int", "float", "bool", "seq", "map", "timestamp"))


def _number(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _line(event: yaml.Event) -> str:
    return f"line {_number(event)}: "
