"""No test fails because the machine is slow."""

import pytest
from hypothesis import HealthCheck, settings

from tests import patience


def test_examples_may_take_as_long_as_they_take() -> None:
    assert settings.default is not None
    assert settings.default.deadline is None
    assert HealthCheck.too_slow in settings.default.suppress_health_check


def test_wait_until_gives_what_it_waited_for() -> None:
    answers = iter([0, "", "here"])

    assert patience.wait_until(lambda: next(answers)) == "here"


def test_wait_until_fails_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "PATIENCE", 0)

    with pytest.raises(AssertionError, match="not so after 0 seconds"):
        patience.wait_until(lambda: False)
