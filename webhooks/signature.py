"""The signature of a delivery: HMAC-SHA256 over the raw bytes, compared in constant time (pure).

A header that is not exactly `sha256=` and 64 hex digits (two signatures, sha1, other alphabets) fits no secret.
Source: https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
"""

import hmac
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

_FORM = re.compile(r"sha256=([0-9a-f]{64})", re.ASCII)
HASHED_AT_MOST = 64 * 1024 * 1024
"""Bytes hashed for one delivery, over all secrets that are tried: about 40 ms of one core."""

Owner = TypeVar("Owner")


@dataclass(frozen=True, slots=True)
class Secrets:
    """The secrets of one configuration: the present one, and its forerunner until `previous_until`."""

    present: str
    previous: str | None = None
    previous_until: datetime | None = None

    def good_at(self, now: datetime) -> tuple[str, ...]:
        """The secrets that a delivery may be signed with at `now`; an empty secret is none."""
        overlap = self.previous and self.previous_until and now < self.previous_until
        return tuple(secret for secret in (self.present, self.previous if overlap else "") if secret)

    def __repr__(self) -> str:
        return "Secrets(…)"


@dataclass(frozen=True, slots=True)
class Candidate(Generic[Owner]):
    """Someone whose secrets may fit."""

    owner: Owner
    secrets: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Candidate({self.owner!r}, {len(self.secrets)} secrets)"


def read(header: str | None) -> bytes | None:
    """The 32 bytes that an `X-Hub-Signature-256` header holds, or None where it is missing or malformed."""
    found = _FORM.fullmatch(header or "")
    return bytes.fromhex(found[1]) if found else None


def sign(secret: str, body: bytes) -> str:
    """The header that GitHub would send for this body."""
    return "sha256=" + _digest(secret, body).hex()


def fitting(candidates: Sequence[Candidate[Owner]], body: bytes, signature: bytes) -> Owner | None:
    """The first candidate one of whose secrets made `signature` over `body`.

    Stops where HASHED_AT_MOST is reached (the first secret is tried always): nobody makes us try many over 25 MB.
    """
    for tried, (candidate, secret) in enumerate(_pairs(candidates)):
        if tried and (tried + 1) * len(body) > HASHED_AT_MOST:
            return None
        if hmac.compare_digest(_digest(secret, body), signature):
            return candidate.owner
    return None


def _pairs(candidates: Iterable[Candidate[Owner]]) -> Iterable[tuple[Candidate[Owner], str]]:
    return ((candidate, secret) for candidate in candidates for secret in candidate.secrets)


def _digest(secret: str, body: bytes) -> bytes:
    return hmac.digest(secret.encode("utf-8", "surrogatepass"), body, "sha256")
