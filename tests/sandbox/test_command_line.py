"""`python -m github_sandbox` as a process of its own."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import requests

ROOT = Path(__file__).parents[2]


def start(*options: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "github_sandbox", *options],
        cwd=ROOT,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("asked_to_end", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_it_is_serves_and_ends_cleanly(asked_to_end: signal.Signals) -> None:
    process = start("--port", "0", "--repos", "3", "--automations", "9", "--org", "acme")
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        url = re.search(r"http://\S+", line)
        assert url is not None
        assert "acme with 3 repositories" in line
        token = re.search(r"ghp_sandbox_admin_1", line)
        assert token is not None
        headers = {"Authorization": f"token {token.group()}"}
        assert len(requests.get(f"{url.group()}/orgs/acme/repos", headers=headers, timeout=10).json()) == 3
        process.send_signal(asked_to_end)
        _, errors = process.communicate(timeout=10)
        assert (process.returncode, errors) == (0, "")
    finally:
        process.kill()


@pytest.mark.parametrize(
    ("options", "environment", "complaint"),
    [
        (("--from-folder", "/none/such"), {}, "there is no folder /none/such"),
        (("--repository", "/none/such"), {}, "there is no folder /none/such"),
        (("--payloads", "/none"), {}, "--payloads needs --from-folder or --repository beside it"),
        (("--repos", "0"), {}, "--automations needs at least one repository to stand in"),
        (("--app-key", "/none/such.pem"), {}, "cannot read the App's key /none/such.pem"),
        (("--org", "not a name"), {}, "--org"),
        ((), {"SANDBOX_PORT": "x"}, "a port is a number from 0 to 65535, not 'x'"),
    ],
)
def test_what_is_wrong_is_one_sentence(options: tuple[str, ...], environment: dict[str, str], complaint: str) -> None:
    process = start(*options, **environment)
    out, errors = process.communicate(timeout=20)
    assert process.returncode == 2
    assert out == ""
    assert complaint in errors
    assert len(errors.strip().splitlines()) == 1


def test_a_taken_port_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        process = start("--port", port, "--repos", "1", "--automations", "1")
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 1
    assert errors.strip() == f"github_sandbox: cannot listen on 127.0.0.1:{port}: Address already in use"
