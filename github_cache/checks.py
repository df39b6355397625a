"""System checks of this floor; each message says what to type."""

from collections.abc import Sequence
from typing import Any

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from github_cache import keys


@register(Tags.security)
def encryption_keys(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    """Each key is one that Fernet takes."""
    for number, key in enumerate(settings.HUBCACHE_ENCRYPTION_KEYS, start=1):
        try:
            Fernet(key)
        except ValueError:
            return [
                Error(
                    f"Key {number} of HUBCACHE_ENCRYPTION_KEYS is no Fernet key.",
                    hint="It has 32 bytes in URL-safe base64; cryptography.fernet.Fernet.generate_key() makes one.",
                    id="github_cache.E001",
                )
            ]
    return []


@register()
def tenant_name(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    """The first tenant's name can stand in keys."""
    try:
        keys.scopes(settings.HUBCACHE_TENANT)
    except ValueError as error:
        return [Error(f"HUBCACHE_TENANT: {error}.", hint="Try HUBCACHE_TENANT=default.", id="github_cache.E002")]
    return []


@register(Tags.security, deploy=True)
def anonymous_reads(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    """Reading without a key is for sandboxes and public data."""
    if not settings.HUBCACHE_ANONYMOUS_READ:
        return []
    return [
        Warning(
            "HUBCACHE_ANONYMOUS_READ lets anyone read what GitHub shows to everyone, at your credentials' cost.",
            hint="Set HUBCACHE_ANONYMOUS_READ=false and make keys with manage.py create_api_key.",
            id="github_cache.W001",
        )
    ]
