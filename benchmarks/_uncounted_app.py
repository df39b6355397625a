"""Hubcache without its metrics, for the comparison with them: nothing is counted, whatever is asked to count."""

from typing import Any

from prometheus_client import values


class Uncounted:
    """A value that stays as it is."""

    _multiprocess = False

    def __init__(self, *_: Any, **__: Any) -> None: ...

    def inc(self, *_: Any, **__: Any) -> None: ...

    set = set_exemplar = inc

    def get(self) -> float:
        return 0.0

    def get_exemplar(self) -> None: ...


# Before any module makes a metric, which asks for its values then.
values.ValueClass = Uncounted

from config.wsgi import application as application  # noqa: E402
from github_cache.repeats import Repeats  # noqa: E402

Repeats.add = lambda self, about: None  # type: ignore[method-assign]
