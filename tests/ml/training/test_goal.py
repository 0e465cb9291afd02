import pytest

from ml.training.goal import Goal


@pytest.mark.parametrize(
    ("higher_is_better", "better", "worse"),
    [(False, 0.3, 0.4), (True, 0.5, 0.4), (False, -1.0, 0.0), (True, 1.0, 0.0)],
)
def test_which_number_is_better(higher_is_better: bool, better: float, worse: float) -> None:
    goal = Goal(name="ap", higher_is_better=higher_is_better)

    assert _reached(goal, ap=better) < _reached(goal, ap=worse)
    assert not _reached(goal, ap=worse) < _reached(goal, ap=worse)


def test_of_equal_numbers_the_tie_breaker_decides() -> None:
    goal = Goal(name="auroc", higher_is_better=True, tie_breaker="loss")

    assert _reached(goal, auroc=1.0, loss=0.2) < _reached(goal, auroc=1.0, loss=0.3)
    assert _reached(goal, auroc=1.0, loss=9.0) < _reached(goal, auroc=0.9, loss=0.1)


def test_a_validation_without_the_number_chooses_nothing() -> None:
    assert Goal(name="auroc", tie_breaker="loss").reached({"loss": 0.1}) is None


def _reached(goal: Goal, **validated: float) -> list[float]:
    reached = goal.reached(validated)
    assert reached is not None
    return reached


def test_when_a_validation_is_due_within_an_epoch() -> None:
    assert [step for step in range(1, 10) if Goal(every_steps=3).is_due(step)] == [3, 6, 9]
    assert not any(Goal().is_due(step) for step in range(1, 10))
