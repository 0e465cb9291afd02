"""Detectors of persons, as workers publish them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from webapp.common.schema import with_order
from webapp.datasets.models import Detector


def publish_detectors(descriptions: Iterable[dict[str, Any]]) -> None:
    """Store what a worker can find persons with. What other workers have published stays.

    One that lacks a package takes nothing from one that has it.
    """
    for each in sorted(descriptions, key=lambda each: each["name"]):
        values = each | {"schema": with_order(each["schema"])}
        known = Detector.objects.filter(pk=each["name"], version=each["version"]).first()
        if each["lacks"] and known and not known.lacks:
            values["lacks"] = ""
        Detector.objects.update_or_create(name=values.pop("name"), defaults=values)
