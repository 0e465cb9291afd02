"""Items that a thread makes ready ahead of those who ask for them."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from ml.ahead import ahead
from ml.records import BadInput


def test_items_come_in_their_order_and_out_of_another_thread() -> None:
    makers = set()

    def items() -> Iterator[int]:
        for number in range(20):
            makers.add(threading.get_ident())
            yield number

    assert list(ahead(items(), 3)) == list(range(20))
    assert makers.isdisjoint({threading.get_ident()})


def test_what_fails_there_is_raised_here_after_what_was_made() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise BadInput("Frame 2 cannot be decoded")

    taken = ahead(items(), 3)

    assert next(taken) == 1
    with pytest.raises(BadInput, match="Frame 2"):
        next(taken)


def test_no_more_are_made_than_may_wait_and_none_once_it_is_closed() -> None:
    made: list[int] = []
    room = threading.Event()

    def items() -> Iterator[int]:
        for number in range(1000):
            made.append(number)
            if number == 4:
                room.set()
            yield number

    taken = ahead(items(), 3)
    assert next(taken) == 0
    assert room.wait(5)  # 1 to 3 wait in line, 4 for room
    taken.close()

    assert len(made) <= 6
    assert not [each for each in threading.enumerate() if "_make" in each.name]
