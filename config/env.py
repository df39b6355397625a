"""Every environment variable that Hubcache reads: one table, with its types, bounds and defaults.

config/reading.py checks the environment against it at start; docs and `.env.example` are made from it.
"""

import ipaddress
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlsplit

from pydantic import BaseModel, BeforeValidator, Field, model_validator


def _comma_separated(value: Any) -> Any:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def _networks(value: Any) -> Any:
    parts = _comma_separated(value)
    for part in parts:
        ipaddress.ip_network(part, strict=False)
    return parts


def http_url(value: str) -> str:
    """The address without a slash at its end. Raises ValueError with what it must look like."""
    parts = urlsplit(value)
    if value and (parts.scheme not in ("http", "https") or not parts.hostname or parts.username):
        raise ValueError("must look like https://host or http://host:port/path, without user or password")
    return value.rstrip("/")


Words = Annotated[tuple[str, ...], BeforeValidator(_comma_separated)]
Networks = Annotated[tuple[str, ...], BeforeValidator(_networks)]
HttpUrl = Annotated[str, BeforeValidator(http_url)]
Seconds = Annotated[int, Field(ge=1, le=30 * 24 * 3600)]
Fraction = Annotated[float, Field(ge=0, lt=1)]
LIVE: dict[str, Any] = {"live": True}
SECRET: dict[str, Any] = {"secret": True}


class Env(BaseModel):
    """The table. `live` settings may also be changed in the admin while Hubcache runs; the environment is their default."""

    # The service
    HUBCACHE_HOST: str = Field("127.0.0.1", description="Address that the web server listens on.")
    HUBCACHE_PORT: int = Field(8000, ge=1, le=65535, description="Port that the web server listens on.")
    HUBCACHE_PUBLIC_URL: HttpUrl = Field(
        "", description="The one address that rewritten links bear. Default: from host and port."
    )
    HUBCACHE_ALLOWED_HOSTS: Words = Field(
        (), description="Further host names that requests may be addressed to, comma-separated."
    )
    HUBCACHE_ORG: str = Field(
        "", pattern=r"^[A-Za-z0-9-]{0,100}$", description="The organisation that is synced at start."
    )
    HUBCACHE_TENANT: str = Field("default", pattern=r"^[a-z0-9-]{1,40}$", description="Name of the first tenant.")
    HUBCACHE_DATA_DIR: Path = Field(
        Path("var"), description="Where SQLite, the embedded Redis, generated secrets and logs live."
    )
    HUBCACHE_SECRET_KEY: str = Field(
        "",
        json_schema_extra=SECRET,
        description="Django's secret key. Default: made once and kept in the data directory.",
    )
    HUBCACHE_ENCRYPTION_KEYS: Words = Field(
        (),
        json_schema_extra=SECRET,
        description="Fernet keys, newest first, that encrypt tokens and secrets at rest. Default: made once and kept in the data directory.",
    )
    HUBCACHE_ANONYMOUS_READ: bool = Field(
        False, description="Answer reads without any key. Only for the sandbox or for public data."
    )
    HUBCACHE_DEBUG: bool = Field(False, description="Django's debug pages. Never in production.")
    HUBCACHE_WORKERS: int = Field(2, ge=1, le=64, description="Web server processes.")
    HUBCACHE_THREADS: int = Field(
        48,
        ge=2,
        le=256,
        description="Threads in each web server process; at most half of them wait for GitHub.",
    )
    HUBCACHE_HOTCACHE_ENABLED: bool = Field(
        True, description="Repeat fresh answers to the same identity out of the process's own memory."
    )
    HUBCACHE_HOTCACHE_BYTES: int = Field(64 * 1024 * 1024, ge=0, description="Memory bound of that, bytes per process.")
    HUBCACHE_INDEX_MEMORY: int = Field(
        1024 * 1024 * 1024, ge=1024 * 1024, description="Memory for the columns of the index, bytes per process."
    )
    HUBCACHE_MAX_BODY_BYTES: int = Field(
        25 * 1024 * 1024,
        ge=1024,
        description="Largest request body taken, in bytes (GitHub's webhooks have up to 25 MB).",
    )
    HUBCACHE_BODY_SECONDS: int = Field(
        10,
        ge=0,
        le=600,
        description="Seconds in which a request's body has to arrive; GitHub gives a delivery up after 10. 0: a proxy in front takes bodies in whole, and nothing is done about slow ones here.",
    )
    HUBCACHE_LOG_FORMAT: Literal["auto", "json", "console"] = Field(
        "auto", description="Log lines as JSON or for people; auto: for people in a terminal."
    )
    HUBCACHE_LOG_LEVEL: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="Least severity that is logged."
    )

    HUBCACHE_WEBHOOK_PAYLOAD_DAYS: int = Field(
        10, ge=1, le=3650, description="Days that the payloads of worked-off webhook deliveries are kept."
    )
    HUBCACHE_WEBHOOK_DAYS: int = Field(30, ge=4, le=3650, description="Days that webhook deliveries are listed at all.")

    # GitHub
    GITHUB_API_URL: HttpUrl = Field(
        "https://api.github.com", description="GitHub's REST API, or a GitHub Enterprise Server's (…/api/v3)."
    )
    GITHUB_GRAPHQL_URL: HttpUrl = Field("", description="GitHub's GraphQL API. Default: derived from GITHUB_API_URL.")
    GITHUB_TOKEN: str = Field("", json_schema_extra=SECRET, description="A token for the first tenant.")
    GITHUB_TOKENS: Words = Field(
        (), json_schema_extra=SECRET, description="Several tokens for the first tenant, comma-separated."
    )
    GITHUB_APP_ID: str = Field(
        "", pattern=r"^\d*$", description="ID of a GitHub App whose installations serve the first tenant."
    )
    GITHUB_APP_PRIVATE_KEY: str = Field(
        "",
        json_schema_extra=SECRET,
        description="That App's private key: PEM text, or the path of a PEM file.",
    )
    GITHUB_WEBHOOK_SECRET: str = Field(
        "",
        json_schema_extra=SECRET,
        description="Makes a webhook configuration for the first tenant at start.",
    )
    GITHUB_CACHE_ENABLED: bool = Field(
        True,
        json_schema_extra=LIVE,
        description="Off: nothing is read from or stored in the cache; answers say BYPASS.",
    )
    GITHUB_GRAPHQL_ENABLED: bool = Field(True, json_schema_extra=LIVE, description="Fetch in batches by GraphQL.")
    GITHUB_REST_FALLBACK_ENABLED: bool = Field(
        True, json_schema_extra=LIVE, description="Fetch by REST where GraphQL fails or is off."
    )
    GITHUB_API_MODE: Literal["auto", "rest", "graphql"] = Field(
        "auto", json_schema_extra=LIVE, description="Force one of GitHub's APIs, for troubleshooting."
    )
    GITHUB_BACKOFF_ENABLED: bool = Field(
        True,
        json_schema_extra=LIVE,
        description="Off: fail at once with the wait computed, instead of waiting.",
    )
    GITHUB_BACKOFF_BASE_MS: int = Field(
        500, ge=1, le=60_000, json_schema_extra=LIVE, description="First backoff, milliseconds."
    )
    GITHUB_BACKOFF_FACTOR: float = Field(2.0, ge=1, le=10, json_schema_extra=LIVE, description="Growth of the backoff.")
    GITHUB_BACKOFF_MAX_MS: int = Field(
        60_000, ge=1, le=3_600_000, json_schema_extra=LIVE, description="Longest backoff, milliseconds."
    )
    GITHUB_BACKOFF_JITTER: float = Field(
        1.0,
        ge=0,
        le=1,
        json_schema_extra=LIVE,
        description="Share of the backoff that is random (1: full jitter).",
    )
    GITHUB_BACKOFF_MAX_ATTEMPTS: int = Field(5, ge=1, le=50, json_schema_extra=LIVE, description="Attempts in all.")
    GITHUB_CONNECT_TIMEOUT: float = Field(
        5.0, ge=0.01, le=60, json_schema_extra=LIVE, description="Seconds to connect to GitHub."
    )
    GITHUB_READ_TIMEOUT: float = Field(
        15.0,
        ge=0.01,
        le=120,
        json_schema_extra=LIVE,
        description="Seconds between two bytes of GitHub's answer.",
    )
    GITHUB_MAX_CONCURRENT: int = Field(
        80,
        ge=1,
        le=100,
        json_schema_extra=LIVE,
        description="Calls under way at once per account (GitHub allows 100).",
    )
    GITHUB_RESERVE_WARM: Fraction = Field(
        0.3, json_schema_extra=LIVE, description="Share of the quota that warm-up jobs never take."
    )
    GITHUB_RESERVE_WEBHOOK: Fraction = Field(
        0.1,
        json_schema_extra=LIVE,
        description="Share of the quota that refetches after webhooks never take.",
    )

    # Lifetimes in seconds
    GITHUB_TTL_ORG_REPOS: Seconds = Field(
        900, json_schema_extra=LIVE, description="An organisation's repositories, seconds."
    )
    GITHUB_TTL_ORG_REPOS_WITH_WEBHOOKS: Seconds = Field(
        3600, json_schema_extra=LIVE, description="The same where a healthy hook covers it."
    )
    GITHUB_TTL_REPO: Seconds = Field(300, json_schema_extra=LIVE, description="A repository, seconds.")
    GITHUB_TTL_REPO_WITH_WEBHOOKS: Seconds = Field(
        10800, json_schema_extra=LIVE, description="The same where a healthy hook covers it."
    )
    GITHUB_TTL_LANGUAGES: Seconds = Field(
        86400, json_schema_extra=LIVE, description="A repository's languages, seconds."
    )
    GITHUB_TTL_LANGUAGES_WITH_WEBHOOKS: Seconds = Field(
        86400, json_schema_extra=LIVE, description="The same where a healthy hook covers it."
    )
    GITHUB_TTL_ISSUES: Seconds = Field(60, json_schema_extra=LIVE, description="Open issues, seconds.")
    GITHUB_TTL_ISSUES_WITH_WEBHOOKS: Seconds = Field(
        300, json_schema_extra=LIVE, description="The same where a healthy hook covers it."
    )
    GITHUB_TTL_PULLS: Seconds = Field(60, json_schema_extra=LIVE, description="Open pull requests, seconds.")
    GITHUB_TTL_PULLS_WITH_WEBHOOKS: Seconds = Field(
        120, json_schema_extra=LIVE, description="The same where a healthy hook covers it."
    )
    GITHUB_TTL_CLOSED: Seconds = Field(
        3600, json_schema_extra=LIVE, description="Closed issues and merged pull requests, seconds."
    )
    GITHUB_TTL_CLOSED_WITH_WEBHOOKS: Seconds = Field(
        3600, json_schema_extra=LIVE, description="The same where a healthy hook covers it."
    )
    GITHUB_TTL_WORKFLOWS: Seconds = Field(900, json_schema_extra=LIVE, description="Workflows, seconds.")
    GITHUB_TTL_WORKFLOWS_WITH_WEBHOOKS: Seconds = Field(
        3600, json_schema_extra=LIVE, description="The same where a healthy hook covers it."
    )
    GITHUB_TTL_LABELS: Seconds = Field(900, json_schema_extra=LIVE, description="Labels and milestones, seconds.")
    GITHUB_TTL_LABELS_WITH_WEBHOOKS: Seconds = Field(
        3600, json_schema_extra=LIVE, description="The same where a healthy hook covers it."
    )
    GITHUB_TTL_CONTENTS: Seconds = Field(
        300, json_schema_extra=LIVE, description="Files, trees, commits, branches and releases, seconds."
    )
    GITHUB_TTL_CONTENTS_WITH_WEBHOOKS: Seconds = Field(
        3600, json_schema_extra=LIVE, description="The same where a healthy hook covers it."
    )
    GITHUB_TTL_ISSUE: Seconds = Field(
        60, json_schema_extra=LIVE, description="A single issue or pull request, seconds."
    )
    GITHUB_TTL_ISSUE_WITH_WEBHOOKS: Seconds = Field(
        300, json_schema_extra=LIVE, description="The same where a healthy hook covers it."
    )
    GITHUB_TTL_USER: Seconds = Field(3600, json_schema_extra=LIVE, description="Users and organisations, seconds.")
    GITHUB_TTL_USER_WITH_WEBHOOKS: Seconds = Field(
        3600, json_schema_extra=LIVE, description="The same where a healthy hook covers it."
    )
    GITHUB_TTL_GRAPHQL: Annotated[int, Field(ge=1, le=60)] = Field(
        60,
        json_schema_extra=LIVE,
        description="GraphQL answers that belong to no repository or organisation, seconds (at most 60).",
    )
    GITHUB_TTL_NOT_FOUND: Annotated[int, Field(ge=1, le=60)] = Field(
        10, json_schema_extra=LIVE, description="404 and 410 answers, seconds."
    )
    GITHUB_GRACE: Seconds = Field(
        86400,
        json_schema_extra=LIVE,
        description="How long past its lifetime an entry may be served while GitHub fails, seconds.",
    )
    CACHE_TTL_FACETS: Seconds = Field(600, json_schema_extra=LIVE, description="Facets, seconds.")
    CACHE_TTL_SEARCH: Seconds = Field(300, json_schema_extra=LIVE, description="Search results, seconds.")
    CACHE_TTL_STATS: Seconds = Field(300, json_schema_extra=LIVE, description="Statistics, seconds.")
    CACHE_TTL_RATELIMIT: Seconds = Field(
        60, description="The window of the inbound limit, seconds; RATELIMIT_WINDOW wins where both are set."
    )
    CACHE_FACETS_ENABLED: bool = Field(True, json_schema_extra=LIVE, description="Cache facets.")
    CACHE_SEARCH_ENABLED: bool = Field(True, json_schema_extra=LIVE, description="Cache search results.")
    CACHE_STATS_ENABLED: bool = Field(True, json_schema_extra=LIVE, description="Cache statistics.")

    # Redis, database, broker
    REDIS_ENABLED: bool = Field(True, description="Use Redis. Off: the local store, local limits and a broker on disk.")
    REDIS_URL: str = Field(
        "",
        json_schema_extra=SECRET,
        description="redis://, rediss://, unix:// or sentinel://; wins over the parts below.",
    )
    REDIS_HOST: str = Field("", description="Redis host, where REDIS_URL is not set.")
    REDIS_PORT: int = Field(6379, ge=1, le=65535, description="Redis port, where REDIS_URL is not set.")
    REDIS_PASSWORD: str = Field("", json_schema_extra=SECRET, description="Redis password, where REDIS_URL is not set.")
    REDIS_DB: int = Field(0, ge=0, le=15, description="Redis database, where REDIS_URL has no path.")
    REDIS_MAX_CONNECTIONS: int = Field(50, ge=1, le=10_000, description="Connections per process.")
    REDIS_SOCKET_TIMEOUT: float = Field(0.1, gt=0, le=60, description="Seconds that a request will wait for Redis.")
    DATABASE_URL: str = Field(
        "",
        json_schema_extra=SECRET,
        description="postgres://… or sqlite:///…; default: SQLite in the data directory.",
    )
    CELERY_BROKER_URL: str = Field(
        "",
        json_schema_extra=SECRET,
        description="Broker; default: the Redis above, or a folder without Redis.",
    )

    HUBCACHE_WORKER_POOL: Literal["threads", "prefork"] = Field(
        "threads",
        description="Celery's pool: threads take less memory; only prefork can end a task that runs too long.",
    )
    HUBCACHE_WORKER_CONCURRENCY: int = Field(8, ge=1, le=256, description="Tasks that a worker runs at once.")
    HUBCACHE_WORKER_METRICS_PORT: int = Field(
        0, ge=0, le=65535, description="Port of a worker's own /metrics, for containers; 0: none."
    )

    # The front door
    RATELIMIT_ENABLED: bool = Field(True, description="Limit what callers may ask.")
    RATELIMIT_REQUESTS: int = Field(
        100, ge=1, json_schema_extra=LIVE, description="Requests per window and address without a key."
    )
    RATELIMIT_AUTHENTICATED_REQUESTS: int = Field(
        6000, ge=1, json_schema_extra=LIVE, description="Requests per window and identity."
    )
    RATELIMIT_WINDOW: int = Field(
        0, ge=0, le=3600, description="Window of the inbound limit, seconds. 0: CACHE_TTL_RATELIMIT."
    )
    RATELIMIT_EXEMPT: Networks = Field((), description="Networks that are not limited, comma-separated CIDRs.")
    TRUSTED_PROXIES: Networks = Field(
        (), description="Networks of proxies whose X-Forwarded-For is believed, comma-separated CIDRs."
    )
    METRICS_ALLOW: Networks = Field(
        ("127.0.0.0/8", "::1/128", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"),
        description="Networks that may read /metrics without a key, comma-separated CIDRs.",
    )
    SENTRY_DSN: str = Field("", json_schema_extra=SECRET, description="Report errors and traces to Sentry.")

    # The sandbox GitHub
    SANDBOX_PORT: int = Field(
        8001, ge=1, le=65535, description="Port of the sandbox GitHub that runs where there is no token."
    )
    SANDBOX_OPTIONS: str = Field(
        "--level 1", description="Further options of the sandbox GitHub, as on its command line."
    )

    @model_validator(mode="after")
    def _complete(self) -> "Env":
        if self.GITHUB_APP_ID and not self.GITHUB_APP_PRIVATE_KEY:
            raise ValueError("GITHUB_APP_ID is set but GITHUB_APP_PRIVATE_KEY is not: set both or neither")
        return self

    @property
    def public_url(self) -> str:
        host = f"[{self.HUBCACHE_HOST}]" if ":" in self.HUBCACHE_HOST else self.HUBCACHE_HOST
        return self.HUBCACHE_PUBLIC_URL or f"http://{host}:{self.HUBCACHE_PORT}"

    @property
    def graphql_url(self) -> str:
        """GITHUB_GRAPHQL_URL, or https://HOST/graphql; for …/api/v3 of an Enterprise Server …/api/graphql."""
        rest = self.GITHUB_API_URL
        return self.GITHUB_GRAPHQL_URL or (rest[: -len("/v3")] if rest.endswith("/api/v3") else rest) + "/graphql"

    @property
    def tokens(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(token for token in (self.GITHUB_TOKEN, *self.GITHUB_TOKENS) if token))

    @property
    def redis_url(self) -> str:
        """The address of Redis, or '' where it is switched off or was never given."""
        if not self.REDIS_ENABLED:
            return ""
        if self.REDIS_URL:
            parts = urlsplit(self.REDIS_URL)
            if parts.scheme in ("redis", "rediss") and parts.path in ("", "/"):
                return parts._replace(path=f"/{self.REDIS_DB}").geturl()
            return self.REDIS_URL
        if self.REDIS_HOST:
            password = f":{quote(self.REDIS_PASSWORD, safe='')}@" if self.REDIS_PASSWORD else ""
            return f"redis://{password}{self.REDIS_HOST}:{self.REDIS_PORT}/{self.REDIS_DB}"
        return ""

    @property
    def window(self) -> int:
        return self.RATELIMIT_WINDOW or self.CACHE_TTL_RATELIMIT


def live_names() -> tuple[str, ...]:
    """Names of the settings that may be changed while Hubcache runs."""
    return tuple(name for name, field in Env.model_fields.items() if field.json_schema_extra == LIVE)


def bounds(name: str) -> dict[str, float]:
    """`min_value` and `max_value` of a number in the table, as far as it has them. An `lt` counts as included."""
    found: dict[str, float] = {}
    for constraint in Env.model_fields[name].metadata:
        for ours, theirs in (("min_value", "ge"), ("max_value", "le"), ("max_value", "lt")):
            if (bound := getattr(constraint, theirs, None)) is not None:
                found[ours] = bound
    return found
