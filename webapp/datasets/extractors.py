"""Extractors of features, as workers publish them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from webapp.common.schema import with_order
from webapp.datasets.models import Extractor


def publish_extractors(descriptions: Iterable[dict[str, Any]]) -> None:
    """Store what a worker can extract. What other workers have published stays.

    One that lacks the package with an extractor's weights takes nothing from one that has it.
    """
    for each in sorted(descriptions, key=lambda each: each["name"]):
        values = each | {"schema": with_order(each["schema"])}
        known = Extractor.objects.filter(pk=each["name"], version=each["version"]).first()
        if each["lacks"] and known and not known.lacks:
            values |= {"weights_sha256": known.weights_sha256, "lacks": ""}
        Extractor.objects.update_or_create(name=values.pop("name"), defaults=values)
