"""What stands in deploy/ and beside it: every metric, command, setting and runbook that it names is there."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import get_commands

from config import docs
from config.broker import VISIBILITY_SECONDS
from config.env import Env
from tests.journeys.house import free_port

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE = ("docker-compose.yml", "docker-compose.prod.yml")
ALERTS = DEPLOY / "prometheus/alerts.yml"
DASHBOARD = DEPLOY / "grafana/hubcache.json"
_SERIES = re.compile(r"\b([a-z][a-z0-9_]*_[a-z0-9_]+)\b(?=[\[{ )]|$)")
_NO_SERIES = re.compile(r"\b(by|on|without)\s*\([^)]*\)|\{[^}]*\}|\[[^]]*\]")


class Compose(yaml.SafeLoader):
    """YAML with the tags of compose files."""


Compose.add_constructor("!reset", lambda loader, node: None)


def compose(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.load((ROOT / name).read_text(), Compose)
    return loaded


def series() -> set[str]:
    """Every name that Prometheus sees of our metrics."""
    names = {"up"}
    for table in docs.tables().values():
        for metric in docs.metrics_of(table):
            name = docs.name_of(metric)
            names |= (
                {f"{name}_{part}" for part in ("bucket", "sum", "count")} if metric._type == "histogram" else {name}
            )
    return names


def named(expression: str) -> set[str]:
    """The series that an expression asks for."""
    return set(_SERIES.findall(_NO_SERIES.sub("", expression))) - {"histogram_quantile"}


def rules() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load(ALERTS.read_text())["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


def targets() -> Iterator[tuple[str, str]]:
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        for target in panel.get("targets", ()):
            yield panel["title"], target["expr"]


def test_the_names_in_an_expression_are_found() -> None:
    expression = 'sum by (le_gt) (rate(cache_hits_total{some_label="a_b"}[5m])) / max(cache_bytes) > 0'
    assert named(expression) == {"cache_hits_total", "cache_bytes"}


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_an_alerts_metrics_exist_and_its_runbook_too(rule: dict[str, Any]) -> None:
    assert named(rule["expr"]) <= series()
    page, anchor = rule["annotations"]["runbook_url"].split("#")
    titles = re.findall(r"^#+ (.*)$", (ROOT / page).read_text(), re.MULTILINE)
    assert anchor in {re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-") for title in titles}
    assert rule["labels"]["severity"] in ("info", "warning", "critical")


def test_every_panel_asks_for_metrics_that_exist() -> None:
    asked = {title: named(expression) for title, expression in targets()}
    assert len(asked) > 20
    for title, names in asked.items():
        assert names, title
        assert names <= series(), title


def test_the_dashboard_shows_what_operators_were_promised() -> None:
    asked = set().union(*(named(expression) for _, expression in targets()))
    assert asked >= {
        "cache_hits_total", "cache_misses_total", "http_request_duration_seconds_bucket",
        "github_api_rate_limit_remaining", "governor_refused_seconds_total", "rate_limit_reset_waits_total",
        "webhook_oldest_waiting_seconds", "github_api_errors_total",
    }  # fmt: skip


def test_panels_do_not_overlap() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells


def test_promtool_accepts_rules_and_configuration() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed (Debian: apt install prometheus)")
    for kind, file in (("rules", ALERTS), ("config", DEPLOY / "prometheus/prometheus.yml")):
        done = subprocess.run([promtool, "check", kind, str(file)], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", COMPOSE)
def test_compose_files_name_settings_and_commands_that_exist(name: str) -> None:
    file = compose(name)
    ours = [service for service in file["services"].values() if "hubcache" in str(service.get("image", ""))]
    environments = [service.get("environment", {}) for service in ours] + [file.get("x-production", {})]
    for environment in environments:
        assert set(environment) <= set(Env.model_fields)
    for service in ours:
        if match := re.search(r"manage\.py (\w+)", service.get("command", "")):
            assert match[1] in get_commands()


def test_every_service_has_a_health_check() -> None:
    file = compose("docker-compose.yml")
    for name, service in file["services"].items():
        # A one-shot ends; the scheduler is watched by /health; the web server's check stands in the Dockerfile.
        if name not in ("prepare", "sync", "hook", "beat", "web"):
            assert "test" in service["healthcheck"], name
    assert "HEALTHCHECK" in (ROOT / "Dockerfile").read_text()


def test_redis_keeps_its_data_and_never_evicts_the_queue() -> None:
    redis = compose("docker-compose.yml")["services"]["redis"]
    assert redis["image"] == "redis:7-alpine"
    assert "--appendonly yes" in redis["command"]
    assert "volatile-lru" in redis["command"]
    assert redis["volumes"] == ["redis_data:/data"]


def test_rabbitmq_lets_a_task_be_held_as_long_as_it_may_wait_and_run() -> None:
    environment = compose("docker-compose.prod.yml")["services"]["rabbitmq"]["environment"]
    found = re.search(r"consumer_timeout (\d+)$", environment["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"])
    assert found
    assert int(found[1]) >= 1000 * VISIBILITY_SECONDS


def test_production_has_several_of_each_and_limits() -> None:
    services = compose("docker-compose.prod.yml")["services"]
    for name in ("web", "worker"):
        assert services[name]["deploy"]["replicas"] >= 2
    for name in ("web", "worker", "beat", "redis", "postgres", "nginx"):
        assert services[name]["deploy"]["resources"]["limits"]["memory"]


def dclint(*files: Path) -> str:
    """What a linter with the schema of compose files says of these; '' where it has nothing to say."""
    program = shutil.which("dclint")
    if program is None:
        pytest.skip("dclint is not installed (npm install dclint)")
    # nginx is meant to be reached from everywhere.
    command = [program, *map(str, files), "--quiet", "--disable-rule", "no-unbound-port-interfaces"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() or ("" if done.returncode == 0 else done.stderr)


def test_compose_files_keep_to_the_schema() -> None:
    assert dclint(*(ROOT / name for name in COMPOSE)) == ""


def test_a_compose_file_that_does_not_keep_to_the_schema_is_found(tmp_path: Path) -> None:
    wrong = tmp_path / "docker-compose.yml"
    wrong.write_text("services: {web: {image: x, depends_on: {redis: {condition: service_well}}}, redis: {image: y}}")
    assert "invalid-schema" in dclint(wrong)


def test_compose_itself_accepts_the_files() -> None:
    docker = shutil.which("docker")
    if docker is None or subprocess.run([docker, "compose", "version"], capture_output=True).returncode:
        pytest.skip("docker compose is not installed")
    files = [argument for name in COMPOSE for argument in ("-f", str(ROOT / name))]
    wanted = re.findall(r"\$\{(\w+):\?", (ROOT / COMPOSE[1]).read_text())
    done = subprocess.run(
        [docker, "compose", *files, "config", "--quiet"],
        env={"PATH": "/usr/bin:/usr/local/bin", **dict.fromkeys(wanted, "x")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_nginx_accepts_its_configuration(tmp_path: Path) -> None:
    """With addresses of this machine, since older releases cannot look a name up again."""
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if nginx is None:
        pytest.skip("nginx is not installed (Debian: apt install nginx-light)")
    text = (DEPLOY / "nginx.conf").read_text()
    ours = {"server web:8000 resolve": "server 127.0.0.1:8000", "listen 80;": f"listen {free_port()};"}
    for theirs, here in ours.items():
        assert theirs in text
        text = text.replace(theirs, here)
    file = tmp_path / "nginx.conf"
    paths = "".join(f"{kind}_temp_path {tmp_path}/{kind};" for kind in ("client_body", "proxy"))
    file.write_text(f"pid {tmp_path}/pid; error_log stderr; events {{}} http {{ access_log off; {paths}\n{text}}}")
    done = subprocess.run([nginx, "-t", "-p", str(tmp_path), "-c", str(file)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_image_runs_as_an_ordinary_user_and_without_build_tools() -> None:
    text = (ROOT / "Dockerfile").read_text()
    last = text.split("\nFROM ")[-1]
    assert re.search(r"^USER hubcache$", last, re.MULTILINE)
    assert "pip" not in last
    assert "apt-get" not in last
    copied = set(re.findall(r"^COPY (\w+) \1$", last, re.MULTILINE))
    assert {"config", "github_cache", "ratelimit", "stats", "webhooks", "templates"} <= copied
    ignored = (ROOT / ".dockerignore").read_text()
    assert all(f"!{folder}" in ignored for folder in copied)


@pytest.mark.parametrize("unit", sorted((DEPLOY / "systemd").glob("*.service")), ids=lambda path: path.name)
def test_units_start_commands_that_exist_as_an_ordinary_user(unit: Path) -> None:
    text = unit.read_text()
    assert "User=hubcache" in text
    commands = re.findall(r"^Exec\w+=\S+python manage\.py (\w+)", text, re.MULTILINE)
    assert commands
    assert set(commands) <= set(get_commands())
    settings = re.findall(r"\b(HUBCACHE_\w+)=", text)
    assert set(settings) <= set(Env.model_fields)


def test_systemd_understands_the_units(tmp_path: Path) -> None:
    """With a program that is there in place of the one in /opt; it warns of what it does not know, and goes on."""
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not installed (Debian: apt install systemd)")
    units = sorted((DEPLOY / "systemd").glob("*.service"))
    for unit in units:
        text = unit.read_text().replace("/opt/hubcache/.venv/bin/python", sys.executable)
        (tmp_path / unit.name).write_text(text)
    found = [str(tmp_path / unit.name.replace("@", "@1")) for unit in units]
    (tmp_path / "hubcache-worker@.service").rename(tmp_path / "hubcache-worker@1.service")
    done = subprocess.run([analyze, "verify", *found], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
