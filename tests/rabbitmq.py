"""A RabbitMQ of one's own on loopback, its data in a temporary folder; skips where it is not installed."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.house import free_port

PROGRAMS = Path("/usr/lib/rabbitmq/bin")
"""Where Debian keeps the programs themselves; those on PATH change to another user and to the system's folders."""


@contextlib.contextmanager
def running_rabbitmq(folder: Path) -> Iterator[str]:
    """Yields its URL; ends it, and the name server that it started."""
    server = PROGRAMS / "rabbitmq-server"
    if not server.exists():
        pytest.skip("RabbitMQ is not installed (Debian: apt install rabbitmq-server)")
    port = free_port()
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "RABBITMQ_NODENAME": f"hubcache-{port}@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_DIST_PORT": str(free_port()),
        "RABBITMQ_MNESIA_BASE": str(folder / "data"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_CONF_ENV_FILE": str(folder / "none"),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 +sbwt none",
        "ERL_EPMD_PORT": str(free_port()),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        # It may be ended though it has not yet noticed that the server is gone.
        "ERL_EPMD_RELAXED_COMMAND_CHECK": "1",
    }
    with (folder / "rabbitmq.log").open("wb") as log:
        process = subprocess.Popen([server], env=environ, stdout=log, stderr=log, start_new_session=True)
    try:
        _until_open(port, process)
        yield f"amqp://127.0.0.1:{port}//"
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if epmd := shutil.which("epmd"):
            subprocess.run([epmd, "-kill"], env=environ, check=False, capture_output=True)


def _until_open(port: int, process: "subprocess.Popen[bytes]") -> None:
    pause = threading.Event()
    for _ in range(600):
        assert process.poll() is None, "it ended instead of starting"
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        pause.wait(0.1)
    raise AssertionError("RabbitMQ takes no connection after a minute")
