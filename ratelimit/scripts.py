"""The Lua files beside this module, read once and registered with a Redis client."""

from functools import cache
from pathlib import Path

import redis
from redis.commands.core import Script

_FOLDER = Path(__file__).parent / "lua"


def register(client: redis.Redis, *names: str) -> Script:
    """The named files, one after the other, as one script: called by its hash, and loaded when Redis lacks it."""
    return client.register_script("\n".join(map(_text, names)))


@cache
def _text(name: str) -> str:
    return (_FOLDER / f"{name}.lua").read_text(encoding="utf-8")
