"""Renders docs/keys.md from the table in github_cache/keys.py."""

from github_cache.keys import MAX_KEY_BYTES, SCHEMA

HEADER = f"""# Every key

Made from the table in `github_cache/keys.py` by `make docs`. Words in capitals stand
for values; the braces are literal: they are hash tags, so that a scope's entries, index and epochs share a slot. A key
is at most {MAX_KEY_BYTES} bytes long. `ID` is GitHub's number, so that a rename loses nothing; `DIGEST` is the SHA-256
of what a caller typed. `KEY` of CacheService stands as it is where it is plain, else as its digest.

| key | what stands there |
|---|---|
"""


def render() -> str:
    """The text of docs/keys.md."""
    return HEADER + "".join(f"| `{key}` | {meaning} |\n" for key, meaning in SCHEMA)
