"""How the store does, for `/health`: its memory, evictions, hit rate and clients, and how many invalidations wait."""

from django.db import DatabaseError
from redis.exceptions import RedisError

from github_cache import health, store
from github_cache.breaker import State as Breaker
from github_cache.health import Part, State
from github_cache.store.redis import RedisStore
from github_cache.store.rows import PendingInvalidation

_REMEDY = "See whether Redis runs where REDIS_URL says, and whether it has memory left; nothing else has to be done."


def cache(_now: float) -> Part:
    """Degraded while the store is away: everything is still answered, but by each process for itself."""
    shared = store.get()
    shared.reachable()
    try:
        waiting = PendingInvalidation.objects.count()
    except DatabaseError as error:
        return Part(State.DEGRADED, f"the database does not answer: {type(error).__name__}", "Check DATABASE_URL.")
    if shared.state is not Breaker.CLOSED:
        return Part(State.DEGRADED, f"the store is away; {waiting} invalidations wait for it", _REMEDY)
    if not isinstance(shared.primary, RedisStore):
        return Part(State.OK, "in the database, since there is no Redis")
    try:
        facts = shared.primary.client.info()
    except RedisError as error:
        return Part(State.DEGRADED, f"Redis does not answer: {type(error).__name__}", _REMEDY)
    hits, misses = facts["keyspace_hits"], facts["keyspace_misses"]
    rate = f"{hits / (hits + misses):.0%}" if hits + misses else "none yet"
    detail = (
        f"Redis {facts['redis_version']}: {facts['used_memory_human']} used, {facts['evicted_keys']} keys evicted, "
        f"keyspace hits {rate}, {facts['connected_clients']} clients"
    )
    if facts["maxmemory"] and facts.get("maxmemory_policy", "").startswith("allkeys"):
        remedy = "Set maxmemory-policy to volatile-lru, so that the queue is not evicted."
        return Part(State.DEGRADED, f"{detail}; {facts['maxmemory_policy']} may evict the queue", remedy)
    return Part(State.OK, detail)


health.register("cache", cache)
