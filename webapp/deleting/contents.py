"""What hangs on something, counted and not deleted yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from webapp.datasets.models import (
    AnnotationImport,
    AnnotationSet,
    Dataset,
    FeatureFile,
    FeatureSet,
    RegionSet,
    Split,
    Video,
)
from webapp.deleting import files, holds
from webapp.deleting.holds import Hold
from webapp.jobs.models import Job
from webapp.results.models import (
    Evaluation,
    Explanation,
    PendingScores,
    PooledEvaluation,
    Protocol,
    ValidationScores,
    VideoScores,
)
from webapp.results.protocols.current_evaluations import IS_CURRENT
from webapp.results.studies.leaderboard_overview import best_of_each
from webapp.runs.models import Checkpoint, Run, Sweep, TrainingPoint, Weights
from webapp.sharing.models import ShareLink

Rows = Mapping[str, QuerySet]
TITLES: dict[str, str | Promise] = {
    "runs": gettext_lazy("Runs"),
    "videos": gettext_lazy("Videos in the list here (their files stay)"),
    "splits": gettext_lazy("Splits"),
    "ground_truths": gettext_lazy("Versions of the ground truth"),
    "ground_truth_files": gettext_lazy("Files of ground truth that people brought"),
    "feature_sets": gettext_lazy("Feature sets (files that people brought stay)"),
    "region_sets": gettext_lazy("Sets of regions"),
    "feature_files": gettext_lazy("Videos with features"),
    "checkpoints": gettext_lazy("Checkpoints"),
    "training_points": gettext_lazy("Points of learning curves"),
    "scores": gettext_lazy("Videos with scores"),
    "pending_scores": gettext_lazy("Videos with scores of an unfinished upload"),
    "validation_scores": gettext_lazy("Validation videos with scores"),
    "evaluations": gettext_lazy("Evaluations"),
    "pooled_evaluations": gettext_lazy("Pooled evaluations of cross-validations"),
    "explanations": gettext_lazy("Explanations of scores on videos"),
    "jobs": gettext_lazy("Jobs with their logs"),
}


@dataclass(frozen=True, kw_only=True)
class Dependents:
    """What goes with something, what is said of that, and what holds it."""

    counts: dict[str, int]  # by the keys of TITLES, without zeros
    n_files: int
    n_bytes: int | None  # of those files; None where the storage was not asked
    consequences: Sequence[str] = field(default_factory=tuple)
    holds: Sequence[Hold] = field(default_factory=tuple)

    @property
    def titled(self) -> list[tuple[str, int]]:
        return [(str(TITLES[name]), n) for name, n in self.counts.items()]


def of_run(run: Run) -> Dependents:
    ids = [run.pk]
    rows = rows_of_runs(ids)
    consequences = [*_ranks(ids), *_closed_links(ids), *_folds(rows)]
    return _dependents(rows, files.names_of(files.OF_RUN, ids), consequences, holds.of_run(run))


def of_scores(run: Run) -> Dependents:
    ids = [run.pk]
    rows = rows_of_scores(ids)
    consequences = [*_ranks(ids), *_folds(rows), _what_remains(run)]
    return _dependents(
        rows, files.names_of(files.OF_SCORES, ids), consequences, holds.of_scores(run)
    )


def of_sweep(sweep: Sweep) -> Dependents:
    ids = list(sweep.runs.values_list("pk", flat=True))
    rows = rows_of_sweep(sweep, ids)
    consequences = [*_ranks(ids), *_closed_links(ids)]
    return _dependents(rows, files.names_of(files.OF_RUN, ids), consequences, holds.of_sweep(sweep))


def of_feature_set(feature_set: FeatureSet) -> Dependents:
    rows = rows_of_feature_set(feature_set)
    names = files.names_of_features([feature_set.pk])
    consequences = [_what_stays(feature_set, n_files=len(names))]
    held = holds.of_feature_set(feature_set)
    return _dependents(rows, [], consequences, held, features=names)


def of_weights(weights: Weights) -> Dependents:
    names = files.names_of(files.OF_WEIGHTS, [weights.pk])
    return _dependents(rows_of_weights(weights), names, [], holds.of_weights(weights))


def of_dataset(dataset: Dataset) -> Dependents:
    rows = rows_of_dataset(dataset)
    names = files.names_of(files.OF_DATASET, [dataset.pk])
    consequences = (
        [] if dataset.is_listed else [_("The videos in %s stay as they are.") % dataset.folder]
    )
    features = files.names_of_features(dataset.feature_sets.values_list("pk", flat=True))
    return _dependents(rows, names, consequences, holds.of_dataset(dataset), features=features)


def rows_of_runs(ids: Sequence[str]) -> Rows:
    return {
        "checkpoints": Checkpoint.objects.filter(run__in=ids),
        "training_points": TrainingPoint.objects.filter(run__in=ids),
        "pending_scores": PendingScores.objects.filter(run__in=ids),
        **rows_of_scores(ids),
        "jobs": jobs_of(ids),
    }


def rows_of_sweep(sweep: Sweep, ids: Sequence[str]) -> Rows:
    return {"runs": sweep.runs.all(), **rows_of_runs(ids)}


def rows_of_scores(ids: Sequence[str]) -> Rows:
    """What is stored of the scores of runs, and what was computed of them."""
    return {
        "scores": VideoScores.objects.filter(score_set__run__in=ids),
        "validation_scores": ValidationScores.objects.filter(score_set__run__in=ids),
        "evaluations": Evaluation.objects.filter(score_set__run__in=ids),
        "pooled_evaluations": pooled_evaluations_of(ids),
        "explanations": Explanation.objects.filter(score_set__run__in=ids),
    }


def pooled_evaluations_of(ids: Sequence[str]) -> QuerySet[PooledEvaluation]:
    """Numbers over all folds mean nothing once the scores of one are gone."""
    return PooledEvaluation.objects.filter(score_sets__run__in=ids).distinct()


def rows_of_feature_set(feature_set: FeatureSet) -> Rows:
    return {
        "feature_files": FeatureFile.objects.filter(feature_set=feature_set),
        "jobs": jobs_of([feature_set.pk]),
    }


def rows_of_weights(weights: Weights) -> Rows:
    return {
        "checkpoints": Checkpoint.objects.filter(published=weights),
        "jobs": jobs_of([weights.pk]),
    }


def rows_of_dataset(dataset: Dataset) -> Rows:
    return {
        "videos": Video.objects.filter(dataset=dataset),
        "splits": Split.objects.filter(dataset=dataset),
        "ground_truths": AnnotationSet.objects.filter(dataset=dataset),
        "ground_truth_files": AnnotationImport.objects.filter(dataset=dataset),
        "feature_sets": FeatureSet.objects.filter(dataset=dataset),
        "region_sets": RegionSet.objects.filter(dataset=dataset),
        "jobs": jobs_of(holds.subjects_of(dataset)),
    }


def jobs_of(subjects: Iterable[str]) -> QuerySet[Job]:
    return Job.objects.filter(subject_id__in=list(subjects))


def counts_of(rows: Rows) -> dict[str, int]:
    counted = {name: found.count() for name, found in rows.items()}
    return {name: n for name, n in counted.items() if n}


def _dependents(
    rows: Rows,
    names: list[str],
    consequences: Sequence[str],
    held: Sequence[Hold],
    *,
    features: list[str] | None = None,
) -> Dependents:
    """`features` are names of files that lie where those do."""
    extracted = features or []
    sizes = (files.measured(names), files.measured(extracted, files.FEATURES))
    return Dependents(
        counts=counts_of(rows),
        n_files=len(names) + len(extracted),
        n_bytes=None if None in sizes else sum(size or 0 for size in sizes),
        consequences=consequences,
        holds=held,
    )


def _what_stays(feature_set: FeatureSet, *, n_files: int) -> str:
    if not feature_set.is_made_here:
        return _("The files in %s stay as they are.") % feature_set.folder
    n_shared = feature_set.files.values("extracted").distinct().count() - n_files
    sentence = ngettext(
        "%d file that another set uses, too, stays.",
        "%d files that other sets use, too, stay.",
        n_shared,
    )
    return sentence % n_shared if n_shared else _("No other set uses its files: they go with it.")


def _ranks(ids: Sequence[str]) -> list[str]:
    """Leaderboards are lists of all runs: one that goes leaves its place to the next."""
    current = Evaluation.objects.filter(IS_CURRENT, score_set__run__in=ids)
    protocols = Protocol.objects.filter(pk__in=current.values("protocol"))
    if not protocols:
        return []
    dataset = Dataset.objects.filter(runs__in=ids).distinct().get()
    best = [best_of_each([dataset], protocol).get(dataset.pk) for protocol in protocols]
    n_first = sum(each is not None and each.run_id in ids for each in best)
    sentence = ngettext(
        "It leaves the leaderboard of %(dataset)s under %(n)d protocol.",
        "It leaves the leaderboard of %(dataset)s under %(n)d protocols.",
        len(protocols),
    ) % {"dataset": dataset, "n": len(protocols)}
    if n_first:
        sentence += " " + ngettext(
            "Under %d it stands first.", "Under %d of them it stands first.", n_first
        ) % n_first  # fmt: skip
    return [sentence]


def _closed_links(ids: Sequence[str]) -> list[str]:
    shown = Q()
    for run in ids:
        shown |= Q(target__runs__contains=[run])
    links = ShareLink.objects.filter(shown) if ids else ShareLink.objects.none()
    n_closed = links.exclude(pk__in=ShareLink.objects.usable().values("pk")).count()
    sentence = ngettext(
        "%d link that showed it, revoked or expired, stays in the list of links.",
        "%d links that showed it, revoked or expired, stay in the list of links.",
        n_closed,
    )
    return [sentence % n_closed] if n_closed else []


def _folds(rows: Rows) -> list[str]:
    if not rows["pooled_evaluations"].exists():
        return []
    return [_("The other folds of its cross-validation stay, and are no longer pooled.")]


def _what_remains(run: Run) -> str:
    if run.kind == Run.Kind.UPLOADED:
        return _("The run stays and waits for scores again.")
    return _("The run stays with its weights. “Resume” scores it again.")
