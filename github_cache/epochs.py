"""Epochs: the tokens that tell whether an entry was stored before or after the last invalidation (pure).

A token is random; one that an invalidation wrote also bears its time, so that a reader can tell what was fetched so
shortly after it that GitHub's own read side may have lagged. A missing token counts as a mismatch.
"""


def created(random: str) -> str:
    """The token of a kind that was not invalidated as far as is known. `random`: at least 64 bits in hex."""
    return f"0-{random}"


def renewed(now: float, random: str) -> str:
    """The token that an invalidation at `now` (epoch seconds) writes."""
    return f"{int(now * 1000)}-{random}"


def renewed_at(token: str) -> float:
    """When the invalidation was that wrote this token, epoch seconds; 0.0 where none did."""
    stamp = token.partition("-")[0]
    return int(stamp) / 1000 if stamp.isdecimal() else 0.0
