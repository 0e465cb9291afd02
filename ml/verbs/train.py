"""Fits the spec's method; what it learns comes out as checkpoints."""

from __future__ import annotations

from pathlib import Path

from ml import device
from ml.methods import BeginsInOwnWay, Method, restore
from ml.records import BadInput, Manifest
from ml.registry import as_json, check_start, get_method
from ml.reports import Reporter
from ml.supervision import training_data
from ml.training.checkpoints import Checkpoint
from ml.training.loop import Training
from ml.training.ranks import ALONE, Ranks, joined
from ml.training.seeding import seed_everything
from ml.verbs._ranks import die_with_parent, run_ranks
from ml.verbs._spec import Spec, checkpoint_at, method_on_device, out_dir, videos_of


def run(spec: Spec, reporter: Reporter) -> None:
    """By itself, or as many processes as the spec says, each of which runs this as its `rank`."""
    seed = _seed(spec)
    resume = checkpoint_at(spec["resume"]) if spec.get("resume") else None
    if "rank" in spec:
        die_with_parent()
        with joined(
            rank=spec["rank"], world=spec["processes"], meeting=Path(spec["meeting"]),
            device=device.choose(spec["device"]),
        ) as ranks:  # fmt: skip
            _learn(spec, seed, resume, ranks, reporter)
    elif (processes := _processes(spec, resume, reporter)) > 1:
        threads = resume.threads if resume else None
        run_ranks(spec | {"processes": processes}, reporter, threads_each=threads)
    else:
        _learn(spec, seed, resume, ALONE, reporter)


def _learn(
    spec: Spec, seed: int, resume: Checkpoint | None, ranks: Ranks, reporter: Reporter
) -> None:
    seed_everything(seed)
    spec = spec | {"threads": _threads(spec, resume)}
    method = method_on_device(spec["method"], spec["config"], spec, reporter)
    if resume is None and spec.get("starts_from"):
        _start_from(checkpoint_at(spec["starts_from"]), spec["method"], method)
    training = Training(
        method=spec["method"],
        config=as_json(method.config),
        seed=seed,
        folder=out_dir(spec),
        reporter=reporter,
        resume_from=resume,
        checkpoint_seconds=spec.get("checkpoint_seconds", Training.checkpoint_seconds),
        ranks=ranks,
    )
    data = training_data(
        Manifest(videos=videos_of(spec)), method.supervision,
        selects_on_test=spec.get("selects_on") == "test",
    )  # fmt: skip
    method.fit(data, training)


def _start_from(checkpoint: Checkpoint, name: str, method: Method) -> None:
    """Give the method weights that it learnt elsewhere. Raise BadInput where they do not fit."""
    if checkpoint.method not in (name, *method.begins_with):
        raise BadInput(f"Weights of {checkpoint.method} are none for {name}")
    if checkpoint.method == name:
        check_start(type(method), checkpoint.config, method.config)
    if isinstance(method, BeginsInOwnWay):
        method.begin_with(checkpoint)
    else:
        restore(method, checkpoint)


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


def _processes(spec: Spec, resume: Checkpoint | None, reporter: Reporter) -> int:
    """A training goes on with as many as it was begun with. Raise BadInput for others."""
    wanted = spec.get("processes")
    if wanted is not None and (not isinstance(wanted, int) or wanted < 1):
        raise BadInput(f"processes: a whole number from 1 on is expected (given: {wanted!r})")
    if resume is not None:
        if wanted not in (None, resume.processes):
            raise BadInput(
                f"processes: the training was begun with {resume.processes} and goes on with as "
                f"many (given: {wanted})"
            )
        return resume.processes
    method = get_method(spec["method"])
    if wanted is not None and wanted > 1 and not method.shares_batches:
        text = f"{method.title} compares samples of an update: it learns in a single process"
        reporter.send("finding", level="warning", subject="processes", text=text)
        return 1
    return wanted or 1


def _seed(spec: Spec) -> int:
    seed = spec.get("seed", 0)
    if not isinstance(seed, int) or seed < 0:
        raise BadInput(f"seed: a whole number from 0 on is expected (given: {seed!r})")
    return seed
