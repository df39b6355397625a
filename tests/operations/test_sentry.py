"""With a DSN, errors and traces go to Sentry without secrets; without one nothing is even imported."""

import json
import subprocess
import sys
from pathlib import Path

from tests.journeys.house import clean_environment

ROOT = Path(__file__).parents[2]
REPORT = """
import http.server, json, sys, threading
import django, redis, requests
from config import sentry
from sentry_sdk.transport import Transport

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
threading.Thread(target=server.serve_forever, daemon=True).start()
sent = []

class Kept(Transport):
    def capture_envelope(self, envelope):
        sent.extend(item.payload.json for item in envelope.items if item.payload.json)

DSN = "https://key@sentry.invalid/1"
sentry.start(DSN, share=1.0, transport=Kept)
django.setup()
import sentry_sdk
from django.conf import settings
settings.SENTRY_DSN = DSN
token = "ghp_" + "a1" * 18
with sentry_sdk.start_transaction(name="GET /" + token):
    try:
        raise ValueError("refused " + token)
    except ValueError:
        sentry_sdk.capture_exception()
    redis.Redis.from_url(sys.argv[1]).get("key")
    requests.get(f"http://127.0.0.1:{server.server_port}/repos", timeout=5)
from wsgiref.util import setup_testing_defaults
from config.wsgi import application
environ = {"PATH_INFO": "/health/live"}
setup_testing_defaults(environ)
list(application(environ, lambda *_: None))
sentry_sdk.flush()
print(json.dumps({"sent": sent, "installed": sorted(sentry_sdk.get_client().integrations)}))
"""
FAILING = """
import json, logging, sys, types
import django
from config import sentry
from sentry_sdk.transport import Transport

sent = []

class Kept(Transport):
    def capture_envelope(self, envelope):
        sent.extend(item.payload.json for item in envelope.items if item.payload.json)

DSN = "https://key@sentry.invalid/1"
sentry.start(DSN, share=0.0, transport=Kept)
django.setup()
import sentry_sdk
from django.conf import settings
from django.urls import path
from wsgiref.util import setup_testing_defaults

def fails(request):
    logging.getLogger("django.security").error("suspicious", extra={"request": request})
    raise ValueError("refused " + request.META["HTTP_AUTHORIZATION"])

sys.modules["failing"] = types.ModuleType("failing")
sys.modules["failing"].urlpatterns = [path("api/v3/fails", fails)]
settings.ROOT_URLCONF, settings.SENTRY_DSN = "failing", DSN
settings.RATELIMIT_ENABLED = False
settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "Identity" not in name]
from config.wsgi import application
environ = {"PATH_INFO": "/api/v3/fails", "HTTP_HOST": "127.0.0.1", "HTTP_AUTHORIZATION": "token ghp_" + "a1" * 18}
environ["QUERY_STRING"] = "access_token=" + "b2" * 20
setup_testing_defaults(environ)
list(application(environ, lambda *_: None))
sentry_sdk.flush()
print(json.dumps(sent))
"""


def run(code: str, folder: Path, *arguments: str, **settings: str) -> str:
    environ = {
        **clean_environment(),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "HUBCACHE_DATA_DIR": str(folder),
        "REDIS_ENABLED": "false",
        **settings,
    }
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=ROOT, env=environ, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_errors_and_traces_are_sent_scrubbed(tmp_path: Path, redis_server: str) -> None:
    said = run(REPORT, tmp_path, redis_server)
    assert "a1a1a1" not in said
    told = json.loads(said)
    assert {"django", "celery", "redis", "stdlib"} <= set(told["installed"])
    errors = [event for event in told["sent"] if event.get("exception")]
    assert errors[0]["exception"]["values"][0]["value"] == "refused [redacted]"
    assert "vars" not in errors[0]["exception"]["values"][0]["stacktrace"]["frames"][0]
    traces = [event for event in told["sent"] if event.get("type") == "transaction"]
    operations = {span["op"] for trace in traces for span in trace["spans"]}
    assert {"db.redis", "http.client"} <= operations
    assert any(trace["transaction"] == "/health/live" for trace in traces)


def test_an_error_is_sent_with_its_request_though_its_course_is_not_followed(tmp_path: Path) -> None:
    said = run(FAILING, tmp_path)
    assert "a1a1a1" not in said
    assert "b2b2b2" not in said
    sent = json.loads(said)
    assert not [event for event in sent if event.get("type") == "transaction"]
    (event,) = [event for event in sent if event.get("exception")]
    assert event["exception"]["values"][0]["value"] == "refused token [redacted]"
    assert (event["request"]["method"], event["request"]["url"]) == ("GET", "http://127.0.0.1/api/v3/fails")
    assert event["transaction"] == "/api/v3/fails"


def test_without_a_dsn_it_costs_nothing(tmp_path: Path) -> None:
    code = "import django, sys; django.setup(); import config.wsgi; print('sentry_sdk' in sys.modules)"
    assert run(code, tmp_path) == "False\n"
