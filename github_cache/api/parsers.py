"""What is sent to our own API: JSON that is nested no deeper than anything we understand."""

from typing import Any

from rest_framework import parsers
from rest_framework.exceptions import ParseError

DEEPEST = 32
"""Levels of lists and objects within each other; nothing of ours has more than three."""


class JSONParser(parsers.JSONParser):
    """DRF's own, for which a body of brackets is no reason to fail."""

    def parse(self, *args: Any, **options: Any) -> Any:
        try:
            data = super().parse(*args, **options)
        except RecursionError:
            raise _too_deep() from None
        level = [data]
        for _ in range(DEEPEST):
            level = [inner for outer in level for inner in _within(outer)]
        if level:
            raise _too_deep()
        return data


def _within(data: Any) -> list[Any]:
    if isinstance(data, dict):
        return list(data.values())
    return data if isinstance(data, list) else []


def _too_deep() -> ParseError:
    return ParseError(f"JSON parse error - it is nested deeper than {DEEPEST} levels")
