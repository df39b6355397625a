"""What the headers of a delivery announce, checked before its body is read (pure).

The checks are in order of what they cost us, so that a stranger costs little. Headers are kept by an allow-list, since
GitHub has once sent secrets in one by mistake. Source: https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from webhooks import signature
from webhooks.payloads import FORM_TYPE, JSON_TYPE

KEPT_HEADERS = (
    "Content-Type",
    "User-Agent",
    "X-GitHub-Delivery",
    "X-GitHub-Event",
    "X-GitHub-Hook-ID",
    "X-GitHub-Hook-Installation-Target-ID",
    "X-GitHub-Hook-Installation-Target-Type",
)
_EVENT = re.compile(r"[a-z0-9_]{1,100}")
_GUID = re.compile(r"[A-Za-z0-9._:-]{1,100}")
_ID = re.compile(r"[1-9][0-9]{0,17}")
_NOT_PRINTABLE = re.compile("[^ -~]")
_LONGEST_KEPT = 200


@dataclass(frozen=True, slots=True)
class Announcement:
    """A delivery as its headers describe it. `length` in bytes; `signature` are the 32 bytes that were sent."""

    event: str
    guid: str
    content_type: str
    length: int
    hook_id: int | None
    target_type: str
    target_id: int | None
    signature: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A status, why, and a short name of the reason for the counter."""

    status: int
    detail: str
    reason: str


def read(headers: Mapping[str, str], largest: int) -> Announcement | Refusal:
    """What the headers, with names in any case, announce; a body may have up to `largest` bytes."""
    if refusal := _refuse_length(headers, largest) or _refuse_type(headers):
        return refusal
    event, guid = headers.get("X-GitHub-Event", ""), headers.get("X-GitHub-Delivery", "")
    if not _EVENT.fullmatch(event):
        return Refusal(400, "X-GitHub-Event is missing or is no event's name.", "event")
    if not _GUID.fullmatch(guid):
        return Refusal(400, "X-GitHub-Delivery is missing or is no delivery's ID.", "delivery")
    signed = signature.read(headers.get("X-Hub-Signature-256"))
    if signed is None:
        detail = (
            "X-Hub-Signature-256 is missing or malformed: give the hook a secret; it must be `sha256=` and 64 digits."
        )
        return Refusal(401, detail, "signature_form")
    return Announcement(
        event=event,
        guid=guid,
        content_type=_media_type(headers),
        length=int(headers["Content-Length"]),
        hook_id=_id(headers.get("X-GitHub-Hook-ID")),
        target_type=headers.get("X-GitHub-Hook-Installation-Target-Type", ""),
        target_id=_id(headers.get("X-GitHub-Hook-Installation-Target-ID")),
        signature=signed,
        headers={name: _printable(headers[name]) for name in KEPT_HEADERS if name in headers}
        | {"Content-Type": _media_type(headers)},
    )


def _refuse_length(headers: Mapping[str, str], largest: int) -> Refusal | None:
    length = headers.get("Content-Length", "")
    if headers.get("Transfer-Encoding") or not length:
        return Refusal(411, "A delivery has a Content-Length.", "length")
    if not (length.isascii() and length.isdecimal() and len(length) < 20):
        return Refusal(400, "Content-Length is no number.", "length")
    if int(length) > largest:
        return Refusal(413, f"The body has more than {largest} bytes (HUBCACHE_MAX_BODY_BYTES).", "too_large")
    return None


def _refuse_type(headers: Mapping[str, str]) -> Refusal | None:
    if headers.get("Content-Encoding", "identity").lower() != "identity":
        return Refusal(415, "A delivery is sent uncompressed.", "encoding")
    if _media_type(headers) not in (JSON_TYPE, FORM_TYPE):
        return Refusal(415, f"A delivery is {JSON_TYPE} or {FORM_TYPE}.", "content_type")
    return None


def _media_type(headers: Mapping[str, str]) -> str:
    return headers.get("Content-Type", "").partition(";")[0].strip().lower()


def _id(value: str | None) -> int | None:
    return int(value) if value and _ID.fullmatch(value) else None


def _printable(value: str) -> str:
    return _NOT_PRINTABLE.sub("", value[:_LONGEST_KEPT])
