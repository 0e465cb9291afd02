"""Fields of answers whose shape no type of the framework tells."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

OBJECT = {"type": "object", "additionalProperties": {}}
NUMBERS = {"type": "object", "additionalProperties": {"type": ["number", "null"]}}


@extend_schema_field(OBJECT)
class ObjectField(serializers.JSONField):
    """A JSON object whose keys depend on what it describes."""


@extend_schema_field(NUMBERS)
class NumbersField(serializers.JSONField):
    """Numbers by name, null where undefined."""


ENDS = {"type": ["array", "null"], "items": {"type": "number"}, "minItems": 2, "maxItems": 2}
NUMBER_OR_NULL = {"type": ["number", "null"]}
NUMBERS_LIST = {"type": "array", "items": NUMBER_OR_NULL}


@extend_schema_field(ENDS)
class IntervalField(serializers.JSONField):
    """Lower and upper end of a 95 % interval, null where there is none."""


@extend_schema_field(NUMBERS_LIST)
class NumbersListField(serializers.JSONField):
    """A number for each run, in their order, null where undefined."""
