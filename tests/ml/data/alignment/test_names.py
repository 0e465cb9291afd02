"""Which video a claim means, and which it does not."""

from __future__ import annotations

import pytest

from ml.data.alignment import KnownVideo, align
from ml.data.alignment._names import NameIndex
from ml.data.annotations._base import Annotations, Claim


def video(name: str, part: str = "test") -> KnownVideo:
    return KnownVideo(name=name, n_frames=100, part=part)


def found(claim: Claim, *videos: KnownVideo) -> str:
    """Name of the video, or nothing."""
    match = NameIndex(videos).find(claim)
    return match.name if match else ""


@pytest.mark.parametrize(
    ("claim", "name"),
    [
        (Claim(name="01", intervals=()), "test/01"),
        (Claim(name="01", folder="x/test", intervals=()), "test/01"),
        (Claim(name="Test001", intervals=()), "test/01"),
        (Claim(name="1", intervals=()), "test/01"),
        (Claim(name="01_001", intervals=()), "test/01_001"),
        (Claim(name="01_0001", intervals=()), "test/01_0001"),  # another video in ShanghaiTech
    ],
)
def test_names(claim: Claim, name: str) -> None:
    videos = [video("train/01", part="train"), video("test/01"), video("test/02")]
    videos += [video("test/01_001"), video("test/01_0001")]
    if claim.name == "01" and not claim.folder:
        videos = videos[1:]

    assert align(Annotations(claims=(claim,)), videos).rows[0].video == name


def test_a_claim_on_a_training_video_is_none_on_a_test_video() -> None:
    claim = Claim(name="01", folder="data/train")

    assert found(claim, video("test/01")) == ""
    assert found(claim, video("test/01"), video("train/01", "train")) == "train/01"
    assert found(claim, video("01")) == "01"  # nobody says which part it was


def test_a_whole_name_counts_whatever_part_a_split_gives_the_video() -> None:
    claim = Claim(name="01_0014", folder="testing")

    assert found(claim, video("testing/01_0014", "train")) == "testing/01_0014"


def test_a_test_clip_is_no_training_clip_of_the_same_number() -> None:
    training = video("training/001", "train")

    assert found(Claim(name="Test001"), training) == ""
    assert found(Claim(name="Test001"), training, video("testing/001")) == "testing/001"
    assert found(Claim(name="20"), video("testing_videos/020")) == "testing_videos/020"


@pytest.mark.parametrize(
    ("claimed", "name"), [("Ame\u0301lie", "Am\u00e9lie"), ("\u00e9", "e\u0301")]
)
def test_accents_in_one_sign_or_two(claimed: str, name: str) -> None:
    """File systems of macOS take letters apart."""
    assert found(Claim(name=claimed), video(f"test/{name}")) == f"test/{name}"


@pytest.mark.parametrize("name", ["1", "001", "0014", "01_1", "Abuse028", "x"])
def test_parts_of_a_name_are_not_enough(name: str) -> None:
    videos = [video("01_0014"), video("Abuse028_x264"), video("fight 1 x"), video("xx")]

    assert found(Claim(name=name), *videos) == ""
