"""Clients of other languages, unmodified, over real HTTP: octokit under Node, and GitHub's own command line `gh`.

`npm install` in the folder octokit/ beside this file brings octokit (.ci/run does so).
"""

import json
import os
import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pytest_django.live_server_helper import LiveServer

from tests.github_cache.gateway.house import ADMIN, House

OCTOKIT = Path(__file__).parent / "octokit"
needs_octokit = pytest.mark.skipif(
    shutil.which("node") is None or not (OCTOKIT / "node_modules" / "octokit").is_dir(),
    reason=f"needs node, and `npm install` in {OCTOKIT}",
)
needs_gh = pytest.mark.skipif(shutil.which("gh") is None, reason="gh is not installed")


def node(program: str, base: str, token: str, repository: str = "hello") -> dict[str, Any]:
    command = ["node", str(OCTOKIT / program), base, token, "octo", repository]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@needs_octokit
@pytest.mark.parametrize("credential", ["key", "token"])
def test_octokit(house: House, base: str, credential: str) -> None:
    told = node("journey.mjs", base, house.key if credential == "key" else ADMIN)
    assert told.pop("labels")[-1] == "from octokit"
    assert told == {
        "repositories": 42,
        "issues": 48,
        "json": "# hello\n",
        "raw": "# hello\n",
        "graphql": "octo/hello",
        "renamed": "octo/hello-renamed",
    }


@needs_octokit
def test_octokit_waits_as_it_is_told_and_comes_through(house: House, base: str) -> None:
    house.handle.faults.add({"kind": "secondary", "retry_after": 6, "count": 1})
    assert node("limit.mjs", base, house.key) == {"name": "octo/hello"}
    assert [entry["status"] for entry in house.handle.ledger.entries()] == [403, 200]


@pytest.fixture
def enterprise(base: str, live_server: LiveServer, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a `gh` for which Hubcache is an Enterprise Server: behind TLS, which gh insists on."""
    certificate, key = _certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _before(live_server.thread.host, live_server.thread.port))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "SSL_CERT_FILE": str(certificate),
        "GH_HOST": f"localhost:{server.server_port}",
        "GH_NO_UPDATE_NOTIFIER": "1",
    }
    server.shutdown()
    server.server_close()
    thread.join()


def _before(host: str, port: int) -> type[BaseHTTPRequestHandler]:
    """Hands every request on to the server behind it, as a proxy that ends TLS does."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
            behind = HTTPConnection(host, port, timeout=30)
            behind.request(self.command, self.path, body, headers)
            answer = behind.getresponse()
            content = answer.read()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in ("content-length", "connection", "date", "server", "transfer-encoding"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
            behind.close()

        do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = _pass

        def log_message(self, format: str, *args: object) -> None:
            """Nothing to say."""

    return Handler


def _certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate of localhost, signed by itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, private = folder / "certificate.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate, private


def gh(environ: dict[str, str], token: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["gh", *arguments],
        env={**environ, "GH_ENTERPRISE_TOKEN": token},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@needs_gh
def test_gh(house: House, enterprise: dict[str, str]) -> None:
    def told(*arguments: str) -> str:
        done = gh(enterprise, house.key, "api", *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    names = told("--paginate", "orgs/octo/repos?per_page=10", "--jq", ".[].full_name").split()
    assert len(names) == 42
    assert len(told("--paginate", "repos/octo/hello/issues?per_page=20", "--jq", ".[].number").split()) == 48
    assert told("repos/octo/hello/contents/README.md", "--jq", ".encoding").strip() == "base64"
    assert told("repos/octo/hello/contents/README.md", "-H", "Accept: application/vnd.github.raw") == "# hello\n"
    told("repos/octo/hello/labels", "-f", "name=from gh", "-f", "color=0000ff")
    assert "from gh" in told("repos/octo/hello/labels", "--jq", ".[].name").splitlines()
    query = 'query=query($name: String!) { repository(owner: "octo", name: $name) { nameWithOwner } }'
    asked = told("graphql", "-f", query, "-f", "name=hello", "--jq", ".data.repository.nameWithOwner")
    assert asked.strip() == "octo/hello"
    told("-X", "PATCH", "repos/octo/hello", "-f", "name=hello-renamed")
    assert told("repos/octo/hello", "--jq", ".full_name").strip() == "octo/hello-renamed"


@needs_gh
def test_gh_meets_a_limit_and_comes_through_later(house: House, enterprise: dict[str, str]) -> None:
    house.handle.faults.add({"kind": "secondary", "retry_after": 30, "count": 1})
    refused = gh(enterprise, house.key, "api", "repos/octo/repo-03")
    assert refused.returncode == 1
    assert "secondary rate limit" in refused.stderr
    house.forget_limits()
    assert gh(enterprise, house.key, "api", "repos/octo/repo-03", "--jq", ".name").stdout.strip() == "repo-03"
