"""What is known of how a job was done, for people."""

from __future__ import annotations

from typing import Any

from webapp.common.schema import to_text

FIRST_FACTS = ("commit", "device", "device_name", "threads", "bf16", "python", "torch")


def facts_of(provenance: dict[str, Any]) -> list[tuple[str, str]]:
    """The most asked for first, then by name."""
    first = [name for name in FIRST_FACTS if name in provenance]
    names = dict.fromkeys([*first, *sorted(provenance)])
    return [(name.replace("_", " "), to_text(provenance[name])) for name in names]
