"""GitHub's REST API: GETs that follow renames and pages, and ask with the validators that are held.

A rename is remembered for RENAME_SECONDS, so that the redirection is paid for once. Redirections and links are followed
on the configured host only. Source: docs.github.com, "Best practices for using the REST API".
"""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings

from github_cache.entries import Validators
from github_cache.keys import Scope
from github_cache.memory import Memory
from github_cache.upstream import calls, errors, protocol, validators
from github_cache.upstream.attempts import Bearer
from github_cache.upstream.errors import BadAnswer
from github_cache.upstream.protocol import Call, Reply
from ratelimit.budget import Lane
from ratelimit.verdict import Wait

RENAME_SECONDS = 600.0
MOST_REDIRECTIONS = 3
_NAMED = re.compile(r"(/repos/[^/?]+/[^/?]+)([/?].*)?")
_BY_ID = re.compile(r"(/repositories/(\d+))([/?].*)?")

renames: Memory[tuple[str, str], str] = Memory(10_000)
"""(tenant, `/repos/owner/name` in lower case) -> `/repositories/ID` that it was redirected to."""


@dataclass(frozen=True, slots=True)
class Asker:
    """On whose behalf, and how urgently."""

    tenant: str
    lane: Lane
    bearer: Bearer | None = None

    def get(
        self, path: str, known: Validators | None = None, headers: tuple[tuple[str, str], ...] = ()
    ) -> Reply | Wait:
        """GitHub's answer: 200, 202, or 304 where `known` still holds. Raises Refused for any other, and the errors of
        `calls.send`; a redirection of a renamed repository is followed, and remembered."""
        at = self._renamed(path)
        bearer = self.bearer.identity if self.bearer else known.bearer if known else ""
        conditions = validators.conditions(known, bearer)
        for _ in range(MOST_REDIRECTIONS + 1):
            call = Call("GET", at, headers=(*headers, *conditions))
            reply = calls.send(call, tenant=self.tenant, lane=self.lane, bearer=self.bearer, prefer=bearer or None)
            if isinstance(reply, Wait):
                return reply
            target = protocol.redirection(reply, settings.GITHUB_API_URL)
            if target is None:
                return _usable(reply)
            self._remember(path, target)
            at = target
        raise BadAnswer(f"GitHub redirects more than {MOST_REDIRECTIONS} times", 301)

    def pages(self, path: str, known: Validators | None = None) -> Iterator[Reply | Wait]:
        """The pages of a list, by `Link`; a Wait or a 304 is the last that comes."""
        at: str | None = path
        while at is not None:
            reply = self.get(at, known)
            yield reply
            if isinstance(reply, Wait) or reply.status == 304:
                return
            known, at = None, protocol.next_page(reply.headers, settings.GITHUB_API_URL)

    def scope(self, path: str) -> Scope | None:
        """The repository that a path means, where a redirection has told its ID."""
        found = _BY_ID.fullmatch(self._renamed(path))
        return Scope("repo", found[2]) if found else None

    def _renamed(self, path: str) -> str:
        found = _NAMED.fullmatch(path)
        known = renames.get((self.tenant, found[1].lower()), time.time()) if found else None
        return f"{known.value}{found[2] or ''}" if found and known else path

    def _remember(self, path: str, target: str) -> None:
        named, by_id = _NAMED.fullmatch(path), _BY_ID.fullmatch(target)
        if named and by_id:
            renames.put((self.tenant, named[1].lower()), by_id[1], time.time() + RENAME_SECONDS)


def _usable(reply: Reply) -> Reply:
    """A 200 or 304. Raises BadAnswer for what is not ready yet, Refused for what GitHub says no to."""
    if reply.status in (200, 304):
        return reply
    if reply.status == 202:
        raise BadAnswer("GitHub is still working this out (202): ask again in a moment", 202)
    raise errors.refused(reply.status, reply.message(), reply.errors())
