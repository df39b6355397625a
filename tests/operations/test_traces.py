"""A task goes on with the trace of the request that sent it, for Sentry; its errors belong to that trace, too."""

import json
from pathlib import Path

from tests.operations.test_sentry import run

TRACED = """
import json, threading
import django
django.setup()
import sentry_sdk
from celery.contrib.testing.worker import start_worker
from celery.signals import task_postrun
from sentry_sdk.transport import Transport
from config.celery import app
from tests.operations import poison_tasks

sent, over = [], threading.Event()

class Kept(Transport):
    def capture_envelope(self, envelope):
        sent.extend(item.payload.json for item in envelope.items if item.payload.json)

client = sentry_sdk.get_client()
client.transport = Kept(client.options)
app.conf.update(broker_url="memory://", broker_transport_options={})
task_postrun.connect(lambda **_: over.set(), weak=False)
with start_worker(app, pool="solo", perform_ping_check=False, queues=["interactive"]):
    with sentry_sdk.start_transaction(name="GET /", op="http.server", sampled=True) as request:
        poison_tasks.fail.delay(7)
    assert over.wait(20)
sentry_sdk.flush()
print(json.dumps({"trace": request.trace_id, "sent": sent}))
"""


def test_a_task_goes_on_with_the_trace_of_its_request(tmp_path: Path) -> None:
    said = run(TRACED, tmp_path, SENTRY_DSN="https://key@127.0.0.1:9/1")
    told = json.loads(said.splitlines()[-1])
    courses = {event["transaction"]: event for event in told["sent"] if event.get("type") == "transaction"}
    task, request = courses["tests.operations.poison_tasks.fail"], courses["GET /"]
    (error,) = [event for event in told["sent"] if event.get("exception")]
    assert task["contexts"]["trace"]["trace_id"] == told["trace"]
    assert error["contexts"]["trace"]["trace_id"] == told["trace"]
    sending = {span["span_id"] for span in request["spans"] if span["op"] == "queue.submit.celery"}
    assert task["contexts"]["trace"]["parent_span_id"] in sending
