"""What facts of the container alone tell; neither chance nor the order of videos decides."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from ml.evaluation.shortcut import Facts, shortcut_baseline
from ml.evaluation.stumps import RATE, RIDGE, learn_stumps, logits_of
from ml.metrics import auroc

N = 40


def test_the_first_stump_is_the_best_of_all_cuts() -> None:
    random = np.random.default_rng(0)
    rows = random.integers(0, 6, (60, 3)).astype(float)
    kinds = (rows[:, 1] + random.normal(size=60) > 3).astype(float)

    first = learn_stumps(rows, kinds)[0]

    gains = {}
    for column in range(3):
        for cut in np.arange(0.5, 5):
            gain = 0.0
            for side in (rows[:, column] <= cut, rows[:, column] > cut):
                if side.any() and not side.all():
                    gain += (kinds[side] - 0.5).sum() ** 2 / (0.25 * side.sum() + RIDGE)
            gains[column, cut] = gain
    best = max(gains, key=lambda key: gains[key])
    assert (first.column, first.cut) == best
    below = rows[:, best[0]] <= best[1]
    step = RATE * (kinds[below] - 0.5).sum() / (0.25 * below.sum() + RIDGE)
    assert first.below == pytest.approx(step)


def test_it_learns_what_one_column_tells() -> None:
    random = np.random.default_rng(0)
    rows = random.normal(size=(300, 4))
    kinds = (rows[:, 2] + 0.3 * random.normal(size=300) > 0).astype(float)
    logits = logits_of(learn_stumps(rows[:200], kinds[:200]), rows[200:])
    assert auroc(kinds[200:].astype(int), logits) > 0.9


def test_rows_of_one_value_teach_nothing() -> None:
    rows = np.ones((4, 2))
    assert learn_stumps(rows, np.array([0.0, 1, 0, 1])) == []
    np.testing.assert_array_equal(logits_of([], rows), 0)


def facts_and_parts() -> tuple[dict[str, Facts], list[tuple[dict[str, bool], dict[str, bool]]]]:
    """Abnormal videos have a higher rate as a rule; everything else is equal."""
    random = np.random.default_rng(0)
    kinds = {f"v{i:02}": bool(i % 2) for i in range(N)}
    facts = {
        name: Facts(frame_rate=25 + 5 * kind + 6 * random.random(), width=320, height=240)
        for name, kind in kinds.items()
    }
    folds = []
    for fold in range(2):
        test = {name: kind for name, kind in kinds.items() if (int(name[1:]) // 2) % 2 == fold}
        folds.append(({name: kinds[name] for name in kinds if name not in test}, test))
    return facts, folds


def test_pooled_and_of_each_fold() -> None:
    facts, folds = facts_and_parts()

    found = shortcut_baseline(facts, folds)

    assert found.pooled is not None
    assert found.pooled.auroc is not None
    assert found.pooled.interval is not None
    assert 0.7 < found.pooled.auroc <= 1
    assert found.pooled.interval[0] <= found.pooled.auroc <= found.pooled.interval[1]
    assert (found.pooled.n_normal, found.pooled.n_abnormal) == (N // 2, N // 2)
    assert found.pooled.shares["frame_rate"] == pytest.approx(1)
    for fold, (train, test) in zip(found.folds, folds, strict=True):
        rows = {name: [facts[name].frame_rate] for name in facts}
        stumps = learn_stumps(
            np.round([rows[name] for name in train], 2), np.array(list(train.values()), float)
        )
        logits = logits_of(stumps, np.round([rows[name] for name in test], 2))
        assert fold.auroc == pytest.approx(roc_auc_score(list(test.values()), logits))


def test_the_order_of_videos_and_folds_decides_nothing() -> None:
    facts, folds = facts_and_parts()
    turned = [tuple(dict(reversed(part.items())) for part in fold) for fold in folds]

    one, other = shortcut_baseline(facts, folds), shortcut_baseline(facts, turned)  # type: ignore[arg-type]

    assert one == other


def test_equal_files_tell_nothing() -> None:
    facts, folds = facts_and_parts()
    equal = {name: replace(each, frame_rate=25) for name, each in facts.items()}
    found = shortcut_baseline(equal, folds[:1])
    assert found.pooled is None
    assert found.folds[0].auroc == 0.5
    assert found.folds[0].shares == dict.fromkeys(found.folds[0].shares, 0.0)


def test_videos_of_one_kind() -> None:
    facts, [(train, test), _other] = facts_and_parts()
    normal = {name: kind for name, kind in train.items() if not kind}

    assert shortcut_baseline(facts, [(normal, test)]).folds[0].auroc == 0.5
    untold = shortcut_baseline(facts, [(train, normal)]).folds[0]
    assert (untold.auroc, untold.interval, untold.n_abnormal) == (None, None, 0)
