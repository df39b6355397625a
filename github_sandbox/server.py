"""A threaded HTTP/1.1 server for the sandbox, with keep-alive, that also carries out faults on the wire.

The standard library's own: `serve` starts it in a thread (tests), `python -m github_sandbox` in the foreground.
"""

import contextlib
import io
import logging
import socket
import struct
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import unquote

from github_sandbox.application import WIRE_FAULT, Sandbox
from github_sandbox.control import Controls
from github_sandbox.deliveries import Deliveries
from github_sandbox.faults import Fault, Faults, Kind
from github_sandbox.ledger import Ledger
from github_sandbox.world import World

logger = logging.getLogger(__name__)
_IDLE_SECONDS = 75
_PIECES = 10


class Handle:
    """A running sandbox; a context manager that closes it."""

    def __init__(self, server: "SandboxServer", thread: threading.Thread | None) -> None:
        self._server = server
        self._thread = thread
        self.url = server.url
        self.world: World = server.sandbox.world
        self.controls: Controls = server.sandbox.controls

    @property
    def ledger(self) -> Ledger:
        return self.controls.ledger

    @property
    def faults(self) -> Faults:
        return self.controls.faults

    def drain(self) -> None:
        """Return once all webhooks that were due are out."""
        self.controls.deliveries.drain()

    def close(self) -> None:
        self._server.sandbox.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self.controls.deliveries.close()
        if self._thread:
            self._thread.join()

    def __enter__(self) -> "Handle":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def serve(world: World, host: str = "127.0.0.1", port: int = 0, recipe: Callable[[], World] | None = None) -> Handle:
    """Serve *world* from a thread of its own; port 0 takes a free one. *recipe* is what a reset starts from.

    Raises OSError where the address is taken.
    """
    server = bind(world, host, port, recipe)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    return Handle(server, thread)


def bind(world: World, host: str, port: int, recipe: Callable[[], World] | None = None) -> "SandboxServer":
    """The server, bound and listening but not yet serving. Raises OSError where the address is taken."""
    deliveries = Deliveries(world)
    world.listeners.append(deliveries.listen)
    server = SandboxServer((host, port), Sandbox(world, Controls(world, deliveries, recipe)))
    world.api_url = server.url
    return server


class SandboxServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024
    allow_reuse_address = True
    block_on_close = False

    def __init__(self, address: tuple[str, int], sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self._open: set[socket.socket] = set()
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, _Handler)

    @property
    def url(self) -> str:
        host, port = str(self.server_address[0]), self.server_address[1]
        return f"http://{f'[{host}]' if ':' in host else host}:{port}"

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request_thread(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        """Stop listening, and hang up on whoever is still connected."""
        super().server_close()
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is its own business; anything else is told."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = _IDLE_SECONDS
    wbufsize = -1
    server: SandboxServer

    def handle_one_request(self) -> None:
        self.raw_requestline = self.rfile.readline(65537)
        if len(self.raw_requestline) > 65536 or not self.raw_requestline:
            self.close_connection = True
        elif self.parse_request():
            self._respond()

    def handle_expect_100(self) -> bool:
        """The base class leaves `100 Continue` in the buffer, and the client waiting for it."""
        agreed = super().handle_expect_100()
        self.wfile.flush()
        return agreed

    def log_message(self, format: str, *arguments: Any) -> None:
        """Quiet: the ledger keeps the calls."""

    def _respond(self) -> None:
        environ = self._environ()
        started: dict[str, Any] = {}

        def start_response(status: str, headers: list[tuple[str, str]]) -> None:
            started.update(status=status, headers=headers)

        try:
            body = b"".join(self.server.sandbox(environ, start_response))
        except Exception:
            # A bug of the sandbox's own must not look like a network fault to the client under test.
            logger.exception("%s %s failed", self.command, self.path)
            body = b'{"message":"Server Error"}'
            start_response("500 Internal Server Error", [("Content-Length", str(len(body)))])
        head = "".join(f"{name}: {value}\r\n" for name, value in started["headers"])
        fault: Fault | None = environ.get(WIRE_FAULT)
        self.close_connection = self.close_connection or fault is not None
        if self.close_connection:
            head += "Connection: close\r\n"
        message = f"HTTP/1.1 {started['status']}\r\n{head}\r\n".encode("latin-1")
        if fault is None:
            self.wfile.write(message + body)
            self.wfile.flush()
        else:
            self._break(fault, message, body)

    def _break(self, fault: Fault, message: bytes, body: bytes) -> None:
        wait = self.server.sandbox.closing.wait
        if fault.kind is Kind.HANG:
            wait(fault.seconds)
        elif fault.kind is Kind.RESET:
            # Closing with linger 0 makes the kernel send RST instead of FIN.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
        elif fault.kind is Kind.CUT_BODY:
            self._write(message + body[: len(body) // 2])
        elif fault.kind is Kind.WRONG_LENGTH:
            told = str(len(body)).encode()
            wrong = str(len(body) + 10).encode()
            self._write(message.replace(b"Content-Length: " + told, b"Content-Length: " + wrong) + body)
        elif fault.kind is Kind.DRIP:
            self._write(message)
            size = max(1, -(-len(body) // _PIECES))
            for start in range(0, len(body), size):
                wait(fault.seconds / _PIECES)
                self._write(body[start : start + size])

    def _write(self, data: bytes) -> None:
        self.wfile.write(data)
        self.wfile.flush()

    def _environ(self) -> dict[str, Any]:
        path, _, query = self.path.partition("?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote(path, "latin-1"),
            "QUERY_STRING": query,
            "SERVER_NAME": str(self.server.server_address[0]),
            "SERVER_PORT": str(self.server.server_address[1]),
            "SERVER_PROTOCOL": self.request_version,
            "REMOTE_ADDR": self.client_address[0],
            "CONTENT_TYPE": self.headers.get("content-type", ""),
            "CONTENT_LENGTH": self.headers.get("content-length", ""),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": self.rfile,
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            "github_sandbox.raw_path": path,
        }
        for name, value in self.headers.items():
            environ[f"HTTP_{name.upper().replace('-', '_')}"] = value
        if "chunked" in self.headers.get("transfer-encoding", "").lower():
            body = self._read_chunks()
            environ |= {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        return environ

    def _read_chunks(self) -> bytes:
        """The body of a chunked request (RFC 9112, 7.1)."""
        pieces = []
        while size := int(self.rfile.readline(1024).partition(b";")[0].strip() or b"0", 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline(1024)
        while self.rfile.readline(1024) not in (b"\r\n", b"\n", b""):
            continue
        return b"".join(pieces)
