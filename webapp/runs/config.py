"""Checks a config against its method's schema and says in sentences what is wrong."""

from __future__ import annotations

import difflib
import json
import sys
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

from webapp.common.errors import UserError
from webapp.datasets.folders import resolve_path
from webapp.runs.schema import (
    Schema,
    defaults_of,
    is_of_file,
    names_of,
    to_text,
    value_schema,
)

TYPE_NAMES = {
    "integer": _lazy("a whole number"),
    "number": _lazy("a number"),
    "boolean": _lazy("true or false"),
    "array": _lazy("a list"),
    "string": _lazy("text"),
}


class ConfigError(UserError):
    """Every fault of a config: `problems` holds one sentence per field."""

    def __init__(self, problems: dict[str, str]) -> None:
        first = next(iter(problems))
        super().__init__("; ".join(problems.values()), code="bad_config", field=f"/config/{first}")
        self.problems = problems


def complete_config(schema: Schema, config: dict[str, Any]) -> dict[str, Any]:
    """`config` with defaults filled in. Raise ConfigError if it is wrong."""
    problems = problems_of(schema, config)
    if problems:
        raise ConfigError(problems)
    complete = defaults_of(schema) | config
    files = {name: complete[name] for name in complete if is_of_file(schema, name)}
    return complete | {name: str(resolve_path(path)) for name, path in files.items() if path}


def problems_of(schema: Schema, config: dict[str, Any]) -> dict[str, str]:
    """One sentence for each field that is wrong."""
    return dict(_problems(schema, config))


def _problems(schema: Schema, config: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in config.items():
        sentence = _problem(name, value, schema)
        if sentence:
            yield name, f"{name}: {sentence}"
    for name in schema.get("required", ()):
        if name not in config:
            yield name, name + ": " + _("a value is needed")


def _problem(name: str, value: Any, schema: Schema) -> str:
    if name not in schema["properties"]:
        return _unknown(name, names_of(schema))
    expected, is_optional = value_schema(name, schema)
    if is_optional and value is None:
        return ""
    error = next(Validator(expected).iter_errors(value), None)
    if error:
        return _sentence(error)
    return _missing_file(value) if value and is_of_file(schema, name) else ""


def _missing_file(path: str) -> str:
    """A job reads it: only files where datasets may be are within reach."""
    try:
        is_file = resolve_path(path).is_file()
    except UserError as error:
        return str(error)
    return "" if is_file else _("“%s” is no file") % path


def _unknown(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    if close:
        return _("the method has no such field; did you mean %s?") % close[0]
    return _("the method has no such field; it has %s") % ", ".join(known)


def _sentence(error: ValidationError) -> str:
    keyword = str(error.validator)
    sentence = str(SENTENCES[keyword]) if keyword in SENTENCES else error.message
    if keyword in SENTENCES:
        sentence %= {"value": _shown(error.instance), "rule": _rule(error)}
    if error.path:
        sentence = _("item %s: ") % (int(error.path[0]) + 1) + sentence
    return sentence


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)[:80]


def _rule(error: ValidationError) -> str:
    text = to_text(error.validator_value)
    return str(TYPE_NAMES.get(text, text)) if error.validator == "type" else text


SENTENCES = {
    "type": _lazy("%(value)s is not %(rule)s"),
    "minimum": _lazy("%(value)s is less than the smallest allowed value %(rule)s"),
    "maximum": _lazy("%(value)s is more than the largest allowed value %(rule)s"),
    "exclusiveMinimum": _lazy("%(value)s is not greater than %(rule)s"),
    "exclusiveMaximum": _lazy("%(value)s is not less than %(rule)s"),
    "multipleOf": _lazy("%(value)s is not a multiple of %(rule)s"),
    "enum": _lazy("%(value)s is not one of %(rule)s"),
    "const": _lazy("%(value)s is not %(rule)s, the only choice"),
    "minItems": _lazy("%(value)s has fewer than %(rule)s values"),
    "maxLength": _lazy("%(value)s is longer than %(rule)s characters"),
    "maxItems": _lazy("%(value)s has more than %(rule)s values"),
}


def _is_number(checker: object, value: Any) -> bool:
    """Python's reader lets in what no float holds: NaN, infinity, a whole number of 400 digits."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and -sys.float_info.max <= value <= sys.float_info.max


def _is_integer(checker: object, value: Any) -> bool:
    return _is_number(checker, value) and value == int(value)


Validator = extend(
    Draft202012Validator,
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine_many(
        {"number": _is_number, "integer": _is_integer}
    ),
)
