"""What a running `manage.py up` tells the commands of other shells: the settings that it settled for its children.

They stand in a file of the data directory that only its owner may read. `up` holds a lock on it as long as it lives, so
one that was left behind by a killed `up` says nothing.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

NAME = "running.json"


@contextmanager
def telling(folder: Path, settings: Mapping[str, str]) -> Iterator[None]:
    """Within it, `told` of this folder gives these settings to every process of the same user."""
    path, fresh = folder / NAME, folder / f"{NAME}.{os.getpid()}"
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        json.dump(dict(settings), file)
        file.flush()
        fresh.replace(path)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def told(folder: Path) -> Mapping[str, str] | None:
    """The settings of the `manage.py up` that runs with this data directory, None where none does."""
    try:
        with open(folder / NAME) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                settings: Mapping[str, str] = json.load(file)
                return settings
    except OSError:
        return None
    return None
