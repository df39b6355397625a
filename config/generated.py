"""Secrets that are made once and kept in the data directory, where the environment gives none.

A set-up of several machines gives them by environment instead, so that all machines share them.
"""

import contextlib
import os
import sys
from collections.abc import Callable
from pathlib import Path


def kept_secret(path: Path, make: Callable[[], str]) -> str:
    """The text in the file at `path`, made by `make` if the file isn't there. Only its owner may read it (0600).

    Two processes that start at once agree: the file is linked into place whole, and the first one wins.
    One that cannot be written or read ends the program with a sentence that says what to type.
    """
    try:
        return _kept(path, make)
    except OSError as error:
        where = error.filename or path
        sys.exit(
            f"Hubcache cannot start:\n{where}: {error.strerror}. Set HUBCACHE_DATA_DIR to a folder that it may write."
        )


def _kept(path: Path, make: Callable[[], str]) -> str:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f"{path.name}.{os.getpid()}")
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(make())
        with contextlib.suppress(FileExistsError):
            os.link(fresh, path)
        fresh.unlink()
    return path.read_text().strip()
