"""The fields of a config as a page shows them, with what was typed and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from webapp.common import schema as schemas
from webapp.common.schema import Schema

PREFIX = "config."  # keeps a config's own `seed` or `name` apart from the form's


@dataclass(frozen=True)
class ConfigField:
    """A field of the config, with what was typed and what is wrong with it."""

    field: schemas.Field
    text: str
    error: str

    @property
    def html_name(self) -> str:
        return PREFIX + self.field.name

    @property
    def is_changed(self) -> bool:
        return self.field.parse(self.text) != self.field.default

    @property
    def options(self) -> list[str]:
        return [schemas.to_text(choice) for choice in self.field.choices]


def typed_in(data: Mapping[str, str]) -> dict[str, str]:
    """The part of the form data that is about the config, under its own names."""
    return {
        name.removeprefix(PREFIX): text for name, text in data.items() if name.startswith(PREFIX)
    }


def unticked_boxes(schema: Schema) -> dict[str, str]:
    """Browsers do not send a box that was left unticked."""
    fields = schemas.fields_of(schema)
    return {field.name: "false" for field in fields if field.kind == "boolean"}


def grouped(
    schema: Schema, typed: Mapping[str, str], problems: Mapping[str, str]
) -> dict[str, list[ConfigField]]:
    """All fields under the titles of their groups."""
    groups = schemas.groups_of(schemas.fields_of(schema))
    return {
        title: [
            ConfigField(
                field, typed.get(field.name, field.default_text), problems.get(field.name, "")
            )
            for field in fields
        ]
        for title, fields in groups.items()
    }
