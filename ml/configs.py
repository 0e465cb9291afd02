"""Configs: frozen pydantic dataclasses, whose JSON Schema the site makes a form of."""

from __future__ import annotations

from typing import Any

from pydantic import Field, TypeAdapter, ValidationError

from ml.bad_input import BadInput


def option(
    group: str,
    title: str,
    description: str,
    *,
    file: bool = False,
    transfers: bool = False,
    **limits: Any,
) -> Any:
    """A field as a form shows it; `limits` are pydantic's (ge, le, …).

    `file`: its value is the path of a file, which a site lets be where datasets may be.
    `transfers`: weights that were learnt with another value may be begun with all the same.
    """
    extra: dict[str, Any] = {"group": group} | ({"format": "path"} if file else {})
    extra |= {"transfers": True} if transfers else {}
    return Field(title=title, description=description, json_schema_extra=extra, **limits)


def parse(kind: type[Any], values: dict[str, Any], *, of: str) -> Any:
    """`values` as a `kind`, defaults filled in. Raise BadInput, which names every wrong field.

    `of` is what has the config, as in: the method has no such field.
    """
    try:
        return TypeAdapter(kind).validate_python(values)
    except ValidationError as error:
        sentences = [_sentence(fault, of) for fault in error.errors()]
        raise BadInput("; ".join(sentences)) from error


def schema_of(kind: type[Any]) -> dict[str, Any]:
    return TypeAdapter(kind).json_schema()


def as_json(config: Any) -> dict[str, Any]:
    """With all its fields, as it is stored."""
    return dict(TypeAdapter(type(config)).dump_python(config, mode="json"))


def _sentence(fault: Any, of: str) -> str:
    field = ".".join(str(part) for part in fault["loc"]) or "config"
    if fault["type"] == "unexpected_keyword_argument":
        return f"{field}: {of} has no such field"
    return f"{field}: {fault['msg']} (given: {fault['input']!r})"
