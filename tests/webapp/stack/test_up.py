"""`manage.py up` as a person runs it: it starts everything and leaves nothing behind."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from tests.patience import PATIENCE, wait_until
from tests.webapp.stack.places import open_folder
from webapp.stack import outside, processes

# PYTHONUNBUFFERED, so that what is told reaches the pipe by our own doing.
NOT_HERS = (
    "DATABASE_URL", "IWAKAN_BROKER_URL", "IWAKAN_SECRET_KEY", "IWAKAN_HTTPS", "PYTHONUNBUFFERED",
)  # fmt: skip


def heed_ctrl_c() -> None:
    """Also where the tests themselves run in the background of a script, which ignores it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextlib.contextmanager
def running_up(home: Path, *, port: int) -> Iterator[subprocess.Popen[str]]:
    """`manage.py up` with servers of its own, below `home`."""
    environment = {name: value for name, value in os.environ.items() if name not in NOT_HERS}
    process = subprocess.Popen(
        [sys.executable, "manage.py", "up", "--port", str(port)],
        cwd=settings.BASE_DIR,
        env=environment | {"IWAKAN_VAR": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=heed_ctrl_c,
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE)


def family_of(pid: int) -> dict[int, str]:
    """Command lines of all descendants of a process, by process id."""
    family = {}
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        with contextlib.suppress(OSError):
            command = Path(f"/proc/{child}/cmdline").read_bytes()
            family |= {int(child): command.replace(b"\0", b" ").decode()}
            family |= family_of(int(child))
    return family


def survivors(family: dict[int, str]) -> list[str]:
    """Those that are still there; a dead process that waits for its parent has no command."""
    alive = []
    for pid, command in family.items():
        with contextlib.suppress(OSError):
            if Path(f"/proc/{pid}/cmdline").read_bytes():
                alive.append(command)
    return alive


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """One for all tests, so that its database is made once."""
    with open_folder() as folder:
        yield folder
        for each in (folder, *folder.iterdir()):
            outside.remove(each)


def wait_for_site(process: subprocess.Popen[str], port: int) -> None:
    wait_until(lambda: process.poll() is not None or processes.is_listening(port))
    assert process.poll() is None, process.stdout.read() if process.stdout else ""


def told_until(words: str, process: subprocess.Popen[str]) -> list[str]:
    """Its lines up to the one that begins with `words`, read while it runs."""
    assert process.stdout is not None
    lines: list[str] = []
    for line in process.stdout:
        lines.append(line)
        if line.startswith(words):
            return lines
    pytest.fail("".join(lines))


def test_up_serves_and_ctrl_c_leaves_nothing(home: Path) -> None:
    port = processes.free_port()
    with running_up(home, port=port) as process:
        told = told_until(f"Iwakan is at http://127.0.0.1:{port} ", process)
        steps = [line.partition(":")[0] for line in told]
        assert [*dict.fromkeys(steps)][:3] == ["Database", "Migrations", "Site and worker"]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/live") as answer:
            assert json.load(answer) == {"status": "ok"}
        family = family_of(process.pid)
        for part in ("postgres", "valkey", "gunicorn", "celery", "workers.housekeeper"):
            assert part in " ".join(family.values())

    assert survivors(family) == []
    assert not (home / "stack.json").exists()


@pytest.mark.soak
def test_up_killed_leaves_nothing(home: Path) -> None:
    port = processes.free_port()
    with running_up(home, port=port) as process:
        wait_for_site(process, port)
        family = family_of(process.pid)
        process.kill()
        process.wait()
        wait_until(lambda: not survivors(family))


@pytest.mark.soak
@pytest.mark.parametrize("moment", ["bin/initdb -D", "bin/postgres -D"])
def test_up_ended_while_it_starts_leaves_nothing(home: Path, moment: str) -> None:
    """Nothing runs on, and what was half made is made anew by the next start."""
    folders = (home / f"{moment.split()[0].replace('/', '-')}-{number}" for number in range(20))
    folder = next(folder for folder in folders if is_ended_at(moment, folder))

    port = processes.free_port()
    with running_up(folder, port=port) as again:
        wait_for_site(again, port)


def is_ended_at(moment: str, home: Path) -> bool:
    """End a first start at this moment; False when it was over before we looked."""
    port = processes.free_port()
    with running_up(home, port=port) as process:
        wait_until(lambda: child_named(moment, of=process.pid) or processes.is_listening(port))
        is_in_time = not processes.is_listening(port)
        family = family_of(process.pid)
        process.terminate()
        status = process.wait(PATIENCE)
        wait_until(lambda: not survivors(family))
    assert status == 128 + signal.SIGTERM or not is_in_time
    return is_in_time


@pytest.mark.soak
def test_second_up_names_the_first(home: Path) -> None:
    port = processes.free_port()
    with running_up(home, port=port) as first:
        wait_for_site(first, port)
        with running_up(home, port=processes.free_port()) as second:
            output, _ = second.communicate(timeout=PATIENCE)

    assert second.returncode == 1
    assert f"already running here: process {first.pid}" in output


def test_up_refuses_a_taken_port(home: Path) -> None:
    port = processes.free_port()
    with running_up(home, port=port) as first:
        wait_for_site(first, port)
        with running_up(home / "other", port=port) as second:
            output, _ = second.communicate(timeout=PATIENCE)

    assert f"Port {port} is taken" in output


def test_dead_part_is_started_again(home: Path) -> None:
    port = processes.free_port()
    with running_up(home, port=port) as process:
        wait_for_site(process, port)
        before = child_named("gunicorn", of=process.pid)
        assert before is not None
        os.kill(before, signal.SIGKILL)
        wait_until(lambda: child_named("gunicorn", of=process.pid) not in (None, before))


def child_named(name: str, *, of: int) -> int | None:
    """Process id of the first descendant whose command line holds `name`."""
    return next((pid for pid, command in family_of(of).items() if name in command), None)
