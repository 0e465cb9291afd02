"""The tables of a paper on a dataset: what is printed, what is ours, and what is missing."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from statistics import mean, stdev
from typing import Any

import numpy as np
import pytest
from django.http import Http404

from ml.methods import METHODS
from ml.metrics import auroc
from ml.registry import describe
from ml.scores.fusion import Recipe
from tests.evaluating import evaluate
from tests.factories.datasets import (
    FeatureFileFactory,
    FeatureSetFactory,
    SplitMemberFactory,
    VideoFactory,
)
from tests.factories.results import float32, labelled_run, save_by_name
from tests.factories.runs import RunFactory
from webapp.accounts.models import Team, User
from webapp.common.errors import UserError
from webapp.datasets.models import Dataset, FeatureSet, Part
from webapp.results.files.paper_tables import COLUMNS, paper_tables
from webapp.results.files.tables import FORMATS
from webapp.results.protocols.presets import ensure_protocols
from webapp.results.scores.combining import is_plain_mean
from webapp.results.scores.reading import read_scores
from webapp.results.studies import printed
from webapp.results.studies.paper_runs import combine_missing, submit_missing
from webapp.results.studies.paper_tables import (
    PaperRow,
    PaperTables,
    chosen_tables,
    has_sound,
)
from webapp.results.studies.reported import REPORTED
from webapp.runs.models import Method, Run, Sweep
from webapp.runs.services import publish_methods

pytestmark = pytest.mark.django_db

LABELS = {"a": [0, 0, 1, 1], "b": [0, 0, 0, 1], "c": [0, 0, 0, 0]}
DESCRIBED = [each for each in describe() if each["supervision"] == "weak"]


@pytest.fixture
def features(team: Team) -> FeatureSet:
    run = labelled_run(LABELS, team=team, current_job__ended=True)
    run.dataset.benchmark = "ucf-crime"
    run.dataset.save()
    for label in ("normal", "Abuse"):
        video = VideoFactory.create(dataset=run.dataset, name=label, label=label)
        SplitMemberFactory.create(split=run.split, video=video, part=Part.TRAIN)
    publish_methods(DESCRIBED)
    feature_set = FeatureSetFactory.create(dataset=run.dataset)
    for video in run.dataset.videos.all():
        FeatureFileFactory.create(feature_set=feature_set, video=video)
    return feature_set


@pytest.fixture
def enter(features: FeatureSet) -> Callable[..., Run]:
    """A scored run of a row's method; scores are drawn by the seed and the method's name."""

    def run(setting: printed.Setting, seed: int = 0, **changes: Any) -> Run:
        dataset = features.dataset
        described = next(each for each in DESCRIBED if each["name"] == setting.method)
        fields = described["schema"]["properties"]
        config = {name: field.get("default") for name, field in fields.items()}
        entered = RunFactory.create(
            team=dataset.team, dataset=dataset, split=dataset.splits.get(),
            annotation_set=dataset.ground_truth, feature_set=features, current_job__ended=True,
            method=Method.objects.get(pk=setting.method), seed=seed,
            config=config | dict(setting.config) | changes,
        )  # fmt: skip
        rng = np.random.default_rng([seed, *setting.title.encode()])
        scores = {name: float32(*rng.random(len(labels))) for name, labels in LABELS.items()}
        evaluate(save_by_name(entered, scores), ensure_protocols()[0])
        return entered

    return run


def tables_of(features: FeatureSet, **chosen: str) -> PaperTables:
    found = chosen_tables(features.dataset, **chosen)
    assert found is not None
    return found


def row_of(found: PaperTables, number: int, method: str, kind: str = "I3D") -> PaperRow:
    [table] = [each for each in found.tables if each.printed.number == number]
    return next(
        row for row in table.rows if row.claim.method == method and row.claim.features == kind
    )


def raw_auroc(run: Run) -> float:
    scores = by_name(run)
    order = sorted(LABELS)
    return auroc(
        np.concatenate([LABELS[name] for name in order]),
        np.concatenate([scores[name] for name in order]),
    )


def by_name(run: Run) -> dict[str, Any]:
    names = dict(run.dataset.videos.values_list("pk", "name"))
    return {names[pk]: scores.values for pk, scores in read_scores(run.score_set).items()}


def test_every_table_of_the_paper_is_there_with_all_its_rows() -> None:
    n_rows = {(table.number, table.benchmark): len(table.claims) for table in printed.TABLES}

    assert n_rows == {
        (1, "ucf-crime"): 3, (1, "shanghaitech"): 3, (1, "xd-violence"): 4,
        (2, "ucf-crime"): 14, (3, "shanghaitech"): 13, (4, "xd-violence"): 15,
        (5, "ucf-crime"): 3, (5, "shanghaitech"): 3,
    }  # fmt: skip
    for table in printed.TABLES:
        assert {claim.protocol for claim in table.claims} == {table.protocol}
        assert all(printed.way_of(claim) for claim in table.claims)


def test_printed_numbers_are_those_of_the_paper() -> None:
    values = {
        (table.number, table.benchmark, claim.method, claim.features): claim.value
        for table in printed.TABLES
        for claim in table.claims
    }

    assert values[5, "ucf-crime", "RTFM + Video Classifier", "I3D"] == 0.8521
    assert values[5, "shanghaitech", "RTFM + both", "I3D"] == 0.9748
    assert values[2, "ucf-crime", "Motion-Aware", "PWC flow"] == 0.79
    assert values[4, "xd-violence", "Wu et al.", "I3D and VGGish"] == 0.7864
    assert values[1, "xd-violence", "Video Classifier with Bi-LSTM", "I3D and VGGish"] == 0.7875


def test_what_rows_are_made_of_is_a_method_here_and_a_config_that_it_takes() -> None:
    known = METHODS.load()
    for settings in printed.MADE_OF.values():
        for setting in settings:
            known[setting.method].Config(**setting.config)


def test_every_method_that_is_named_is_one_of_a_claim() -> None:
    claimed = {claim.method for claims in REPORTED.values() for claim in claims}

    assert set(printed.MADE_OF) <= claimed


def test_ours_stands_beside_the_printed_number(
    features: FeatureSet, enter: Callable[..., Run]
) -> None:
    run = enter(printed.ATTENTION)

    row = row_of(tables_of(features), 2, "Video Classifier")

    assert row.ours is not None
    assert row.ours.runs == [run]
    assert row.ours.spread is not None
    assert row.ours.spread.mean == pytest.approx(raw_auroc(run))
    assert row.difference == pytest.approx(raw_auroc(run) - 0.8396)
    assert row.ours.changes == ""
    assert row.way == printed.OWN_WAY


def test_seeds_are_averaged_and_other_settings_told(
    features: FeatureSet, enter: Callable[..., Run]
) -> None:
    enter(printed.ATTENTION, seed=0)  # another configuration: the newest one counts
    runs = [enter(printed.ATTENTION, seed=seed, updates=50) for seed in (0, 1, 2)]
    values = [raw_auroc(run) for run in runs]

    ours = row_of(tables_of(features), 1, "Video Classifier").ours

    assert ours is not None
    assert ours.spread is not None
    assert (ours.spread.n, ours.spread.mean) == (3, pytest.approx(mean(values)))
    assert ours.spread.deviation == pytest.approx(stdev(values))
    assert ours.changes == "updates 50"
    assert ours.interval is None


def test_variants_of_a_method_are_told_apart(
    features: FeatureSet, enter: Callable[..., Run]
) -> None:
    enter(printed.LSTM)

    found = tables_of(features)

    assert row_of(found, 1, "Video Classifier, Bi-LSTM without attention").ours is not None
    assert row_of(found, 1, "Video Classifier").lacking == "no_runs"
    assert row_of(found, 2, "MIST", "I3D, fine-tuned").lacking == "not_here"


@pytest.mark.usefixtures("eager_worker")
def test_rows_of_several_methods_are_combined_for_each_seed_that_all_have(
    features: FeatureSet, enter: Callable[..., Run], bob: User
) -> None:
    """By the mean of their scores as they are."""
    rtfm = [enter(printed.RTFM, seed=seed) for seed in (0, 1, 2)]
    ours = [enter(printed.ATTENTION, seed=seed) for seed in (0, 1)]
    before = tables_of(features)
    assert row_of(before, 5, "RTFM + Video Classifier").lacking == "not_combined"
    assert row_of(before, 5, "RTFM + both").lacking == "no_runs"

    made = combine_missing(before, by=bob)

    members = [{each["run"] for each in run.recipe["members"]} for run in made]
    assert members == [{rtfm[seed].pk, ours[seed].pk} for seed in (0, 1)]
    row = row_of(tables_of(features), 5, "RTFM + Video Classifier")
    assert row.ours is not None
    assert row.ours.runs == made
    assert row.ours.spread is not None
    expected = [mean_auroc(rtfm[seed], ours[seed]) for seed in (0, 1)]
    assert (row.ours.spread.n, row.ours.spread.mean) == (2, pytest.approx(mean(expected)))
    with pytest.raises(UserError, match="nothing to combine"):
        combine_missing(tables_of(features), by=bob)


def mean_auroc(*runs: Run) -> float:
    """Of the mean of their scores."""
    joined = [by_name(run) for run in runs]
    order = sorted(LABELS)
    means = [np.mean([each[name].astype(float) for each in joined], axis=0) for name in order]
    return auroc(np.concatenate([LABELS[name] for name in order]), np.concatenate(means))


def test_a_weighted_mix_is_not_the_papers(
    features: FeatureSet, enter: Callable[..., Run], bob: User
) -> None:
    runs = [enter(printed.RTFM), enter(printed.ATTENTION)]
    member = {"run": runs[0].pk, "weight": 2.0}
    weighted = Recipe.from_json({"members": [member, {"run": runs[1].pk}]})
    smoothed = Recipe.from_json(
        {"members": [{"run": run.pk} for run in runs], "smoothing": "mean", "smoothing_frames": 3}
    )
    plain = Recipe.from_json({"members": [{"run": run.pk} for run in runs]})

    assert [is_plain_mean(each) for each in (weighted, smoothed, plain)] == [False, False, True]


def test_what_is_missing_is_submitted_once_with_the_papers_settings(
    features: FeatureSet, bob: User
) -> None:
    made = submit_missing(tables_of(features), seeds=[0, 1], by=bob)

    assert all(isinstance(each, Sweep) for each in made)
    runs = Run.objects.filter(sweep__in=[each.pk for each in made])
    methods = [run.method_id for run in runs.order_by("method_id", "pk")]
    assert {name: methods.count(name) for name in methods} == {
        "bilstm_mil": 2, "hl_net": 2, "rtfm": 2, "sultani_mil": 2, "video_classifier": 6,
    }  # fmt: skip
    assert {run.config["layers"] for run in runs.filter(method="video_classifier")} == {
        "attention", "lstm", "lstm_attention",
    }  # fmt: skip
    assert tables_of(features).to_train == []
    with pytest.raises(UserError, match="something has been submitted"):
        submit_missing(tables_of(features), by=bob)


def test_as_published_is_best_on_test_after_every_update_beside_what_was_chosen_otherwise(
    features: FeatureSet, enter: Callable[..., Run], bob: User
) -> None:
    last = enter(printed.RTFM)
    assert "RTFM" in {each.title for each in tables_of(features, selection="test").to_train}

    submit_missing(
        tables_of(features, selection="test"), selection="test", validate_every=1, by=bob
    )

    runs = Run.objects.filter(feature_set=features).exclude(pk=last.pk)
    assert {run.selection for run in runs} == {"test"}
    assert {run.config["validate_every"] for run in runs} == {1}
    assert runs.get(method="bilstm_mil").config["split_size"] == 32
    assert tables_of(features, selection="test").to_train == []
    chosen = enter(printed.RTFM, validate_every=1)
    Run.objects.filter(pk=chosen.pk).update(selection="test")
    for selection, run, changes in (("last", last, ""), ("test", chosen, "validate_every 1")):
        ours = row_of(tables_of(features, selection=selection), 2, "RTFM").ours
        assert ours is not None
        assert (ours.runs, ours.changes) == ([run], changes)
        assert ours.is_selected_on_test is (selection == "test")


def test_a_single_run_is_no_sweep(features: FeatureSet, bob: User) -> None:
    made = submit_missing(tables_of(features), by=bob)

    kinds = {each.method_id: type(each) for each in made}
    assert kinds["rtfm"] is Run
    assert kinds["video_classifier"] is Sweep


def test_sound_is_told_by_layout_or_extractor(features: FeatureSet) -> None:
    features.dataset.benchmark = "xd-violence"
    features.dataset.save()
    row = row_of(tables_of(features), 4, "Bi-LSTM with MIL", "I3D and VGGish")
    assert row.lacking == "other_features"
    assert not has_sound(features)

    features.layout = "crops_and_audio"
    features.save()

    assert has_sound(features)
    assert row_of(tables_of(features), 4, "Bi-LSTM with MIL", "I3D and VGGish").lacking == "no_runs"
    assert row_of(tables_of(features), 4, "Bi-LSTM with MIL").lacking == "other_features"


def test_other_benchmarks_may_be_looked_at_and_unknown_ones_are_not_there(
    features: FeatureSet,
) -> None:
    found = tables_of(features, benchmark="shanghaitech")
    assert [table.printed.number for table in found.tables] == [1, 3, 5]
    assert not found.is_the_benchmark
    for wrong in (
        {"benchmark": "avenue"}, {"split": "split_0"}, {"features": "feat_0"},
        {"selection": "unknown"},
    ):  # fmt: skip
        with pytest.raises(Http404):
            chosen_tables(features.dataset, **wrong)


def test_a_dataset_without_a_split_has_no_tables(features: FeatureSet) -> None:
    dataset: Dataset = FeatureSetFactory.create().dataset

    assert chosen_tables(dataset) is None


def test_the_file_has_every_row(features: FeatureSet, enter: Callable[..., Run]) -> None:
    run = enter(printed.RTFM)
    found = tables_of(features)
    _type, write = FORMATS["csv"]

    rows = list(csv.DictReader(io.StringIO("".join(write(paper_tables(found))))))

    assert len(rows) == 3 + 14 + 3
    assert set(COLUMNS) <= set(rows[0])
    [ours] = [row for row in rows if row["method"] == "RTFM" and row["features"] == "I3D"]
    assert ours["runs"] == run.pk
    assert float(ours["ours"]) == pytest.approx(raw_auroc(run))
    assert ours["printed_how"] == printed.RTFM_WAY
    assert [row["lacking"] for row in rows if row["method"] == "MIST"] == ["not_here"]
