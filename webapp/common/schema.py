"""Reads the JSON Schema of a config as a form, and what was typed into it as a config."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from django.utils.translation import gettext_lazy as _

Schema = dict[str, Any]
Kind = Literal["integer", "number", "boolean", "choice", "list", "text"]

GROUPS = {
    "Data": _("Data"),
    "Model": _("Model"),
    "Detection": _("Detection"),
    "Persons": _("Persons"),
    "Training": _("Training"),
    "Scoring": _("Scoring"),
}
OTHER_GROUP = "Model"
SCORING = "Scoring"  # training does not read the fields of this group
ORDER = "propertyOrder"


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field of a config, as a form shows it."""

    name: str
    label: str
    help: str
    group: str
    kind: Kind
    default: Any
    is_optional: bool = False
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[Any, ...] = ()

    @property
    def default_text(self) -> str:
        return to_text(self.default)

    def parse(self, text: str) -> Any:
        """The value meant by `text`; text that means none stays as it is, for the check to name."""
        text = text.strip()
        if self.is_optional and not text:
            return None
        if self.kind == "choice":
            return next((choice for choice in self.choices if to_text(choice) == text), text)
        if self.kind == "list":
            return [_number(item) for item in text.split(",") if item.strip()]
        if self.kind == "boolean":
            return {"true": True, "false": False}.get(text, text)
        return text if self.kind == "text" else _number(text)


def fields_of(schema: Schema) -> list[Field]:
    """The fields in the order in which the method declares them."""
    return [_field(name, schema) for name in names_of(schema)]


def with_order(schema: Schema) -> Schema:
    """Written down beside the properties: Postgres does not keep the order of an object's keys."""
    return schema | {ORDER: list(schema["properties"])}


def names_of(schema: Schema) -> list[str]:
    return list(schema[ORDER] if ORDER in schema else schema["properties"])


def groups_of(fields: list[Field]) -> dict[str, list[Field]]:
    """Fields under the titles of their groups, both in a fixed order."""
    grouped = {
        title: [field for field in fields if field.group == group]
        for group, title in GROUPS.items()
    }
    return {str(title): members for title, members in grouped.items() if members}


def defaults_of(schema: Schema) -> dict[str, Any]:
    properties = schema["properties"].items()
    return {name: value["default"] for name, value in properties if "default" in value}


def config_of_texts(schema: Schema, texts: Mapping[str, str]) -> dict[str, Any]:
    """What was typed as values, each under its field's name. Unknown names are left out."""
    return {
        field.name: field.parse(texts[field.name])
        for field in fields_of(schema)
        if field.name in texts
    }


def changed_fields(schema: Schema, config: Mapping[str, Any]) -> dict[str, Any]:
    """What differs from the method's own values."""
    defaults = defaults_of(schema)
    return {name: value for name, value in config.items() if defaults.get(name) != value}


def learning_values(schema: Schema, config: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a config that training reads: two with equal ones learn the same weights."""
    return _without(schema, config, (SCORING,))


def network_values(schema: Schema, config: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a config that says what network it is: weights of one fit another with equal."""
    known = schema["properties"]
    values = _without(schema, config, ("Training", SCORING))
    return {
        name: value for name, value in values.items() if not known.get(name, {}).get("transfers")
    }


def is_of_scoring(schema: Schema, name: str) -> bool:
    return schema["properties"].get(name, {}).get("group") == SCORING


def is_of_file(schema: Schema, name: str) -> bool:
    """Whether its value is the path of a file on the server."""
    return schema["properties"].get(name, {}).get("format") == "path"


def _without(schema: Schema, config: Mapping[str, Any], groups: Collection[str]) -> dict[str, Any]:
    known = schema["properties"]
    return {
        name: value
        for name, value in config.items()
        if known.get(name, {}).get("group") not in groups
    }


@dataclass(frozen=True)
class Setting:
    """One field of a stored config, to read."""

    label: str
    text: str
    is_changed: bool


def settings_of(schema: Schema, config: Mapping[str, Any]) -> list[Setting]:
    """A stored config in words. The method may have lost or renamed fields since."""
    changed = changed_fields(schema, config)
    known = schema["properties"]
    names = [name for name in names_of(schema) if name in config]
    return [
        Setting(known.get(name, {}).get("title", name), to_text(config[name]), name in changed)
        for name in dict.fromkeys([*names, *config])
    ]


def to_text(value: Any) -> str:
    """A value as one types it."""
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        return ", ".join(to_text(item) for item in value)
    return value if isinstance(value, str) else json.dumps(value)


def value_schema(name: str, schema: Schema) -> tuple[Schema, bool]:
    """The schema of one field's value, references followed, and whether null is allowed too."""
    found = schema["properties"][name]
    options = [found, *found.get("anyOf", ())]
    values = [option for option in options if "type" in option or "enum" in option]
    references = [option["$ref"] for option in options if "$ref" in option]
    values += [schema["$defs"][reference.rpartition("/")[2]] for reference in references]
    value: Schema = next((option for option in values if option.get("type") != "null"), {})
    return value, {"type": "null"} in options


def _field(name: str, schema: Schema) -> Field:
    found = schema["properties"][name]
    value, is_optional = value_schema(name, schema)
    choices = tuple(value.get("enum", [value["const"]] if "const" in value else ()))
    group = found.get("group", OTHER_GROUP)
    return Field(
        name=name,
        label=found.get("title", name),
        help=found.get("description", ""),
        group=group if group in GROUPS else OTHER_GROUP,
        kind=_kind(value, choices),
        default=found.get("default"),
        is_optional=is_optional,
        minimum=value.get("minimum", value.get("exclusiveMinimum")),
        maximum=value.get("maximum", value.get("exclusiveMaximum")),
        choices=choices,
    )


def _kind(value: Schema, choices: tuple[Any, ...]) -> Kind:
    if choices:
        return "choice"
    kinds: dict[str, Kind] = {
        "integer": "integer",
        "number": "number",
        "boolean": "boolean",
        "array": "list",
    }
    return kinds.get(value.get("type", ""), "text")


def _number(text: str) -> int | float | str:
    text = text.strip()
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            continue
    return text
