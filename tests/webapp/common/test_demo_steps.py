import pytest

from webapp.common.demo_steps import STEPS, numbered


def test_numbered_says_how_far_the_demo_is() -> None:
    lines = [numbered(step, "…") for step in STEPS]

    assert lines[0] == "[1/8] Database: …"
    assert lines[-1] == "[8/8] Page: …"


def test_numbered_refuses_a_step_that_nobody_counts() -> None:
    with pytest.raises(ValueError, match="not in tuple"):
        numbered("Dancing", "…")
