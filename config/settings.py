"""Django's settings, made from the environment (config/env.py); nothing is configured elsewhere.

Every environment variable is also a Django setting of the same name, in which lists are tuples and derived defaults
are filled in.
"""

import sys
from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url
from cryptography.fernet import Fernet
from django.core.management.utils import get_random_secret_key

from config import sentry
from config.broker import FOLDER, HARD_SECONDS, PUBLISH_SECONDS, broker
from config.env import Env, bounds, live_names
from config.generated import kept_secret
from config.observability import logging_config
from config.reading import ConfigurationError, env
from github_cache import metric_files
from ratelimit.connection import attempts

try:
    ENV = env()
except ConfigurationError as error:
    sys.exit(f"Hubcache cannot start:\n{error}")

if shared := metric_files.folder():
    # Before any module makes a metric, which opens its file at once.
    shared.mkdir(parents=True, exist_ok=True)

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = ENV.HUBCACHE_DATA_DIR.resolve()
globals().update({name: getattr(ENV, name) for name in Env.model_fields})

HUBCACHE_PUBLIC_URL = ENV.public_url
GITHUB_GRAPHQL_URL = ENV.graphql_url
GITHUB_TOKENS = ENV.tokens
REDIS_URL = ENV.redis_url
REDIS_ENABLED = bool(REDIS_URL)
RATELIMIT_WINDOW = ENV.window
HUBCACHE_DATA_DIR = DATA_DIR
HUBCACHE_ENCRYPTION_KEYS = ENV.HUBCACHE_ENCRYPTION_KEYS or (
    kept_secret(DATA_DIR / "encryption_key", lambda: Fernet.generate_key().decode()),
)

SECRET_KEY = ENV.HUBCACHE_SECRET_KEY or kept_secret(DATA_DIR / "secret_key", get_random_secret_key)
DEBUG = ENV.HUBCACHE_DEBUG
_public = urlsplit(HUBCACHE_PUBLIC_URL)
_secure = _public.scheme == "https"
ALLOWED_HOSTS = [
    "127.0.0.1",
    "localhost",
    "[::1]",
    _public.hostname,
    ENV.HUBCACHE_HOST,
    *ENV.HUBCACHE_ALLOWED_HOSTS,
]
CSRF_TRUSTED_ORIGINS = [f"{_public.scheme}://{_public.netloc}"]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "constance",
    "django_celery_beat",
    "django_htmx",
    "django_prometheus",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "rest_framework",
    "ratelimit",
    "github_cache",
    "stats",
    "webhooks",
    "config",
]
MIDDLEWARE = [
    "github_cache.hotcache.OfferMiddleware",
    "config.requests_observed.RequestLog",
    "django.middleware.security.SecurityMiddleware",
    "config.security.PageHeaders",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "ratelimit.middleware.AddressLimitMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "github_cache.identity.IdentityMiddleware",
    "ratelimit.middleware.RateLimitMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
# What only pages need, with their cookies, forms and files.
PAGE_MIDDLEWARE = frozenset(
    {
        "whitenoise.middleware.WhiteNoiseMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
        "django_htmx.middleware.HtmxMiddleware",
    }
)
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
APPEND_SLASH = False
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

DATABASES = {
    "default": dj_database_url.parse(
        ENV.DATABASE_URL or f"sqlite:///{DATA_DIR / 'hubcache.sqlite3'}",
        conn_max_age=600,
        conn_health_checks=True,
    )
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["ENGINE"] = "config.sqlite"
    # Said in words, since pytest-django knows Django's own engine by name only.
    DATABASES["default"]["TEST"] = {"NAME": ":memory:"}
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        # A transaction that will write takes its lock at once instead of failing in its middle.
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-16000;",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Sessions ride on the store, whose breaker and pending drops keep an ended session ended while Redis is away. What
# may be missed at any time (heartbeats, counts, reports) is django-redis', where Redis is no cluster of sentinels.
_STORE_CACHE: dict[str, object] = {"BACKEND": "github_cache.django_cache.StoreCache", "LOCATION": "django"}
CACHES: dict[str, dict[str, object]] = {"default": _STORE_CACHE, "sessions": _STORE_CACHE}
if REDIS_URL.startswith(("redis", "unix")):
    CACHES["default"] = {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "hubcache:django",
        "OPTIONS": {
            "IGNORE_EXCEPTIONS": True,
            "SERIALIZER": "django_redis.serializers.json.JSONSerializer",
            "CONNECTION_POOL_KWARGS": {
                "max_connections": ENV.REDIS_MAX_CONNECTIONS,
                "socket_timeout": ENV.REDIS_SOCKET_TIMEOUT,
                "socket_connect_timeout": ENV.REDIS_SOCKET_TIMEOUT,
                "retry": attempts(REDIS_URL),
            },
        },
    }
SESSION_CACHE_ALIAS = "sessions"
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
SESSION_COOKIE_AGE = 30 * 60
SESSION_SAVE_EVERY_REQUEST = False

CONSTANCE_BACKEND = "constance.backends.database.DatabaseBackend"
LIVE_BOUNDS = {name: found for name in live_names() if (found := bounds(name))}
CONSTANCE_CONFIG: dict[str, tuple[object, ...]] = {
    name: (
        getattr(ENV, name),
        Env.model_fields[name].description,
        name.lower() if name in LIVE_BOUNDS or name == "GITHUB_API_MODE" else type(getattr(ENV, name)),
    )
    for name in live_names()
}
_NUMBERS = {int: "IntegerField", float: "FloatField"}
# A field for each setting with bounds of its own: the admin refuses what the environment would be refused for.
CONSTANCE_ADDITIONAL_FIELDS: dict[str, list[object]] = {
    name.lower(): [f"django.forms.fields.{_NUMBERS[type(getattr(ENV, name))]}", dict(found)]
    for name, found in LIVE_BOUNDS.items()
}
CONSTANCE_ADDITIONAL_FIELDS["github_api_mode"] = [
    "django.forms.fields.ChoiceField",
    {"choices": [(mode, mode) for mode in ("auto", "rest", "graphql")]},
]

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["github_cache.api.authentication.CallerAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["github_cache.api.permissions.ReadsIndex"],
    "DEFAULT_RENDERER_CLASSES": ["github_cache.api.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["github_cache.api.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "github_cache.api.problems.handler",
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Hubcache",
    "DESCRIPTION": "A cache, rate-limit governor and search index between an organisation and GitHub.",
    "VERSION": "1",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "COMPONENT_SPLIT_REQUEST": True,
    "ENFORCE_NON_BLANK_FIELDS": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "github_cache.api.schema.complete",
    ],
}

# The broker carries bells only (the database rows are the queue), so a publisher never waits long for it.
_broker = broker(ENV, DATA_DIR)
CELERY_BROKER_URL = _broker.url
CELERY_BROKER_TRANSPORT_OPTIONS = _broker.options
BROKER_IS_THE_CACHES_REDIS = _broker.is_the_caches_redis
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_TIMEOUT = 4 * PUBLISH_SECONDS
if CELERY_BROKER_URL.startswith(FOLDER):
    for folder in ("data_folder_in", "processed_folder"):
        Path(_broker.options[folder]).mkdir(parents=True, exist_ok=True)
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 0}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = HARD_SECONDS
CELERY_TASK_SOFT_TIME_LIMIT = HARD_SECONDS - 60
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_DEFAULT_QUEUE = "interactive"
CELERY_TASK_ROUTES = {
    "github_cache.tasks.warm*": {"queue": "warm"},
    "webhooks.tasks.*": {"queue": "webhooks"},
    "stats.tasks.*": {"queue": "webhooks"},
    "config.tasks.*": {"queue": "webhooks"},
}
CELERY_BEAT_SCHEDULER = "config.schedules:KeptSchedules"
CELERY_TIMEZONE = "UTC"
# Name -> what and how often (seconds); copied into the database, where the admin may change them.
CELERY_BEAT_SCHEDULE: dict[str, dict[str, object]] = {
    "heartbeat": {"task": "stats.tasks.heartbeat", "schedule": 30.0},
    "cache: sample": {"task": "stats.tasks.sample_store", "schedule": 300.0},
    "cache: observe": {"task": "github_cache.tasks.observe_store", "schedule": 60.0},
    "tasks: observe": {"task": "config.tasks.observe", "schedule": 60.0},
    "cache: warm": {"task": "github_cache.tasks.warm", "schedule": 300.0},
    "limits: track": {"task": "github_cache.tasks.track_all_rate_limits", "schedule": 300.0},
    "limits: prune": {"task": "github_cache.tasks.prune_rate_limits", "schedule": 24 * 3600.0},
    "index: sync": {"task": "stats.tasks.sync_organizations", "schedule": 24 * 3600.0},
    "index: roll up": {"task": "stats.tasks.roll_up", "schedule": 12 * 3600.0},
    "webhooks: sweep": {"task": "webhooks.tasks.sweep", "schedule": 15.0},
    "webhooks: observe": {"task": "webhooks.tasks.observe", "schedule": 60.0},
    "webhooks: recover": {"task": "webhooks.tasks.recover", "schedule": 600.0},
    "webhooks: reconcile": {"task": "webhooks.tasks.reconcile", "schedule": 3600.0},
    "webhooks: clean": {"task": "webhooks.tasks.clean", "schedule": 3600.0},
}

DATA_UPLOAD_MAX_MEMORY_SIZE = ENV.HUBCACHE_MAX_BODY_BYTES
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "/static/"
STATICFILES_DIRS = [path for path in (BASE_DIR / "static",) if path.is_dir()]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# The files are found in the packages themselves, so that no set-up step is needed before the first page.
WHITENOISE_USE_FINDERS = True
LOGIN_URL = "admin:login"

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = None  # config/security.py sets it where a browser heeds it
SECURE_SSL_REDIRECT = _secure
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 31_536_000 if _secure else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = _secure
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _secure
X_FRAME_OPTIONS = "DENY"

LOGGING_CONFIG = None
logging_config(ENV.HUBCACHE_LOG_FORMAT, ENV.HUBCACHE_LOG_LEVEL)
sentry.start(ENV.SENTRY_DSN)
