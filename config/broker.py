"""Where the bells are sent, decided from the settings (pure): CELERY_BROKER_URL, else the cache's Redis, else a folder.

A publisher waits PUBLISH_SECONDS at most and does not try again, since every bell may be lost: rows and schedules find
what it was about. On Redis, what a dead worker held is given to another after VISIBILITY_SECONDS; that is longer than
any task may run and any countdown may be, so that nothing is run twice while it runs. Source: Celery, "Using Redis".
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from config.env import Env

HARD_SECONDS = 1800
"""The longest that a task may run (where the pool can end one: prefork)."""
LONGEST_COUNTDOWN = 3600
"""GitHub's limits start anew every hour, so no wait is longer."""
VISIBILITY_SECONDS = HARD_SECONDS + LONGEST_COUNTDOWN + 600
PUBLISH_SECONDS = 0.5
FOLDER = "filesystem://"


@dataclass(frozen=True, slots=True)
class Broker:
    """Its URL, the options of Kombu's transport for it, and whether the cache stands or falls with it."""

    url: str = field(repr=False)
    options: dict[str, Any]
    is_the_caches_redis: bool = False


def broker(env: Env, data: Path) -> Broker:
    """The broker for these settings; `data` is where its folder lies, if it is one."""
    url = env.CELERY_BROKER_URL or env.redis_url or FOLDER
    scheme = urlsplit(url).scheme
    if scheme == "filesystem":
        return Broker(url, _folder(data / "broker"))
    if scheme in ("amqp", "amqps", "pyamqp"):
        return Broker(url, {"connect_timeout": PUBLISH_SECONDS, "write_timeout": PUBLISH_SECONDS})
    options: dict[str, Any] = {
        "visibility_timeout": VISIBILITY_SECONDS,
        "socket_timeout": PUBLISH_SECONDS,
        "socket_connect_timeout": PUBLISH_SECONDS,
    }
    if scheme == "unix":
        url = re.sub(r"^unix://([^?]*)\??(?:db=(\d+))?.*$", r"redis+socket://\1?virtual_host=\2", url)
    if scheme == "sentinel" and not env.CELERY_BROKER_URL:
        url, options["master_name"] = _sentinels(url)
    return Broker(url, options, is_the_caches_redis=not env.CELERY_BROKER_URL)


def _folder(queue: Path) -> dict[str, Any]:
    return {
        "data_folder_in": str(queue / "in"),
        "data_folder_out": str(queue / "in"),
        "processed_folder": str(queue / "processed"),
        "control_folder": str(queue),
        "store_processed": False,
        "polling_interval": 0.1,
    }


def _sentinels(url: str) -> tuple[str, str]:
    """The cache's sentinel://[user@]host,host/SERVICE[/DB] as Kombu writes it, and the name of the service."""
    parts = urlsplit(url)
    user, at, hosts = parts.netloc.rpartition("@")
    service, _, database = parts.path.strip("/").partition("/")
    each = (host if ":" in host else f"{host}:26379" for host in hosts.split(","))
    return ";".join(f"sentinel://{user}{at}{host}/{database or 0}" for host in each), service
