"""Whose a token is: tokens of one user share GitHub's limits, so they share one ledger (`GET /user`, asked once).

Until GitHub has told, and for tokens that are no user's, a token's own identity stands for its account.
"""

import logging
import threading
import time
from collections.abc import Callable

from github_cache.upstream.attempts import Bearer, attempt
from github_cache.upstream.errors import UpstreamError
from github_cache.upstream.protocol import Call, Reply
from ratelimit.budget import Lane
from ratelimit.verdict import Wait

logger = logging.getLogger("hubcache.credentials")

AGAIN = 60.0
"""Seconds until GitHub is asked again where it could not tell."""


class Accounts:
    """What one process has learnt. Safe for threads. `refused` is told of a token that GitHub does not accept."""

    def __init__(self, refused: Callable[[Bearer], None]) -> None:
        self._refused = refused
        self._lock = threading.Lock()
        self._asking: dict[str, threading.Lock] = {}
        self._known: dict[str, str] = {}
        self._again: dict[str, float] = {}

    def of(self, identity: str) -> str:
        """The account of a token as far as it is known."""
        return self._known.get(identity, identity)

    def learn(self, bearer: Bearer) -> Bearer:
        """The same token with its user's account; GitHub is asked where that is not known yet."""
        if bearer.account != bearer.identity:
            return bearer
        with self._lock:
            asking = self._asking.setdefault(bearer.identity, threading.Lock())
        with asking:
            if bearer.identity not in self._known and time.monotonic() >= self._again.get(bearer.identity, 0.0):
                self._ask(bearer)
        return Bearer(self.of(bearer.identity), bearer.identity, bearer.name, bearer.token)

    def forget(self) -> None:
        """Nothing is known."""
        with self._lock:
            self._asking.clear()
            self._known.clear()
            self._again.clear()

    def _ask(self, bearer: Bearer) -> None:
        account = None
        try:
            found = attempt(Call("GET", "/user"), bearer, Lane.INTERACTIVE)
            if not isinstance(found, Wait):
                if found.reply.status == 401:
                    self._refused(bearer)
                account = _account(found.reply)
        except UpstreamError as error:
            logger.warning("GitHub does not tell whose a token is", extra={"why": error.message})
        if account is None:
            self._again[bearer.identity] = time.monotonic() + AGAIN
        else:
            self._known[bearer.identity] = account


def _account(reply: Reply) -> str | None:
    """`user-ID` out of GitHub's answer; None where it tells nothing. Raises BadAnswer for what is no JSON."""
    body = reply.json()
    number = body.get("id") if reply.status == 200 and isinstance(body, dict) else None
    return f"user-{number}" if isinstance(number, int) else None
