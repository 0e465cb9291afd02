"""How often something has been asked in the running period, by all processes of the site together.

They count on the broker. While that is away each process counts for itself, so that neither a
limit nor the site is lost with it.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from typing import Any

import redis
from django.core.cache import BaseCache, caches
from django.core.cache.backends.redis import RedisCache
from django.db import connection

logger = logging.getLogger(__name__)
AWAY_SECONDS = 10  # a broker that did not answer is not waited for by each request
_asked_again_at = 0.0


class JsonSerializer:
    """Nothing that comes from the broker may carry code, as pickles would."""

    def dumps(self, value: Any) -> bytes | int:
        return value if type(value) is int else json.dumps(value).encode()  # INCR needs a number

    def loads(self, data: bytes) -> Any:
        return json.loads(data)


class BrokerCache(RedisCache):
    """On the broker, among the rings for the workers."""

    def clear(self) -> None:
        raise RuntimeError("this would empty the broker, the workers' rings among it")


def count(what: str, *, seconds: int) -> int:
    """Which request this is for `what` in the running period of `seconds`, from 1 on."""
    key = _key(what, seconds)
    return _ask(lambda cache: _count(cache, key, seconds))


def counted(what: str, *, seconds: int) -> int:
    """How many there were, without counting this one."""
    key = _key(what, seconds)
    return _ask(lambda cache: int(cache.get(key) or 0))


def seconds_left(seconds: int) -> int:
    """Until the next period of `seconds` begins."""
    return seconds - int(time.time()) % seconds


def _key(what: str, seconds: int) -> str:
    """Sites may share a broker, but no database."""
    return f"{connection.settings_dict['NAME']}:{what}:{int(time.time()) // seconds}"


def _ask(question: Callable[[BaseCache], int]) -> int:
    """The broker, or what this process keeps while that is away."""
    if time.monotonic() >= _asked_again_at:
        try:
            return question(caches["limits"])
        except (redis.RedisError, OSError) as error:
            _leave_alone(error)
    return question(caches["default"])


def _count(cache: BaseCache, key: str, seconds: int) -> int:
    cache.add(key, 0, seconds)
    try:
        return cache.incr(key)
    except ValueError:  # dropped just now, since the period ended or the cache was full
        return 1


def _leave_alone(error: Exception) -> None:
    global _asked_again_at
    _asked_again_at = time.monotonic() + AWAY_SECONDS
    logger.warning("broker unreachable, requests are counted by each process: %s", error)
