"""Makes methods, and runs in any state on datasets without files."""

from typing import Any

import factory
from factory.django import DjangoModelFactory

from tests.factories.accounts import TeamFactory
from tests.factories.datasets import (
    AnnotationSetFactory,
    DatasetFactory,
    SplitFactory,
    SplitMemberFactory,
)
from tests.factories.jobs import JobFactory
from webapp.datasets.models import Part, Split
from webapp.runs.models import Checkpoint, Method, Run, Sweep, TrainingPoint, Weights

SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "epochs": {
            "type": "integer",
            "minimum": 1,
            "default": 20,
            "title": "Epochs",
            "description": "Passes over the training videos.",
            "group": "Training",
        },
        "input_size": {
            "type": "array",
            "prefixItems": [{"type": "integer"}, {"type": "integer"}],
            "minItems": 2,
            "maxItems": 2,
            "default": [227, 227],
            "title": "Input size",
            "group": "Data",
        },
        "is_grey": {"type": "boolean", "default": True, "title": "Grey", "group": "Data"},
        "norm": {
            "enum": ["batch", "none"],
            "type": "string",
            "default": "batch",
            "title": "Normalisation",
            "group": "Model",
        },
    },
}


class MethodFactory(DjangoModelFactory[Method]):
    class Meta:
        model = Method
        django_get_or_create = ("name",)

    name = "conv_ae"
    title = "Conv-AE"
    summary = "Reconstructs what is normal; what it cannot reconstruct is abnormal."
    paper = "Hasan et al., CVPR 2016"
    supervision = "one-class"
    schema = factory.LazyFunction(lambda: SCHEMA)


class TrainableSplitFactory(SplitFactory):
    """A split of an imported dataset with ground truth, a training and a test video."""

    class Meta:
        skip_postgeneration_save = True

    @factory.post_generation
    def members_and_ground_truth(self: Split, create: bool, extracted: None) -> None:
        SplitMemberFactory.create(split=self, video__part=Part.TRAIN, video__label="normal")
        SplitMemberFactory.create(split=self, video__part=Part.TEST)
        AnnotationSetFactory.create(dataset=self.dataset)


class RunFactory(DjangoModelFactory[Run]):
    """A run whose training waits; `current_job__…` puts it into another state."""

    class Meta:
        model = Run

    team = factory.SubFactory(TeamFactory)
    name = factory.Sequence(lambda n: f"Run {n}")
    dataset = factory.SubFactory(DatasetFactory, team=factory.SelfAttribute("..team"))
    split = factory.SubFactory(SplitFactory, dataset=factory.SelfAttribute("..dataset"))
    annotation_set = factory.SubFactory(
        AnnotationSetFactory, dataset=factory.SelfAttribute("..dataset")
    )
    method = factory.SubFactory(MethodFactory)
    config = factory.LazyFunction(
        lambda: {"epochs": 20, "input_size": [227, 227], "is_grey": True, "norm": "batch"}
    )
    dataset_hash = "c" * 64
    current_job = factory.SubFactory(
        JobFactory,
        team=factory.SelfAttribute("..team"),
        subject_id=factory.SelfAttribute("..id"),
        title=factory.SelfAttribute("..name"),
    )

    @factory.lazy_attribute
    def id(self) -> str:
        """Known before the row exists: the job names it."""
        return Run._meta.pk.get_default()


def sweep_of(run: Run) -> Sweep:
    """A sweep whose only run is this one."""
    assert run.method is not None
    sweep = Sweep.objects.create(
        team=run.team, title="Length", dataset=run.dataset, split=run.split, method=run.method,
        grid={"epochs": [20, 40]}, seeds=[run.seed],
    )  # fmt: skip
    Run.objects.filter(pk=run.pk).update(sweep=sweep, sweep_row=0)
    return sweep


class TrainingPointFactory(DjangoModelFactory[TrainingPoint]):
    class Meta:
        model = TrainingPoint

    run = factory.SubFactory(RunFactory)
    step = factory.Sequence(lambda n: 10 * (n + 1))
    epoch = factory.LazyAttribute(lambda point: point.step / 10)
    values = factory.LazyAttribute(lambda point: {"train_loss": 1 / point.step})


class WeightsFactory(DjangoModelFactory[Weights]):
    """Weights that were read to a good end, with the checkpoint that was made of them."""

    class Meta:
        model = Weights
        skip_postgeneration_save = True

    team = factory.SubFactory(TeamFactory)
    name = factory.Sequence(lambda n: f"Weights {n}")
    file = factory.django.FileField(data=b"as sent", filename="published.pth")
    file_name = "published.pth"
    sha256 = "8" * 64
    n_bytes = 7
    method = factory.SubFactory(MethodFactory)
    layout = "Conv-AE of its authors"
    config = factory.LazyFunction(
        lambda: {"epochs": 20, "input_size": [227, 227], "is_grey": True, "norm": "none"}
    )

    @factory.post_generation
    def checkpoint(self: Weights, create: bool, extracted: None) -> None:
        if self.method is not None:
            CheckpointFactory.create(run=None, published=self, step=0)


class CheckpointFactory(DjangoModelFactory[Checkpoint]):
    class Meta:
        model = Checkpoint

    run = factory.SubFactory(RunFactory)
    step = factory.Sequence(lambda n: 10 * (n + 1))
    epoch = factory.LazyAttribute(lambda checkpoint: checkpoint.step / 10)
    weights = factory.django.FileField(data=b"weights", filename="step.safetensors")
    state = factory.django.FileField(data=b"{}", filename="step.json")
    sha256 = "9" * 64
    n_bytes = 7
