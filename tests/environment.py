"""The environment of the tests, set before Django reads it: a folder of their own, SQLite, no Redis, no token."""

import atexit
import os
import shutil
import tempfile

_OURS = ("HUBCACHE_", "REDIS_", "RATELIMIT_", "GITHUB_", "DATABASE_URL", "CELERY_", "SANDBOX_", "SENTRY_")

for _name in [name for name in os.environ if name.startswith(_OURS)]:
    del os.environ[_name]

_folder = tempfile.mkdtemp(prefix="hubcache-tests-")
atexit.register(shutil.rmtree, _folder, ignore_errors=True)
os.environ |= {
    "HUBCACHE_DATA_DIR": _folder,
    "HUBCACHE_LOG_LEVEL": "INFO",
    "REDIS_ENABLED": "false",
}
