"""What is made in a thread of its own while what was made before is worked on."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from queue import Queue
from threading import Event, Thread
from typing import TypeVar

Item = TypeVar("Item")
_END = object()


def ahead(items: Iterable[Item], n: int) -> Generator[Item, None, None]:
    """The same, in their order, with up to `n` of them ready before they are asked for.

    What making them raises is raised here. Closed early, it asks for no more of them.
    """
    made: Queue[tuple[object, BaseException | None]] = Queue(n)
    closed = Event()
    thread = Thread(target=_make, args=(items, made, closed), daemon=True)
    thread.start()
    try:
        while True:
            item, error = made.get()
            if error is not None:
                raise error
            if item is _END:
                return
            yield item  # type: ignore[misc]
    finally:
        closed.set()
        while thread.is_alive():  # it may wait for room
            if not made.empty():
                made.get()
            thread.join(0.01)


def _make(
    items: Iterable[Item], made: Queue[tuple[object, BaseException | None]], closed: Event
) -> None:
    try:
        for item in items:
            made.put((item, None))
            if closed.is_set():
                return
        made.put((_END, None))
    except BaseException as error:
        made.put((None, error))
