"""Checks a config against its schema and says in sentences what is wrong.

`of` is what has the config: a method, an extractor of features or a detector of persons.
"""

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
from webapp.common.schema import Schema, defaults_of, names_of, to_text, value_schema

METHOD, EXTRACTOR, DETECTOR = "method", "extractor", "detector"
TYPE_NAMES = {
    "integer": _lazy("a whole number"),
    "number": _lazy("a number"),
    "boolean": _lazy("true or false"),
    "array": _lazy("a list"),
    "string": _lazy("text"),
}


class ConfigError(UserError):
    """Every fault of a config: `problems` holds one sentence per field, found `under` its name."""

    def __init__(self, problems: dict[str, str], *, under: str = "config") -> None:
        first = next(iter(problems))
        field = f"/{under}/{first}"
        super().__init__("; ".join(problems.values()), code="bad_config", field=field)
        self.problems = problems
        self.under = under


def complete_config(
    schema: Schema, config: dict[str, Any], *, of: str = METHOD, under: str = "config"
) -> dict[str, Any]:
    """`config` with defaults filled in. Raise ConfigError if it is wrong.

    `under` is what the config is called where it was sent.
    """
    problems = problems_of(schema, config, of=of)
    if problems:
        raise ConfigError(problems, under=under)
    return defaults_of(schema) | config


def problems_of(schema: Schema, config: dict[str, Any], *, of: str = METHOD) -> dict[str, str]:
    """One sentence for each field that is wrong."""
    return dict(_problems(schema, config, of))


def _problems(schema: Schema, config: dict[str, Any], of: str) -> Iterator[tuple[str, str]]:
    for name, value in config.items():
        sentence = _problem(name, value, schema, of)
        if sentence:
            yield name, f"{name}: {sentence}"
    for name in schema.get("required", ()):
        if name not in config:
            yield name, name + ": " + _("a value is needed")


def _problem(name: str, value: Any, schema: Schema, of: str) -> str:
    if name not in schema["properties"]:
        return _unknown(name, names_of(schema), of)
    expected, is_optional = value_schema(name, schema)
    if is_optional and value is None:
        return ""
    error = next(Validator(expected).iter_errors(value), None)
    return _sentence(error) if error else ""


def _unknown(name: str, known: list[str], of: str) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    if close:
        sentence = _("the %(of)s has no such field; did you mean %(name)s?")
        return sentence % {"of": of, "name": close[0]}
    sentence = _("the %(of)s has no such field; it has %(names)s")
    return sentence % {"of": of, "names": ", ".join(known) or _("none")}


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
