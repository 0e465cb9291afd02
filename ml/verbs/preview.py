"""Makes the pictures that a network will see of one clip: a file, and what it shows.

{"verb": "preview", "video": {…}, "clip": {"start_frame", "end_frame", "box"}, "options": {…},
 "out_dir": …}
"""

from __future__ import annotations

import cv2

from ml import threads
from ml.data.clips.modalities import MODALITIES
from ml.data.clips.preview import options_of, preview
from ml.records import VideoRecord, VideoRegion
from ml.reports import Reporter
from ml.verbs._spec import Spec, out_dir


def run(spec: Spec, reporter: Reporter) -> None:
    threads.allow(spec.get("threads"))
    options = options_of(spec["options"])
    clip = VideoRegion.from_json(spec["clip"])
    sheet, names, moments = preview(VideoRecord.from_json(spec["video"]), clip, options)
    path = out_dir(spec) / "preview.png"
    cv2.imwrite(str(path), cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))
    reporter.send(
        "preview",
        path=str(path),
        rows=[MODALITIES.find(name).title for name in names],
        frames=[round(float(each), 3) for each in moments.before + moments.shares],
        n_frames=moments.n_frames,
    )
    reporter.send("result", values={"n_pictures": options.clip_length})
