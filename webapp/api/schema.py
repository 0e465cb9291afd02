"""Finishes the OpenAPI document: every operation may answer with a problem."""

from typing import Any

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
