"""The system checks say what is wrong and what to type."""

import pytest
from django.test import override_settings

from ratelimit.checks import check_limits


def ids(**settings: object) -> list[str]:
    with override_settings(**settings):
        return [message.id for message in check_limits(None)]


def test_the_defaults_are_in_order() -> None:
    assert ids() == []


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"GITHUB_RESERVE_WARM": 0.05}, "ratelimit.E001"),
        ({"GITHUB_RESERVE_WARM": 1.0}, "ratelimit.E001"),
        ({"GITHUB_BACKOFF_JITTER": 2.0}, "ratelimit.E002"),
        ({"GITHUB_BACKOFF_BASE_MS": 90_000}, "ratelimit.E002"),
        ({"TRUSTED_PROXIES": ("proxy",)}, "ratelimit.E003"),
        ({"RATELIMIT_EXEMPT": ("10.0.0.300",)}, "ratelimit.E003"),
        ({"TRUSTED_PROXIES": ("0.0.0.0/0",)}, "ratelimit.W001"),
        ({"RATELIMIT_EXEMPT": ("::/0",)}, "ratelimit.W001"),
        ({"RATELIMIT_WINDOW": 0}, "ratelimit.E004"),
        ({"RATELIMIT_ENABLED": False}, "ratelimit.W002"),
    ],
)
def test_each_fault_is_found(settings: dict[str, object], expected: str) -> None:
    assert ids(**settings) == [expected]


def test_a_message_names_the_setting_and_its_value() -> None:
    with override_settings(GITHUB_RESERVE_WARM=0.05):
        [message] = check_limits(None)
    assert "GITHUB_RESERVE_WARM=0.05" in message.msg
    assert "0.3" in message.hint
