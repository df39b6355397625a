"""DRF's view of the caller whom the identity middleware found."""

from typing import Any

from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.request import Request

from github_cache.caller import Caller


class CallerAuthentication(BaseAuthentication):
    """`request.user` and `request.caller` are the Caller; None for nobody, so that a refusal is 401 and not 403."""

    def authenticate(self, request: Request) -> tuple[Caller, None] | None:
        caller: Caller = request.caller
        if caller.kind == "anonymous":
            return None
        if caller.kind == "session":
            # A cookie comes along by itself, so what changes something needs the page's own token beside it.
            SessionAuthentication().enforce_csrf(request)
        return caller, None

    def authenticate_header(self, _request: Any) -> str:
        return 'Bearer realm="hubcache"'
