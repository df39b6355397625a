"""What a caller may do on our own API, by its kind and scopes."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from github_cache.models import ApiKey


class _Scoped(BasePermission):
    """Callers of a tenant with one scope. Passed-through GitHub tokens only where `tokens` says so."""

    scope: str
    tokens = False

    def has_permission(self, request: Request, _view: Any) -> bool:
        caller = request.caller
        self.message = f"This needs an API key with the scope '{self.scope}'."
        if caller.tenant is None:
            return False
        if caller.kind == "token":
            return self.tokens
        return self.scope in caller.scopes


class ReadsIndex(_Scoped):
    """Facets, search, statistics: callers of the tenant, by API key or session; passed-through tokens not."""

    scope = ApiKey.Scope.READ


class ReadsGitHub(_Scoped):
    """GitHub's own data by way of the cache: passed-through tokens too, which GitHub itself judges."""

    scope = ApiKey.Scope.READ
    tokens = True


class Writes(_Scoped):
    """Writes through to GitHub: passed-through tokens too, which GitHub itself judges."""

    scope = ApiKey.Scope.WRITE
    tokens = True


class Tracks(_Scoped):
    """Writes of our own that GitHub does not judge: by API key or session."""

    scope = ApiKey.Scope.WRITE


class ManagesWebhooks(_Scoped):
    """Webhook configurations and their deliveries."""

    scope = ApiKey.Scope.WEBHOOKS


class Administers(_Scoped):
    """Cache clears and statistics: staff, or a key with the admin scope."""

    scope = ApiKey.Scope.ADMIN
