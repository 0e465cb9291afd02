"""gunicorn as the site runs it, beside connections that say nothing."""

import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from tests.patience import PATIENCE, wait_until
from webapp.stack import processes

HALF_A_HEADER = b"GET / HTTP/1.1\r\nHost: x\r\nX-"
N_SLOW, N_HONEST = 20, 20


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    (tmp_path / "answering.py").write_text(
        "def app(environ, start):\n"
        "    start('200 OK', [('Content-Length', '2')])\n"
        "    return [b'ok']\n"
    )
    port = processes.free_port()
    command = [
        sys.executable, "-m", "gunicorn", "answering:app", "-c", "python:webapp.serving",
        "--bind", f"127.0.0.1:{port}", "--workers", "2", "--threads", "4",
    ]  # fmt: skip
    environment = {"PYTHONPATH": f"{settings.BASE_DIR}:{tmp_path}", "IWAKAN_SILENT_SECONDS": "1"}
    process = subprocess.Popen(command, env=environment, cwd=tmp_path)
    try:
        wait_until(lambda: processes.is_listening(port))
        yield port
    finally:
        process.terminate()
        process.wait(PATIENCE)


def ask(port: int) -> bytes:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=PATIENCE) as answer:
        return bytes(answer.read())


def test_silent_connections_keep_no_honest_request_waiting_for_ever(port: int) -> None:
    slow = [socket.create_connection(("127.0.0.1", port)) for _ in range(N_SLOW)]
    for connection in slow:
        connection.send(HALF_A_HEADER)
    time.sleep(0.5)  # until threads read them

    assert [ask(port) for _ in range(N_HONEST)] == [b"ok"] * N_HONEST

    for connection in slow:
        connection.close()
