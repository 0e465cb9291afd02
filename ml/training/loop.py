"""The training loop of all methods that learn by gradient: steps, checkpoints, exact resume.

A run that is killed and resumed ends with the same bits as one that was not (on a CPU, with
one number of threads). Nothing random is stored for that: the order of samples follows from
(seed, epoch), and every step starts all generators from (seed, step).
"""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ml.failures import TERMINATED, Diverged
from ml.records import BadInput
from ml.reports import Reporter
from ml.training import checkpoints
from ml.training.checkpoints import Checkpoint
from ml.training.keeper import Keeper
from ml.training.learner import Learner, Moment
from ml.training.means import Means
from ml.training.plan import Batch
from ml.training.ranks import ALONE, Ranks
from ml.training.schedule import Rates
from ml.training.seeding import seed_everything
from ml.training.shared_norms import share_norms

# Short epochs would otherwise write a checkpoint each, faster than anybody stores them.
MIN_SECONDS_BETWEEN_CHECKPOINTS = 5.0
PROGRESS_SECONDS = 1.0
POINTS = 400  # of a learning curve, and one more where an epoch ends: each step in a short training
STEPS_BETWEEN_CHECKS = 50  # a loss that is no number ends the training soon, not after the epoch


@dataclass(kw_only=True)
class Training:
    """What one training is given, whatever the method.

    Of `ranks` that learn together the first one validates, reports and saves.
    """

    method: str
    config: dict[str, Any]
    seed: int
    folder: Path  # for frames and checkpoints
    reporter: Reporter
    resume_from: Checkpoint | None = None
    checkpoint_seconds: float = 60.0
    ranks: Ranks = ALONE

    def __post_init__(self) -> None:
        """Raise BadInput when `resume_from` belongs to another training."""
        if self.resume_from is None:
            return
        mine = {"method": self.method, "seed": self.seed} | self.config
        other = self.resume_from
        theirs = {"method": other.method, "seed": other.seed} | other.config
        changed = sorted(key for key in mine | theirs if mine.get(key) != theirs.get(key))
        if changed:
            raise BadInput(
                "A training goes on only with what it was started with; this one differs in "
                + ", ".join(f"{key} ({theirs.get(key)} → {mine.get(key)})" for key in changed)
            )

    def run(self, learner: Learner[Any], *, epochs: int = 0, updates: int = 0) -> None:
        """Train to the end: so many epochs, or so many updates, within an epoch if need be.

        On TERM save a checkpoint and end the process with status 143.
        """
        _Loop(self, learner, n_steps=updates or epochs * learner.plan.n_steps).run()


@contextmanager
def noticing_term() -> Iterator[threading.Event]:
    """Within, TERM only sets the event, so that a step can be finished and saved."""
    noticed = threading.Event()
    previous = signal.signal(signal.SIGTERM, lambda number, frame: noticed.set())
    try:
        yield noticed
    finally:
        signal.signal(signal.SIGTERM, previous)


class _Loop:
    """One training under way: where it is, and what it has saved."""

    def __init__(self, training: Training, learner: Learner[Any], *, n_steps: int) -> None:
        self.training = training
        self.learner = learner
        self.ranks = learner.ranks = training.ranks
        self.n_batches = learner.plan.n_steps
        self.n_steps = n_steps
        whole, rest = divmod(n_steps, self.n_batches)
        self.epochs = round(whole + rest / self.n_batches, 3) if rest else whole
        self.rates = Rates(learner.optimisers.values(), learner.schedule, n_steps)
        self.steps_per_point = -(-n_steps // POINTS)
        self.epoch = self.batch = self.step = 0
        self.means = Means()
        self.best: list[float] | None = None  # what the goal says of the best so far
        self.keeper = Keeper(training.folder, training.reporter, last_step=n_steps)
        self.saved_at = self.reported_at = time.monotonic()
        if training.resume_from is not None:
            self._resume(training.resume_from)

    def run(self) -> None:
        if not self.ranks.is_alone:
            self._join()
        self.learner.set_training()
        with noticing_term() as term:
            while self.step < self.n_steps:
                self._train_epoch(term)
                self._close_epoch()
        self._save()

    def _join(self) -> None:
        modules = list(self.learner.modules.values())
        self.ranks.make_alike(modules)
        share_norms(modules, self.ranks)

    def _train_epoch(self, term: threading.Event) -> None:
        with closing(self._batches()) as batches:
            for batch in batches:
                self._train_step(batch)
                if self.ranks.any_is(term.is_set()):
                    self._save()
                    raise SystemExit(TERMINATED)
                if self._is_closing:
                    return
                if self._is_due(self.training.checkpoint_seconds):
                    self._save()

    def _batches(self) -> Generator[Batch, None, None]:
        return self.learner.plan.batches(
            seed=self.training.seed, epoch=self.epoch, first=self.batch,
            rank=self.ranks.rank, world=self.ranks.world,
        )  # fmt: skip

    def _train_step(self, batch: Batch) -> None:
        # From 1 on: (seed, 0) would repeat what (seed,) gave the first weights.
        own = () if self.ranks.is_first else (self.ranks.rank,)
        seed_everything(self.training.seed, self.step + 1, *own)
        self.rates.set(self.step, self._fallen)
        n_samples = self.learner.plan.n_in(self.batch)
        self.ranks.take(n_samples)
        losses = self.learner.step(batch, Moment(self.step, self._position()))
        self.means.add(self.ranks.means(losses), n_samples)
        self.batch += 1
        self.step += 1
        if self.step % STEPS_BETWEEN_CHECKS == 0:
            self._finite_means()
        if not self._is_closing:
            self._measure()
        self._report_progress()

    @property
    def _is_closing(self) -> bool:
        """The epoch is at its end, or the training within it."""
        return self.batch == self.n_batches or self.step == self.n_steps

    def _measure(self) -> None:
        """Within an epoch: before a checkpoint, so that a resumed training misses none."""
        if self.learner.goal.is_due(self.step):
            self._report(self._validate())
        elif self.step % self.steps_per_point == 0:
            self._send_point({})

    def _close_epoch(self) -> None:
        self._finite_means()
        validated = self._validate()
        if self.batch == self.n_batches:
            self.epoch, self.batch = self.epoch + 1, 0
        self._watch_plateau(validated)
        self._report(validated)
        if self._is_due(min(MIN_SECONDS_BETWEEN_CHECKPOINTS, self.training.checkpoint_seconds)):
            self._save()

    @property
    def _fallen(self) -> float:
        return self.learner.plateau.factor if self.learner.plateau else 1.0

    def _watch_plateau(self, validated: dict[str, float]) -> None:
        """Before a checkpoint of this moment, which holds what was seen. One process validates."""
        plateau = self.learner.plateau
        if plateau is None:
            return
        falls = plateau.see(validated)
        if self.ranks.any_is(falls) and not self.ranks.is_first:
            plateau.fall()
        if falls:
            text = (
                f"the validation {plateau.name} has not fallen for {plateau.patience} epochs by "
                f"epoch {self.epoch}: from here on rates are {plateau.factor:.3g} times the first"
            )
            self.training.reporter.send("finding", level="info", subject="learning rate", text=text)

    def _report(self, validated: dict[str, float]) -> None:
        """Send a point; where it is the best so far, this moment is to be kept."""
        self._send_point({_curve_of(name): value for name, value in validated.items()})
        reached = self.learner.goal.reached(validated)
        if reached is not None and (self.best is None or reached < self.best):
            self.best = reached
            self.keeper.unsaved_best = self._checkpoint()

    def _send_point(self, validated: dict[str, float]) -> None:
        """The means over the steps since the last point."""
        trained = {f"train_{name}": value for name, value in self._finite_means().items()}
        epoch = float(self._position())
        self.training.reporter.point(step=self.step, epoch=epoch, values=trained | validated)
        self.means = Means()

    def _validate(self) -> dict[str, float]:
        if not self.ranks.is_first:
            return {}
        for module in self.learner.modules.values():
            module.eval()
        with torch.inference_mode():
            numbers = dict(self.learner.validate())
        self.learner.set_training()
        return self._finite(numbers)

    def _finite_means(self) -> dict[str, float]:
        return self._finite(self.means.values())

    def _finite(self, losses: dict[str, float]) -> dict[str, float]:
        for name, value in losses.items():
            if not math.isfinite(value):
                raise Diverged(
                    f"The training diverged: {name} became {value} in epoch {self.epoch + 1}, by "
                    f"step {self.step}. A lower learning rate usually helps"
                )
        return losses

    def _check_weights(self) -> None:
        """A finite loss may have had a gradient without end: then nothing is saved any more."""
        for name, module in self.learner.modules.items():
            if not all(bool(weights.isfinite().all()) for weights in module.parameters()):
                raise Diverged(
                    f"The training diverged: weights of the {name} were no finite numbers in "
                    f"epoch {self.epoch + 1}, by step {self.step}. A lower learning rate usually "
                    "helps"
                )

    def _report_progress(self) -> None:
        now = time.monotonic()
        if now - self.reported_at >= PROGRESS_SECONDS:
            self.reported_at = now
            self.training.reporter.progress(
                stage="train", done=round(self._position(), 3), total=self.epochs, unit="epochs"
            )

    def _position(self) -> float:
        return self.epoch + self.batch / self.n_batches

    def _is_due(self, seconds: float) -> bool:
        return time.monotonic() - self.saved_at >= seconds

    def _save(self) -> None:
        self._finite_means()
        self._check_weights()
        if self.ranks.is_first:
            self.keeper.save(self.step, self._checkpoint)
        self.saved_at = time.monotonic()

    def _checkpoint(self) -> Checkpoint:
        learner = self.learner
        return Checkpoint(
            method=self.training.method,
            config=self.training.config,
            seed=self.training.seed,
            step=self.step,
            epoch=self._position(),
            threads=torch.get_num_threads(),
            processes=self.ranks.world,
            tensors=checkpoints.pack(learner.modules, learner.optimisers),
            optimisers={
                name: optimiser.state_dict()["param_groups"]
                for name, optimiser in learner.optimisers.items()
            },
            loop={
                "epoch": self.epoch,
                "batch": self.batch,
                "n_samples": learner.plan.n_samples,
                "fingerprint": learner.fingerprint,
                "means": self.means.to_json(),
                "best": self.best,
                "learner": learner.state(),
                "plateau": learner.plateau.state() if learner.plateau else None,
            },
        )

    def _resume(self, checkpoint: Checkpoint) -> None:
        loop = checkpoint.loop
        self._check_data(loop)
        checkpoints.restore_modules(checkpoint, self.learner.modules)
        checkpoints.restore_optimisers(checkpoint, self.learner.optimisers)
        self.epoch, self.batch, self.step = loop["epoch"], loop["batch"], checkpoint.step
        self.means = Means.from_json(loop["means"])
        self.best = self._best_of(loop)
        self.learner.restore(loop["learner"])
        if self.learner.plateau is not None:
            self.learner.plateau.restore(loop["plateau"])

    def _best_of(self, loop: dict[str, Any]) -> list[float] | None:
        """Older checkpoints hold the goal's number alone; when it was always the loss, so named."""
        best = loop["best"] if "best" in loop else loop["best_loss"]
        if best is None or isinstance(best, list):
            return best
        return [-best if self.learner.goal.higher_is_better else best]

    def _check_data(self, loop: dict[str, Any]) -> None:
        """Raise BadInput where the checkpoint was made from other data.

        Checkpoints of the time when there was no fingerprint tell the number of samples alone.
        """
        learner = self.learner
        if loop["n_samples"] != learner.plan.n_samples:
            raise BadInput(
                f"The checkpoint was made with {loop['n_samples']} training samples, now there are "
                f"{learner.plan.n_samples}: the training cannot go on from it"
            )
        if loop.get("fingerprint", learner.fingerprint) != learner.fingerprint:
            raise BadInput(
                "The checkpoint was made with other data, if with as many training samples: a "
                "training goes on only with the data that it was started with"
            )


def _curve_of(name: str) -> str:
    """What is validated on test says so by its own name."""
    return name if name.startswith("test_") else f"validation_{name}"
