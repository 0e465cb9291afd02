import errno
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import nn

from ml.records import BadInput
from ml.training import checkpoints
from ml.training.checkpoints import Checkpoint
from tests.disks import largest_file, small_disk


def make_checkpoint(*, step: int = 7, width: int = 3) -> Checkpoint:
    torch.manual_seed(step)
    network = nn.Linear(width, 2)
    optimiser = torch.optim.Adam(network.parameters(), lr=0.1)
    network(torch.ones(1, width)).sum().backward()
    optimiser.step()
    return Checkpoint(
        method="toy",
        config={"width": width},
        seed=1,
        step=step,
        epoch=0.5,
        tensors=checkpoints.pack({"network": network}, {"adam": optimiser}),
        optimisers={"adam": optimiser.state_dict()["param_groups"]},
        loop={"epoch": 0},
    )


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", size="64k") as folder:
        yield folder


def test_save_and_load_round_trip(tmp_path: Path) -> None:
    checkpoint = make_checkpoint()

    loaded = checkpoints.load(*checkpoints.save(checkpoint, tmp_path))

    assert (loaded.method, loaded.config, loaded.seed) == ("toy", {"width": 3}, 1)
    assert (loaded.step, loaded.epoch, loaded.loop) == (7, 0.5, {"epoch": 0})
    assert loaded.optimisers["adam"][0]["lr"] == 0.1
    assert loaded.tensors.keys() == checkpoint.tensors.keys()
    assert all(torch.equal(loaded.tensors[key], checkpoint.tensors[key]) for key in loaded.tensors)


def test_save_keeps_channels_last_weights(tmp_path: Path) -> None:
    network = nn.Conv2d(3, 4, 5).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    tensors = checkpoints.pack({"network": network}, {})
    checkpoint = Checkpoint(method="toy", config={}, seed=0, step=0, epoch=0, tensors=tensors)

    loaded = checkpoints.load(*checkpoints.save(checkpoint, tmp_path))

    assert torch.equal(loaded.tensors["modules/network/weight"], network.weight)


def test_latest_is_the_highest_step(tmp_path: Path) -> None:
    for step in (9, 100, 20):
        checkpoints.save(make_checkpoint(step=step), tmp_path)

    assert checkpoints.load(*checkpoints.latest(tmp_path)).step == 100


def test_latest_of_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="There is no checkpoint in"):
        checkpoints.latest(tmp_path)


@pytest.mark.parametrize("kept", [0, 5, 100, -1])
def test_load_truncated_weights(tmp_path: Path, kept: int) -> None:
    weights, state = checkpoints.save(make_checkpoint(), tmp_path)
    weights.write_bytes(weights.read_bytes()[:kept])

    with pytest.raises(BadInput, match=r"step-00000007\.safetensors is damaged.*SHA-256 differs"):
        checkpoints.load(weights, state)


def test_load_weights_of_another_step(tmp_path: Path) -> None:
    weights, _ = checkpoints.save(make_checkpoint(step=1), tmp_path)
    _, state = checkpoints.save(make_checkpoint(step=2), tmp_path)

    with pytest.raises(BadInput, match=r"not the file that step-00000002\.json was written with"):
        checkpoints.load(weights, state)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"format": 1}'])
def test_load_damaged_state(tmp_path: Path, text: str) -> None:
    weights, state = checkpoints.save(make_checkpoint(), tmp_path)
    state.write_text(text)

    with pytest.raises(BadInput, match=r"step-00000007\.json is damaged"):
        checkpoints.load(weights, state)


def test_load_state_without_a_field(tmp_path: Path) -> None:
    weights, state = checkpoints.save(make_checkpoint(), tmp_path)
    facts = json.loads(state.read_text())
    del facts["seed"]
    state.write_text(json.dumps(facts))

    with pytest.raises(BadInput, match=r"not a checkpoint of this program: .*'seed'"):
        checkpoints.load(weights, state)


def test_load_format_of_the_future(tmp_path: Path) -> None:
    weights, state = checkpoints.save(make_checkpoint(), tmp_path)
    state.write_text(json.dumps(json.loads(state.read_text()) | {"format": 2}))

    with pytest.raises(BadInput, match="has format 2; this program reads format 1"):
        checkpoints.load(weights, state)


def test_load_missing_file(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"a\.json cannot be read: No such file"):
        checkpoints.load(tmp_path / "a.safetensors", tmp_path / "a.json")


@pytest.mark.shared_data
def test_load_truncated_pickle_is_refused(tmp_path: Path, shared_data: Path) -> None:
    _, state = checkpoints.save(make_checkpoint(), tmp_path)

    with pytest.raises(BadInput, match=r"truncated_checkpoint\.pth is damaged"):
        checkpoints.load(shared_data / "bad-files" / "truncated_checkpoint.pth", state)


@pytest.mark.parametrize(
    ("module", "sentence"),
    [
        (nn.Sequential(nn.Linear(3, 2)), "lacks 2 tensors of the network, first '0.bias'"),
        (nn.Linear(3, 2, bias=False), "has the unknown 1 tensors of the network, first 'bias'"),
        (nn.Linear(4, 2), "has another shape of 1 tensors of the network, first 'weight'"),
    ],
)
def test_restore_modules_refuses_what_does_not_fit(module: nn.Module, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        checkpoints.restore_modules(make_checkpoint(), {"network": module})


def test_restore_optimisers_refuses_another_optimiser() -> None:
    optimiser = torch.optim.SGD(nn.Linear(3, 2).parameters(), lr=0.1)

    with pytest.raises(BadInput, match="does not fit the optimiser sgd"):
        checkpoints.restore_optimisers(make_checkpoint(), {"sgd": optimiser})


@pytest.mark.parametrize("room", [50, 700])
def test_save_into_a_limited_file_leaves_no_half_checkpoint(tmp_path: Path, room: int) -> None:
    before = checkpoints.save(make_checkpoint(step=1), tmp_path)

    with largest_file(room), pytest.raises(OSError, match="File too large"):
        checkpoints.save(make_checkpoint(step=2, width=200 if room > 100 else 3), tmp_path)

    assert set(tmp_path.iterdir()) == set(before)
    assert checkpoints.load(*before).step == 1


def test_save_on_a_full_disk_keeps_what_was_saved(disk: Path) -> None:
    before = checkpoints.save(make_checkpoint(step=1), disk)

    with pytest.raises(OSError, match="No space left on device") as caught:
        checkpoints.save(make_checkpoint(step=2, width=20_000), disk)

    assert caught.value.errno == errno.ENOSPC
    assert set(disk.iterdir()) == set(before)
    assert checkpoints.load(*before).step == 1


def test_save_when_only_the_state_does_not_fit(disk: Path) -> None:
    checkpoint = make_checkpoint(step=2)
    needed = len(checkpoints.save(checkpoint, disk)[0].read_bytes())
    for path in list(disk.iterdir()):
        path.unlink()
    free = 65_536 - -(-needed // 4096) * 4096
    (disk / "filler").write_bytes(bytes(free))

    with pytest.raises(OSError, match="No space left on device"):
        checkpoints.save(checkpoint, disk)

    assert [path.name for path in disk.iterdir()] == ["filler"]
