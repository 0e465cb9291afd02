"""Configs: defaults filled in, and one plain sentence for every fault."""

from typing import Any

import pytest

from webapp.common.config import ConfigError, complete_config

SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "$defs": {"Norm": {"enum": ["batch", "none"], "type": "string"}},
    "properties": {
        "epochs": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 20},
        "learning_rate": {"type": "number", "exclusiveMinimum": 0, "default": 0.0001},
        "input_size": {
            "type": "array",
            "prefixItems": [{"type": "integer"}, {"type": "integer", "minimum": 8}],
            "minItems": 2,
            "maxItems": 2,
            "default": [227, 227],
        },
        "is_grey": {"type": "boolean", "default": True},
        "norm": {"$ref": "#/$defs/Norm", "default": "batch"},
        "crop": {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "null"}], "default": None},
        "width": {"type": "integer", "multipleOf": 8, "default": 64},
    },
}


def problem(**config: object) -> str:
    with pytest.raises(ConfigError) as caught:
        complete_config(SCHEMA, config)
    return caught.value.sentence


def test_complete_config_defaults_filled_in() -> None:
    config = complete_config(SCHEMA, {"crop": 3, "epochs": 5})

    assert config.keys() == SCHEMA["properties"].keys()
    assert config["epochs"] == 5
    assert config["crop"] == 3
    assert config["input_size"] == [227, 227]


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ({"epochs": 0}, "epochs: 0 is less than the smallest allowed value 1"),
        ({"epochs": 1001}, "epochs: 1001 is more than the largest allowed value 1000"),
        ({"epochs": "many"}, 'epochs: "many" is not a whole number'),
        ({"epochs": 2.5}, "epochs: 2.5 is not a whole number"),
        ({"epochs": True}, "epochs: true is not a whole number"),
        ({"learning_rate": 0}, "learning_rate: 0 is not greater than 0"),
        ({"learning_rate": float("nan")}, "learning_rate: NaN is not a number"),
        ({"learning_rate": float("inf")}, "learning_rate: Infinity is not a number"),
        ({"learning_rate": 10**400}, f"learning_rate: 1{'0' * 79} is not a number"),
        ({"epochs": 10**400}, f"epochs: 1{'0' * 79} is not a whole number"),
        ({"input_size": [227]}, "input_size: [227] has fewer than 2 values"),
        ({"input_size": [9, 9, 9]}, "input_size: [9, 9, 9] has more than 2 values"),
        ({"input_size": [8, 4]}, "input_size: item 2: 4 is less than the smallest allowed value 8"),
        ({"is_grey": "yes"}, 'is_grey: "yes" is not true or false'),
        ({"norm": "layer"}, 'norm: "layer" is not one of batch, none'),
        ({"crop": 0}, "crop: 0 is less than the smallest allowed value 1"),
        ({"width": 20}, "width: 20 is not a multiple of 8"),
        ({"epoch": 3}, "epoch: the method has no such field; did you mean epochs?"),
    ],
)  # fmt: skip
def test_complete_config_fault_is_a_sentence(config: dict[str, object], sentence: str) -> None:
    assert problem(**config) == sentence


def test_complete_config_unknown_field_names_those_that_exist() -> None:
    assert problem(zzz=1).endswith("it has " + ", ".join(SCHEMA["properties"]))


def test_complete_config_required_field_missing() -> None:
    schema = {"properties": {"classes": {"type": "integer"}}, "required": ["classes"]}

    with pytest.raises(ConfigError, match="classes: a value is needed"):
        complete_config(schema, {})


def test_config_error_holds_every_fault_and_points_at_the_first() -> None:
    with pytest.raises(ConfigError) as caught:
        complete_config(SCHEMA, {"epochs": 0, "width": 20})

    assert set(caught.value.problems) == {"epochs", "width"}
    assert caught.value.field == "/config/epochs"
