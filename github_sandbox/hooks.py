"""Webhooks as GitHub keeps them: where to send which events, and what became of each delivery."""

from dataclasses import dataclass, field


@dataclass(slots=True, eq=False)
class Delivery:
    """One attempt to hand an event to a hook; a redelivery repeats `guid`."""

    id: int
    guid: str
    event: str
    action: str | None
    repository_id: int | None
    delivered_at: float
    redelivery: bool
    request_headers: dict[str, str] = field(repr=False)
    payload: bytes = field(repr=False)
    duration: float = 0
    status: str = "pending"
    status_code: int = 0
    response_headers: dict[str, str] = field(default_factory=dict)
    response_body: str = ""


@dataclass(slots=True, eq=False)
class Hook:
    """A webhook; `target_type` is "repository", "organization" or (an App's own) "integration"."""

    id: int
    target_type: str
    target_id: int
    url: str
    events: list[str]
    secret: str | None = field(default=None, repr=False)
    content_type: str = "json"
    insecure_ssl: str = "0"
    active: bool = True
    created_at: float = 0
    updated_at: float = 0
    deliveries: list[Delivery] = field(default_factory=list)
    """Newest first."""
