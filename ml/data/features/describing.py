"""What a video's files are together: their rows, and the record by which they are opened again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ml.data.features.arrays import read_array
from ml.data.features.bundles import Bundle
from ml.data.features.joining import Rows, crops_of, joined
from ml.data.features.layouts import FeatureLayout
from ml.data.features.lengths import Explained, Taking, explain
from ml.data.features.pairing import Clock, pair
from ml.data.features.proposals import Observed
from ml.findings import counted
from ml.records import BadInput, FeaturePart, FeatureRecord


@dataclass(frozen=True, kw_only=True)
class Described:
    """`rows` (T, K, D) as they are joined, and by which rule they follow from the frames."""

    record: FeatureRecord
    rows: Rows
    rule: str


@dataclass(frozen=True, kw_only=True)
class Describer:
    """What is the same for all videos of a folder."""

    folder: Path
    layout: type[FeatureLayout]
    taking: Taking
    rule: str = ""  # stated by people, instead of the layout's own

    def observe(self, bundle: Bundle, parts: Sequence[str], video: Mapping[str, Any]) -> Observed:
        """Rows of the first part. Raise BadInput where its files cannot be read."""
        part = self._part(bundle, parts[0])
        n_rows = len(crops_of(part)[0]) if len(part.paths) > 1 else len(self._array(part))
        return Observed(n_rows=n_rows, n_frames=video["n_frames"], fps=video.get("fps", 0.0))

    def describe(self, bundle: Bundle, parts: Sequence[str], observed: Observed) -> Described:
        """Raise BadInput where rows follow from no rule, or the parts do not go together."""
        explained = self._explained(observed, self._part(bundle, parts[0]))
        found = self._paired(bundle, parts, observed, explained)
        is_one_file = len(found) == 1 and len(found[0].paths) == 1
        record = FeatureRecord(
            path=found[0].paths[0],
            frames_per_row=self.taking.step,
            row_length=explained.row_length,
            parts=() if is_one_file else found,
        )
        rows = self._array(found[0]) if is_one_file else joined(found)
        return Described(record=record, rows=rows, rule=explained.rule)

    def _explained(self, observed: Observed, part: FeaturePart) -> Explained:
        name = Path(part.paths[0]).name
        fixed = 0 if self.rule else self.layout.n_rows
        if fixed and observed.n_rows != fixed:
            raise BadInput(
                f"{name} has {counted(observed.n_rows, 'row')}, where this layout always has "
                f"{fixed}: {self.layout.title}"
            )
        rules = (self.rule,) if self.rule else self.layout.rules
        n_rows, n_frames, fps = observed.n_rows, observed.n_frames, observed.fps
        return explain(n_rows, n_frames, fps, self.taking, rules, name)

    def _paired(
        self, bundle: Bundle, parts: Sequence[str], observed: Observed, explained: Explained
    ) -> tuple[FeaturePart, ...]:
        frames = explained.row_length or self.taking.step
        clock = Clock(n_frames=observed.n_frames, fps=observed.fps, frames=frames)
        found = [self._part(bundle, parts[0])]
        for name in parts[1:]:
            part = self._part(bundle, name)
            n_rows, file = len(crops_of(part)[0]), Path(part.paths[0]).name
            step = pair(name, n_rows, observed.n_rows, clock, file)
            found.append(FeaturePart(paths=part.paths, step=step))
        return tuple(found)

    def _part(self, bundle: Bundle, name: str) -> FeaturePart:
        return FeaturePart(paths=tuple(str(self.folder / file) for file in bundle.names(name)))

    def _array(self, part: FeaturePart) -> Rows:
        return read_array(Path(part.paths[0]))
