"""What the stack does with parts that die."""

import signal
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from webapp.stack import stack as stack_module
from webapp.stack.stack import QUICK_DEATHS, REST_SECONDS, Part, Stack


def dead() -> subprocess.Popen[bytes]:
    process = subprocess.Popen(["false"])
    process.wait()
    return process


@pytest.fixture
def part() -> Part:
    return Part(name="part", start=dead, end_signal=signal.SIGTERM, patience=1, process=dead())


def test_revive_lets_a_part_rest_that_dies_again_and_again(
    tmp_path: Path, part: Part, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stack_module, "time", SimpleNamespace(monotonic=lambda: 0.0))
    stack = Stack(tmp_path, port=1)
    stack.parts.append(part)

    for _ in range(3 * QUICK_DEATHS):
        stack.revive()

    assert len(part.starts) == QUICK_DEATHS


def test_part_may_start_after_its_rest_and_forgets_old_deaths(part: Part) -> None:
    for second in range(QUICK_DEATHS):
        assert part.may_start(second)

    assert not part.may_start(QUICK_DEATHS)
    assert part.may_start(QUICK_DEATHS + REST_SECONDS)
    assert part.may_start(1000)
    assert part.starts == [1000]
