"""Makes datasets whose videos, ground truth and splits are rows without files."""

import factory
from factory.django import DjangoModelFactory

from tests.factories.accounts import TeamFactory
from webapp.datasets.models import (
    AnnotationSet,
    Dataset,
    Interval,
    Part,
    Split,
    SplitMember,
    Video,
)


class DatasetFactory(DjangoModelFactory[Dataset]):
    class Meta:
        model = Dataset

    team = factory.SubFactory(TeamFactory)
    name = factory.Sequence(lambda n: f"Corridor {n}")
    folder = "/data/corridor"
    content_hash = "c" * 64


class VideoFactory(DjangoModelFactory[Video]):
    class Meta:
        model = Video

    dataset = factory.SubFactory(DatasetFactory)
    name = factory.Sequence(lambda n: f"test/{n:03}")
    path = factory.LazyAttribute(lambda video: f"{video.name}.mp4")
    kind = Video.Kind.FILE
    status = Video.Status.READY
    part = Part.TEST
    sha256 = factory.Sequence(lambda n: f"{n:064x}")
    n_frames = 100
    width, height = 320, 240
    fps = 25.0
    duration_seconds = 4.0


class SplitFactory(DjangoModelFactory[Split]):
    class Meta:
        model = Split

    dataset = factory.SubFactory(DatasetFactory)
    name = "published"
    version = factory.Sequence(lambda n: n + 1)


class SplitMemberFactory(DjangoModelFactory[SplitMember]):
    class Meta:
        model = SplitMember

    split = factory.SubFactory(SplitFactory)
    video = factory.SubFactory(VideoFactory, dataset=factory.SelfAttribute("..split.dataset"))
    part = factory.SelfAttribute("video.part")


class AnnotationSetFactory(DjangoModelFactory[AnnotationSet]):
    class Meta:
        model = AnnotationSet

    dataset = factory.SubFactory(DatasetFactory)
    version = factory.Sequence(lambda n: n + 1)
    source = "labels.csv"
    content_hash = "a" * 64


class IntervalFactory(DjangoModelFactory[Interval]):
    class Meta:
        model = Interval

    annotation_set = factory.SubFactory(AnnotationSetFactory)
    video = factory.SubFactory(
        VideoFactory, dataset=factory.SelfAttribute("..annotation_set.dataset")
    )
    start_frame = 20
    end_frame = 60
