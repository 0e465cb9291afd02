"""UCF-Crime (Sultani et al., CVPR 2018), as its archives unpack.

    Anomaly-Videos-Part-1/Abuse/Abuse001_x264.mp4
    Training-Normal-Videos-Part-1/Normal_Videos001_x264.mp4
    Testing_Normal_Videos_Anomaly/Normal_Videos_003_x264.mp4
    Anomaly_Train.txt   Anomaly_Test.txt   Temporal_Anomaly_Annotation_for_Testing_Videos.txt

The name of a video says its class. Parts are those of the two lists; without them, test videos are
those that the annotation names and what lies in a folder of test videos. Frames of the annotation
count from 1 and the end is still abnormal, in any of the formats that it is published in.

The 50 normal videos of event recognition bear the names of training videos and are left out where
these are there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ml.data.layouts._base import DatasetLayout, Listed, register
from ml.data.layouts._listing import list_videos
from ml.data.layouts._weak import (
    annotations_in,
    files_called,
    findings_of_left_out,
    listed_in,
    part_by,
    texts_called,
)
from ml.data.truth.formats import read_annotations
from ml.data.truth.resolving import Truth
from ml.findings import Finding
from ml.naming import split_path
from ml.records import BadInput, Part
from ml.splits.class_names import label_of_ucf_name

TRAINED = ("Anomaly_Train.txt", "Anomaly_Train*.txt")
TESTED = ("Anomaly_Test.txt", "Anomaly_Test*.txt")
ANNOTATED = ("Temporal_Anomaly_Annotation*.txt", "Temporal_Anomaly_Annotation*.mat")
EVENTS = "event"  # in the folder of the videos of event recognition


@register
class UCFCrime(DatasetLayout):
    title = "UCF-Crime"

    def recognises(self) -> bool:
        lists = texts_called(self.folder, *TRAINED, *TESTED, *ANNOTATED)
        return bool(lists) and any(map(_is_called_so, files_called(self.folder, "*_x264.mp4")))

    def videos(self) -> tuple[list[Listed], list[Finding]]:
        listed, findings = list_videos(self.folder)
        kept, twins = _without_twins(listed)
        lists, faults = self._lists()
        videos = [
            replace(video, part=part_by(video, lists) or "train", label=_label_of(video))
            for video in kept
        ]
        why = "for they are those of event recognition, which training has, too"
        return videos, [*findings, *faults, *findings_of_left_out(twins, why)]

    def truth(self, videos: list[Listed]) -> Truth:
        return Truth(sources=annotations_in(texts_called(self.folder, *ANNOTATED)))

    def _lists(self) -> tuple[dict[Part, frozenset[str]], list[Finding]]:
        tested, faults = listed_in(texts_called(self.folder, *TESTED))
        trained, others = listed_in(texts_called(self.folder, *TRAINED))
        annotated = frozenset() if tested else self._annotated()
        return {"test": tested | annotated, "train": trained}, [*faults, *others]

    def _annotated(self) -> frozenset[str]:
        """Names of the videos that the annotation is about; what it is worth is told elsewhere."""
        for path in texts_called(self.folder, *ANNOTATED):
            try:
                return frozenset(claim.name for claim in read_annotations(path).claims)
            except BadInput:
                continue
        return frozenset()


def _is_called_so(path: Path) -> bool:
    return bool(label_of_ucf_name(path.stem))


def _label_of(video: Listed) -> str:
    return label_of_ucf_name(split_path(video.path)[1])


def _without_twins(videos: Sequence[Listed]) -> tuple[list[Listed], list[Listed]]:
    """What is left, and videos of event recognition whose name another folder has as well."""
    names = Counter(split_path(video.path)[1] for video in videos)
    twins = [
        video
        for video in videos
        if EVENTS in split_path(video.path)[0].lower() and names[split_path(video.path)[1]] > 1
    ]
    return [video for video in videos if video not in twins], twins
