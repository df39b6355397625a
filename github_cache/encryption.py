"""Secrets at rest: MultiFernet with the keys of HUBCACHE_ENCRYPTION_KEYS, newest first; a wrong key fails closed."""

from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models


class SecretUnreadable(Exception):
    """A stored secret was encrypted with a key that HUBCACHE_ENCRYPTION_KEYS no longer holds."""


@lru_cache(maxsize=4)
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    try:
        return MultiFernet([Fernet(key) for key in keys])
    except ValueError as error:
        raise ImproperlyConfigured(
            "HUBCACHE_ENCRYPTION_KEYS holds something that is no Fernet key (32 bytes in URL-safe base64)"
        ) from error


def encrypt(text: str) -> str:
    """`text` under the newest key, as ASCII."""
    return _fernet(tuple(settings.HUBCACHE_ENCRYPTION_KEYS)).encrypt(text.encode()).decode("ascii")


def decrypt(stored: str) -> str:
    """The text in clear. Raises SecretUnreadable where no key fits; never returns ciphertext."""
    try:
        return _fernet(tuple(settings.HUBCACHE_ENCRYPTION_KEYS)).decrypt(stored.encode()).decode()
    except InvalidToken as error:
        raise SecretUnreadable(
            "a stored secret cannot be read with HUBCACHE_ENCRYPTION_KEYS: add the key that encrypted it"
        ) from error


def renew(stored: str) -> str:
    """The same secret under the newest key. Raises SecretUnreadable."""
    return encrypt(decrypt(stored))


class EncryptedTextField(models.TextField):
    """A text that stands encrypted in its column and comes back in clear. A wrong key raises SecretUnreadable."""

    def get_prep_value(self, value: Any) -> Any:
        return value if value is None else encrypt(str(value))

    def from_db_value(self, value: str | None, _expression: Any, _connection: Any) -> str | None:
        return value if value is None else decrypt(value)
