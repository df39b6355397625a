"""What counts as a payload, in JSON and in forms, and what is refused with a reason."""

import contextlib
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhooks.payloads import FORM_TYPE, JSON_TYPE, NotAPayload, parse, subject


def test_json_and_form_carry_the_same() -> None:
    body = '{"action": "opened", "name": "ü %+&="}'.encode()
    assert parse(body, JSON_TYPE) == parse(urlencode({"payload": body.decode()}).encode(), FORM_TYPE)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "not JSON"),
        (b'{"a": NaN}', "not JSON"),
        (b'{"a": "\\ud800"}', "not JSON"),
        (b'{"a": ' + b"9" * 5000 + b"}", "not JSON"),
        (b'{"a": "\xff"}', "not JSON"),
        (b"\x1f\x8b\x08\x00", "not JSON"),
        (b"[]", "a list instead of an object"),
        (b"null", "a NoneType instead of an object"),
        (b'"{}"', "a str instead of an object"),
    ],
)
def test_what_is_no_object_is_refused_with_a_reason(body: bytes, said: str) -> None:
    with pytest.raises(NotAPayload, match=said):
        parse(body, JSON_TYPE)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"payload",
        b"other=1",
        b"payload={}&payload={}",
        b"payload=%ff",
        "payload={}é".encode(),
        b"&".join([b"a=1"] * 99),
    ],
)
def test_a_form_has_one_payload(body: bytes) -> None:
    with pytest.raises(NotAPayload):
        parse(body, FORM_TYPE)


@given(st.binary(max_size=300))
def test_no_bytes_make_parsing_fail_otherwise(body: bytes) -> None:
    for content_type in (JSON_TYPE, FORM_TYPE):
        with contextlib.suppress(NotAPayload):
            assert isinstance(parse(body, content_type), dict)


def test_nul_and_hostile_names_do_not_become_names() -> None:
    about = subject(
        {"action": "a\0b", "repository": {"id": 2**63, "full_name": "x/y"}, "organization": {"id": 1, "login": "a b"}}
    )
    assert (about.action, about.repository) == ("", None)
    assert about.organization is not None
    assert about.organization.login == ""
    assert subject({"repository": {"id": 1, "full_name": "a/b\0"}}).repository.full_name == ""  # type: ignore[union-attr]
