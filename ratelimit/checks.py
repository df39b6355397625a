"""System checks of this floor's settings, with ids that stay as they are."""

import ipaddress
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from ratelimit.backoff import BackoffPolicy


@register(Tags.security)
def check_limits(app_configs: object, **kwargs: Any) -> list[CheckMessage]:
    """ratelimit.E001 reserves, E002 backoff, E003 networks, E004 window; W001 every proxy trusted, W002 limit off."""
    return [*_reserves(), *_backoff(), *_networks(), *_window()]


def _reserves() -> Iterable[CheckMessage]:
    warm, webhook = settings.GITHUB_RESERVE_WARM, settings.GITHUB_RESERVE_WEBHOOK
    if not 0 <= webhook <= warm < 1:
        yield Error(
            f"The reserves are GITHUB_RESERVE_WEBHOOK={webhook} and GITHUB_RESERVE_WARM={warm}.",
            hint="0 ≤ GITHUB_RESERVE_WEBHOOK ≤ GITHUB_RESERVE_WARM < 1, for example 0.1 and 0.3: "
            "warm-up jobs come after webhooks.",
            id="ratelimit.E001",
        )


def _backoff() -> Iterable[CheckMessage]:
    try:
        BackoffPolicy(
            settings.GITHUB_BACKOFF_BASE_MS,
            settings.GITHUB_BACKOFF_FACTOR,
            settings.GITHUB_BACKOFF_MAX_MS,
            settings.GITHUB_BACKOFF_JITTER,
            settings.GITHUB_BACKOFF_MAX_ATTEMPTS,
        )
        if settings.GITHUB_BACKOFF_BASE_MS > settings.GITHUB_BACKOFF_MAX_MS:
            raise ValueError("GITHUB_BACKOFF_BASE_MS is above GITHUB_BACKOFF_MAX_MS")
    except ValueError as error:
        yield Error(f"The backoff cannot be used: {error}.", hint="See GITHUB_BACKOFF_*.", id="ratelimit.E002")


def _networks() -> Iterable[CheckMessage]:
    for name in ("RATELIMIT_EXEMPT", "TRUSTED_PROXIES"):
        for text in getattr(settings, name):
            try:
                network = ipaddress.ip_network(text, strict=False)
            except ValueError:
                yield Error(
                    f"{name} holds {text!r}, which is no network.",
                    hint="Write CIDRs, for example 10.0.0.0/8,2001:db8::/32.",
                    id="ratelimit.E003",
                )
                continue
            if network.prefixlen == 0:
                yield Warning(
                    f"{name} holds {text}: every address there is.",
                    hint="Anyone could then claim any address, or would not be limited at all.",
                    id="ratelimit.W001",
                )


def _window() -> Iterable[CheckMessage]:
    if settings.RATELIMIT_WINDOW < 1:
        yield Error(
            f"RATELIMIT_WINDOW is {settings.RATELIMIT_WINDOW} seconds.",
            hint="At least 1; 60 is usual.",
            id="ratelimit.E004",
        )
    if not settings.RATELIMIT_ENABLED and not settings.DEBUG:
        yield Warning(
            "RATELIMIT_ENABLED is off: callers may ask as often as they like.",
            hint="Set RATELIMIT_ENABLED=true where strangers can reach the service.",
            id="ratelimit.W002",
        )
