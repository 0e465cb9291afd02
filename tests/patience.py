"""Waiting for what must happen, however busy the machine is with other things."""

import time
from collections.abc import Callable
from typing import Any

# Seconds. Only a test that fails waits so long: everything it is for takes seconds at most.
PATIENCE = 900


def wait_until(is_so: Callable[[], Any]) -> Any:
    """What `is_so` returns once that is true; it is asked again and again."""
    give_up_at = time.monotonic() + PATIENCE
    while not (answer := is_so()):
        assert time.monotonic() < give_up_at, f"not so after {PATIENCE} seconds"
        time.sleep(0.02)
    return answer
