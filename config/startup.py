"""What one command has to start, decided from the settings (pure): the real GitHub or the sandbox, which Redis."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from config.env import SECRET, Env
from config.program import counting

PUBLIC_GITHUB = "https://api.github.com"


class GitHub(StrEnum):
    """Which GitHub stands behind."""

    REAL = "real"
    SANDBOX = "sandbox"


class Redis(StrEnum):
    """Which Redis is used."""

    GIVEN = "given"
    EMBEDDED = "embedded"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Plan:
    """What to start."""

    github: GitHub
    redis: Redis


def plan(env: Env, redis_program: str | None) -> Plan:
    """The plan for these settings, on a machine with that Redis program (or none)."""
    credentials = bool(env.tokens or env.GITHUB_APP_ID)
    github = GitHub.REAL if credentials or env.GITHUB_API_URL != PUBLIC_GITHUB else GitHub.SANDBOX
    if not env.REDIS_ENABLED:
        redis = Redis.NONE
    elif env.redis_url:
        redis = Redis.GIVEN
    else:
        redis = Redis.EMBEDDED if redis_program else Redis.NONE
    return Plan(github, redis)


def child_environment(
    environ: Mapping[str, str], env: Env, chosen: Plan, *, redis_url: str, sandbox: Mapping[str, str]
) -> dict[str, str]:
    """The environment of the children: what was given, the Redis that runs, and the sandbox's address and token."""
    result = {**counting(environ, env.HUBCACHE_DATA_DIR), "HUBCACHE_DATA_DIR": str(env.HUBCACHE_DATA_DIR.resolve())}
    if chosen.redis is Redis.EMBEDDED:
        result["REDIS_URL"] = redis_url
    if chosen.redis is Redis.NONE:
        result["REDIS_ENABLED"] = "false"
    if chosen.github is GitHub.SANDBOX:
        result |= {"HUBCACHE_ANONYMOUS_READ": "true", **sandbox}
    return result


def for_other_shells(given: Mapping[str, str], children: Mapping[str, str]) -> dict[str, str]:
    """The settings of the children that a command in another shell needs to work on the same house.

    A secret that was given by environment is not among them: it is written down by whoever gave it, not here.
    """
    return {
        name: value
        for name, value in children.items()
        if name in Env.model_fields
        and name != "HUBCACHE_DATA_DIR"
        and (Env.model_fields[name].json_schema_extra != SECRET or value != given.get(name))
    }
