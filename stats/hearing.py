"""Up to when an organisation's changes are believed to be known: the floor that hears of them registers how to ask."""

from collections.abc import Callable, Mapping
from datetime import datetime

KnownUntil = Callable[[str], Mapping[str, datetime]]
_asked: list[KnownUntil] = []


def register(ask: KnownUntil) -> None:
    """Adds someone who knows: given a tenant, tells by an organisation's login in lower case."""
    if ask not in _asked:
        _asked.append(ask)


def known_until(tenant: str) -> Mapping[str, datetime]:
    """By login in lower case; an organisation of which nobody hears is missing."""
    return {login: until for ask in _asked for login, until in ask(tenant).items()}
