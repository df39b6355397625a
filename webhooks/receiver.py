"""The receiver: `POST /api/v1/webhooks/github`, or `…/github/{id}` for one configuration. Anyone may call it."""

import logging
import time
from itertools import chain

import orjson
from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from github_cache.api import problems
from github_cache.bodies import GivenUp
from github_cache.encryption import SecretUnreadable
from ratelimit import limiter
from webhooks import announcement, metrics, receiving, signers
from webhooks.announcement import Announcement, Refusal
from webhooks.payloads import NotAPayload
from webhooks.receiving import Outcome, Receipt

log = logging.getLogger("hubcache.webhooks")

WRONG_SIGNATURE_COST = 1
"""What a wrong signature takes of its sender's inbound limit, beside the request; a good one takes nothing."""

_STATUS = {Outcome.DUPLICATE: 200, Outcome.PONG: 200}
_NO_CONFIGURATION = Refusal(
    401, "No active configuration fits: send it to its configuration's own path.", "no_configuration"
)


@csrf_exempt
def receive(request: HttpRequest, config_id: int | None = None) -> HttpResponse:
    """Takes one delivery. 202 accepted, 200 known already or a ping, 4xx with the reason."""
    started = time.perf_counter()
    if request.method != "POST":
        response = _refuse(Refusal(405, "Deliveries are sent by POST.", "method"))
        response.headers["Allow"] = "POST"
        return response
    rate_key: str | None = getattr(request, "rate_key", None)
    announced = announcement.read(request.headers, settings.HUBCACHE_MAX_BODY_BYTES)
    if isinstance(announced, Refusal):
        return _refuse(announced)
    try:
        receipt = _take(request, announced, config_id)
    except NotAPayload as error:
        return _refuse(Refusal(400, f"Not a delivery: {error}.", "payload"))
    except (DatabaseError, SecretUnreadable):
        log.exception("delivery not stored", extra={"delivery_id": announced.guid})
        metrics.webhook_deliveries_refused_total.labels("unavailable").inc()
        return problems.answer(503, "The delivery could not be stored; send it again.", retry_after=5)
    if isinstance(receipt, Refusal):
        if receipt.status == 401:
            limiter.penalise(rate_key, WRONG_SIGNATURE_COST)
        return _refuse(receipt)
    limiter.refund(rate_key)
    metrics.webhook_receiving_seconds.observe(time.perf_counter() - started)
    if receipt.outcome is Outcome.CONFLICT:
        return problems.answer(409, f"Refused: {receipt.reason}.", event_id=receipt.event_id)
    answer = {"status": receipt.outcome.value, "event_id": receipt.event_id, "delivery_id": announced.guid}
    if receipt.reason:
        answer["reason"] = receipt.reason
    status = _STATUS.get(receipt.outcome, 202)
    return HttpResponse(orjson.dumps(answer), status=status, content_type="application/json")


def _take(request: HttpRequest, announced: Announcement, config_id: int | None) -> Receipt | Refusal:
    now = timezone.now()
    groups = signers.candidates(announced, config_id, now)
    likeliest = next((group for group in groups if group), None)
    if likeliest is None:
        return _NO_CONFIGURATION
    body = _body(request, announced.length)
    if isinstance(body, Refusal):
        return body
    config = signers.owner(chain([likeliest], groups), announced, config_id, body)
    if config is None:
        return Refusal(401, "The signature fits no secret of a configuration.", "signature")
    try:
        return receiving.take(config, announced, body, now)
    except receiving.ConfigurationGone:
        return _NO_CONFIGURATION


def _body(request: HttpRequest, length: int) -> bytes | Refusal:
    """The raw body, which never passes through a parser."""
    try:
        body = request.read(length)
    except GivenUp as error:
        return Refusal(error.status, str(error), "slow")
    except UnreadablePostError:
        body = b""
    return body if len(body) == length else Refusal(400, "The body was cut off.", "cut_off")


def _refuse(refusal: Refusal) -> HttpResponse:
    """An answer that costs us a counter, and no more."""
    metrics.webhook_deliveries_refused_total.labels(refusal.reason).inc()
    return problems.answer(refusal.status, refusal.detail)
