"""Opaque identifiers with a type prefix, such as `run_01jd8x…`, sortable by creation time."""

import secrets
import time
from typing import Any

from django.db import models

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no i, l, o, u
RANDOM_BITS = 80


def new_id(prefix: str) -> str:
    """48 bits of milliseconds and 80 random bits, 26 characters after the prefix."""
    number = (time.time_ns() // 1_000_000) << RANDOM_BITS | secrets.randbits(RANDOM_BITS)
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
