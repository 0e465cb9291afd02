"""The form that a schema describes, and the config that its texts mean."""

from typing import Any

import pytest

from webapp.common import schema as schemas
from webapp.common.schema import Field

PROPERTIES: dict[str, Any] = {
    "epochs": {
        "type": "integer",
        "minimum": 1,
        "default": 20,
        "title": "Epochs",
        "description": "Passes over the training videos.",
        "group": "Training",
    },
    "input_size": {
        "type": "array",
        "prefixItems": [{"type": "integer"}, {"type": "integer"}],
        "default": [227, 227],
        "group": "Data",
    },
    "learning_rate": {"type": "number", "exclusiveMinimum": 0, "default": 0.0001},
    "is_grey": {"type": "boolean", "default": True, "group": "Data"},
    "norm": {"$ref": "#/$defs/Norm", "default": "batch"},
    "n_layers": {"enum": [2, 3], "type": "integer", "default": 3},
    "crop": {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "null"}], "default": None},
    "note": {"type": "string", "default": "", "group": "A group of its own"},
}
SCHEMA = {
    "$defs": {"Norm": {"enum": ["batch", "none"], "type": "string"}},
    "properties": PROPERTIES,
}


def field(name: str) -> Field:
    return next(field for field in schemas.fields_of(SCHEMA) if field.name == name)


def test_fields_of_keeps_the_methods_order() -> None:
    assert [field.name for field in schemas.fields_of(SCHEMA)] == list(PROPERTIES)


def test_field_describes_an_integer() -> None:
    assert field("epochs") == Field(
        name="epochs",
        label="Epochs",
        help="Passes over the training videos.",
        group="Training",
        kind="integer",
        default=20,
        minimum=1,
    )


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("input_size", "list"),
        ("learning_rate", "number"),
        ("is_grey", "boolean"),
        ("norm", "choice"),
        ("n_layers", "choice"),
        ("crop", "integer"),
        ("note", "text"),
    ],
)
def test_field_kind(name: str, kind: str) -> None:
    assert field(name).kind == kind


def test_field_reference_gives_its_choices() -> None:
    assert field("norm").choices == ("batch", "none")


def test_field_optional_keeps_the_limits_of_its_value() -> None:
    assert field("crop").is_optional
    assert field("crop").minimum == 1


def test_groups_of_fixed_order_and_unknown_group_among_model() -> None:
    groups = schemas.groups_of(schemas.fields_of(SCHEMA))

    assert list(groups) == ["Data", "Model", "Training"]
    assert [field.name for field in groups["Data"]] == ["input_size", "is_grey"]
    assert groups["Model"][-1].name == "note"


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("epochs", " 5 ", 5),
        ("epochs", "2.5", 2.5),
        ("epochs", "many", "many"),
        ("learning_rate", "1e-4", 0.0001),
        ("input_size", "64, 96", [64, 96]),
        ("input_size", "64, wide", [64, "wide"]),
        ("input_size", "", []),
        ("is_grey", "true", True),
        ("norm", "none", "none"),
        ("n_layers", "2", 2),
        ("n_layers", "9", "9"),
        ("crop", "", None),
        ("crop", "7", 7),
        ("note", " a, b ", "a, b"),
    ],
)
def test_parse_text(name: str, text: str, value: object) -> None:
    assert field(name).parse(text) == value


def test_parse_reads_back_what_to_text_wrote() -> None:
    for field in schemas.fields_of(SCHEMA):
        assert field.parse(field.default_text) == field.default


def test_config_of_texts_leaves_out_what_was_not_typed_or_is_unknown() -> None:
    assert schemas.config_of_texts(SCHEMA, {"epochs": "3", "csrf": "1"}) == {"epochs": 3}


def test_changed_fields_only_those_that_differ() -> None:
    config = schemas.defaults_of(SCHEMA) | {"epochs": 5}

    assert schemas.changed_fields(SCHEMA, config) == {"epochs": 5}


def test_settings_of_marks_what_differs_and_keeps_what_the_method_has_lost() -> None:
    settings = schemas.settings_of(SCHEMA, {"epochs": 5, "is_grey": True, "gone": [1, 2]})

    assert [(each.label, each.text, each.is_changed) for each in settings] == [
        ("Epochs", "5", True),
        ("is_grey", "true", False),
        ("gone", "1, 2", True),
    ]
