"""Where scores come from: sheets of maps, and what segments add, stored beside the scores."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.files import File
from django.db import transaction
from django.db.models import Max
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from webapp.common.errors import UserError
from webapp.datasets.models import Video
from webapp.results.models import (
    ERRORS,
    Explanation,
    PendingExplanation,
    ScoreSet,
    sheet_name,
)
from webapp.runs.models import Run

MAX_SHEET_BYTES = 8 * 1024**2
FACTS = (
    "kind", "target", "layer", "likeness_to_random", "rule", "first_frame", "frames_per_map",
    "n_maps", "height", "width", "columns", "highest",
)  # fmt: skip
# By the rank correlation with maps of random weights, below each.
SANITY = (
    (0.3, gettext_lazy(
        "With random weights the maps are others (rank correlation %(likeness)s): these hang on "
        "what was learnt."
    )),
    (0.7, gettext_lazy(
        "With random weights the maps are somewhat alike (rank correlation %(likeness)s): a part "
        "of what these show is there without learning."
    )),
    (math.inf, gettext_lazy(
        "With random weights the maps are nearly the same (rank correlation %(likeness)s): these "
        "say little of what was learnt."
    )),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A file and what has to be known to read it: see `ml.explain.maps` and `.segments`."""

    video_id: str
    path: Path
    facts: Mapping[str, Any]  # a value for each of FACTS


@transaction.atomic
def land(run: Run, sheets: Iterable[Sheet]) -> None:
    """Store what explains some videos of a run beside its scores, once it has them.

    Those that are there stay. Raise UserError for a file that is too large; nothing is stored then.
    """
    there = _landed(run)
    stored: list[PendingExplanation] = []
    try:
        for sheet in sheets:
            facts = {name: sheet.facts[name] for name in FACTS}
            if (sheet.video_id, facts["kind"], facts["target"], facts["layer"]) in there:
                continue
            stored.append(PendingExplanation(run=run, video_id=sheet.video_id, **facts))
            _store(stored[-1], sheet.path)
        PendingExplanation.objects.bulk_create(stored)
        _adopt(run)
    except BaseException:
        for each in stored:
            each.sheet.delete(save=False)
        raise


def _landed(run: Run) -> set[tuple[str, str, str, str]]:
    """Video, kind, target and layer of all that are stored."""
    key = ("video_id", "kind", "target", "layer")
    pending = PendingExplanation.objects.filter(run=run).values_list(*key)
    kept = Explanation.objects.filter(score_set__run=run).values_list(*key)
    return {*pending, *kept}


def _adopt(run: Run) -> None:
    """What waited belongs to the run's scores, where they are complete."""
    pending = PendingExplanation.objects.filter(run=run)
    for score_set in ScoreSet.objects.filter(run=run):
        Explanation.objects.bulk_create(
            Explanation(score_set=score_set, video_id=row.video_id, sheet=row.sheet.name, **facts)
            for row in pending
            for facts in [{name: getattr(row, name) for name in FACTS}]
        )
        pending.delete()


def explanations_on(
    video: Video, score_sets: Iterable[ScoreSet], *, kinds: Collection[str]
) -> list[Explanation]:
    """In the order of their runs' sets. `highest_of_run` of each is the highest cell of all videos
    of its run that are explained in the same way."""
    sets = list(score_sets)
    alike = Explanation.objects.filter(score_set__in=sets, kind__in=kinds)
    found = list(alike.filter(video=video).select_related("score_set").order_by("pk"))
    if not found:
        return []
    key = ("score_set", "kind", "target", "layer")
    highest = {tuple(way): top for *way, top in alike.values_list(*key).annotate(Max("highest"))}
    for each in found:
        each.highest_of_run = highest[each.score_set_id, each.kind, each.target, each.layer]
    place = {score_set.pk: number for number, score_set in enumerate(sets)}
    return sorted(found, key=lambda each: place[each.score_set_id])


def explanation_on(
    video: Video,
    score_sets: Iterable[ScoreSet],
    *,
    kind: str = ERRORS,
    target: str = "",
    layer: str = "",
) -> Explanation:
    """That of the one score set. Raise Http404 where it has none of this video."""
    for found in explanations_on(video, score_sets, kinds=[kind]):
        if (found.target, found.layer) == (target, layer):
            return found
    raise Http404(f"no {kind} {target} {layer}")


def content_of(explanation: Explanation) -> bytes:
    """Its file. Raise FileNotFoundError where the storage has lost it."""
    with explanation.sheet.open() as file:
        return bytes(file.read())


def facts_of(explanation: Explanation) -> dict[str, Any]:
    """All that a reader of the sheet needs."""
    facts = {name: getattr(explanation, name) for name in FACTS}
    return facts | {"highest_of_run": explanation.highest_of_run}


def sanity_of(explanation: Explanation) -> str:
    """In words, whether its maps hang on what was learnt; empty where that was not asked.

    After Adebayo et al., Sanity Checks for Saliency Maps, NeurIPS 2018, who name no limits: these
    are ours.
    """
    likeness = explanation.likeness_to_random
    if likeness is None:
        return ""
    sentence = next(words for below, words in SANITY if likeness < below)
    return str(sentence) % {"likeness": f"{likeness:.2f}".replace("-", "−")}


def _store(explanation: PendingExplanation, path: Path) -> None:
    """The name is set before the file is there, so that half a file can be found and deleted."""
    if path.stat().st_size > MAX_SHEET_BYTES:
        sentence = _("An explanation of %(video)s takes more than %(most)d bytes.")
        raise UserError(sentence % {"video": explanation.video_id, "most": MAX_SHEET_BYTES})
    storage = explanation.sheet.storage
    name = storage.get_available_name(sheet_name(explanation, path.name))
    explanation.sheet.name = name
    with path.open("rb") as file:
        explanation.sheet.name = storage.save(name, File(file))
