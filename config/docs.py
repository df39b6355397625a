"""Renders what the docs say from tables in the code: settings, keys, metrics, modules (`make docs`; a test holds them).

`python -m config.docs` writes docs/configuration.md, keys.md, metrics.md, rooms.md and .env.example.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType

import django
from prometheus_client.metrics import MetricWrapperBase

from config import env_example, key_schema, rooms

ROOT = Path(__file__).resolve().parent.parent
CONFIGURATION = """# Settings

Every setting is an environment variable; `.env` in the working directory is read too. An empty value means the default.
A misspelt name or a value that cannot be used stops the start with a sentence that says what to type. *Live* settings
may also be changed in the admin (Constance) while Hubcache runs; the environment is their default, and every process
follows within 5 s. *Secret* ones stand in no message.

This page is made from `config/env.py` by `make docs`.

"""
METRICS = """# Metrics

`/metrics` gives all of them in Prometheus' format, summed over the processes of a machine, to networks in
`METRICS_ALLOW` and to API keys of the first tenant with the admin scope: the labels name things of every tenant. A
worker on a machine without a web server gives out its own at `HUBCACHE_WORKER_METRICS_PORT`. Labels are bounded: they
hold routes, kinds, outcomes and names that an operator gave, never anything that a caller typed. A histogram has
`_bucket`, `_sum` and `_count`.

This page is made from each floor's `metrics.py` by `make docs`. Dashboards and alerts that use them stand in
[deploy/](../deploy/); what to do about an alert in [operations.md](operations.md).
"""
FLOORS = {
    "Requests and tasks": "config",
    "Webhooks": "webhooks",
    "Index": "stats",
    "Cache, and calls to GitHub": "github_cache",
    "Limits": "ratelimit",
}


def pages() -> Mapping[Path, str]:
    """What each generated file should hold."""
    return {
        ROOT / ".env.example": env_example.render(),
        ROOT / "docs/configuration.md": CONFIGURATION + env_example.markdown(),
        ROOT / "docs/keys.md": key_schema.render(),
        ROOT / "docs/metrics.md": METRICS + "".join(_floor(title, floor) for title, floor in FLOORS.items()),
        ROOT / "docs/rooms.md": rooms.render(),
    }


def metrics_of(table: ModuleType) -> Iterator[MetricWrapperBase]:
    """The metrics that a floor's table holds, in its order."""
    for value in vars(table).values():
        members = [value, *getattr(value, "__dict__", {}).values()]
        yield from (member for member in members if isinstance(member, MetricWrapperBase))


def name_of(metric: MetricWrapperBase) -> str:
    """Its name as Prometheus sees it."""
    return metric._name + ("_total" if metric._type == "counter" else "")


def tables() -> Mapping[str, ModuleType]:
    """The metrics module of each floor, by the floor's title."""
    import importlib

    return {title: importlib.import_module(f"{floor}.metrics") for title, floor in FLOORS.items()}


def _floor(title: str, floor: str) -> str:
    rows = (
        f"| `{name_of(metric)}` | {metric._type} | {', '.join(f'`{label}`' for label in metric._labelnames)} "
        f"| {metric._documentation} |\n"
        for metric in metrics_of(tables()[title])
    )
    return (
        f"\n## {title} (`{floor}/metrics.py`)\n\n| metric | type | labels | what it says |\n|---|---|---|---|\n"
        + "".join(rows)
    )


if __name__ == "__main__":
    django.setup()
    for path, text in pages().items():
        path.write_text(text)
