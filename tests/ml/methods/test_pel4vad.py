"""PEL4VAD's losses, smoothing and prompts, against the authors' formulas in NumPy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from ml.data.prompts import Prompts, read_prompts
from ml.methods.pel4vad import PEL4VAD, PEL4VADConfig, fixed, slid
from ml.records import BadInput, VideoRecord
from ml.registry import as_json
from ml.reports import to_nobody
from ml.supervision import TrainingData, training_data
from ml.training import checkpoints
from ml.training.loop import Training
from tests import toys
from tests.ml.models.by_hand import softmax

Array = NDArray[np.float64]
CPU = torch.device("cpu")
LENGTHS = (40, 17, 1, 33)  # of the bags: two normal, two abnormal ones
RNG = np.random.default_rng(5)
VECTORS = RNG.normal(size=(3, 5)).astype(np.float32)


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """Two threads that wait for each other are slower than one while other tests run."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def method_of(**changes: Any) -> PEL4VAD:
    torch.manual_seed(0)
    config = PEL4VADConfig(
        **{"window": 3, "attention_width": 4, "width": 7, "dropout": 0.0} | changes
    )
    method = PEL4VAD(config, CPU)
    method.context_width = 5
    method.set_dimension(6)
    method.learnt.eval()
    return method


def padded_bags() -> torch.Tensor:
    """Longer than any of them."""
    bags = torch.randn((4, 44, 6), generator=torch.Generator().manual_seed(1))
    for bag, length in zip(bags, LENGTHS, strict=True):
        bag[length:] = 0
    return bags


def outputs(method: PEL4VAD, bags: torch.Tensor) -> tuple[Array, Array]:
    scores, context = method.learnt(bags[:, : max(LENGTHS)])
    return scores.detach().double().numpy(), context.detach().double().numpy()


def bce_of(scores: Array) -> float:
    """Of the highest score of a normal bag, and of the mean of several of an abnormal one."""
    tops = [np.sort(bag[:length])[::-1] for bag, length in zip(scores, LENGTHS, strict=True)]
    told = [tops[0][0], tops[1][0], tops[2][:1].mean(), tops[3][:3].mean()]
    parts = [-np.log(1 - told[0]), -np.log(1 - told[1]), -np.log(told[2]), -np.log(told[3])]
    return float(np.mean(parts))


def prompts_loss_of(scores: Array, context: Array, texts: list[int], scale: float) -> float:
    groups, rows = [], []
    for number, (score, features) in enumerate(zip(scores, context, strict=True)):
        for raised, row in ((np.exp(10 * score) - 1, texts[number]),
                            (np.exp(10 * (1 - score)) - 1, 0)):  # fmt: skip
            if number >= 2 or raised[0] == np.exp(10 * score[0]) - 1:
                groups.append(raised / raised.sum() @ features)
                rows.append(row)
    table = np.array(groups)
    units = table / np.linalg.norm(table, axis=1, keepdims=True)
    vectors = VECTORS.astype(np.float64)[rows]
    told = softmax(scale * units @ (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).T)
    same = np.array(rows)[:, None] == np.array(rows)
    wanted = softmax(10.0 * same)
    return float((wanted * (np.log(wanted) - np.log(told))).sum() / len(rows))


def test_bags_are_told_apart_by_their_highest_scores() -> None:
    method, bags = method_of(), padded_bags()

    loss = method.losses(bags[:2], bags[2:])["loss"].detach()

    assert float(loss) == pytest.approx(bce_of(outputs(method, bags)[0]), rel=1e-5)


def test_what_is_abnormal_in_a_bag_is_to_be_like_the_text_of_its_class() -> None:
    method, bags = method_of(prompt_weight=3.0), padded_bags()
    method.prompts = Prompts(vectors=VECTORS, classes=("Fighting", "Arson"), sha256="")

    losses = method.losses_with_texts(bags[:2], bags[2:], np.array([2, 1]))
    found = {name: float(each.detach()) for name, each in losses.items()}

    scores, context = outputs(method, bags)
    told = prompts_loss_of(scores, context, [0, 0, 2, 1], 1 / 0.09)
    assert found["prompts"] == pytest.approx(told, rel=1e-4)
    assert found["loss"] == pytest.approx(bce_of(scores) + 3 * told, rel=1e-4)


def test_a_video_is_validated_at_its_own_length() -> None:
    method, bags = method_of(), padded_bags()

    found = method.video_scores(bags).tolist()

    for score, bag, length in zip(found, bags, LENGTHS, strict=True):
        rows = method.learnt(bag[None, :length])[0][0].detach().numpy()
        assert score == pytest.approx(np.sort(rows)[::-1][: length // 16 + 1].mean(), rel=1e-5)


@pytest.mark.parametrize("n_rows", [1, 3, 7, 20])
def test_smoothing_with_the_rows_that_follow_and_zeros_after_the_last(n_rows: int) -> None:
    scores = RNG.random(10).astype(np.float32)
    padded = np.concatenate([scores, np.zeros(n_rows - 1)])
    runs = np.concatenate([scores, np.zeros(-len(scores) % n_rows)]).reshape(-1, n_rows)

    assert np.allclose(slid(scores, n_rows), [padded[i : i + n_rows].mean() for i in range(10)])
    assert np.allclose(fixed(scores, n_rows), np.repeat(runs.mean(1), n_rows)[:10])


@pytest.mark.parametrize(("smoothing", "by"), [("slide", slid), ("fixed", fixed), ("none", None)])
def test_rows_are_scored_by_the_mean_over_crops_and_smoothed(smoothing: Any, by: Any) -> None:
    method = method_of(smoothing=smoothing, smoothed_rows=4)
    rows = RNG.normal(size=(10, 3, 6)).astype(np.float32)

    with torch.inference_mode():
        found = method.segment_scores(rows)

    plain = method.learnt(torch.from_numpy(rows).transpose(0, 1))[0].mean(0).detach().numpy()
    assert np.allclose(found, by(plain, 4) if by else plain, atol=1e-6)


def prompt_file(folder: Path, vectors: Any) -> Path:
    np.save(folder / "prompts.npy", vectors)
    return folder / "prompts.npy"


def labelled(*labels: str) -> list[VideoRecord]:
    return [VideoRecord(id=f"v{n}", path="a.mp4", label=each) for n, each in enumerate(labels)]


def test_classes_of_prompts_are_named_or_those_of_the_videos(tmp_path: Path) -> None:
    path, videos = prompt_file(tmp_path, VECTORS), labelled("normal", "Fighting", "Arson")

    by_alphabet, named = (read_prompts(path, text, videos) for text in ("", "Fighting , Arson"))

    assert [by_alphabet.row_of(video) for video in videos] == [0, 2, 1]
    assert [named.row_of(video) for video in videos] == [0, 1, 2]
    assert np.array_equal(named.vectors, VECTORS)
    assert named.width == 5


def test_a_class_without_a_prompt_is_refused(tmp_path: Path) -> None:
    prompts = read_prompts(prompt_file(tmp_path, VECTORS), "Fighting, Arson", [])

    with pytest.raises(BadInput, match=r"is labelled 'Abuse', and there are prompts of Fighting"):
        prompts.row_of(labelled("Abuse")[0])


@pytest.mark.parametrize(
    ("vectors", "classes", "sentence"),
    [
        (VECTORS, "Fighting", "has 3 rows, where what is normal and the classes Fighting make 2"),
        (VECTORS, "Arson, Arson", "A class of prompts is named twice"),
        (VECTORS, "normal, Arson", "The first row of prompts is what is normal"),
        (VECTORS[0], "Arson", "holds no vectors of prompts"),
        (np.zeros((2, 0)), "Arson", "holds no vectors of prompts"),
        (VECTORS.astype(int), "Arson, Fighting", "holds no vectors of prompts"),
        (VECTORS * [[1], [0], [1]], "Arson, Fighting", "zero or not finite"),
        (VECTORS * np.nan, "Arson, Fighting", "zero or not finite"),
        (np.array([{}, {}]), "Arson", "is no .npy file of numbers"),
    ],
)
def test_other_files_are_no_prompts(
    tmp_path: Path, vectors: Any, classes: str, sentence: str
) -> None:
    with pytest.raises(BadInput, match=sentence):
        read_prompts(prompt_file(tmp_path, vectors), classes, [])


def test_a_missing_or_cut_off_file_of_prompts_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"prompts a\.npy cannot be read: No such file"):
        read_prompts(tmp_path / "a.npy", "", [])
    path = prompt_file(tmp_path, VECTORS)
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(BadInput, match=r"is no \.npy file of numbers"):
        read_prompts(path, "", [])


def training_of(method: PEL4VAD, folder: Path, resume_from: Any = None) -> Training:
    folder.mkdir(exist_ok=True)
    return Training(
        method="pel4vad", config=as_json(method.config), seed=1, folder=folder,
        reporter=to_nobody(), resume_from=resume_from,
    )  # fmt: skip


def taught(folder: Path, *, resume_from: Any = None, times: int = 1) -> PEL4VAD:
    """With prompts of 5 numbers, one of what is normal and one of fighting."""
    path = prompt_file(folder, VECTORS[:2] * times)
    config = replace(PEL4VAD.tiny, prompts=str(path), updates=4)
    method = PEL4VAD(config, CPU)
    manifest = toys.manifest_for(PEL4VAD, folder / "videos")
    training = training_of(method, folder / "run", resume_from)
    method.fit(training_data(manifest, method.supervision), training)
    return method


def test_a_network_taught_with_texts_is_as_wide_and_goes_on_with_the_same_alone(
    tmp_path: Path,
) -> None:
    """Half of 8 without them; scoring needs the file no more."""
    method = taught(tmp_path)
    checkpoint = checkpoints.load(*checkpoints.paths_of(tmp_path / "run"))
    fresh = PEL4VAD(method.config, CPU)
    fresh.take_shape(checkpoint.tensors)

    with pytest.raises(BadInput, match="was made with other data"):
        taught(tmp_path, resume_from=checkpoint, times=2)
    again = taught(tmp_path, resume_from=checkpoint)

    assert fresh.learnt.get_submodule("to_context").weight.shape == (5, 8, 1)
    assert method.context_network.log_scale.item() != pytest.approx(np.log(1 / 0.09), abs=1e-6)
    assert torch.equal(again.context_network.log_scale, method.context_network.log_scale)


def test_prompts_of_another_width_than_the_network_that_learns_on_are_refused(
    tmp_path: Path,
) -> None:
    method = method_of(prompts=str(prompt_file(tmp_path, VECTORS[:2, :4])))
    data = TrainingData(train=tuple(labelled("normal", "Arson")))

    with pytest.raises(BadInput, match="4 numbers each, where the network that learns on is made"):
        method.fit(data, training_of(method, tmp_path / "run"))
