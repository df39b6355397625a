"""The WSGI application: one call from authentication over limits, faults and routing to its entry in the ledger.

Everything happens under the world's lock, but for latency and compression. A fault that concerns the wire is put
into the environ under `WIRE_FAULT`, for the server to carry out.
"""

import threading
import time
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote

from github_sandbox import refusals
from github_sandbox.answering import Finished, common_headers, finish, rate_limit_headers
from github_sandbox.call import DOCS, Answer, Call, Refused
from github_sandbox.control import Controls, answer_control
from github_sandbox.deliveries import Deliveries
from github_sandbox.entities import App
from github_sandbox.faults import ON_THE_WIRE, Fault, Faults, Kind
from github_sandbox.ledger import Entry, Ledger, token_digest
from github_sandbox.limits import Quota, identity
from github_sandbox.rest.graphql import GRAPHQL_PATHS, answer_graphql, answer_hiccup, points_of
from github_sandbox.rest.table import TABLE
from github_sandbox.statuses import status_line
from github_sandbox.tokens import authenticate
from github_sandbox.world import World

WIRE_FAULT = "github_sandbox.wire_fault"
StartResponse = Callable[[str, list[tuple[str, str]]], Any]


class Sandbox:
    """A WSGI application that serves *world* as GitHub would."""

    def __init__(self, world: World, controls: Controls) -> None:
        self.world = world
        self.controls = controls
        self.closing = threading.Event()

    @property
    def ledger(self) -> Ledger:
        return self.controls.ledger

    @property
    def faults(self) -> Faults:
        return self.controls.faults

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        call = call_from(environ, self.world, self.controls.deliveries)
        if call.path == "/_sandbox" or call.path.startswith("/_sandbox/"):
            status, body = answer_control(call, self.controls)
            headers = {"Content-Type": "application/json", "Content-Length": str(len(body))}
            finished = Finished(status, headers, body)
        else:
            fault = self._fault(call)
            if fault and fault.kind in ON_THE_WIRE:
                environ[WIRE_FAULT] = fault
            finished = self._serve(call, fault)
        start_response(status_line(finished.status), list(finished.headers.items()))
        return [finished.body]

    def _fault(self, call: Call) -> Fault | None:
        target = f"{call.path}?{call.query_string}" if call.query_string else call.path
        with self.world.lock:
            return self.faults.pick(call.method, target)

    def _serve(self, call: Call, fault: Fault | None) -> Finished:
        began = time.perf_counter()
        refused = None
        try:
            proven = authenticate(self.world, call.headers.get("authorization"))
        except Refused as refusal:
            proven, refused = None, refusal
        if isinstance(proven, App):
            call.app = proven
        else:
            call.token = proven
        who = identity(call.account, call.address)
        with self.world.lock:
            self.world.limits.enter(who)
        try:
            if fault and fault.kind is Kind.LATENCY:
                self.closing.wait(fault.seconds)
            with self.world.lock:
                answer, scopes, cost, points = self._answer(call, who, fault, refused)
            not_modified = fault.kind if fault and fault.kind is Kind.NOT_MODIFIED else None
            finished = finish(call, answer, scopes, not_modified)
        finally:
            with self.world.lock:
                self.world.limits.leave(who)
        if finished.status == 304 and call.token is not None:
            cost = 0
        with self.world.lock:
            bucket = bucket_of(call.path)
            quota = self.world.limits.charge(who, bucket, cost, call.now)
            number = self.ledger.next_id()
            self.ledger.add(_entry(number, call, finished, quota, cost, points, fault, began))
        finished.headers |= rate_limit_headers(quota) | common_headers(number)
        return finished

    def _answer(
        self, call: Call, who: str, fault: Fault | None, refused: Refused | None
    ) -> tuple[Answer, str, int, int]:
        """(answer, accepted scopes, what it costs, its points); the world is locked."""
        limits, now, bucket = self.world.limits, call.now, bucket_of(call.path)
        points = points_of(call) if bucket == "graphql" else (1 if call.method in ("GET", "HEAD") else 5)
        if fault and fault.kind in (Kind.STATUS, Kind.HTML):
            made = refusals.html_error if fault.kind is Kind.HTML else refusals.json_error
            return made(fault.status), "", 1, points
        if refused is not None:
            return refusals.refusal(refused, DOCS), "", 1, points
        free = call.path == "/rate_limit"
        figures = limits.limits
        creates = self._creates_content(call)
        if fault and fault.kind is Kind.SECONDARY:
            retry_after = figures.retry_after if fault.retry_after is None else fault.retry_after
            return refusals.secondary_refusal(fault.status or figures.refusal_status, retry_after), "", 0, points
        if limits.admit(who, bucket, points, creates, now) is not None:
            return refusals.secondary_refusal(figures.refusal_status, figures.retry_after), "", 0, points
        if fault and fault.kind is Kind.PRIMARY:
            limits.exhaust(who, bucket, now)
        if not free and limits.quota(who, bucket, now).remaining <= 0 and not (bucket == "graphql" and not call.token):
            if bucket == "graphql":
                return refusals.graphql_primary_refusal(call.token, call.address), "", 0, points
            return refusals.primary_refusal(call.token, call.address, figures.refusal_status), "", 0, points
        if call.path in GRAPHQL_PATHS:
            hiccups = fault is not None and fault.kind is Kind.HICCUP
            answer, cost = answer_hiccup(call) if hiccups else answer_graphql(call)
            return answer, "repo", cost, points
        return *self._route(call), 0 if free else 1, points

    def _route(self, call: Call) -> tuple[Answer, str]:
        docs, scopes = DOCS, ""
        try:
            found = TABLE.find(call)
            docs, scopes = found.route.docs, found.route.scopes
            return found(call), scopes
        except Refused as refused:
            return refusals.refusal(refused, docs), scopes

    def _creates_content(self, call: Call) -> int:
        if call.method in ("GET", "HEAD") or call.path in GRAPHQL_PATHS:
            return 0
        try:
            return int(TABLE.find(call).route.creates_content)
        except Refused:
            return 0


def call_from(environ: dict[str, Any], world: World, deliveries: Deliveries) -> Call:
    """The request of a WSGI environ (PEP 3333). URLs in bodies begin with the host that the client asked for."""
    headers = {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name.startswith("HTTP_")}
    if environ.get("CONTENT_TYPE"):
        headers["content-type"] = environ["CONTENT_TYPE"]
    length = environ.get("CONTENT_LENGTH") or "0"
    body = environ["wsgi.input"].read(int(length)) if length.isdecimal() and length != "0" else b""
    path = environ.get("github_sandbox.raw_path") or quote(environ.get("PATH_INFO", "").encode("latin-1"))
    scheme = environ.get("wsgi.url_scheme", "http")
    return Call(
        world=world,
        deliveries=deliveries,
        method=environ["REQUEST_METHOD"],
        path=path,
        query_string=environ.get("QUERY_STRING", ""),
        headers=headers,
        body=body,
        address=environ.get("REMOTE_ADDR", ""),
        api_url=f"{scheme}://{headers['host']}" if "host" in headers else world.api_url,
    )


def bucket_of(path: str) -> str:
    """The rate-limit resource that a path belongs to."""
    if path in GRAPHQL_PATHS:
        return "graphql"
    if path.startswith("/search/"):
        return "code_search" if path == "/search/code" else "search"
    return "core"


def _entry(
    number: int,
    call: Call,
    finished: Finished,
    quota: Quota,
    cost: int,
    points: int,
    fault: Fault | None,
    began: float,
) -> Entry:
    return Entry(
        id=number,
        time=call.now,
        account=call.account.login if call.account else None,
        token=token_digest(call.token.value if call.token else None),
        address=call.address,
        method=call.method,
        path=f"{call.path}?{call.query_string}" if call.query_string else call.path,
        status=finished.status,
        bucket=quota.bucket,
        cost=cost,
        points=points,
        conditional="if-none-match" in call.headers or "if-modified-since" in call.headers,
        not_modified=finished.status == 304,
        duration_ms=round((time.perf_counter() - began) * 1000, 3),
        bytes=len(finished.body),
        fault=fault.kind.value if fault else None,
    )
