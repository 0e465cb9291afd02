from dataclasses import dataclass

import pytest
from pydantic import TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as config_class

from ml.methods._options import ScheduleShape, WarmUpSteps, schedule_of
from ml.training.schedule import Schedule


@config_class(frozen=True, kw_only=True, config={"extra": "forbid"})
class Config:
    schedule: ScheduleShape = "cosine"
    warm_up_steps: WarmUpSteps = 5


def test_a_schedule_by_the_options_that_a_config_has() -> None:
    assert schedule_of(Config()) == Schedule(shape="cosine", warm_up_steps=5)


def test_a_schedule_by_its_shape_alone() -> None:
    @dataclass
    class Shaped:
        schedule: str = "polynomial"

    assert schedule_of(Shaped()) == Schedule(shape="polynomial")


def test_options_of_a_schedule_are_published_with_choices_and_ranges() -> None:
    fields = TypeAdapter(Config).json_schema()["properties"]

    assert fields["schedule"]["enum"] == ["constant", "step", "cosine", "polynomial"]
    assert {field["group"] for field in fields.values()} == {"Training"}
    with pytest.raises(ValidationError, match="warm_up_steps"):
        Config(warm_up_steps=-1)
