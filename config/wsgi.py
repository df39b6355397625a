"""The web application: Django inside HotCache, which repeats what was just answered to the same identity."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

django_application = get_wsgi_application()

from config import hit_ratio, sentry  # noqa: E402  (settings have to be loaded first)
from github_cache.hotcache import HotCache  # noqa: E402
from stats import reports  # noqa: E402

application = HotCache(sentry.followed(django_application, settings.SENTRY_DSN))
hit_ratio.start()
reports.start()
