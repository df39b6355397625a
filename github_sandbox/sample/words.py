"""*pure*. The vocabulary of sample organisations, and how skewed it is drawn: few words are common, most are rare."""

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

WORKFLOW_EVENTS = (
    "push", "pull_request", "workflow_dispatch", "schedule", "release", "workflow_call", "pull_request_target",
    "issues", "workflow_run", "issue_comment", "merge_group", "create", "delete", "deployment", "deployment_status",
    "repository_dispatch", "check_run", "check_suite", "discussion", "fork", "label", "milestone", "page_build",
    "registry_package", "watch",
)  # fmt: skip
PLATFORMS = (
    "state", "time", "numeric_state", "sun", "event", "template", "mqtt", "zone", "homeassistant", "time_pattern",
    "webhook", "device", "tag", "calendar", "conversation",
)  # fmt: skip
"""Home Assistant's trigger platforms: with the events above, forty triggers."""
LANGUAGES = (
    "Python", "TypeScript", "Go", "JavaScript", "Shell", "Java", "Rust", "HTML", "C++", "C#", "Ruby", "Kotlin", "CSS",
    "PHP", "C", "Dockerfile", "Swift", "HCL", "Jinja", "Scala",
)  # fmt: skip
ADJECTIVES = (
    "amber", "brisk", "calm", "daring", "eager", "fluent", "gentle", "hidden", "ivory", "jolly", "keen", "lucid",
    "mellow", "nimble", "opal", "proud", "quiet", "rapid", "silent", "tidy", "urban", "vivid", "warm", "young", "zesty",
)  # fmt: skip
NOUNS = (
    "api", "auth", "billing", "catalog", "cli", "console", "dashboard", "deploy", "docs", "engine", "exporter",
    "gateway", "hub", "importer", "indexer", "ledger", "mailer", "metrics", "notifier", "operator", "pipeline",
    "planner", "portal", "proxy", "queue", "registry", "relay", "runner", "scheduler", "search", "server", "site",
    "store", "sync", "toolkit", "tracker", "vault", "watcher", "web", "worker",
)  # fmt: skip
_OWNERS = (
    "actions", "docker", "octo-tools", "setup-kit", "cloud-run", "release-crew", "lint-lab", "cache-works",
    "test-bench", "sign-off", "pages-hub", "notify-me", "scan-safe", "build-box", "ship-it", "matrix-lab",
)  # fmt: skip
_VERBS = (
    "checkout", "setup-python", "setup-node", "cache", "upload-artifact", "setup-go", "build-push", "login",
    "download-artifact", "create-release", "deploy", "lint", "scan", "publish", "notify", "label", "stale", "sign",
    "attest", "benchmark",
)  # fmt: skip
_DOMAINS = (
    "light", "switch", "notify", "script", "climate", "cover", "media_player", "input_boolean", "automation", "scene",
    "fan", "lock", "vacuum", "homeassistant", "mqtt", "tts", "input_number", "camera", "timer", "counter",
)  # fmt: skip
_SERVICES = (
    "turn_on", "turn_off", "toggle", "set_value", "reload", "start", "stop", "send", "open", "close", "press",
    "increment", "decrement", "select", "play", "pause", "speak", "snapshot", "publish", "update",
)  # fmt: skip
AREAS = (
    "kitchen", "hallway", "bedroom", "garage", "garden", "office", "bathroom", "attic", "porch", "cellar",
    "living_room", "nursery",
)  # fmt: skip
_TOPIC_HEADS = (
    "kubernetes", "python", "rust", "cloud", "data", "home", "iot", "web", "api", "devops", "security", "mobile",
    "machine-learning", "graph", "event", "edge", "open", "real-time", "batch", "test", "build", "release", "config",
    "search", "audio",
)  # fmt: skip
_TOPIC_TAILS = (
    "", "tools", "framework", "library", "automation", "monitoring", "pipeline", "server", "client", "sdk", "plugin",
    "template", "examples", "platform", "service", "cli", "operator", "dashboard", "testing", "storage",
)  # fmt: skip

ACTIONS: tuple[str, ...] = tuple(
    f"{owner}/{verb}{suffix}@v{1 + index % 5}"
    for suffix in ("", "-plus", "-lite", "-matrix", "-next")
    for index, verb in enumerate(_VERBS)
    for owner in _OWNERS
)
"""1,600 actions of workflows."""
SERVICES: tuple[str, ...] = tuple(f"{domain}.{service}" for service in _SERVICES for domain in _DOMAINS)
"""400 services of Home Assistant: with the actions above, two thousand."""
TOPICS: tuple[str, ...] = tuple(f"{head}-{tail}".rstrip("-") for tail in _TOPIC_TAILS for head in _TOPIC_HEADS)
"""500 topics."""
REUSABLE_WORKFLOWS: tuple[str, ...] = tuple(
    f"octo-shared/workflows/.github/workflows/{noun}-{kind}.yml@v{1 + index % 3}"
    for kind in ("build", "test", "deploy", "audit", "release")
    for index, noun in enumerate(NOUNS)
)
"""200 workflows to be called."""
BLUEPRINTS: tuple[str, ...] = tuple(
    f"{author}/{kind}_{area}.yaml"
    for kind in ("motion_light", "notify_when_left_open", "climate_schedule", "low_battery", "wake_up")
    for author in ("homeassistant", "octo-home")
    for area in AREAS[:10]
)
"""100 blueprints of Home Assistant."""


def skewed(dice: random.Random, words: Sequence[T], power: float = 3.0) -> T:
    """One of *words*, the earlier the likelier; the greater *power*, the more so."""
    return words[int(len(words) * dice.random() ** power)]


def several(dice: random.Random, words: Sequence[T], most: int, power: float = 3.0) -> list[T]:
    """One to *most* different *words*, in the order in which they were drawn."""
    count = 1 + int(most * dice.random() ** 2)
    return list(dict.fromkeys(skewed(dice, words, power) for _ in range(count)))
