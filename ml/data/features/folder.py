"""A folder of features as people have them, told video by video.

Files are matched to videos by name, as everywhere, and to crops and parts by the folder's layout.
A video whose files do not fit it is told and left out.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ml.data.features.bundles import Bundle, Bundles, VideoNames, gather, layout_of
from ml.data.features.comparing import Comparison
from ml.data.features.describing import Described, Describer
from ml.data.features.health import Health
from ml.data.features.joining import Rows
from ml.data.features.proposals import Observed, in_words, propose
from ml.data.features.provenance import taking_of
from ml.data.features.store import rows_of
from ml.findings import Finding, counted, shortened
from ml.records import BadInput, FeatureRecord, hash_of
from ml.reports import Reporter

SUFFIXES = (".npy", ".txt")
MAX_FILES = 200_000


def read_features(spec: dict[str, Any], reporter: Reporter) -> None:
    """Look at the files of the spec's `folder`, and send what each video has there.

    `videos` are [{"id", "name", "n_frames"}] with "fps" where it is known, `frames_per_row` how
    many frames a row is made of. If need be `layout` names one of `ml.data.features.layouts`,
    `provenance` says how rows were made, `extractor` what made them, and `other` is a set to
    compare with: {"name", "records": {id of a video: JSON of its record}}. Raise BadInput where
    nothing fits.
    """
    _Reading(spec, reporter).run()


class _Reading:
    """One pass over a folder."""

    def __init__(self, spec: dict[str, Any], reporter: Reporter) -> None:
        self.folder = Path(spec["folder"])
        self.videos = {video["name"]: video for video in spec["videos"]}
        self.names = files_below(self.folder)
        self.known = VideoNames(self.videos)
        self.layout_name, layout = layout_of(self.names, self.known, spec.get("layout", ""))
        facts = spec.get("provenance", {})
        self.describer = Describer(
            folder=self.folder,
            layout=layout,
            taking=taking_of(facts, int(spec["frames_per_row"])),
            rule=facts.get("snippet_rule", ""),
        )
        self.extractor = spec.get("extractor", "")
        self.reporter = reporter
        self.health = Health()
        self.other = spec.get("other") or {}
        self.comparison = Comparison(other=self.other.get("name", ""))
        self.shape: tuple[int, int] | None = None  # crops and numbers of the first that fits
        self.found: set[str] = set()
        self.rules: Counter[str] = Counter()
        self.refused: list[str] = []
        self.observed: list[Observed] = []

    def run(self) -> None:
        bundles = gather(self.describer.layout, self.names, self.known)
        for number, bundle in enumerate(bundles.by_video.values()):
            total = len(bundles.by_video)
            self.reporter.progress(stage="read", done=number, total=total, unit="videos")
            for double in bundle.doubles:
                self._send_finding("error", bundle.video, double)
            try:
                self._take(bundle, bundles)
            except BadInput as error:
                self.refused.append(f"{bundle.video} ({error})")
                self._send_finding("error", bundle.video, str(error))
        if not self.found:
            raise BadInput(self._why_nothing(bundles))
        self._finish(bundles)

    def _take(self, bundle: Bundle, bundles: Bundles) -> None:
        bundles.check(bundle)
        video = self.videos[bundle.video]
        observed = self.describer.observe(bundle, bundles.parts, video)
        self.observed.append(observed)
        described = self.describer.describe(bundle, bundles.parts, observed)
        name = Path(described.record.path).name
        self._check_shape(described.rows, name)
        self.health.add(described.rows, name)
        self.shape = described.rows.shape[1:]
        self.found.add(bundle.video)
        self.rules[described.rule] += 1
        self._send(described, video)
        self._compare(video, described.rows)

    def _check_shape(self, rows: Rows, name: str) -> None:
        if self.shape not in (None, rows.shape[1:]):
            first = " × ".join(map(str, self.shape or ()))
            mine = " × ".join(map(str, rows.shape[1:]))
            raise BadInput(f"{name} has {mine} crops × numbers, and the files before it {first}")

    def _compare(self, video: Mapping[str, Any], rows: Rows) -> None:
        record = self.other.get("records", {}).get(video["id"])
        if record is None:
            return
        try:
            theirs = rows_of(FeatureRecord.from_json(record))
        except BadInput as error:  # no fault of these features
            self._send_finding("warning", f"against {self.comparison.other}", str(error))
        else:
            self.comparison.add(video["name"], rows, theirs)

    def _send(self, described: Described, video: Mapping[str, Any]) -> None:
        record = described.record
        parts = [
            {"paths": [self._below(path) for path in part.paths], "step": part.step}
            for part in record.parts
        ]
        self.reporter.send(
            "features",
            video_id=video["id"],
            path=self._below(record.path),
            sha256=_sha256(record),
            n_rows=len(described.rows),
            row_length=record.row_length,
            parts=parts,
        )

    def _below(self, path: str) -> str:
        return Path(path).relative_to(self.folder).as_posix()

    def _why_nothing(self, bundles: Bundles) -> str:
        suffix = self.describer.layout.suffix
        n_files = sum(name.lower().endswith(suffix) for name in self.names)
        text = f"None of the {n_files} files {suffix} in {self.folder.name} fits a video of this "
        text += f"dataset{_such_as([*self.refused[:1], *bundles.unknown])}"
        proposal = self._proposal() if self.observed else ""
        return f"{text}. {proposal}" if proposal else text

    def _proposal(self) -> str:
        """The end of what is told where rows were refused; empty where nothing explains all."""
        found = propose(self.observed)
        if not found:
            return ""
        return f"All rows would be explained by {in_words(found)}"

    def _finish(self, bundles: Bundles) -> None:
        missing = [name for name in self.videos if name not in self.found]
        if missing:
            text = f"no features of {counted(len(missing), 'video')}{_such_as(missing)}"
            self._send_finding("warning", "videos", text)
        if unknown := bundles.unknown:
            text = f"{counted(len(unknown), 'file')} of no video here{_such_as(unknown)}"
            self._send_finding("warning", "files", text)
        if len(self.observed) > len(self.found) and (proposal := self._proposal()):
            self._send_finding("info", "rows", proposal)
        for finding in (*self.health.findings(self.extractor), *self._compared()):
            self.reporter.send("finding", **asdict(finding))
        self._send_result()

    def _compared(self) -> Iterable[Finding]:
        return self.comparison.findings() if self.other else ()

    def _send_result(self) -> None:
        n_crops, dimension = self.shape or (0, 0)
        health = self.health.to_json() | {"rules": dict(self.rules)}
        if self.other:
            health["compared"] = self.comparison.to_json()
        facts = {"layout": self.layout_name, "n_crops": n_crops, "dimension": dimension}
        self.reporter.send("result", values=facts | {"health": health})

    def _send_finding(self, level: Any, subject: str, text: str) -> None:
        self.reporter.send("finding", **asdict(Finding(level=level, subject=subject, text=text)))


def _sha256(record: FeatureRecord) -> str:
    """Of its file, or of those of all its files and how they are joined."""
    if not record.parts:
        return _of_file(record.path)
    return hash_of([[part.step, [_of_file(path) for path in part.paths]] for part in record.parts])


def _of_file(path: str) -> str:
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def files_below(folder: Path) -> Sequence[str]:
    """Names below it, in their order. Raise BadInput where there are none, or far too many."""
    found = sorted(_below(folder))
    if not found:
        raise BadInput(f"There is no file {SUFFIXES[0]} in {folder.name}, nor {SUFFIXES[1]}")
    return found


def _below(folder: Path) -> Iterator[str]:
    n_files = 0
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in names:
            if name.lower().endswith(SUFFIXES) and not name.startswith("."):
                n_files += 1
                if n_files > MAX_FILES:
                    raise BadInput(f"There are more than {MAX_FILES} files in {folder.name}")
                yield Path(parent, name).relative_to(folder).as_posix()


def _such_as(names: Iterable[str]) -> str:
    listed = list(names)
    return f": {shortened(listed)}" if listed else ""
