"""Makes methods and runs of all states."""

import factory
from factory.django import DjangoModelFactory

from tests.factories.datasets import AnnotationSetFactory, DatasetFactory, SplitFactory
from tests.factories.jobs import JobFactory
from webapp.runs.models import Method, Run


class MethodFactory(DjangoModelFactory[Method]):
    class Meta:
        model = Method
        django_get_or_create = ("name",)

    name = "conv_ae"
    title = "Conv-AE"
    summary = "Rebuilds windows of frames and calls what it cannot rebuild abnormal."
    paper = "Hasan et al., Learning Temporal Regularity in Video Sequences, CVPR 2016"
    supervision = "one-class"
    schema = factory.LazyFunction(lambda: {"type": "object", "properties": {}})


class RunFactory(DjangoModelFactory[Run]):
    """A run on a dataset of its own team, with a split and ground truth of that dataset."""

    class Meta:
        model = Run

    dataset = factory.SubFactory(DatasetFactory)
    team = factory.SelfAttribute("dataset.team")
    name = factory.Sequence(lambda n: f"Run {n}")
    split = factory.SubFactory(SplitFactory, dataset=factory.SelfAttribute("..dataset"))
    annotation_set = factory.SubFactory(
        AnnotationSetFactory, dataset=factory.SelfAttribute("..dataset")
    )
    method = factory.SubFactory(MethodFactory)
    config = factory.LazyFunction(dict)
    dataset_hash = factory.SelfAttribute("dataset.content_hash")
    current_job = factory.SubFactory(
        JobFactory, ended=True, kind="score", team=factory.SelfAttribute("..team")
    )
