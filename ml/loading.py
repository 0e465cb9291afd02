"""Imports foreign modules, whatever they do meanwhile."""

from __future__ import annotations

import contextlib
import functools
import importlib
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType

LOAD_SECONDS = 60  # torch itself takes some on a cold disk


class TooSlow(BaseException):
    """Not an Exception: a module that catches those while it is imported would go on for ever."""


@functools.cache
def fault(module: str) -> str:
    """Why `module` cannot be imported, in words; empty where it can.

    What it prints goes to where errors go: the other stream may be read by a program.
    """
    try:
        with contextlib.redirect_stdout(sys.stderr), _within(LOAD_SECONDS):
            importlib.import_module(module)
    except KeyboardInterrupt:
        raise
    except TooSlow:
        return f"it was not imported within {LOAD_SECONDS} s"
    except SystemExit as error:
        return f"it ends the process: sys.exit({error.code!r})"
    except BaseException as error:  # whatever foreign code raises
        return f"{type(error).__name__}: {error}"
    return ""


@contextlib.contextmanager
def _within(seconds: float) -> Iterator[None]:
    """Raise TooSlow after that; only a process's first thread can be told so."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        raise TooSlow

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
