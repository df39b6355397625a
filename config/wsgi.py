"""The web application, from the outside in: HotCache repeats answers, Bodies gives slow requests up, Sentry looks on,
ApiStack answers API requests by the shorter way, and Django everything else."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

django_application = get_wsgi_application()

from config import hit_ratio, sentry  # noqa: E402  (settings have to be loaded first)
from config.api_stack import ApiStack  # noqa: E402
from github_cache.bodies import Bodies  # noqa: E402
from github_cache.hotcache import HotCache  # noqa: E402
from stats import reports  # noqa: E402

answering = sentry.followed(django_application, ApiStack(sentry.unfollowed(django_application)), settings.SENTRY_DSN)
application = HotCache(Bodies(answering) if settings.HUBCACHE_BODY_SECONDS else answering)
hit_ratio.start()
reports.start()
