"""Passwords cannot be guessed in numbers: failed logins count against their address, whatever headers say."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from ratelimit.limiter import limiter

LOGIN = "/admin/login/"


@pytest.fixture(autouse=True)
def nothing_counted(db: None, settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    limiter.cache_clear()
    get_user_model().objects.create_superuser("ada", password="a good passphrase")


def guess(password: str, **meta: str) -> int:
    return Client().post(LOGIN, {"username": "ada", "password": password}, **meta).status_code


def test_the_eleventh_guess_is_refused_even_if_it_is_right() -> None:
    assert [guess(f"wrong {number}") for number in range(10)] == [200] * 10
    assert guess("a good passphrase") == 429


def test_forged_addresses_do_not_help() -> None:
    forged = [
        {"HTTP_X_FORWARDED_FOR": f"203.0.113.{number}", "HTTP_CF_CONNECTING_IP": f"203.0.113.{number}",
         "HTTP_FORWARDED": f"for=203.0.113.{number}", "HTTP_X_REAL_IP": f"203.0.113.{number}"}
        for number in range(11)
    ]  # fmt: skip

    assert [guess("wrong", **headers) for headers in forged] == [200] * 10 + [429]


def test_a_made_up_session_cookie_does_not_help() -> None:
    codes = []
    for number in range(11):
        client = Client()
        client.cookies["sessionid"] = f"made-up-{number}"
        codes.append(client.post(LOGIN, {"username": "ada", "password": "wrong"}).status_code)

    assert codes == [200] * 10 + [429]


def test_another_address_may_still_log_in() -> None:
    for number in range(11):
        guess(f"wrong {number}", REMOTE_ADDR="198.51.100.7")

    assert guess("a good passphrase", REMOTE_ADDR="198.51.100.8") == 302


def test_a_login_that_succeeds_costs_one_request() -> None:
    assert [guess("a good passphrase") for _ in range(20)] == [302] * 20
