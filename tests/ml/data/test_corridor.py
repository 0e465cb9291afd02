import json
from dataclasses import replace

import av
import numpy as np
import pytest

from ml.data.corridor import render
from ml.data.corridor.clips import ANOMALIES, abnormal_clip, normal_clip
from ml.data.corridor.dataset import CAMERA, FPS, VISIBLE_PIXELS, draw, is_abnormal
from ml.data.corridor.people import Person
from ml.data.corridor.scene import HEIGHT, WIDTH
from ml.data.layouts.folder import read_manifest

SECONDS = 10


def picture_of(clip, seconds):
    picture = np.full((HEIGHT, WIDTH, 3), 128, dtype=np.uint8)
    draw(clip, picture, seconds)
    return picture.astype(int)


def a_clip(label, seed=3):
    return abnormal_clip("testing/x.mp4", label, np.random.default_rng(seed), SECONDS)


def test_render_writes_a_folder_that_imports_without_findings(tmp_path):
    manifest = render(tmp_path, seed=5, n_train=1, n_test=6, seconds=1)
    rows, findings, _unfit = read_manifest(manifest)
    assert findings == []
    assert [row.part for row in rows] == ["train"] + ["test"] * 6
    assert {row.label for row in rows} == {"normal", *ANOMALIES}
    assert all((tmp_path / row.name).is_file() for row in rows)
    assert all(not row.intervals for row in rows if row.label == "normal")


def test_render_encodes_every_frame_for_browsers(tmp_path):
    render(tmp_path, seed=5, n_train=1, n_test=0, seconds=2)
    with av.open(str(tmp_path / "training/01.mp4")) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert sum(1 for _ in container.decode(stream)) == 2 * FPS


def test_render_repeats_itself_for_a_seed(tmp_path):
    one, same, other = (
        render(tmp_path / name, seed=seed, n_train=1, n_test=2, seconds=1)
        for name, seed in [("one", 5), ("same", 5), ("other", 6)]
    )

    def content(manifest):
        videos = sorted(manifest.parent.glob("*/*.mp4"))
        return {f"{path.parent.name}/{path.name}": path.read_bytes() for path in videos}

    assert content(one) == content(same)
    assert json.loads(one.read_text()) == json.loads(same.read_text())
    assert not content(one).items() & content(other).items()


@pytest.mark.parametrize("seed", range(5))
def test_normal_lanes_have_one_direction_and_one_pace(seed):
    people = normal_clip("training/x.mp4", np.random.default_rng(seed), SECONDS).actors
    assert {np.sign(person.lane_x) * person.direction for person in people} == {-1}
    assert all(1.0 < person.speed < 1.5 for person in people)


@pytest.mark.parametrize("label", ANOMALIES)
def test_ground_truth_is_what_the_abnormal_actor_changes(label):
    clip = a_clip(label)
    without = replace(clip, actors=tuple(a for a in clip.actors if a is not clip.abnormal))
    for seconds in np.arange(0, SECONDS, 0.25):
        change = np.abs(picture_of(clip, seconds) - picture_of(without, seconds)).max(axis=2)
        if is_abnormal(clip, seconds):
            assert np.count_nonzero(change) > 0
        else:
            assert np.count_nonzero(change > 60) < VISIBLE_PIXELS


@pytest.mark.parametrize("label", ANOMALIES)
@pytest.mark.parametrize("seed", range(5))
def test_every_anomaly_can_be_seen_for_two_seconds(label, seed):
    clip = a_clip(label, seed)
    visible = [is_abnormal(clip, index / FPS) for index in range(SECONDS * FPS)]
    assert sum(visible) >= 2 * FPS


def test_runner_is_three_times_as_fast_as_walkers():
    clip = a_clip("running")
    walkers = [actor.speed for actor in clip.actors if actor is not clip.abnormal]
    assert clip.abnormal.speed > 3 * max(walkers)


def test_wrong_direction_is_against_the_lane():
    walker = a_clip("wrong direction").abnormal
    assert isinstance(walker, Person)
    assert np.sign(walker.lane_x) == walker.direction


def test_thrown_bag_leaves_the_hand_and_comes_to_rest_on_the_floor():
    bag = a_clip("thrown bag").abnormal
    assert bag.depth(bag.thrown_at - 0.01) is None
    assert bag.path[:, 1].max() > bag.path[0, 1]
    assert bag.path[-1, 1] == pytest.approx(bag.RADIUS, abs=0.02)
    assert np.abs(bag.path[-1] - bag.path[-2]).max() < 0.005


def test_camera_sees_farther_things_smaller_and_higher():
    pixels, scale = CAMERA.project(np.array([[0.0, 0.0, 7.0], [0.0, 0.0, 20.0], [1.0, 0.0, 7.0]]))
    assert pixels[0, 0] == WIDTH / 2
    assert pixels[1, 1] < pixels[0, 1]
    assert scale[1] < scale[0]
    assert pixels[2, 0] - pixels[0, 0] == pytest.approx(scale[0])
