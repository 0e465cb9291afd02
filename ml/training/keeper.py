"""Which checkpoints of a training are written, told of and kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ml.reports import Reporter
from ml.training import checkpoints
from ml.training.checkpoints import Checkpoint

KEPT_CHECKPOINTS = 4  # older ones are deleted, except the best


class Keeper:
    """Writes checkpoints into `folder`, reports each, and deletes old ones but for the best.

    A best one is set into `unsaved_best` when it is found, and written with the next save:
    writing each of them would be most of the work of a short training.
    """

    def __init__(self, folder: Path, reporter: Reporter, *, last_step: int) -> None:
        self.unsaved_best: Checkpoint | None = None
        self._folder = folder
        self._reporter = reporter
        self._last_step = last_step
        self._saved_step: int | None = None
        self._kept: list[tuple[Path, Path]] = []
        self._best: tuple[Path, Path] | None = None

    def save(self, step: int, checkpoint: Callable[[], Checkpoint]) -> None:
        """Write the best one since the last save, if there is a better one, and this moment."""
        if self.unsaved_best is not None and self.unsaved_best.step != step:
            self._write(self.unsaved_best, is_best=True)
            self.unsaved_best = None
        if self._saved_step != step:
            self._write(checkpoint(), is_best=self.unsaved_best is not None)
            self.unsaved_best = None

    def _write(self, checkpoint: Checkpoint, *, is_best: bool) -> None:
        pair = checkpoints.save(checkpoint, self._folder)
        self._saved_step = checkpoint.step
        self._reporter.send(
            "checkpoint",
            step=checkpoint.step,
            epoch=checkpoint.epoch,
            weights=str(pair[0]),
            state=str(pair[1]),
            is_best=is_best,
            is_final=checkpoint.step == self._last_step,
        )
        self._best = pair if is_best else self._best
        self._kept.append(pair)
        self._delete_old()

    def _delete_old(self) -> None:
        for pair in self._kept[:-KEPT_CHECKPOINTS]:
            if pair != self._best:
                self._kept.remove(pair)
                for path in pair:
                    path.unlink(missing_ok=True)
