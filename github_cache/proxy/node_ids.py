"""GitHub's global node IDs, as far as they tell a repository's numeric ID (pure).

Old ones are base64 of `010:Repository42`. New ones are a type's letters, `_`, and a MessagePack list in base64url whose
second item is the ID of the repository that the thing belongs to, or of the repository itself.
Source: https://docs.github.com/en/graphql/guides/migrating-graphql-global-node-ids
"""

import base64
import binascii
import re

_OLD = re.compile(rb"0\d+:([A-Za-z]+)(\d+)")
_NEW = re.compile(r"([A-Z]{1,5}[a-z]{0,4})_([A-Za-z0-9_-]{4,})")
_OF_A_REPOSITORY = frozenset(
    {"R", "I", "PR", "LA", "IC", "PRR", "PRRC", "PRRT", "MI", "RE", "D", "DC", "REF", "CR", "CS", "WFR", "WF", "DE"}
)
# How MessagePack spells unsigned numbers: the first byte, and how many follow it.
_NUMBERS = {0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8}


def is_node_id(text: str) -> bool:
    """Does this text have the form of a node ID?"""
    return _NEW.fullmatch(text) is not None or _old(text) is not None


def repository(text: str) -> int | None:
    """The numeric ID of the repository that a node ID names or belongs to; None where it does not tell."""
    if old := _old(text):
        return int(old[2]) if old[1] == b"Repository" else None
    found = _NEW.fullmatch(text)
    if not found or found[1] not in _OF_A_REPOSITORY:
        return None
    packed = _decoded(found[2])
    # A list of two or three items that begins with a 0.
    if len(packed) < 3 or packed[0] not in (0x92, 0x93) or packed[1] != 0:
        return None
    if packed[2] < 0x80:
        return packed[2]
    size = _NUMBERS.get(packed[2])
    return int.from_bytes(packed[3 : 3 + size], "big") if size and len(packed) >= 3 + size else None


def _old(text: str) -> re.Match[bytes] | None:
    return _OLD.fullmatch(_decoded(text)) if 8 <= len(text) <= 200 else None


def _decoded(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return b""
