"""Who asks (pure): the value that the identity middleware makes, and that limits, permissions and audiences read."""

from dataclasses import dataclass, field
from typing import Literal

ANONYMOUS_IDENTITY = "anonymous"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. `identity` stands in keys and logs; `token` is there only where a GitHub token is passed through.

    `limit` is the caller's own number of requests per window, None for the general one. `public_only`: nobody, before
    a real GitHub: is given what GitHub shows to everyone.
    """

    kind: Literal["api_key", "token", "session", "anonymous"]
    tenant: str | None
    identity: str
    scopes: frozenset[str] = frozenset()
    limit: int | None = None
    token: str | None = field(default=None, repr=False)
    public_only: bool = False

    @property
    def uses_pool(self) -> bool:
        """True where the tenant's own credentials ask GitHub for this caller."""
        return self.kind != "token"

    @property
    def needs_proof(self) -> bool:
        """True where others' bodies, the pool's too, are given only while GitHub shows the repository as public."""
        return self.public_only or not self.uses_pool
