"""Tokens of GitHub App installations: asked for with a JWT that the App's key signs, kept, and renewed in time.

An installation token lives an hour. It is renewed RENEW_BEFORE its end; while that fails the old one is used up.
Source: docs.github.com, "Generating a JSON Web Token (JWT) for a GitHub App" and "Generating an installation access
token for a GitHub App".
"""

import threading
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import jwt

from github_cache import keys
from github_cache.upstream.attempts import Bearer, attempt
from github_cache.upstream.errors import BadAnswer, NoCredential, UpstreamError
from github_cache.upstream.protocol import Call, Reply, listed
from ratelimit.budget import Lane
from ratelimit.verdict import Wait

RENEW_BEFORE = 300.0
"""Seconds before its end in which a token is renewed."""

LIST_SECONDS = 600.0
"""How long the list of an App's installations is believed."""

JWT_SECONDS = 540
CLOCK_SLACK = 60
"""GitHub refuses a JWT of more than ten minutes, and one from the future: it is dated back by this."""


@dataclass(frozen=True, slots=True)
class App:
    """A GitHub App: its ID and its private key, PEM text."""

    id: str
    private_key: str = field(repr=False)

    def bearer(self, now: float) -> Bearer:
        """The App itself, by a fresh JWT. Raises NoCredential where its key cannot sign."""
        claims = {"iat": int(now) - CLOCK_SLACK, "exp": int(now) + JWT_SECONDS, "iss": self.id}
        try:
            token = jwt.encode(claims, self.private_key, algorithm="RS256")
        except (jwt.PyJWTError, ValueError, TypeError):
            raise NoCredential(f"the private key of GitHub App {self.id} is no RSA key in PEM form") from None
        return Bearer(f"app-{self.id}", keys.identity(token), f"app {self.id}", token)


@dataclass(frozen=True, slots=True)
class _Minted:
    token: str = field(repr=False)
    expires_at: float

    def lives(self, now: float, margin: float) -> bool:
        return now < self.expires_at - margin


class InstallationTokens:
    """The tokens that this process holds. `now` is in epoch seconds everywhere."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._renewing: dict[tuple[str, str], threading.Lock] = {}
        self._tokens: dict[tuple[str, str], _Minted] = {}
        self._lists: dict[str, tuple[tuple[str, ...], float]] = {}

    def bearer(self, app: App, installation: str, name: str, now: float) -> Bearer:
        """The installation by its present token. Raises UpstreamError where GitHub gives none and none is left."""
        at = (app.id, installation)
        with self._lock:
            renewing = self._renewing.setdefault(at, threading.Lock())
        minted = self._tokens.get(at)
        if minted is None or not minted.lives(now, RENEW_BEFORE):
            usable = minted is not None and minted.lives(now, 0)
            # One thread renews; the others go on with the old token as long as it lives.
            if renewing.acquire(blocking=not usable):
                try:
                    minted = self._renewed(app, installation, now)
                finally:
                    renewing.release()
        if minted is None:
            raise NoCredential(f"GitHub App {app.id} was given no token for installation {installation}")
        return Bearer(f"installation-{installation}", keys.identity(minted.token), name, minted.token)

    def drop(self, account: str) -> None:
        """The tokens of this installation are no longer accepted: ask for a new one the next time."""
        with self._lock:
            for at in [at for at in self._tokens if f"installation-{at[1]}" == account]:
                del self._tokens[at]

    def forget(self) -> None:
        """No token is held."""
        with self._lock:
            self._tokens.clear()
            self._lists.clear()

    def installations(self, app: App, now: float) -> tuple[str, ...]:
        """The IDs of all installations of an App. Raises UpstreamError where GitHub does not tell."""
        known = self._lists.get(app.id)
        if known is None or now >= known[1]:
            try:
                found = listed(_asked(app, Call("GET", "/app/installations?per_page=100"), now))
            except UpstreamError:
                if known is None:
                    raise
                return known[0]
            known = (
                tuple(str(item["id"]) for item in found if not item.get("suspended_at")),
                now + LIST_SECONDS,
            )
            self._lists[app.id] = known
        return known[0]

    def _renewed(self, app: App, installation: str, now: float) -> _Minted:
        at = (app.id, installation)
        held = self._tokens.get(at)
        if held is not None and held.lives(now, RENEW_BEFORE):
            return held
        # Not a write in the sense of the limits: it makes nothing that anybody is notified of.
        call = Call("POST", f"/app/installations/{installation}/access_tokens", body=b"{}")
        try:
            minted = _minted(_asked(app, call, now))
        except UpstreamError:
            if held is None or not held.lives(now, 0):
                raise
            return held
        with self._lock:
            self._tokens[at] = minted
        return minted


def _asked(app: App, call: Call, now: float) -> Reply:
    """GitHub's answer to the App itself. Raises UpstreamError for anything but a success."""
    outcome = attempt(call, app.bearer(now), Lane.INTERACTIVE)
    if isinstance(outcome, Wait):
        raise NoCredential(f"GitHub App {app.id} has to wait {outcome.seconds:.0f} s for a token ({outcome.why})")
    if outcome.reply.status not in (200, 201):
        said = outcome.reply.message()
        raise NoCredential(f"GitHub App {app.id} was refused with {outcome.reply.status}: {said}")
    return outcome.reply


def _minted(reply: Reply) -> _Minted:
    body = reply.json()
    try:
        return _Minted(str(body["token"]), datetime.fromisoformat(body["expires_at"]).timestamp())
    except (KeyError, TypeError, ValueError):
        raise BadAnswer("GitHub's answer holds no installation token", reply.status) from None


def private_key(text: str) -> str:
    """PEM text out of a setting that holds it, with line ends maybe written as \\n, or that names a file.

    Raises NoCredential where the file cannot be read.
    """
    if "-----BEGIN" in text:
        return text.replace("\\n", "\n")
    try:
        return Path(text).read_text(encoding="ascii")
    except (OSError, ValueError):
        raise NoCredential("GITHUB_APP_PRIVATE_KEY is neither PEM text nor the path of a readable PEM file") from None
