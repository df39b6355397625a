"""The stored form of an answer (pure): a line of JSON with its version `v`, then the body as the bytes that go out.

A hit is therefore neither parsed nor rendered nor compressed again. Bodies over 4 KB are kept compressed only, smaller
ones also in clear. Whatever cannot be read is Corrupt, which is a miss: nothing here raises on rubbish, and nothing
is pickled.
"""

import gzip
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import orjson

VERSION = 1
COMPRESS_OVER = 4 * 1024
"""Bodies of more bytes than this are kept compressed only: unpacking costs less than the memory (10 µs at 5 KB)."""
WORTH_COMPRESSING = 1024
MAX_BODY = 64 * 1024 * 1024
"""A body of more bytes than this is not kept, and a stored one that claims more is corrupt."""
_GZIP_WINDOW = zlib.MAX_WBITS | 16
_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Validators:
    """What GitHub can be asked with whether a body still holds. They count only for the token they came to."""

    etag: str | None
    last_modified: str | None
    bearer: str
    """Identity (SHA-256) of that token."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An answer that may be given again, and everything that is needed to decide whether it may."""

    body: bytes
    status: int
    headers: tuple[tuple[str, str], ...]
    stored_at: float
    """When GitHub last confirmed it (200 or 304), epoch seconds."""
    lifetime: float
    """Seconds from `stored_at` in which it is fresh."""
    grace: float
    """Seconds after that in which it may be served while GitHub fails."""
    epochs: tuple[tuple[str, str], ...]
    """(epoch key, token as it was before the fetch began)"""
    validators: Validators | None = None
    gzipped: bytes | None = None
    extra: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)


@dataclass(frozen=True, slots=True)
class Corrupt:
    """Why stored bytes are no entry; treated as a miss."""

    reason: str


def compressed(body: bytes) -> bytes | None:
    """The body as gzip, the same bytes for the same body; None where that would save nothing worth having."""
    if len(body) < WORTH_COMPRESSING:
        return None
    packed = gzip.compress(body, compresslevel=6, mtime=0)
    return packed if len(packed) < 0.9 * len(body) else None


def encode(entry: Entry) -> bytes:
    """The bytes that `decode` reads. Raises ValueError for a body over MAX_BODY or an `extra` that is not JSON."""
    if len(entry.body) > MAX_BODY:
        raise ValueError(f"body: {len(entry.body)} bytes are over the {MAX_BODY} that an entry may have")
    gzipped = entry.gzipped or compressed(entry.body)
    body = b"" if gzipped and len(entry.body) > COMPRESS_OVER else entry.body
    kept = entry.validators
    try:
        head = orjson.dumps(
            {
                "v": VERSION,
                "status": entry.status,
                "headers": entry.headers,
                "stored_at": entry.stored_at,
                "lifetime": entry.lifetime,
                "grace": entry.grace,
                "epochs": entry.epochs,
                "validators": [kept.etag, kept.last_modified, kept.bearer] if kept else None,
                "extra": dict(entry.extra),
                "size": len(entry.body),
                "plain": len(body),
                "gzip": len(gzipped or b""),
            }
        )
    except TypeError as error:
        raise ValueError(f"extra: cannot be written as JSON: {error}") from error
    return b"".join((head, b"\n", body, gzipped or b""))


def decode(data: bytes) -> Entry | Corrupt:
    """The entry that was encoded, or Corrupt for anything else: another version, a cut-off value, rubbish."""
    line, _, payload = data.partition(b"\n")
    try:
        head = orjson.loads(line)
    except orjson.JSONDecodeError:
        return Corrupt("no JSON at its head")
    if not isinstance(head, dict) or head.get("v") != VERSION:
        return Corrupt("another version")
    try:
        return _entry(head, payload)
    except (KeyError, TypeError, ValueError, zlib.error) as error:
        return Corrupt(f"{type(error).__name__}: {error}")


def _entry(head: dict[str, Any], payload: bytes) -> Entry:
    plain, packed, size = head["plain"], head["gzip"], head["size"]
    if min(plain, packed, size) < 0 or plain + packed != len(payload):
        raise ValueError("cut off")
    gzipped = payload[plain:] or None
    body = payload[:plain] if plain == size else _unpacked(gzipped or b"", size)
    kept = head["validators"]
    entry = Entry(
        body=body,
        status=head["status"],
        headers=_pairs(head["headers"]),
        stored_at=head["stored_at"],
        lifetime=head["lifetime"],
        grace=head["grace"],
        epochs=_pairs(head["epochs"]),
        validators=Validators(*kept) if kept else None,
        gzipped=gzipped,
        extra=head["extra"],
    )
    if not isinstance(entry.status, int) or not isinstance(entry.extra, dict):
        raise TypeError("status or extra")
    if not all(isinstance(number, int | float) for number in (entry.stored_at, entry.lifetime, entry.grace)):
        raise TypeError("a time is no number")
    if kept and not all(isinstance(part, str | None) for part in kept):
        raise TypeError("a validator is no text")
    return entry


def _pairs(stored: list[list[str]]) -> tuple[tuple[str, str], ...]:
    pairs = []
    for name, value in stored:
        if type(name) is not str or type(value) is not str:
            raise TypeError("a pair is no text")
        pairs.append((name, value))
    return tuple(pairs)


def _unpacked(gzipped: bytes, size: int) -> bytes:
    """The body of exactly `size` bytes; never unpacks more than that, whatever the stream holds."""
    if size > MAX_BODY:
        raise ValueError("too large")
    stream = zlib.decompressobj(_GZIP_WINDOW)
    body = stream.decompress(gzipped, size + 1)
    if len(body) != size or not stream.eof:
        raise ValueError("its compressed body does not fit")
    return body
