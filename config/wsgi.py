"""The web application: Django inside Bodies, which gives slow requests up, inside HotCache, which repeats answers."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

django_application = get_wsgi_application()

from config import hit_ratio, sentry  # noqa: E402  (settings have to be loaded first)
from github_cache.bodies import Bodies  # noqa: E402
from github_cache.hotcache import HotCache  # noqa: E402
from stats import reports  # noqa: E402

followed = sentry.followed(django_application, settings.SENTRY_DSN)
application = HotCache(Bodies(followed) if settings.HUBCACHE_BODY_SECONDS else followed)
hit_ratio.start()
reports.start()
