"""A production set-up passes Django's own checks, and every answer bears the headers that keep browsers careful."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.test import Client

from tests.journeys.house import ROOT, clean_environment

PRODUCTION = {"HUBCACHE_PUBLIC_URL": "https://hub.example.org", "REDIS_ENABLED": "false", "GITHUB_TOKEN": "ghp_000000"}


def manage(folder: Path, *command: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environ = {**clean_environment(), "HUBCACHE_DATA_DIR": str(folder), **PRODUCTION, **settings}
    return subprocess.run(
        [sys.executable, "manage.py", *command], cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )


def test_check_deploy_is_clean(tmp_path: Path) -> None:
    done = manage(tmp_path, "check", "--deploy", "--fail-level", "WARNING")

    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


def test_debug_in_production_is_not_clean(tmp_path: Path) -> None:
    assert manage(tmp_path, "check", "--deploy", "--fail-level", "WARNING", HUBCACHE_DEBUG="true").returncode != 0


def test_generated_secrets_are_for_their_owner_alone(tmp_path: Path) -> None:
    manage(tmp_path, "check")

    for name in ("secret_key", "encryption_key"):
        assert os.stat(tmp_path / name).st_mode & 0o077 == 0


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/admin/login/", "/docs", "/redoc", "/nowhere", "/api/v1/search", "/health"])
def test_every_answer_bears_security_headers(path: str) -> None:
    answer = Client().get(path)

    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    if answer["Content-Type"].startswith("text/html"):
        assert answer["X-Frame-Options"] == "DENY"
        # Swagger UI logs in by way of a window of its own, and says so itself.
        assert answer["Cross-Origin-Opener-Policy"] == ("unsafe-none" if path == "/docs" else "same-origin")
        policy = answer["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert ("script-src" in policy) == (path in ("/docs", "/redoc"))


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/api/v1/admin/cache/clear", "/admin/stats/cache/clear"])
def test_a_session_changes_nothing_without_the_pages_own_token(path: str) -> None:
    from django.contrib.auth import get_user_model

    client = Client(enforce_csrf_checks=True)
    client.force_login(get_user_model().objects.create_superuser("ada", password="a good passphrase"))

    assert client.post(path, {}, content_type="application/json").status_code == 403


@pytest.mark.django_db
def test_another_sites_host_name_is_refused() -> None:
    assert Client(raise_request_exception=False).get("/", headers={"Host": "evil.example"}).status_code == 400
