"""What a job's child can reach: a method may be anybody's code."""

import errno
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from tests.conftest import skip_or_fail
from tests.workers.conftest import acting_job, ended, is_held
from tests.workers.test_supervisor import SLEEP, taken
from webapp.jobs import services
from workers import reach, supervisor, walls

OPENED = "found = open({path!r}).read()"
LISTED = "import os; found = sorted(os.listdir({path!r}))"


@pytest.fixture(autouse=True)
def _walls() -> None:
    found = walls.standing()
    if not found.walls:
        skip_or_fail(found.why_not)


@pytest.fixture
def found(run: Any, act: Any) -> Any:
    """What a child finds that runs some code; `spec` names what it may reach."""

    def found(code: str, **spec: Any) -> Any:
        act.seen.clear()
        job = run(["run_python", code], spec=spec | {"out_dir": str(settings.WORK_DIR / "x")})
        assert job.status == "succeeded", job.reason
        return act.seen[0]["found"]

    return found


def written(path: Path, text: str = "a secret") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_a_child_reads_no_file_of_the_site(found: Any, tmp_path: Path) -> None:
    secret = written(tmp_path / "stack.json")

    assert "FileNotFoundError" in found(OPENED.format(path=str(secret)))


def test_a_child_lists_neither_results_nor_data_of_others(found: Any) -> None:
    written(Path(settings.MEDIA_ROOT) / "runs" / "1" / "step.safetensors")
    written(Path(settings.DATA_ROOTS[0]) / "another" / "1.mp4")

    for root in (settings.MEDIA_ROOT, settings.DATA_ROOTS[0]):
        assert "FileNotFoundError" in found(LISTED.format(path=str(root)))


def test_a_child_reads_the_data_that_its_job_names_and_no_other(found: Any) -> None:
    video = written(Path(settings.DATA_ROOTS[0]) / "mine" / "1.mp4", "frames")
    written(video.with_name("2.mp4"))

    videos = [{"path": str(video)}]

    assert found(OPENED.format(path=str(video)), videos=videos) == "frames"
    assert found(LISTED.format(path=str(video.parent)), videos=videos) == ["1.mp4"]


def test_a_child_writes_only_into_its_folder(found: Any) -> None:
    video = written(Path(settings.DATA_ROOTS[0]) / "mine" / "1.mp4", "frames")
    code = """
import os
found = []
for path in ({video!r}, {code!r}, "/usr/x", "/proc/sys/kernel/core_pattern"):
    try:
        open(path, "r+")
    except OSError as error:
        found.append(error.errno)
open("mine", "w").write("x")
found.append(os.path.getsize("mine"))
"""
    code = code.format(video=str(video), code=str(settings.BASE_DIR / "manage.py"))

    assert found(code, folder=str(video.parent)) == [errno.EROFS] * 4 + [1]
    assert video.read_text() == "frames"


def test_a_link_out_of_the_data_is_not_followed(found: Any, tmp_path: Path) -> None:
    secret = written(tmp_path / "stack.json")
    folder = Path(settings.DATA_ROOTS[0]) / "mine"
    folder.mkdir(parents=True)
    (folder / "1.mp4").symlink_to(secret)

    answer = found(OPENED.format(path=str(folder / "1.mp4")), folder=str(folder))

    assert "FileNotFoundError" in answer


def test_a_file_that_became_a_link_ends_the_job_with_its_name(run: Any, tmp_path: Path) -> None:
    secret = written(tmp_path / "stack.json")
    video = Path(settings.DATA_ROOTS[0]) / "1.mp4"
    video.parent.mkdir(parents=True)
    video.symlink_to(secret)

    job = run(spec={"videos": [{"path": str(video)}]})

    assert (job.status, job.failure) == ("failed", "bad_input")
    assert job.reason == (
        f"{video}, which leads to {secret}, is outside the folders that this server shares: "
        "see IWAKAN_DATA_ROOTS."
    )


def test_what_people_wrote_names_no_data(found: Any) -> None:
    video = written(Path(settings.DATA_ROOTS[0]) / "another" / "1.mp4")

    answer = found(OPENED.format(path=str(video)), config={"weights": str(video)})

    assert "FileNotFoundError" in answer


def test_a_child_sees_no_process_but_its_own(found: Any) -> None:
    code = "import os; found = [each for each in os.listdir('/proc') if each.isdigit()]"

    assert len(found(code)) == 2  # the first one of its walls, and itself


def test_a_child_has_no_network_but_its_own_loopback(found: Any) -> None:
    port = int(settings.DATABASES["default"]["PORT"] or 5432)
    code = f"import socket; found = str(socket.create_connection(('127.0.0.1', {port}), 5))"

    assert "Connection refused" in found(code)


def test_a_child_has_no_privileges(found: Any) -> None:
    code = """
lines = open("/proc/self/status").read().splitlines()
found = [line.split()[1] for line in lines if line.startswith(("CapPrm", "CapEff", "NoNewPrivs"))]
"""

    assert found(code) == ["0" * 16, "0" * 16, "1"]


def test_what_it_starts_in_a_session_of_its_own_ends_with_it(
    run_in_thread: Any, bob: Any, tmp_path: Path
) -> None:
    grandchild = tmp_path / "grandchild"
    job = acting_job(["leave_behind", str(grandchild), True], SLEEP, team=bob.teams.get())
    run_in_thread()
    taken(grandchild)

    services.request_cancel(job=job, by=bob)

    assert ended(job).status == "cancelled"
    assert not is_held(grandchild)


def test_a_child_may_allocate_and_write_so_much(found: Any, settings: Any) -> None:
    settings.JOB_MEMORY_BYTES, settings.JOB_FILE_BYTES = 2**30, 2**20

    assert found("found = len(bytearray(2**31))") == "MemoryError()"
    assert "File too large" in found("found = open('long', 'wb').write(bytes(2**21))")


def test_walls_that_are_required_and_missing_end_the_job(
    worker: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walls, "standing", lambda: walls.Walls(why_not="the kernel forbids it"))
    settings.REQUIRE_WALLS = True
    job = acting_job()

    supervisor.run_next("cpu", worker=worker)

    job.refresh_from_db()
    assert (job.status, job.failure) == ("failed", "platform_error")
    assert job.reason == (
        "This installation runs no job outside walls, and here the kernel forbids it."
    )


def test_walls_that_are_switched_off_are_told_as_such(settings: Any) -> None:
    settings.WALLS = False
    walls.standing.cache_clear()
    try:
        assert walls.standing() == walls.Walls(why_not="IWAKAN_WALLS is off")
        assert walls.around(["true"], folder=Path(), spec={}) == ["true"]
    finally:
        walls.standing.cache_clear()


def test_very_many_files_are_reached_by_their_folders(tmp_path: Path) -> None:
    root = Path(settings.DATA_ROOTS[0])
    paths = [written(root / "mine" / f"{number}.mp4") for number in range(reach.MAX_PLACES + 1)]
    spec = {"videos": [{"path": str(path)} for path in paths]}

    assert reach.named(spec, folder=tmp_path / "work") == [str(root / "mine")]
