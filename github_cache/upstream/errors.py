"""What can go wrong between us and GitHub: one class per thing that a caller would do differently (pure).

A rate limit is no error but a `ratelimit.verdict.Wait`. `status` is what a caller of ours should be answered with; the
message names what is wrong and never holds a token.
"""

from collections.abc import Sequence
from typing import Any

from ratelimit.verdict import Wait


class UpstreamError(Exception):
    """Something that keeps GitHub from being asked, or from being understood."""

    status = 502

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class BadCall(UpstreamError, ValueError):
    """A name, path or header that is never sent to GitHub."""

    status = 400


class NoCredential(UpstreamError):
    """The tenant has no credential that GitHub accepts."""

    status = 503


class Throttled(UpstreamError):
    """One of several things that were asked for has to wait, while others were answered."""

    status = 503

    def __init__(self, wait: Wait) -> None:
        super().__init__(f"GitHub's limits allow this in {wait.seconds:.0f} s ({wait.why})")
        self.wait = wait


class NotOffered(UpstreamError):
    """The API that the settings force does not have this resource, or no API may be used at all."""

    status = 503


class Unreachable(UpstreamError):
    """No answer came: refused, reset, or `timed_out`. `sent` is False where GitHub cannot have seen the call."""

    def __init__(self, message: str, *, timed_out: bool, sent: bool) -> None:
        super().__init__(message)
        self.timed_out, self.sent = timed_out, sent
        self.status = 504 if timed_out else 502


class BadAnswer(UpstreamError):
    """An answer that cannot be used: a 5xx, HTML in place of JSON, cut off, too large, or not of the known shape.

    `github_status` is the status that GitHub sent, None where the answer broke off before it could be read.
    """

    def __init__(self, message: str, github_status: int | None = None) -> None:
        super().__init__(message)
        self.github_status = github_status

    @property
    def too_slow(self) -> bool:
        """True where GitHub ran out of its own time: asking for less may help."""
        return self.github_status in (408, 502, 504)


class TooLarge(BadAnswer):
    """The body is larger than what is held in memory: only a stream can pass it on."""


class TooMuch(BadAnswer):
    """GraphQL refused the size of the query (RESOURCE_LIMITS_EXCEEDED, MAX_NODE_LIMIT_EXCEEDED): ask for less."""


class Unsupported(BadAnswer):
    """GraphQL does not know a field or a type of ours, as older GitHub Enterprise Servers do not: use REST."""


class Refused(UpstreamError):
    """GitHub understood and said no, and will say no again. `status`, `message` and `errors` are its own."""

    def __init__(self, message: str, status: int, errors: Sequence[Any] = ()) -> None:
        super().__init__(message)
        self.status, self.errors = status, errors


class NotFound(Refused):
    """404: it is not there, or not for this credential."""


class Forbidden(Refused):
    """403 that is no rate limit, or 451."""


class Gone(Refused):
    """410, such as the issues of a repository that has them switched off."""


def refused(status: int, message: str, errors: Sequence[Any] = ()) -> Refused:
    """The error for a status of GitHub's."""
    kind = {403: Forbidden, 404: NotFound, 410: Gone, 451: Forbidden}.get(status, Refused)
    return kind(message or f"GitHub answered {status}", status, errors)
