"""What a sweep varies: expanded in order, and refused as a whole with every fault named."""

from typing import Any

import pytest

import webapp.runs.grid
from tests.factories.runs import SCHEMA
from webapp.runs.grid import GridError, configurations, variant_title, varied_fields

DEFAULTS = {"epochs": 20, "input_size": [227, 227], "is_grey": True, "norm": "batch"}
OFF = {"title": "colour", "config": {"is_grey": False}}
ON = {"title": "as proposed", "config": {}}


def expand(
    grid: dict[str, Any], variants: Any = (), config: dict[str, Any] | None = None
) -> list[dict[str, Any]]:
    rows = configurations(SCHEMA, config or {}, grid, variants)
    assert [row.row for row in rows] == list(range(len(rows)))
    return [row.config for row in rows]


def refused(
    grid: dict[str, Any], variants: Any = (), config: dict[str, Any] | None = None
) -> dict[str, str]:
    with pytest.raises(GridError) as caught:
        expand(grid, variants, config)
    return caught.value.problems


def test_every_combination_the_last_field_turning_first() -> None:
    rows = expand({"norm": ["none", "batch"], "epochs": [3, 5]})

    assert [(row["epochs"], row["norm"]) for row in rows] == [
        (3, "none"),
        (3, "batch"),
        (5, "none"),
        (5, "batch"),
    ]
    assert all(row["input_size"] == [227, 227] for row in rows)


def test_config_holds_for_all_and_variants_win_over_it() -> None:
    rows = expand({}, [ON, OFF | {"config": {"is_grey": False, "epochs": 9}}], {"epochs": 2})

    assert [(row["epochs"], row["is_grey"]) for row in rows] == [(2, True), (9, False)]


def test_variants_times_grid() -> None:
    rows = configurations(SCHEMA, {}, {"epochs": [3, 5], "norm": ["none"]}, [ON, OFF])

    assert [row.title for row in rows] == [
        "as proposed · epochs 3",
        "as proposed · epochs 5",
        "colour · epochs 3",
        "colour · epochs 5",
    ]
    assert {row.config["norm"] for row in rows} == {"none"}


def test_a_variant_without_a_title_is_called_by_what_it_sets() -> None:
    [row] = configurations(SCHEMA, {}, {}, [{"config": {"input_size": [64, 64]}}])

    assert row.title == "input_size 64, 64"


def test_nothing_varied_is_one_row() -> None:
    assert expand({}) == [DEFAULTS]


@pytest.mark.parametrize(
    ("grid", "sentence"),
    [
        ({"epohcs": [1]}, "epohcs: the method has no such field; did you mean epochs?"),
        ({"epohcs": []}, "epohcs: the method has no such field; did you mean epochs?"),
        ({"epochs": 3}, "epochs: a list of values is expected"),
        ({"epochs": "3"}, "epochs: a list of values is expected"),
        ({"epochs": []}, "epochs: at least one value is needed"),
        ({"epochs": [3, 5, 3]}, "epochs: 3 is there twice"),
        ({"epochs": [3, 3.0]}, "epochs: 3.0 is there twice"),
        ({"epochs": [3, 0]}, "epochs: 0 is less than the smallest allowed value 1"),
        ({"epochs": [True]}, "epochs: true is not a whole number"),
        ({"is_grey": [True, 1]}, "is_grey: 1 is not true or false"),
        ({"norm": ["layer"]}, 'norm: "layer" is not one of batch, none'),
        ({"input_size": [64, 128]}, "input_size: 64 is not a list"),
        ({"input_size": [[64, 64], [64, 64]]}, "input_size: 64, 64 is there twice"),
        ({"input_size": [[64, 64], [64.0, 64]]}, "input_size: 64.0, 64 is there twice"),
    ],
)
def test_grid_refused(grid: dict[str, Any], sentence: str) -> None:
    [name] = grid

    assert refused(grid) == {f"/grid/{name}": sentence}


def test_every_fault_is_named() -> None:
    problems = refused(
        {"epochs": [0], "norm": ["none", "batch"]},
        [ON, {"title": "", "config": {"norm": "none", "is_grey": 2}}],
        {"depth": 3},
    )

    assert list(problems) == [
        "/config/depth",
        "/grid/epochs",
        "/variants/1/config/is_grey",
        "/variants/1/config/norm",
    ]
    assert problems["/variants/1/config/norm"] == "variant 2: norm: it is varied in the grid, too"


def test_fixed_and_varied_at_once_is_refused() -> None:
    problems = refused({"epochs": [3, 5]}, config={"epochs": 3})

    assert problems == {"/grid/epochs": "epochs: it is fixed in the config and varied in the grid"}


def test_two_of_the_same_configuration_are_refused() -> None:
    same = {"title": "grey", "config": {"is_grey": True}}

    assert refused({}, [ON, same]) == {
        "/variants": "“as proposed” and “grey” are the same configuration."
    }


@pytest.mark.parametrize(
    ("grid", "n_variants", "n_runs"),
    [
        ({"epochs": list(range(1, 10_000)), "norm": ["none", "batch"]}, 0, 19998),
        ({"epochs": [1] * 201, "norm": []}, 0, 201),
        ({"norm": ["none", "batch"]}, 101, 202),
    ],
)
def test_too_many_are_refused_before_any_is_looked_at(
    monkeypatch: pytest.MonkeyPatch, grid: dict[str, Any], n_variants: int, n_runs: int
) -> None:
    """A minute of checks, sent with a few characters each, would hold up all others."""
    monkeypatch.setattr(webapp.runs.grid, "problems_of", None)

    sentence = f"This makes {n_runs} runs; a sweep has at most 200."
    assert refused(grid, [ON] * n_variants) == {"/grid": sentence}


def test_as_many_as_a_sweep_takes() -> None:
    assert len(expand({"epochs": list(range(1, 101)), "norm": ["none", "batch"]})) == 200


def test_varied_fields_in_the_methods_order() -> None:
    grid = {"norm": ["none", "batch"], "epochs": [3]}

    assert varied_fields(SCHEMA, grid, [ON, OFF]) == ["is_grey", "norm"]
    gone = {"title": "", "config": {"gone": 1}}
    assert varied_fields(SCHEMA, grid, [gone]) == ["norm", "gone"]


def test_variant_of_a_row() -> None:
    grid = {"epochs": [3, 5]}

    assert [variant_title(grid, [ON, OFF], row) for row in range(4)] == [
        "as proposed", "as proposed", "colour", "colour"
    ]  # fmt: skip
    assert variant_title(grid, [], 1) == ""
