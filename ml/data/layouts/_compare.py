"""One source of ground truth beside another, clip by clip."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ml.data.layouts._intervals import written
from ml.data.layouts._labels import Labels
from ml.findings import Finding
from ml.records import intervals_of


def compare(
    source: str, found: Mapping[str, Labels], official: str, labels: Mapping[str, Labels]
) -> Iterator[Finding]:
    """Where `found` differs from the `official` labels, clip by clip; then how much agrees."""
    compared = [name for name in labels if name in found]
    faults = {name: _difference(found[name], labels[name]) for name in compared}
    for name in compared:
        if faults[name]:
            text = faults[name].format(source=source, official=official)
            yield Finding(level="error", subject=name, text=text)
    n_agreeing = list(faults.values()).count("")
    if n_agreeing:
        n_abnormal = sum(int(labels[name].sum()) for name in compared)
        yield Finding(
            level="info",
            subject=source,
            text=f"agrees with {official} on {n_agreeing} of {len(compared)} clips, "
            f"in which {official} has {n_abnormal} abnormal frames",
        )


def _difference(found: Labels, official: Labels) -> str:
    """Empty when there is none; else a sentence with places for the names of both sources."""
    if len(found) != len(official):
        return f"{{source}} covers {len(found)} frames, the clip has {len(official)}"
    if (found != official).any():
        return (
            f"{{source}} says {written(intervals_of(found))}, "
            f"{{official}} says {written(intervals_of(official))}"
        )
    return ""
