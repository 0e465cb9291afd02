import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from webapp.common.ids import new_id


def test_ids_of_one_moment_keep_their_order() -> None:
    made = [new_id("run") for _ in range(5_000)]

    assert made == sorted(set(made))


def test_ids_grow_while_the_clock_is_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    before = new_id("run")
    monkeypatch.setattr(time, "time_ns", lambda: 0)

    assert new_id("run") > before


def test_no_two_threads_get_the_same() -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _n: new_id("run"), range(5_000)))

    assert len(set(made)) == 5_000
