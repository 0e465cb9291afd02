"""What a job's process does: a spec comes in, events go out.

Nothing here imports torch before a verb needs it: a survey does not.
"""

from __future__ import annotations

import resource
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ml import device
from ml.failures import TERMINATED, explain
from ml.records import BadInput, Interval, Manifest, VideoRecord
from ml.reports import Reporter

if TYPE_CHECKING:
    from ml.methods import Method
    from ml.training.checkpoints import Checkpoint

Spec = dict[str, Any]
READING_BYTES = 8 * 1024**3  # address space for files that people send


def run(spec: Spec, reporter: Reporter) -> int:
    """Do what the spec's verb says. Return the exit status: 0, or 1 after a `failed` event."""
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(TERMINATED))
    try:
        reporter.send("facts", values=device.software_facts())
        _verb(spec)(spec, reporter)
    except Exception as error:
        failure, sentence = explain(error)
        trace = "" if failure == "bad_input" else traceback.format_exc()
        reporter.send("failed", failure=failure, sentence=sentence, traceback=trace)
        return 1
    return 0


def train(spec: Spec, reporter: Reporter) -> None:
    """Fit the spec's method; what it learns comes out as checkpoints."""
    from ml.registry import as_json
    from ml.supervision import training_data
    from ml.training.loop import Training
    from ml.training.seeding import seed_everything

    seed = _seed(spec)
    resume = _checkpoint(spec["resume"]) if spec.get("resume") else None
    seed_everything(seed)
    spec = spec | {"threads": _threads(spec, resume)}
    method = _method(spec["method"], spec["config"], spec, reporter)
    if resume is None and spec.get("starts_from"):
        _start_from(_checkpoint(spec["starts_from"]), spec["method"], method)
    training = Training(
        method=spec["method"],
        config=as_json(method.config),
        seed=seed,
        folder=_out_dir(spec),
        reporter=reporter,
        resume_from=resume,
        checkpoint_seconds=spec.get("checkpoint_seconds", Training.checkpoint_seconds),
    )
    method.fit(training_data(Manifest(videos=_videos(spec)), method.supervision), training)


def score(spec: Spec, reporter: Reporter) -> None:
    """Score the spec's videos with what the checkpoint's method has learnt."""
    from ml.scoring.videos import score_videos

    result = score_videos(
        restored(spec, reporter),
        _videos(spec),
        _out_dir(spec),
        reporter,
        with_maps=bool(spec.get("with_maps")),
    )
    reporter.send("result", values=result)


def restored(spec: Spec, reporter: Reporter) -> Method:
    """The method of the spec's checkpoint as it was learnt, on the spec's device.

    By the spec's `config`, which may score in another way than the one that was trained.
    """
    from ml.registry import get_method, scoring_config
    from ml.training.checkpoints import restore_modules

    checkpoint = _checkpoint(spec)
    config = checkpoint.config
    if wanted := spec.get("config"):
        scoring_config(get_method(checkpoint.method), config, wanted)
        config = wanted
    method = _method(checkpoint.method, config, spec, reporter)
    restore_modules(checkpoint, method.modules)
    return method


def survey(spec: Spec, reporter: Reporter) -> None:
    """Look at every file of a folder: see `ml.data.survey`."""
    from ml.data.survey import survey

    survey(spec, reporter)


def annotate(spec: Spec, reporter: Reporter) -> None:
    """Read ground truth and lay it against the spec's videos: see `ml.data.truth.alignment`."""
    from ml.data.truth.alignment import align
    from ml.data.truth.formats import read_annotations
    from ml.data.truth.videos import VideoSet, known_videos

    _limit_memory()
    annotations = read_annotations(
        Path(spec["path"]),
        name=spec.get("name", ""),
        format=spec.get("format", ""),
        options=spec.get("options"),
    )
    reference = {name: _intervals(rows) for name, rows in spec.get("reference", {}).items()}
    found = align(
        annotations,
        VideoSet(known_videos(spec["videos"], spec.get("times", "")), spec.get("order", ())),
        reference=reference or None,
    )
    reporter.send("alignment", values=found.to_json())


def read_features(spec: Spec, reporter: Reporter) -> None:
    """Look at the features that a folder has of the spec's videos: see `ml.data.features`."""
    from ml.data.features.folder import read_features

    read_features(spec, reporter)


def list_videos(spec: Spec, reporter: Reporter) -> None:
    """The videos of a dataset without files: see `ml.data.listed`."""
    from dataclasses import asdict

    from ml.data.listed import list_videos

    _limit_memory()
    labels = spec.get("normal_labels") or ()
    found = list_videos(Path(spec["path"]), spec.get("name", ""), labels)
    reporter.send("listed", values=[video.to_json() for video in found.videos])
    for finding in found.findings:
        reporter.send("finding", **asdict(finding))
    reporter.send("result", values={"format": "list", "annotates": found.annotates})


def evaluate(spec: Spec, reporter: Reporter) -> None:
    """Every number of the spec's tasks: see `ml.evaluation.tasks`."""
    from ml.evaluation.tasks import evaluate_tasks

    done = evaluate_tasks(spec["tasks"], _out_dir(spec), reporter)
    reporter.send("result", values={"n_evaluations": done})


VERBS: dict[str, Callable[[Spec, Reporter], None]] = {
    "train": train,
    "score": score,
    "evaluate": evaluate,
    "survey": survey,
    "annotate": annotate,
    "list_videos": list_videos,
    "read_features": read_features,
}


def _verb(spec: Spec) -> Callable[[Spec, Reporter], None]:
    if spec.get("verb") not in VERBS:
        raise BadInput(f"The verb {spec.get('verb')!r} is none of {', '.join(VERBS)}")
    return VERBS[spec["verb"]]


def _method(name: str, config: dict[str, Any], spec: Spec, reporter: Reporter) -> Method:
    """The method on the spec's device, which is told about."""
    from ml.registry import get_method, parse_config

    method = get_method(name)
    parsed = parse_config(method, config)
    device.use_threads(spec.get("threads"))
    device.compute_exactly()
    chosen = device.choose(spec.get("device", "auto"))
    reporter.send("facts", values=device.device_facts(chosen))
    return method(parsed, chosen)


def _start_from(checkpoint: Checkpoint, name: str, method: Method) -> None:
    """Give the method weights that it learnt elsewhere. Raise BadInput where they do not fit."""
    from ml.registry import check_start
    from ml.training.checkpoints import restore_modules

    if checkpoint.method != name:
        raise BadInput(f"Weights of {checkpoint.method} are none for {name}")
    check_start(type(method), checkpoint.config, method.config)
    restore_modules(checkpoint, method.modules)


def _threads(spec: Spec, resume: Checkpoint | None) -> int | None:
    """A training goes on with as many as it was begun with. Raise BadInput for others."""
    wanted = spec.get("threads")
    begun = resume.threads if resume else 0
    if begun and wanted and wanted != begun:
        raise BadInput(
            f"threads: the training was begun with {begun} and goes on bit for bit only with as "
            f"many (given: {wanted})"
        )
    return begun or wanted


def _seed(spec: Spec) -> int:
    seed = spec.get("seed", 0)
    if not isinstance(seed, int) or seed < 0:
        raise BadInput(f"seed: a whole number from 0 on is expected (given: {seed!r})")
    return seed


def _limit_memory() -> None:
    """Compressed files can unpack without end: they meet a MemoryError, the machine does not."""
    resource.setrlimit(resource.RLIMIT_AS, (READING_BYTES, READING_BYTES))


def _intervals(rows: list[list[Any]]) -> tuple[Interval, ...]:
    return tuple(
        Interval(start_frame=start, end_frame=end, label=label) for start, end, label in rows
    )


def _videos(spec: Spec) -> tuple[VideoRecord, ...]:
    return tuple(VideoRecord.from_json(video) for video in spec["videos"])


def _out_dir(spec: Spec) -> Path:
    folder = Path(spec["out_dir"])
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _checkpoint(paths: dict[str, Any]) -> Checkpoint:
    from ml.training import checkpoints

    return checkpoints.load(Path(paths["weights"]), Path(paths["state"]))
