"""Where a tenant's credentials are configured: the environment (for the first tenant) and its Credential rows.

Secrets that cannot be decrypted, and keys that cannot be read, are named as faults and stop nothing else.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from django.conf import settings

from github_cache.encryption import SecretUnreadable
from github_cache.models import Credential
from github_cache.upstream.app_tokens import App, private_key
from github_cache.upstream.errors import NoCredential


@dataclass(frozen=True, slots=True)
class Token:
    """A token as it stands. `pinned` marks the one that speaks for the tenant itself."""

    name: str
    token: str = field(repr=False)
    pinned: bool = False


@dataclass(frozen=True, slots=True)
class Installation:
    """An installation of an App, or all of them where `installation` is ''."""

    name: str
    app: App
    installation: str = ""
    pinned: bool = False


@dataclass(frozen=True, slots=True)
class Unusable:
    """A credential that is configured and cannot be used; `reason` holds no secret."""

    name: str
    reason: str


Source = Token | Installation | Unusable


def read(tenant: str) -> tuple[Source, ...]:
    """What is configured for a tenant, rows first. Raises django.db.DatabaseError."""
    rows = tuple(_of_rows(tenant))
    return (*rows, *_of_environment(tenant, may_pin=not any(getattr(row, "pinned", False) for row in rows)))


def _of_rows(tenant: str) -> Iterator[Source]:
    for row in Credential.objects.filter(tenant_id=tenant, active=True).defer("secret"):
        try:
            secret = row.secret  # its own query, so that one unreadable secret does not hide the other rows
        except SecretUnreadable as error:
            yield Unusable(row.name, str(error))
            continue
        if row.kind == Credential.Kind.APP:
            yield Installation(row.name, App(row.app_id, secret), row.installation_id, row.pinned)
        else:
            yield Token(row.name, secret, row.pinned)


def _of_environment(tenant: str, *, may_pin: bool) -> Iterator[Source]:
    if tenant != settings.HUBCACHE_TENANT:
        return
    for number, token in enumerate(settings.GITHUB_TOKENS, start=1):
        yield Token(f"environment {number}", token, may_pin and token == settings.GITHUB_TOKEN)
    if settings.GITHUB_APP_ID:
        name = f"environment app {settings.GITHUB_APP_ID}"
        try:
            yield Installation(name, App(settings.GITHUB_APP_ID, private_key(settings.GITHUB_APP_PRIVATE_KEY)))
        except NoCredential as error:
            yield Unusable(name, error.message)
