"""Opaque identifiers with a type prefix, such as `run_01jd8x…`, sortable by creation time."""

import secrets
import time
from threading import Lock
from typing import Any

from django.db import models

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no i, l, o, u
RANDOM_BITS = 80


class _Numbers:
    """48 bits of milliseconds and 80 random ones; those of one process always grow."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._last = 0

    def next(self) -> int:
        now = (time.time_ns() // 1_000_000) << RANDOM_BITS | secrets.randbits(RANDOM_BITS)
        with self._lock:
            # Rows made within one millisecond, or while the clock was put back, keep their order.
            self._last = now if now > self._last else self._last + 1
            return self._last


_numbers = _Numbers()


def new_id(prefix: str) -> str:
    """26 characters after the prefix, higher than any that this process made before."""
    number = _numbers.next()
    return f"{prefix}_" + "".join(ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))


class PrefixedIdField(models.CharField):
    """Primary key made by `new_id`."""

    def __init__(self, *, prefix: str, **kwargs: Any) -> None:
        self.prefix = prefix
        super().__init__(**{"primary_key": True, "max_length": 36, "editable": False} | kwargs)

    def get_default(self) -> str:
        return new_id(self.prefix)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, kwargs | {"prefix": self.prefix}
