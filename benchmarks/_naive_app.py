"""The naive way: a DRF view that gets JSON text from Redis, parses it, and lets DRF render it.

It has Django's default middleware, django-prometheus, Sentry as Hubcache has it (one request in a hundred traced), and
no limit and no request log.
"""

import json
import os

import django
import sentry_sdk
from django.conf import settings
from django.core.cache import cache
from django.core.wsgi import get_wsgi_application
from django.urls import path
from sentry_sdk.integrations.django import DjangoIntegration

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    SECRET_KEY="of no use to anybody",
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
        "rest_framework",
        "django_prometheus",
    ],
    MIDDLEWARE=[
        "django_prometheus.middleware.PrometheusBeforeMiddleware",
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
        "django_prometheus.middleware.PrometheusAfterMiddleware",
    ],
    CACHES={"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": os.environ["REDIS_URL"]}},
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    USE_TZ=True,
)
sentry_sdk.init(os.environ["SENTRY_DSN"], integrations=[DjangoIntegration()], traces_sample_rate=0.01)
django.setup()

from rest_framework.request import Request  # noqa: E402  (Django has to be set up first)
from rest_framework.response import Response  # noqa: E402
from rest_framework.views import APIView  # noqa: E402


class Cached(APIView):
    """What is cached under a name."""

    def get(self, request: Request, name: str) -> Response:
        text = cache.get(name)
        return Response(json.loads(text)) if text is not None else Response(status=404)


urlpatterns = [path("<str:name>", Cached.as_view())]
application = get_wsgi_application()
