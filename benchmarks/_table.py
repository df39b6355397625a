"""What the benchmarks of the store share: one row of their table, and Django set up for a process of theirs."""

import os

TENANT = "acme"


def set_up(folder: str) -> None:
    os.environ |= {"HUBCACHE_DATA_DIR": folder, "REDIS_ENABLED": "false", "HUBCACHE_LOG_LEVEL": "ERROR"}
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    import django

    django.setup()


def row(what: str, measured: str, good: bool) -> int:
    print(f"{what:<52} {measured:>30}  {'' if good else 'MISSED'}", flush=True)
    return 0 if good else 1
