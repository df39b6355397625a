"""Who is calling: a Hubcache API key, a GitHub token that is passed through, a member of staff, or nobody.

The middleware sets `request.caller` and refuses credentials that are wrong with 401 before anything else is done.
A key is looked up by its SHA-256; what was found is believed for KEY_SECONDS, so a revoked key ends within that time.
See docs/security.md.
"""

import base64
import binascii
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from github_cache import keys, verification
from github_cache.api import problems
from github_cache.caller import ANONYMOUS_IDENTITY, Caller
from github_cache.memory import Memory
from github_cache.models import API_KEY_PREFIX, ApiKey, Tenant
from github_cache.proxy import refusals

logger = logging.getLogger("hubcache.identity")

KEY_SECONDS = 5.0
"""How long a key that was looked up is believed."""

LAST_USED_STEP = timedelta(minutes=1)
"""`last_used_at` is written no more often than this."""

MAX_TOKEN_LENGTH = 1024


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a caller is not let in; `retry_after` in seconds where the fault is not the caller's."""

    status: int
    reason: str
    retry_after: int | None = None


ALL_SCOPES = frozenset(ApiKey.Scope.values)
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_READ_ONLY = frozenset({"read"})


class IdentityMiddleware:
    """Sets `request.caller`; answers 401 (or 503, where GitHub cannot be asked) in the shape of the surface."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        found = identify(request)
        if isinstance(found, Caller):
            request.caller = found
            return self.get_response(request)
        request.caller = anonymous()
        answer = refusals.answer if refusals.is_github_surface(request.path) else problems.answer
        return answer(found.status, found.reason, retry_after=found.retry_after)


def identify(request: HttpRequest) -> Caller | Refused:
    """The caller of a request, by `Authorization`, `X-Api-Key` or a session of the admin, in this order."""
    headers = request.META
    credential = headers.get("HTTP_X_API_KEY") or _credential(headers.get("HTTP_AUTHORIZATION", ""))
    if credential is None:
        return Refused(401, "The Authorization header cannot be read: send `Bearer KEY`, `token KEY` or Basic.")
    if credential:
        if len(credential) > MAX_TOKEN_LENGTH or not credential.isascii() or not credential.isprintable():
            return Refused(401, "Bad credentials")
        if credential.startswith(API_KEY_PREFIX):
            return _by_key(credential)
        return _by_token(credential, _tenant_of(request))
    if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_active and request.user.is_staff:
        return Caller("session", _tenant_of(request), f"user-{request.user.pk}", ALL_SCOPES)
    return anonymous()


def anonymous() -> Caller:
    """Nobody: may read as the first tenant where HUBCACHE_ANONYMOUS_READ allows it, else nothing.

    Before a sandbox GitHub on this machine everything is made up; elsewhere nobody is shown public things only.
    """
    if settings.HUBCACHE_ANONYMOUS_READ:
        made_up = urlsplit(settings.GITHUB_API_URL).hostname in _LOOPBACK
        return Caller("anonymous", settings.HUBCACHE_TENANT, ANONYMOUS_IDENTITY, _READ_ONLY, public_only=not made_up)
    return Caller("anonymous", None, ANONYMOUS_IDENTITY)


def _credential(authorization: str) -> str | None:
    """The key or token in an Authorization header, '' without one, None where the header makes no sense."""
    if not authorization:
        return ""
    scheme, _, value = authorization.strip().partition(" ")
    value = value.strip()
    if scheme.lower() in ("bearer", "token"):
        return value or None
    if scheme.lower() == "basic":
        try:
            user, _, password = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        # Git's habit: the token as the user name beside an empty password or `x-oauth-basic`.
        return (user if password in ("", "x-oauth-basic") else password) or None
    return None


def _tenant_of(request: HttpRequest) -> str:
    """The tenant that a token or a member of staff speaks for: X-Hubcache-Tenant where it exists, else the first."""
    wanted = request.META.get("HTTP_X_HUBCACHE_TENANT", "")
    if wanted and wanted != settings.HUBCACHE_TENANT and Tenant.objects.filter(slug=wanted).exists():
        return wanted
    return settings.HUBCACHE_TENANT


_keys: Memory[str, Caller | None] = Memory(4096)
forget_keys = _keys.forget_all


def _by_key(key: str) -> Caller | Refused:
    digest = ApiKey.digest_of(key)
    now = time.monotonic()
    known = _keys.get(digest, now)
    if known is None:
        try:
            caller = _looked_up(digest)
        except DatabaseError:
            logger.exception("an API key could not be looked up")
            return Refused(503, "The database cannot be reached, so the key cannot be checked.", retry_after=5)
        _keys.put(digest, caller, now + KEY_SECONDS)
    else:
        caller = known.value
    return caller or Refused(401, "Bad credentials: the API key is unknown, revoked or expired.")


def _by_token(token: str, tenant: str) -> Caller | Refused:
    verdict = verification.verify(tenant, token)
    if verdict.accepted:
        return Caller("token", tenant, keys.identity(token), token=token)
    if verdict.asked:
        return Refused(401, "Bad credentials")
    return Refused(503, verdict.reason, retry_after=verdict.retry_after)


def _looked_up(digest: str) -> Caller | None:
    now = timezone.now()
    row = ApiKey.objects.usable(now).filter(digest=digest).first()
    if row is None:
        return None
    if row.last_used_at is None or now - row.last_used_at > LAST_USED_STEP:
        ApiKey.objects.filter(pk=row.pk).update(last_used_at=now)
    return Caller("api_key", row.tenant_id, keys.identity(digest), frozenset(row.scopes), row.requests_per_window)
