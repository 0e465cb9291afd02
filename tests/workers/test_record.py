import pytest

from workers import record
from workers.record import Pace


@pytest.fixture
def clock(monkeypatch):
    """A clock that a test sets by hand."""
    times = {"now": 100.0}
    monkeypatch.setattr(record.time, "monotonic", lambda: times["now"])
    return times


def progress(done, stage="train"):
    return {"event": "progress", "stage": stage, "done": done, "total": 20, "unit": "epochs"}


def test_pace_knows_nothing_at_the_start(clock):
    described = Pace().describe(progress(5))

    assert (described["per_second"], described["eta_seconds"]) == (None, None)


def test_pace_reckons_from_the_first_report_of_a_resumed_training(clock):
    pace = Pace()
    pace.describe(progress(10))
    clock["now"] += 20

    described = pace.describe(progress(15))

    assert (described["per_second"], described["eta_seconds"]) == (0.25, 20)


def test_pace_starts_anew_with_each_stage(clock):
    pace = Pace()
    pace.describe(progress(10))
    clock["now"] += 20
    pace.describe(progress(0, stage="validate"))
    clock["now"] += 2

    assert pace.describe(progress(4, stage="validate"))["per_second"] == 2
