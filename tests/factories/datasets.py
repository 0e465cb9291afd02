"""Makes datasets whose videos, ground truth and splits are rows without files."""

import factory
from django.core.files.base import ContentFile
from factory.django import DjangoModelFactory

from tests.factories.accounts import TeamFactory
from webapp.datasets.models import (
    AnnotationSet,
    ClipPreview,
    Dataset,
    Detection,
    FeatureFile,
    FeatureSet,
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


class FeatureSetFactory(DjangoModelFactory[FeatureSet]):
    """A set that is read; files are its own affair."""

    class Meta:
        model = FeatureSet

    dataset = factory.SubFactory(DatasetFactory)
    name = "i3d"
    version = factory.Sequence(lambda n: n + 1)
    folder = "/data/features"
    extractor = "I3D-ResNet50"
    n_crops = 10
    dimension = 2048
    content_hash = "f" * 64


class DetectionFactory(DjangoModelFactory[Detection]):
    """A search that is done."""

    class Meta:
        model = Detection

    dataset = factory.SubFactory(DatasetFactory)
    name = "persons"
    recipe = factory.LazyFunction(
        lambda: {"detector": "hog", "version": 1, "options": {}, "files": {}}
    )
    region_set = factory.LazyAttribute(
        lambda made: made.dataset.region_sets.create(name=made.name, origin="HOG")
    )


class FeatureFileFactory(DjangoModelFactory[FeatureFile]):
    class Meta:
        model = FeatureFile

    feature_set = factory.SubFactory(FeatureSetFactory)
    video = factory.SubFactory(VideoFactory, dataset=factory.SelfAttribute("..feature_set.dataset"))
    path = factory.LazyAttribute(lambda file: f"{file.video.name}.npy")
    sha256 = factory.Sequence(lambda n: f"{n:064x}")
    n_rows = 6


def features_of_all(dataset: Dataset) -> FeatureSet:
    """A set with a file for each of the dataset's videos."""
    feature_set = FeatureSetFactory.create(dataset=dataset)
    for video in dataset.videos.all():
        FeatureFileFactory.create(feature_set=feature_set, video=video)
    return feature_set


def preview_of(video: Video) -> ClipPreview:
    """Made, of its first frames."""
    clip = {"start_frame": 0, "end_frame": 2, "box": None}
    preview = ClipPreview(video=video, key="k" * 64, clip=clip, options={}, rows=["RGB"])
    preview.frames, preview.n_frames = [0.0, 1.0], 2
    preview.sheet.save("preview.png", ContentFile(b"picture"))
    return preview
