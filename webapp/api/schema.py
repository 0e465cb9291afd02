"""Finishes the OpenAPI document: every operation may answer with a problem."""

from functools import lru_cache
from typing import Any

from django.utils.translation import get_language
from drf_spectacular.generators import SchemaGenerator

from webapp.common.problems import CONTENT_TYPE

TEXT = {"type": "string"}
FAULT = {
    "type": "object",
    "required": ["pointer", "code", "detail"],
    "properties": {
        "pointer": TEXT,
        "code": TEXT,
        "detail": TEXT,
        # Of what is held: what has to go, to end or to be revoked first.
        "ids": {"type": "array", "items": TEXT},
    },
}
PROBLEM = {
    "type": "object",
    "description": "RFC 9457. `retryable`: the same request may succeed later.",
    "required": [
        "type", "title", "status", "detail", "instance", "code", "request_id", "retryable",
        "errors",
    ],
    "properties": {
        "type": TEXT,
        "title": TEXT,
        "status": {"type": "integer"},
        "detail": TEXT,
        "instance": TEXT,
        "code": TEXT,
        "request_id": TEXT,
        "retryable": {"type": "boolean"},
        "errors": {"type": "array", "items": FAULT},
    },
}  # fmt: skip
ANSWER = {
    "description": "A problem.",
    "content": {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


def describe_problems(result: dict[str, Any], **context: Any) -> dict[str, Any]:
    """A post-processing hook of drf-spectacular."""
    result["components"]["schemas"]["Problem"] = PROBLEM
    for path in result["paths"].values():
        for operation in path.values():
            operation["responses"]["default"] = ANSWER
    return result


class CachedSchemaGenerator(SchemaGenerator):
    """Makes the document once: it is the same for everybody until the site starts anew.

    Half a second each time would be a way to keep the site busy for people without an account.
    """

    def get_schema(self, request: Any = None, public: bool = False) -> dict[str, Any]:
        return (
            _document(get_language(), self.api_version) if public else super().get_schema(request)
        )


@lru_cache(maxsize=4)
def _document(language: str, version: str | None) -> dict[str, Any]:
    document: dict[str, Any] = SchemaGenerator(api_version=version).get_schema(public=True)
    return document
