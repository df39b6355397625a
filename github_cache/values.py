"""The stored form of a small value (pure): JSON in an envelope with its version `v`, over 32 KB compressed.

Whole numbers of 64 bits stand as plain digits, so that a store can add to them.
"""

import gzip
import json
import re
import zlib
from typing import Any

VERSION = 1
MAX_VALUE = 16 * 1024 * 1024
"""A value of more bytes than this, as JSON, is refused."""
COMPRESS_OVER = 32 * 1024
CORRUPT = object()
_INTEGER = re.compile(rb"-?[0-9]{1,19}")


def encode(value: Any) -> bytes:
    """The bytes that `decode` reads. Raises ValueError, naming the argument, for what is no JSON or too large."""
    if type(value) is int and -(2**63) <= value < 2**63:
        return b"%d" % value
    try:
        text = json.dumps({"v": VERSION, "value": value}, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"value: {type(value).__name__} is no JSON: {error}") from error
    if len(text) > MAX_VALUE:
        raise ValueError(f"value: {len(text)} bytes of JSON are over the {MAX_VALUE} that may be stored")
    return gzip.compress(text, compresslevel=6, mtime=0) if len(text) > COMPRESS_OVER else text


def decode(data: bytes) -> Any:
    """The value, or CORRUPT for what `encode` did not write."""
    if _INTEGER.fullmatch(data):
        return int(data)
    try:
        if data[:2] == b"\x1f\x8b":
            unpacked = zlib.decompressobj(zlib.MAX_WBITS | 16)
            data = unpacked.decompress(data, MAX_VALUE)
        envelope = json.loads(data)
        return envelope["value"] if envelope["v"] == VERSION else CORRUPT
    except (ValueError, TypeError, KeyError, zlib.error, RecursionError):
        return CORRUPT
