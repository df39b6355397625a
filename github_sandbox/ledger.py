"""What every call cost: one record per call, for tests and benchmarks to read (`/_sandbox/ledger`).

Token values never stand in it, only the first characters of their SHA-256.
"""

import hashlib
from collections import Counter, deque
from dataclasses import asdict, dataclass

KEPT = 50_000


@dataclass(frozen=True, slots=True)
class Entry:
    """`cost` is what was taken from the primary `bucket`, `not_modified` a 304."""

    id: int
    time: float
    account: str | None
    token: str | None
    address: str
    method: str
    path: str
    status: int
    bucket: str
    cost: int
    points: int
    conditional: bool
    not_modified: bool
    duration_ms: float
    bytes: int
    fault: str | None


def token_digest(token: str | None) -> str | None:
    """Twelve characters that tell tokens apart and give none away."""
    return hashlib.sha256(token.encode()).hexdigest()[:12] if token else None


class Ledger:
    """The last calls, and totals over all since the last `clear`."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=KEPT)
        self._next = 1
        self.clear()

    def clear(self) -> None:
        self._entries.clear()
        self._calls = 0
        self._cost: Counter[str] = Counter()
        self._by_status: Counter[str] = Counter()
        self._by_account: Counter[str] = Counter()
        self._not_modified = 0

    def next_id(self) -> int:
        self._next += 1
        return self._next - 1

    def add(self, entry: Entry) -> None:
        self._entries.append(entry)
        self._calls += 1
        self._cost[entry.bucket] += entry.cost
        self._by_status[str(entry.status)] += 1
        self._by_account[entry.account or entry.address] += entry.cost
        self._not_modified += entry.not_modified

    def totals(self) -> dict[str, object]:
        return {
            "calls": self._calls,
            "cost": sum(self._cost.values()),
            "cost_by_bucket": dict(self._cost),
            "cost_by_account": dict(self._by_account),
            "by_status": dict(self._by_status),
            "not_modified": self._not_modified,
        }

    def entries(self, after: int = 0) -> list[dict[str, object]]:
        """Records with an ID greater than *after*, the oldest first."""
        return [asdict(entry) for entry in self._entries if entry.id > after]
