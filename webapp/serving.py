"""gunicorn's settings: `gunicorn webapp.wsgi -c python:webapp.serving`.

A thread that reads a request waits for its next byte. Who sends half a header and then nothing
would keep it for ever, and sixteen of them the whole site.
"""

from __future__ import annotations

import os
import socket
import struct
import sys
from typing import Any

from gunicorn.glogging import Logger

SILENT_SECONDS = int(os.environ.get("IWAKAN_SILENT_SECONDS", "10"))
UNREAD_SECONDS = 120  # an answer that nobody takes: a player that pauses asks for the rest anew

control_socket_disable = True
graceful_timeout = 3
timeout = 300  # a busy machine may take long to import the site


class Log(Logger):
    """A line, and no trace, for each connection that is given up."""

    def exception(self, msg: str, *args: Any, **fields: Any) -> None:
        if isinstance(sys.exception(), BlockingIOError):
            self.info("closed a connection that was silent for %d s", SILENT_SECONDS)
        else:
            super().exception(msg, *args, **fields)


logger_class = Log


def when_ready(server: Any) -> None:
    """Connections inherit from the socket on which they are accepted how long they may wait.

    By the kernel, since gunicorn sets each connection's own timeout to none.
    """
    for listener in server.LISTENERS:
        for option, seconds in (
            (socket.SO_RCVTIMEO, SILENT_SECONDS),
            (socket.SO_SNDTIMEO, UNREAD_SECONDS),
        ):
            listener.sock.setsockopt(socket.SOL_SOCKET, option, struct.pack("ll", seconds, 0))
