"""One folder of counters for all processes of a machine (prometheus_client's multiprocess mode), kept in order.

Each process writes files of its own, into the folder that PROMETHEUS_MULTIPROC_DIR names before it starts. What a dead
process counted is added to one file of the dead, so that counters never fall and restarts pile up no files; gauges
of the living die with it. The folder belongs to one machine or container, since files are named by process ID.
Source: prometheus_client, "Multiprocess Mode".
"""

import contextlib
import fcntl
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from prometheus_client import REGISTRY, CollectorRegistry, Metric, multiprocess
from prometheus_client.mmap_dict import MmapedDict

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
DEAD = 0
"""The process ID that no process has, under which the dead are summed up."""


def folder() -> Path | None:
    """The folder that this process shares with others, or None where it counts for itself."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else None


def clear(shared: Path) -> None:
    """An empty folder, for whoever starts all of the processes."""
    shared.mkdir(parents=True, exist_ok=True)
    for file in shared.glob("*.db"):
        file.unlink(missing_ok=True)


def collect() -> Iterable[Metric]:
    """The metrics of all processes that share a folder; of this one alone where it has none."""
    shared = folder()
    if shared is None:
        return list(REGISTRY.collect())
    with whole(shared):
        return list(multiprocess.MultiProcessCollector(CollectorRegistry(), str(shared)).collect())


@contextlib.contextmanager
def whole(shared: Path) -> Iterator[None]:
    """The dead are summed up, and no file disappears within the block."""
    with open(shared / "lock", "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _bury(shared)
        yield


def _bury(shared: Path) -> None:
    for file in sorted(shared.glob("*.db")):
        kind, _, process = file.stem.rpartition("_")
        if not process.isdecimal() or int(process) == DEAD or _lives(int(process)):
            continue
        if "live" not in kind:
            _add(file, shared / f"{kind}_{DEAD}.db", kind)
        file.unlink(missing_ok=True)


def _add(file: Path, dead: Path, kind: str) -> None:
    total = MmapedDict(str(dead))
    try:
        for key, value, timestamp, _ in MmapedDict.read_all_values_from_file(str(file)):
            before, before_at = total.read_value(key)
            total.write_value(key, *_together(kind, (before, before_at), (value, timestamp)))
    finally:
        total.close()


def _together(kind: str, first: tuple[float, float], second: tuple[float, float]) -> tuple[float, float]:
    """Value and timestamp of two dead processes as one; `kind` is a file's: counter, histogram, gauge_MODE."""
    if kind in ("counter", "histogram", "summary", "gauge_sum"):
        return first[0] + second[0], 0.0
    if kind == "gauge_max":
        return max(first, second)
    return max(first, second, key=lambda pair: pair[1])


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
