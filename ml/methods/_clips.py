"""What methods share that learn from labelled clips: their clips, their loop, and scoring.

B clips, L pictures of a clip, S side of a picture.
"""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim import SGD, Optimizer

from ml.data.clips.modalities import MODALITIES, Modality
from ml.data.clips.pictures import Picturing
from ml.data.clips.sampling import Sampling
from ml.data.clips.store import ClipStore, Making, store_clips
from ml.device import autocast, to_device
from ml.findings import counted, shortened
from ml.methods._base import Method, Reads
from ml.methods._clip_scores import Pictures, scores_of_clips
from ml.methods._fingerprint import fingerprint
from ml.metrics import auroc
from ml.models.layers import lay_out
from ml.normal import ABNORMAL, NORMAL
from ml.records import BadInput, Scores, VideoRecord
from ml.reports import Reporter
from ml.supervision import Supervision, TrainingData
from ml.training.goal import Goal
from ml.training.learner import Learner, Moment
from ml.training.loop import Training
from ml.training.plan import Indices, Uniform
from ml.training.plateau import Plateau
from ml.training.schedule import Schedule

UNKNOWN = -100  # the number of a class that training has no clip of: no loss counts it


class ClipMethod(Method):
    """A network that tells classes of clips apart; the score of a clip is that it is not normal.

    `last_layer` names the linear layer that does, one output for each class, of which the first is
    normal. What is called as in `head` learns at `head_learning_rate`. Pixels of 0…255 have
    `mean` taken away and are divided by `deviation`, in the order red, green, blue. `cam_layers`
    can be asked where the network looks, the first of them unless told: one whose time still moves.
    """

    supervision = Supervision.FULL
    reads = Reads.CLIPS
    shares_batches = True
    rule = (
        "A video of up to window_seconds is one clip, and all its frames have its score; in a "
        "longer one a frame has the mean of the windows that hold it. With regions, the highest of "
        "those around it, and 0 outside. A video of a single frame has none"
    )
    last_layer: ClassVar[str]
    head: ClassVar[tuple[str, ...]]
    cam_layers: tuple[str, ...]
    mean: ClassVar[tuple[float, float, float]] = (127.5, 127.5, 127.5)
    deviation: ClassVar[tuple[float, float, float]] = (127.5, 127.5, 127.5)
    is_bgr: ClassVar[bool] = False  # how the network takes its colours
    nesterov: ClassVar[bool] = False
    clip_norm: ClassVar[float] = 0.0  # of a gradient; 0: any length
    network: nn.Module | None = None
    config: Any

    @property
    def modules(self) -> dict[str, nn.Module]:
        return {} if self.network is None else {"network": self.network}

    @property
    def learnt(self) -> nn.Module:
        assert self.network is not None, "neither taught nor restored yet"
        return self.network

    @abstractmethod
    def build(self, n_classes: int) -> nn.Module:
        """The network with random weights: clips (B, 3, L, S, S) of each modality to logits."""

    @property
    def modalities(self) -> tuple[Modality, ...]:
        """What each stream of the network sees."""
        return (MODALITIES.find("rgb").by(self.config),)

    @property
    def making(self) -> Making:
        config = self.config
        return Making(
            sampling=Sampling(length=config.clip_length, rate=config.frame_rate),
            picturing=Picturing(size=config.picture_size, contrast=config.contrast),
            modalities=self.modalities,
            longest=config.longest_seconds,
        )

    @property
    def last(self) -> nn.Linear:
        layer = self.learnt.get_submodule(self.last_layer)
        assert isinstance(layer, nn.Linear)
        return layer

    @property
    def n_classes(self) -> int:
        return self.last.out_features

    def take_shape(self, tensors: Mapping[str, Tensor]) -> None:
        """Raise BadInput where the weights are not among them that tell classes apart."""
        weights = tensors.get(f"modules/network/{self.last_layer}.weight")
        if weights is None or weights.ndim != 2:
            raise BadInput(
                f"The checkpoint lacks {self.last_layer}.weight, which every {self.title} has"
            )
        self.set_classes(len(weights))

    def set_classes(self, n_classes: int) -> None:
        """Build the network for so many."""
        network = self.build(n_classes)
        lay_out(network)
        self.network = network.to(self.device)

    def fit(self, data: TrainingData, training: Training) -> None:
        train = self._store(data.train, training, "train")
        watched = self._store(data.validation, training, "validation") if data.validation else None
        classes = class_names(train.labels, self.config.classes)
        report_classes(train.labels, training.reporter)
        self.prepare(len(classes), is_resumed=training.resume_from is not None)
        learner = ClipLearner(self, train, watched, classes)
        counts = watched.counts if watched else ()
        learner.fingerprint = fingerprint(data, train.counts, counts)
        training.run(learner, epochs=self.config.epochs)

    def prepare(self, n_classes: int, *, is_resumed: bool) -> None:
        """Before anything is learnt. A resumed training gets all weights afterwards.

        Where the training began with weights of other classes, the last layer is a new one.
        """
        if self.network is None:
            self.set_classes(n_classes)
        elif self.n_classes != n_classes:
            layer = nn.Linear(self.last.in_features, n_classes)
            self.learnt.set_submodule(self.last_layer, layer.to(self.device))

    def still_norms(self) -> Iterable[nn.Module]:
        """Batch norms whose means and variances stay as they are while everything learns."""
        return ()

    def _store(self, videos: Sequence[VideoRecord], training: Training, name: str) -> ClipStore:
        return training.ranks.made_once(
            ClipStore,
            lambda: store_clips(
                videos, training.folder, name=name, making=self.making, reporter=training.reporter
            ),
        )

    def optimiser(self) -> Optimizer:
        config, rates = self.config, (self.config.learning_rate, self.config.head_learning_rate)
        groups: tuple[list[nn.Parameter], ...] = ([], [])
        for name, weights in self.learnt.named_parameters():
            if weights.requires_grad:
                groups[name.startswith(self.head)].append(weights)
        return SGD(
            [{"params": group, "lr": rate} for group, rate in zip(groups, rates, strict=True)],
            lr=config.learning_rate, momentum=config.momentum, weight_decay=config.weight_decay,
            nesterov=self.nesterov and config.momentum > 0,
        )  # fmt: skip

    def logits(self, streams: Iterable[Pictures]) -> Tensor:
        """(B, classes) float32 of the clips' bytes (B, L, S, S, 3) in each modality."""
        return self.logits_of(tuple(map(self.pixels, streams)))

    def streams(self, clips: Sequence[Pictures]) -> tuple[Tensor, ...]:
        """(B, 3, L, S, S) of each modality, of the pictures (L, S, S, 3) of each clip."""
        return tuple(
            self.pixels(np.stack([each.of(clip) for clip in clips])) for each in self.modalities
        )

    def logits_of(self, streams: tuple[Tensor, ...]) -> Tensor:
        """(B, classes) float32 of what the network takes, (B, 3, L, S, S) in each modality."""
        with self.computing():
            logits = self.learnt(*streams)
        return logits.float()

    def pixels(self, pictures: Pictures) -> Tensor:
        """(B, 3, L, S, S) on the device, as the network takes them."""
        values = to_device(torch.from_numpy(pictures), self.device).float()
        mean, deviation = (
            torch.tensor(each, device=self.device) for each in (self.mean, self.deviation)
        )
        values = (values - mean) / deviation
        return (values.flip(-1) if self.is_bgr else values).permute(0, 4, 1, 2, 3)

    def computing(self) -> AbstractContextManager[object]:
        return autocast(self.device, self.config.precision)

    def score(self, video: VideoRecord) -> Scores:
        if self.config.classes == "two" and self.n_classes != 2:
            raise BadInput(
                f"The weights tell {self.n_classes} classes apart, and which of them is "
                "normal nobody says: begin a training with them"
            )
        self.learnt.eval()
        with torch.inference_mode():
            return scores_of_clips(
                video, self.making, seconds=self.config.window_seconds,
                stride=self.config.stride_seconds, score=self.score_clips,
            )  # fmt: skip

    def score_clips(self, clips: Sequence[Pictures]) -> NDArray[np.float64]:
        """(B,) in [0, 1], of the pictures (L, S, S, 3) of each."""
        return abnormality(self.logits_of(self.streams(clips)))


class ClipLearner(Learner[Indices]):
    """Cross entropy over clips, each seen once an epoch in an order drawn anew.

    A last batch of a single clip is left out: batch norms need two. Validation clips are told apart
    by their scores.
    """

    def __init__(
        self,
        method: ClipMethod,
        train: ClipStore,
        validation: ClipStore | None,
        classes: Sequence[str],
    ) -> None:
        self.method = method
        self.train = train
        self.validation = validation
        self.classes = {name: number for number, name in enumerate(classes)}
        self.targets = self._numbers(train.labels)
        self.modules = method.modules
        self.optimisers = {"network": method.optimiser()}
        config, n_clips = method.config, len(train.labels)
        is_single = n_clips > config.batch_size and n_clips % config.batch_size == 1
        self.plan = Uniform(n_samples=n_clips, batch_size=config.batch_size, drops_last=is_single)
        falls = tuple(epochs * self.plan.n_steps for epochs in config.falls_after)
        self.schedule = Schedule(shape="step" if falls else "constant", milestones=falls)
        self.plateau = _plateau(config.falls_at_rest, validation)
        self.goal = (
            Goal(name="clip_auroc", higher_is_better=True, tie_breaker="loss")
            if NORMAL in self.classes
            else Goal()  # classes of actions, of which none is to be found
        )

    def set_training(self) -> None:
        super().set_training()
        for norm in self.method.still_norms():
            norm.eval()

    def step(self, batch: Indices, moment: Moment) -> Mapping[str, Tensor]:
        logits = self.method.logits([each[batch] for each in self.train.pictures])
        losses = self._losses(logits, self.targets[batch])
        self.update("network", losses["loss"], clip_norm=self.method.clip_norm)
        return losses

    def validate(self) -> Mapping[str, float]:
        """AUROC of the clips' scores where there are both kinds, cross entropy and accuracy."""
        store = self.validation
        if store is None or not store.labels:
            return {}
        size = self.method.config.batch_size
        logits = torch.cat([
            self.method.logits([np.array(each[first : first + size]) for each in store.pictures])
            for first in range(0, len(store.labels), size)
        ])  # fmt: skip
        losses = self._losses(logits, self._numbers(store.labels))
        found = {name: float(value) for name, value in losses.items() if value.isfinite()}
        is_abnormal = np.array([label != NORMAL for label in store.labels])
        if is_abnormal.all() or not is_abnormal.any():
            return found
        return {"clip_auroc": auroc(is_abnormal.astype(np.uint8), abnormality(logits)), **found}

    def _losses(self, logits: Tensor, targets: NDArray[np.int64]) -> dict[str, Tensor]:
        """Over the clips whose class training knows."""
        wanted = to_device(torch.from_numpy(targets), logits.device)
        is_known = wanted != UNKNOWN
        is_right = (logits.detach().argmax(1) == wanted)[is_known]
        loss = F.cross_entropy(logits, wanted, ignore_index=UNKNOWN)
        return {"loss": loss, "accuracy": is_right.float().mean()}

    def _numbers(self, labels: Iterable[str]) -> NDArray[np.int64]:
        """Of the classes; where there are two, all that is abnormal is one."""
        is_two = ABNORMAL in self.classes and len(self.classes) == 2
        names = (ABNORMAL if is_two and label != NORMAL else label for label in labels)
        return np.array([self.classes.get(name, UNKNOWN) for name in names], np.int64)


def _plateau(patience: int, validation: ClipStore | None) -> Plateau | None:
    """Raise BadInput where nothing could rest."""
    if patience and (validation is None or not validation.labels):
        raise BadInput(
            f"falls_at_rest: {patience} epochs without a fall of the validation loss cannot be "
            "seen, because there is no validation clip; choose 0, or a split that has some"
        )
    return Plateau(patience=patience) if patience else None


def abnormality(logits: Tensor) -> NDArray[np.float64]:
    """(B,): what all classes but the first, which is normal, have together of the softmax."""
    shares: Tensor = logits.detach().double().softmax(1)[:, 1:].sum(1)
    return shares.cpu().numpy()


def class_names(labels: Sequence[str], classes: str) -> tuple[str, ...]:
    """Normal, and the others by alphabet. Raise BadInput where clips are all of one kind.

    With “labels”, two classes of actions or more are learnt without a normal one.
    """
    others = sorted(set(labels) - {NORMAL})
    if NORMAL not in labels and len(others) > 1:
        if classes == "labels":
            return tuple(others)
        raise BadInput(
            f"None of the {counted(len(labels), 'clip')} to learn from is normal. To pre-train on "
            f"their {len(others)} classes, set classes to labels"
        )
    if not others or NORMAL not in labels:
        lacking = "abnormal" if not others else "normal"
        raise BadInput(f"None of the {counted(len(labels), 'clip')} to learn from is {lacking}")
    return (NORMAL, ABNORMAL) if classes == "two" else (NORMAL, *others)


def report_classes(labels: Iterable[str], reporter: Reporter) -> None:
    """How many clips each class has; one with a single clip is a warning."""
    counts = Counter(labels)
    text = ", ".join(f"{counts[name]:,} {name}" for name in sorted(counts))
    reporter.send("finding", level="info", subject="clips", text=f"to learn from: {text}")
    if rare := sorted(name for name, count in counts.items() if count == 1):
        text = f"a single clip to learn from: {shortened(rare)}"
        reporter.send("finding", level="warning", subject="clips", text=text)
