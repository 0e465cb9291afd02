"""What the stack does with parts that die."""

import signal
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from webapp.stack import stack as stack_module
from webapp.stack.stack import QUICK_DEATHS, REST_SECONDS, Part, Stack, stopped_in_order


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


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_an_object_is_deleted_is_not_lost(
    tmp_path: Path, number: signal.Signals
) -> None:
    """Python drops what is raised then, as when a part that died is replaced."""

    class Deleted:
        def __del__(self) -> None:
            signal.raise_signal(number)

    before = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]
    stack = Stack(tmp_path, port=1)

    with stopped_in_order(stack):
        Deleted()
        stack.watch()  # for ever, if it were lost

    assert stack.asked_by == number
    assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)] == before


@pytest.mark.parametrize(
    ("number", "raised"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit)]
)
def test_a_signal_ends_what_is_being_started(
    tmp_path: Path, number: signal.Signals, raised: type[BaseException]
) -> None:
    with pytest.raises(raised), stopped_in_order(Stack(tmp_path, port=1)):
        signal.raise_signal(number)
