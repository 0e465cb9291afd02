import errno
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ml.data.video import sandbox
from ml.data.video.sandbox import Limits
from ml.records import BadInput
from tests import toys
from tests.patience import PATIENCE, wait_until


def run(path: Path, folder: Path, **limits: Any) -> dict[str, Any]:
    folder.mkdir(exist_ok=True)
    request = {"path": str(path), "kind": "file", "fps": None}
    n_bytes = path.stat().st_size
    return sandbox.run(request, folder=folder, n_bytes=n_bytes, limits=Limits(**limits))


def children_of(pid: int) -> list[int]:
    """The main threads of its direct children."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


@contextmanager
def waiting_child(tmp_path: Path) -> Iterator[int]:
    """A confined child that waits for the other end of a pipe; yields its process id."""
    pipe = tmp_path / "a.mp4"
    os.mkfifo(pipe)
    before = set(children_of(os.getpid()))
    outcome: list[str] = []

    def read() -> None:
        try:
            run(pipe, tmp_path / "out", seconds=30, patience=PATIENCE)
        except BadInput as error:
            outcome.append(str(error))

    thread = threading.Thread(target=read)
    thread.start()
    (child,) = wait_until(lambda: set(children_of(os.getpid())) - before)
    wait_until(lambda: is_confined(child))
    yield child
    pipe.open("wb").close()  # now it reads an empty file
    thread.join(PATIENCE)
    assert outcome == ["the file is empty"]


def is_confined(pid: int) -> bool:
    """Whether the last of its limits is in force."""
    limits = Path(f"/proc/{pid}/limits").read_text()
    return f"Max open files            {Limits().n_open_files} " in limits


def test_run_gives_facts_and_files(tmp_path: Path) -> None:
    video = toys.moving_square_video(tmp_path / "a.mp4", 20)

    answer = run(video, tmp_path / "out")

    assert answer["n_frames"] == 20
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert written == {"pts.npy", "proxy.mp4", "poster.jpg", "contact_sheet.jpg"}


@pytest.mark.parametrize(
    ("limits", "sentence"),
    [
        ({"memory_bytes": 10**8}, "reading it needs more than 0.1 GB"),
        ({"file_bytes": 2000}, "its proxy is larger than 0.0 GB"),
    ],
)
def test_run_names_the_limit_that_was_met(
    tmp_path: Path, limits: dict[str, int], sentence: str
) -> None:
    video = toys.moving_square_video(tmp_path / "a.mp4", 60)

    with pytest.raises(BadInput, match=sentence):
        run(video, tmp_path / "out", **limits)


def test_run_stops_a_child_that_only_waits(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.mp4")

    with pytest.raises(BadInput, match="took longer than 2 s and was stopped"):
        run(tmp_path / "a.mp4", tmp_path / "out", seconds=1, patience=2)


def test_run_refuses_gigantic_frames_with_little_memory(gigantic: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="16000×16000"):
        run(gigantic, tmp_path / "out", memory_bytes=500_000_000)


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (signal.SIGSEGV, r"crashed the decoder \(SIGSEGV\)"),
        (signal.SIGKILL, r"was killed \(SIGKILL\), as when the machine is out of memory"),
        (signal.SIGXCPU, r"took more than 120 s of processor time"),  # the kernel sends it
    ],
)
def test_run_names_the_signal_that_ended_the_child(
    tmp_path: Path, number: signal.Signals, sentence: str
) -> None:
    pipe = tmp_path / "a.mp4"
    os.mkfifo(pipe)
    before = set(children_of(os.getpid()))

    def crash() -> None:
        (child,) = wait_until(lambda: set(children_of(os.getpid())) - before)
        wait_until(lambda: is_confined(child))
        os.kill(child, number)

    threading.Thread(target=crash).start()
    with pytest.raises(BadInput, match=sentence):
        run(pipe, tmp_path / "out")


def test_full_disk_is_not_held_against_the_video() -> None:
    answer = json.dumps({"errno": errno.ENOSPC}).encode()

    with pytest.raises(OSError, match="No space left on device"):
        sandbox._answer(0, answer, b"", 1)


def test_child_has_no_secret_and_its_own_process_group(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://somebody:hunter2@127.0.0.1/iwakan")

    with waiting_child(tmp_path) as child:
        environment = Path(f"/proc/{child}/environ").read_bytes()
        group = os.getpgid(child)

    assert b"hunter2" not in environment
    assert b"IWAKAN" not in environment
    assert group == child


def test_child_has_limits(tmp_path: Path) -> None:
    with waiting_child(tmp_path) as child:
        limits = Path(f"/proc/{child}/limits").read_text()

    for words in (r"cpu time +30 ", r"file size +17179869184 ", r"address space +2147483648 "):
        assert re.search(f"Max {words}", limits)


def test_child_has_no_network_where_the_kernel_allows(tmp_path: Path) -> None:
    if not _may_leave_network():
        pytest.skip("this kernel lets nobody but root make a network namespace")

    with waiting_child(tmp_path) as child:
        ours, its = (Path(f"/proc/{pid}/ns/net").readlink() for pid in ("self", child))

    assert its != ours


def _may_leave_network() -> bool:
    flags = sandbox.CLONE_NEWNET | (sandbox.CLONE_NEWUSER if os.getuid() else 0)
    code = f"import ctypes, sys; sys.exit(ctypes.CDLL(None).unshare({flags}) != 0)"
    return subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_child_dies_with_its_parent(tmp_path: Path) -> None:
    pipe = tmp_path / "a.mp4"
    os.mkfifo(pipe)
    code = (
        "import sys; from pathlib import Path; from ml.data.video.sandbox import Limits, run\n"
        "request = {'path': sys.argv[1], 'kind': 'file', 'fps': None}\n"
        "run(request, folder=Path(sys.argv[2]), n_bytes=0, limits=Limits())\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code, str(pipe), str(tmp_path)])
    (child,) = wait_until(lambda: children_of(parent.pid))
    wait_until(lambda: is_confined(child))

    parent.kill()
    parent.wait()

    wait_until(lambda: not Path(f"/proc/{child}").exists() or _is_zombie(child))


def _is_zombie(pid: int) -> bool:
    return ") Z" in Path(f"/proc/{pid}/stat").read_text()
