"""Rates that fall at rest: beside torch's own scheduler, and the same bits after a resume."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.optim import SGD
from torch.optim.lr_scheduler import ReduceLROnPlateau

from ml.reports import Reporter
from ml.training import checkpoints
from ml.training.learner import Learner, Moment
from ml.training.loop import Training
from ml.training.plan import Indices, Uniform
from ml.training.plateau import Plateau
from ml.training.seeding import seed_everything

# Falls twice, at rest from the third epoch on, once a better one in between, then rests for good.
LOSSES = (1.0, 0.8, 0.9, 0.8, 0.85, 0.81, 0.79, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9)


# By epoch, with a patience of two.
RATES = [1e-3] * 4 + [1e-4] * 2 + [1e-5] * 3 + [1e-6] * 2 + [1e-7] * 2 + [1e-8]


@pytest.mark.parametrize("patience", [1, 2, 4])
@pytest.mark.parametrize("seed", range(5))
def test_it_falls_when_torchs_does(patience: int, seed: int) -> None:
    """Whose patience is of epochs that pass before the one in which it falls."""
    peer = SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler = ReduceLROnPlateau(peer, factor=0.1, patience=patience - 1, threshold=0, eps=0)
    ours = Plateau(patience=patience)
    for loss in np.random.default_rng(seed).random(60).round(1).tolist():
        scheduler.step(loss)
        ours.see({"loss": loss})
        assert ours.factor == pytest.approx(peer.param_groups[0]["lr"])


def test_an_epoch_without_the_number_is_passed_over() -> None:
    plateau = Plateau(patience=1)
    plateau.see({"loss": 1.0})
    assert not plateau.see({"accuracy": 0.5})
    assert plateau.n_resting == 0


class Noisy(Learner[Indices]):
    """Momentum and dropout; what is validated is written down before. Its rates are kept."""

    def __init__(self) -> None:
        seed_everything(3)
        self.network = nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.5), nn.Linear(8, 1))
        self.modules = {"network": self.network}
        self.optimisers = {"sgd": SGD(self.network.parameters(), lr=0.001, momentum=0.9)}
        self.plan = Uniform(n_samples=10, batch_size=4)
        self.fingerprint = "ten numbers"
        self.plateau = Plateau(patience=2)
        self.data = torch.linspace(-1, 1, 40).reshape(10, 4)
        self.rates: list[float] = []
        self.n_epochs = 0

    def step(self, batch: Indices, moment: Moment) -> dict[str, torch.Tensor]:
        self.rates.append(self.optimisers["sgd"].param_groups[0]["lr"])
        self.n_epochs = int(moment.epoch)
        values = self.data[torch.from_numpy(batch)]
        losses = {"loss": (self.network(values + torch.randn(len(batch), 4))).square().mean()}
        self.update("sgd", losses["loss"])
        return losses

    def validate(self) -> dict[str, float]:
        return {"loss": LOSSES[self.n_epochs]}


def train(folder: Path, *, epochs: int, resume: Any = None) -> tuple[Noisy, list[Any]]:
    folder.mkdir()
    events: list[Any] = []
    training = Training(
        method="toy", config={}, seed=5, folder=folder, reporter=Reporter(events.append),
        resume_from=resume, checkpoint_seconds=0,
    )  # fmt: skip
    learner = Noisy()
    training.run(learner, epochs=epochs)
    return learner, events


def saved(events: list[Any]) -> list[Any]:
    return [event for event in events if event["event"] == "checkpoint"]


def load(event: Any) -> Any:
    return checkpoints.load(Path(event["weights"]), Path(event["state"]))


def test_the_steps_after_a_rest_have_lower_rates(tmp_path: Path) -> None:
    learner, events = train(tmp_path / "run", epochs=len(LOSSES))

    by_epoch = np.reshape(learner.rates, (len(LOSSES), 3))
    assert (by_epoch == by_epoch[:, :1]).all()
    assert by_epoch[:, 0] == pytest.approx(RATES)
    told = [each["text"] for each in events if each["event"] == "finding"]
    assert told[0] == (
        "the validation loss has not fallen for 2 epochs by epoch 4: from here on rates are 0.1 "
        "times the first"
    )


@pytest.mark.parametrize("place", [7, 13, 20, 25])
def test_a_resumed_training_ends_with_the_same_bits(
    tmp_path: Path, place: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within an epoch, in the middle of a rest, and after a fall."""
    kept = {}
    real = checkpoints.save

    def keep(checkpoint: Any, *arguments: Any, **named: Any) -> Any:
        kept[checkpoint.step] = checkpoint
        return real(checkpoint, *arguments, **named)

    monkeypatch.setattr("ml.training.keeper.checkpoints.save", keep)
    whole, events = train(tmp_path / "whole", epochs=len(LOSSES))
    last = load(saved(events)[-1])

    rest, again = train(tmp_path / "rest", epochs=len(LOSSES), resume=kept[place])

    assert rest.rates == whole.rates[place:]
    resumed = load(saved(again)[-1])
    assert all(torch.equal(resumed.tensors[name], last.tensors[name]) for name in last.tensors)
    assert resumed.loop["plateau"] == last.loop["plateau"]
