import pytest

from ml.training.goal import Goal


@pytest.mark.parametrize(
    ("higher_is_better", "value", "best", "is_better"),
    [
        (False, 0.3, None, True),
        (True, 0.3, None, True),
        (False, 0.3, 0.4, True),
        (True, 0.3, 0.4, False),
        (False, 0.5, 0.4, False),
        (True, 0.5, 0.4, True),
        (False, 0.4, 0.4, False),
        (True, 0.4, 0.4, False),
    ],
)
def test_which_number_is_better(
    higher_is_better: bool, value: float, best: float | None, is_better: bool
) -> None:
    assert Goal(higher_is_better=higher_is_better).is_better(value, best) == is_better


def test_when_a_validation_is_due_within_an_epoch() -> None:
    assert [step for step in range(1, 10) if Goal(every_steps=3).is_due(step)] == [3, 6, 9]
    assert not any(Goal().is_due(step) for step in range(1, 10))
