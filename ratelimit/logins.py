"""Failed logins count against the address they come from, so that passwords cannot be guessed in numbers.

Each one takes a tenth of what an address without credentials may ask in a window, so the eleventh is refused, and
whoever goes on stays out for longer each time, as with any other limit.
"""

from typing import Any

from django.contrib.auth.signals import user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from ratelimit import live, metrics
from ratelimit.client_ip import bucket_of
from ratelimit.limiter import caller_key

FAILURES_PER_WINDOW = 10


@receiver(user_login_failed)
def count(request: HttpRequest | None = None, **_: Any) -> None:
    """Somebody gave a wrong name or password."""
    rate = getattr(request, "rate", None)
    if rate is not None:
        # The request itself was counted as one already.
        cost = max(live.policy().anonymous_requests // FAILURES_PER_WINDOW - 1, 0)
        rate.limiter.penalise(caller_key("address", bucket_of(rate.address)), cost)
        metrics.INBOUND_DECISIONS.labels("login", "counted").inc()
