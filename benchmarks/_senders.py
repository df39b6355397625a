"""Requests to a Hubcache over keep-alive connections, at a rate or as fast as they are answered."""

import http.client
import threading
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple


class Request(NamedTuple):
    """What is sent."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes | None = None


class Answer(NamedTuple):
    """What came of the request of that number, from 0: a status, 0 for none, after so many seconds."""

    number: int
    status: int
    seconds: float


def send(port: int, requests: Iterable[Request], senders: int, rate: float | None = None) -> list[Answer]:
    """Sends over so many connections, at `rate` per second where one is given; each request is made when it is due."""
    answers: list[Answer] = []
    waiting, lock, began = enumerate(requests), threading.Lock(), time.perf_counter()

    def work(_: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        while True:
            with lock:
                turn = next(waiting, None)
            if turn is None:
                break
            number, request = turn
            time.sleep(max(0.0, began + number / rate - time.perf_counter()) if rate else 0.0)
            asked = time.perf_counter()
            status = _status(connection, request)
            answers.append(Answer(number, status, time.perf_counter() - asked))
        connection.close()

    with ThreadPoolExecutor(senders) as pool:
        list(pool.map(work, range(senders)))
    return answers


def _status(connection: http.client.HTTPConnection, request: Request) -> int:
    try:
        connection.request(request.method, request.path, request.body, request.headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    except (OSError, http.client.HTTPException):
        connection.close()
        return 0
