"""Figures out of training points."""

from webapp.runs.charts import learning_curve
from webapp.runs.models import TrainingPoint


def points(*values: dict[str, float]) -> list[TrainingPoint]:
    return [
        TrainingPoint(step=10 * epoch, epoch=epoch, values=each)
        for epoch, each in enumerate(values, start=1)
    ]


def test_learning_curve_one_line_per_value() -> None:
    figure = learning_curve(
        points(
            {"train_loss": 0.5, "validation_loss": 0.6, "train_entropy": 1.5},
            {"train_loss": 0.25, "validation_loss": 0.5, "train_entropy": 1.25},
        )
    )

    assert [line["name"] for line in figure["data"]] == ["training", "validation", "train_entropy"]
    assert figure["data"][0]["x"] == [1, 2]
    assert figure["data"][0]["y"] == [0.5, 0.25]


def test_learning_curve_value_reported_at_times_has_points_of_its_own() -> None:
    figure = learning_curve(points({"train_loss": 0.5}, {"train_loss": 0.4, "validation_loss": 1}))

    assert figure["data"][1]["x"] == [2]


def test_learning_curve_without_points_has_no_lines() -> None:
    assert learning_curve([])["data"] == []


def test_learning_curve_many_points_are_a_line_without_markers() -> None:
    figure = learning_curve(points(*[{"train_loss": 0.5}] * 31))

    assert figure["data"][0]["mode"] == "lines"


def test_learning_curve_accuracy_has_an_axis_of_its_own() -> None:
    values = {"train_loss": 7.0, "train_accuracy": 0.75}

    figure = learning_curve(points(values, values))

    assert [line.get("yaxis") for line in figure["data"]] == [None, "y2"]
    assert figure["layout"]["yaxis2"]["range"] == [0, 1]
