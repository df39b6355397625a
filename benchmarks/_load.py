"""Load over keep-alive connections, made in processes of its own: wrk where it is installed, else the loop below."""

import json
import re
import selectors
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
PROCESSES = 2
_UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3}


@dataclass(frozen=True, slots=True)
class Load:
    """What came of one run: requests per second, milliseconds, and answers that were neither 2xx nor 3xx."""

    per_second: float
    p50: float
    p99: float
    failed: int


def generator() -> str:
    """Its name, for the table's head."""
    return "wrk" if shutil.which("wrk") else "benchmarks._load (wrk is not installed)"


def put_on(url: str, seconds: float, headers: Mapping[str, str], connections: int = 32) -> Load:
    """Asks for `url` over and over for about `seconds`, each connection once at a time."""
    if shutil.which("wrk"):
        return _wrk(url, seconds, headers, connections)
    told = json.dumps([url, seconds, dict(headers), connections // PROCESSES])
    command = [sys.executable, "-m", "benchmarks._load", told]
    loops = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) for _ in range(PROCESSES)]
    took, failed = [], 0
    for loop in loops:
        answer = json.loads(loop.communicate()[0])
        took += answer["milliseconds"]
        failed += answer["failed"]
    return Load(len(took) / seconds, statistics.median(took), _quantile(took, 0.99), failed)


def median(loads: list[Load]) -> Load:
    """The medians of several runs."""
    return Load(
        statistics.median(load.per_second for load in loads),
        statistics.median(load.p50 for load in loads),
        statistics.median(load.p99 for load in loads),
        sum(load.failed for load in loads),
    )


def _wrk(url: str, seconds: float, headers: Mapping[str, str], connections: int) -> Load:
    given = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    command = ["wrk", "-t2", f"-c{connections}", f"-d{seconds:g}s", "--latency", *given, url]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    quantiles = {
        int(percent): float(number) * _UNITS[unit]
        for percent, number, unit in re.findall(r"^\s+(50|99)%\s+([\d.]+)(us|ms|s)$", told, re.M)
    }
    rate = re.search(r"Requests/sec:\s+([\d.]+)", told)
    assert rate is not None, told
    failed = re.search(r"Non-2xx or 3xx responses: (\d+)", told)
    return Load(float(rate[1]), quantiles[50], quantiles[99], int(failed[1]) if failed else 0)


def _quantile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def _loop(url: str, seconds: float, headers: Mapping[str, str], connections: int) -> dict[str, object]:
    """One process's share: every connection sends as soon as its answer is complete."""
    at = urlsplit(url)
    fields = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    target = at.path + (f"?{at.query}" if at.query else "")
    request = f"GET {target} HTTP/1.1\r\nHost: {at.netloc}\r\n{fields}\r\n".encode()
    selector = selectors.DefaultSelector()
    for _ in range(connections):
        connection = socket.create_connection((at.hostname, at.port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(connection, selectors.EVENT_READ, [time.perf_counter(), bytearray()])
        connection.sendall(request)
    took: list[float] = []
    failed = 0
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for key, _ in selector.select(0.1):
            sock: socket.socket = key.fileobj  # type: ignore[assignment]
            data = sock.recv(1 << 18)
            if not data:
                raise ConnectionError(f"{at.netloc} hung up")
            key.data[1] += data
            if _complete(key.data[1]):
                now = time.perf_counter()
                took.append((now - key.data[0]) * 1e3)
                failed += key.data[1][9:10] not in b"23"
                key.data[:] = now, bytearray()
                sock.sendall(request)
    return {"milliseconds": took, "failed": failed}


def _complete(answer: bytearray) -> bool:
    head, found, body = answer.partition(b"\r\n\r\n")
    if not found:
        return False
    length = re.search(rb"\r\ncontent-length: (\d+)", head, re.I)
    return len(body) >= (int(length[1]) if length else 0)


if __name__ == "__main__":
    print(json.dumps(_loop(*json.loads(sys.argv[1]))))
