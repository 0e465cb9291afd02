"""Makes splits: from lists that people have, or by holding out groups of videos.

A split is never changed. The same name again is its next version.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from django.db import transaction
from django.db.models import Prefetch
from django.utils.translation import gettext as _

from ml.findings import Finding, shortened
from ml.naming import NameIndex
from ml.normal import NORMAL
from ml.records import BadInput
from ml.splits.lists import Entry, SplitList, read_list
from ml.splits.making import Grouped, hold_out_validation, make_folds, not_stratified
from ml.splits.spans import read_spans, unlike_durations
from ml.splits.tables import GROUP_KINDS, read_groups
from webapp.accounts.models import User
from webapp.accounts.permissions import Permission, require
from webapp.audit.models import AuditEvent
from webapp.audit.services import record
from webapp.common.errors import UserError
from webapp.common.ids import new_id
from webapp.datasets.leaks import as_json, review, review_splits
from webapp.datasets.models import Dataset, Interval, Part, Split, SplitMember, Video
from webapp.datasets.order import index_of
from webapp.datasets.services import PUBLISHED
from webapp.datasets.versions import next_version

MAX_NAME_LENGTH = 80
MAX_GROUP_LENGTH = 200
MAX_ORIGIN_LENGTH = 300
MAX_FILE_BYTES = 20_000_000
CROSS = "cross_validation"
STRATA = "strata"  # subject of what a report says of folds that are not stratified


@dataclass(frozen=True, kw_only=True)
class GivenList:
    """A list as it was uploaded; `part` is empty where the list itself says it."""

    name: str
    data: bytes
    part: str = ""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A split to be: part of each video, and what is to be told about it.

    Where it `follows_list`, its videos stand in the order of a list.
    """

    parts: Mapping[Video, str]
    findings: Sequence[Finding] = field(default_factory=tuple)
    follows_list: bool = False


@transaction.atomic
def import_split(
    *, dataset: Dataset, name: str, files: Sequence[GivenList], by: User
) -> list[Split]:
    """Splits as lists give them: one, or one per file where each file is a fold.

    Names that are no video here are reported and left out. Raise UserError.
    """
    require(by, Permission.DATASET_IMPORT, team=dataset.team)
    name = _checked_name(name)
    if not files:
        raise UserError(_("Choose at least one list."), field="files")
    read = [(file, _read(file, dataset)) for file in files]
    index = index_of(dataset.videos.current().without_times())
    if _are_folds(read):
        drafts = [_draft(index, [pair], is_fold=True) for pair in read]
    else:
        drafts = [_draft(index, read)]
    origin = ", ".join(file.name for file in files)
    splits = _store(dataset, name, drafts, origin=origin)
    _record(splits, by)
    return splits


@transaction.atomic
def make_split(
    *,
    dataset: Dataset,
    name: str,
    held_out_by: str = "",
    n_folds: int | None = None,
    validation_share: float | None = None,
    with_abnormal: bool = False,
    base: Split | None = None,
    seed: int = 0,
    by: User,
) -> list[Split]:
    """Folds over all ready videos, or `base` with a share of its training videos held out for
    validation: normal ones, or `with_abnormal` ones such as weak and full supervision need.

    `held_out_by` is source, camera or actor; without it every video stands for itself. `base`
    is the dataset's newest split unless told. Raise UserError.
    """
    require(by, Permission.DATASET_IMPORT, team=dataset.team)
    name = _checked_name(name)
    if held_out_by not in ("", *GROUP_KINDS):
        raise UserError(_("Videos are held out by source, camera or actor."), field="held_out_by")
    if (n_folds is None) == (validation_share is None):
        raise UserError(_("Ask either for folds or for a share of validation videos."))
    try:
        if n_folds is not None:
            drafts = _folds(dataset, held_out_by, n_folds, seed)
            origin = f"{n_folds} folds, seed {seed}"
        else:
            base = base or dataset.splits.first()
            drafts = [
                _with_validation(base, held_out_by, validation_share or 0, seed, with_abnormal)
            ]
            kinds = " of both kinds" if with_abnormal else ""
            origin = f"{base}, {validation_share:.0%}{kinds} for validation, seed {seed}"
    except BadInput as error:
        raise UserError(_sentence(error), code="split_impossible") from error
    splits = _store(dataset, name, drafts, origin=origin, held_out_by=held_out_by)
    _record(splits, by)
    return splits


@dataclass(frozen=True, kw_only=True)
class FoldRule:
    """How the folds of a cross-validation are made over all ready videos of a dataset."""

    n_folds: int
    held_out_by: str = "source"
    seed: int = 0

    @property
    def name(self) -> str:
        return f"{self.n_folds} folds" + (f" by {self.held_out_by}" if self.held_out_by else "")


@transaction.atomic
def stratified_folds(*, dataset: Dataset, rule: FoldRule, by: User) -> list[Split]:
    """The folds by `rule`, those that are there already where it gives the same ones again.

    So what is cross-validated by one rule is judged on the same folds. Raise UserError, also where
    they cannot be stratified.
    """
    require(by, Permission.DATASET_IMPORT, team=dataset.team)
    try:
        drafts = _folds(dataset, rule.held_out_by, rule.n_folds, rule.seed)
    except BadInput as error:
        raise UserError(_sentence(error), code="split_impossible", field=CROSS) from error
    for finding in drafts[0].findings:
        if finding.subject == STRATA:
            raise UserError(f"{finding.text}.", code="not_stratified", field=CROSS)
    return _same_folds(dataset, rule.name, drafts) or make_split(
        dataset=dataset, name=rule.name, held_out_by=rule.held_out_by, n_folds=rule.n_folds,
        seed=rule.seed, by=by,
    )  # fmt: skip


def _same_folds(dataset: Dataset, name: str, drafts: Sequence[Draft]) -> list[Split]:
    """The newest folds of this name where their parts are these; none otherwise."""
    newest = dataset.splits.filter(name=name, fold__isnull=False).order_by("-version").first()
    if newest is None:
        return []
    folds = list(dataset.splits.filter(name=name, version=newest.version).order_by("fold"))
    theirs = [dict(fold.members.values_list("video", "part")) for fold in folds]
    ours = [{video.pk: part for video, part in draft.parts.items()} for draft in drafts]
    return folds if ours == theirs else []


def _record(splits: Sequence[Split], by: User) -> None:
    """Folds are made together and are told of once."""
    first = splits[0]
    name, dataset = f"{first.name} v{first.version}", first.dataset
    record(
        AuditEvent.Act.SPLIT_CREATED, first, team=dataset.team, by=by, name=name,
        dataset=dataset.name, origin=first.origin, n_folds=len(splits) if first.fold else None,
    )  # fmt: skip


@transaction.atomic
def set_groups(*, dataset: Dataset, file: GivenList, by: User) -> list[Finding]:
    """Take source, camera and actor of the videos from a table, and look at all splits anew.

    With them the times within the source, where it has any. Columns that it does not have stay as
    they are. Returns what to tell. Raise UserError.
    """
    require(by, Permission.DATASET_IMPORT, team=dataset.team)
    _check_size(file)
    try:
        groups = read_groups(file.data, file.name)
        spans, findings = read_spans(file.data, file.name)
    except BadInput as error:
        raise UserError(_sentence(error), code="unreadable", field="groups") from error
    index = index_of(dataset.videos.current().without_times())
    found = {name: index.find(name) for name in groups}
    _check_named_once(found, groups)
    named = [_grouped(video, groups[name]) for name, video in found.items() if video]
    if not named:
        text = _("%(file)s names no video of this dataset.") % {"file": file.name}
        raise UserError(text, code="no_video", field="groups")
    durations = {name: video.duration_seconds for name, video in found.items() if video}
    findings += unlike_durations(spans, durations, file.name)
    for name, span in spans.items():
        if video := found.get(name):
            video.source_start, video.source_end = span
    Video.objects.bulk_update(named, [*GROUP_KINDS, "source_start", "source_end"])
    review_splits(dataset)
    record(
        AuditEvent.Act.VIDEO_GROUPED, dataset, team=dataset.team, by=by,
        file=file.name, n_videos=len(named),
    )  # fmt: skip
    missing = [_with_reason(index, name) for name, video in found.items() if not video]
    return [*_unmatched(file.name, missing, len(found)), *findings]


def _check_named_once(
    found: Mapping[str, Video | None], groups: Mapping[str, Mapping[str, str]]
) -> None:
    """Two names of one video may not give it two groups."""
    known: dict[Video, str] = {}
    for name, video in found.items():
        other = known.setdefault(video, name) if video else name
        if groups[other] != groups[name]:
            text = _("%(first)s and %(second)s both name %(video)s, and give it different groups.")
            values = {"first": other, "second": name, "video": video}
            raise UserError(text % values, code="twice", field="groups")


def _with_reason(index: NameIndex[Video], name: str) -> str:
    return f"{name} ({index.why_not(name)})"


def _grouped(video: Video, groups: Mapping[str, str]) -> Video:
    for kind, group in groups.items():
        if len(group) > MAX_GROUP_LENGTH:
            text = _("The %(kind)s of %(video)s is longer than %(max)d characters.")
            values = {"kind": kind, "video": video, "max": MAX_GROUP_LENGTH}
            raise UserError(text % values, field="groups")
        setattr(video, kind, group)
    return video


def _checked_name(name: str) -> str:
    name = name.strip()
    if not 0 < len(name) <= MAX_NAME_LENGTH:
        text = _("The name needs 1 to %(max)d characters.") % {"max": MAX_NAME_LENGTH}
        raise UserError(text, field="name")
    if name == PUBLISHED:
        text = _("“%(name)s” is the split that the import makes; choose another name.")
        raise UserError(text % {"name": name}, code="name_taken", field="name")
    return name


def _read(file: GivenList, dataset: Dataset) -> SplitList:
    if file.part not in ("", *Part.values):
        raise UserError(_("A part is train, validation or test."), field="files")
    _check_size(file)
    try:
        given = read_list(file.data, file.name, dataset.normal_labels)
    except BadInput as error:
        raise UserError(_sentence(error), code="unreadable", field="files") from error
    if not file.part and any(entry.part is None for entry in given.entries):
        text = _("%(file)s does not say which part its videos are in: say it.")
        raise UserError(text % {"file": file.name}, code="part_unknown", field="files")
    return given


def _check_size(file: GivenList) -> None:
    if len(file.data) > MAX_FILE_BYTES:
        text = _("%(file)s is larger than %(max)d MB.")
        raise UserError(text % {"file": file.name, "max": MAX_FILE_BYTES // 1_000_000})


def _sentence(error: BadInput) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."


def _are_folds(read: Sequence[tuple[GivenList, SplitList]]) -> bool:
    """Several files that each assign parts to the same videos."""
    return len(read) > 1 and all(
        given.format == "subsets" and not file.part for file, given in read
    )


def _draft(
    index: NameIndex[Video], read: Sequence[tuple[GivenList, SplitList]], *, is_fold: bool = False
) -> Draft:
    parts: dict[Video, str] = {}
    findings: list[Finding] = []
    missing: list[str] = []
    for file, given in read:
        found = {entry: index.find(entry.file) for entry in given.entries}
        findings += given.findings
        findings += _findings_of(file.name, found, index)
        missing += [_with_reason(index, entry.path) for entry, video in found.items() if not video]
        for entry, video in found.items():
            if video:
                _assign(parts, video, file.part or str(entry.part))
    if not parts:
        text = _("None of the names in %(files)s is a video of this dataset: %(names)s.")
        files = ", ".join(file.name for file, _given in read)
        values = {"files": files, "names": shortened(missing)}
        raise UserError(text % values, code="no_video", field="files")
    draft = Draft(parts=parts, findings=findings, follows_list=True)
    return _tested(draft) if is_fold else draft


def _assign(parts: dict[Video, str], video: Video, part: str) -> None:
    if parts.setdefault(video, part) != part:
        text = _("%(video)s is listed for two parts: %(first)s and %(second)s.")
        values = {"video": video, "first": parts[video], "second": part}
        raise UserError(text % values, code="two_parts", field="files")


def _tested(draft: Draft) -> Draft:
    """Folds that call what they hold out validation are judged by it all the same."""
    if Part.TEST in draft.parts.values():
        return draft
    text = "What the fold calls validation is its test part here: the fold is judged by it"
    return replace(
        draft,
        parts={
            video: Part.TEST if part == Part.VALIDATION else part
            for video, part in draft.parts.items()
        },
        findings=[*draft.findings, Finding(level="info", subject="parts", text=text)],
    )


def _findings_of(
    file_name: str, found: Mapping[Entry, Video | None], index: NameIndex[Video]
) -> Iterator[Finding]:
    """Where a list and the dataset do not say the same, one sentence for each kind."""
    missing = [_with_reason(index, entry.path) for entry, video in found.items() if video is None]
    yield from _unmatched(file_name, missing, len(found))
    pairs = [(entry, video) for entry, video in found.items() if video]
    labels = [entry.name for entry, video in pairs if _labels_differ(entry, video)]
    if labels:
        text = (
            f"{len(labels)} videos are normal in the list and abnormal here, or the other way "
            f"round. Runs go by the labels here: {shortened(labels)}"
        )
        yield Finding(level="warning", subject=file_name, text=text)
    counts = [
        entry.name
        for entry, video in pairs
        if entry.n_frames and video.n_frames and entry.n_frames != video.n_frames
    ]
    if counts:
        text = (
            f"{len(counts)} videos have another number of frames in the list than here, where "
            f"frames were counted: {shortened(counts)}"
        )
        yield Finding(level="info", subject=file_name, text=text)


def _unmatched(file_name: str, missing: Sequence[str], n_names: int) -> Iterator[Finding]:
    if missing:
        text = (
            f"{len(missing)} of {n_names} names are no video of this dataset, or may be "
            f"several, and are left out: {shortened(missing)}"
        )
        yield Finding(level="warning", subject=file_name, text=text)


def _labels_differ(entry: Entry, video: Video) -> bool:
    known = bool(entry.label and video.label)
    return known and (entry.label == NORMAL) != (video.label == NORMAL)


def _folds(dataset: Dataset, held_out_by: str, n_folds: int, seed: int) -> list[Draft]:
    videos = {video.name: video for video in dataset.videos.ready().without_times()}
    grouped = [_as_grouped(video, held_out_by) for video in videos.values()]
    findings = list(_ungrouped(grouped, held_out_by))
    folds = make_folds(grouped, n_folds, seed)
    if fault := not_stratified(grouped, folds):
        findings.append(Finding(level="warning", subject=STRATA, text=fault))
    return [
        Draft(parts={videos[name]: part for name, part in fold.items()}, findings=findings)
        for fold in folds
    ]


def _with_validation(
    base: Split | None, held_out_by: str, share: float, seed: int, with_abnormal: bool
) -> Draft:
    if base is None:
        raise BadInput("the dataset has no split yet whose training videos could be held out")
    intervals = Interval.objects.filter(annotation_set=base.dataset.ground_truth)
    known = Prefetch("video__intervals", intervals, to_attr="ground_truth")
    members = base.members.select_related("video").defer("video__pts_seconds").order_by("pk")
    parts = {member.video: member.part for member in members.prefetch_related(known)}
    training = [
        replace(_as_grouped(video, held_out_by), label=video.known_label)
        for video, part in parts.items()
        if part == Part.TRAIN
    ]
    names = hold_out_validation(training, share, seed, with_abnormal=with_abnormal)
    moved = {video: Part.VALIDATION for video in parts if video.name in names}
    return Draft(
        parts=parts | moved,
        findings=list(_ungrouped(training, held_out_by)),
        follows_list=base.follows_list,
    )


def _as_grouped(video: Video, held_out_by: str) -> Grouped:
    group = getattr(video, held_out_by) if held_out_by else ""
    return Grouped(name=video.name, label=video.label, group=group)


def _ungrouped(videos: Sequence[Grouped], held_out_by: str) -> Iterator[Finding]:
    names = [video.name for video in videos if not video.group]
    if held_out_by and names:
        text = (
            f"{len(names)} of {len(videos)} videos have no {held_out_by} and stand for "
            f"themselves: {shortened(names)}"
        )
        yield Finding(level="warning", subject="groups", text=text)


def _store(
    dataset: Dataset, name: str, drafts: Sequence[Draft], *, origin: str, held_out_by: str = ""
) -> list[Split]:
    """In the order of folds, the first with the highest id, so that it counts as the newest."""
    version = next_version(dataset, dataset.splits, name)
    ids = sorted((new_id("split") for _draft in drafts), reverse=True)
    splits = [
        Split.objects.create(
            id=split_id,
            dataset=dataset,
            name=name,
            version=version,
            fold=fold if len(drafts) > 1 else None,
            origin=origin[:MAX_ORIGIN_LENGTH],
            held_out_by=held_out_by,
            follows_list=draft.follows_list,
            report=[*map(as_json, draft.findings), *map(as_json, _left_out(dataset, draft))],
        )
        for fold, (split_id, draft) in enumerate(zip(ids, drafts, strict=True), start=1)
    ]
    for split, draft in zip(splits, drafts, strict=True):
        SplitMember.objects.bulk_create(
            SplitMember(split=split, video=video, part=part) for video, part in draft.parts.items()
        )
    review(splits)
    return splits


def _left_out(dataset: Dataset, draft: Draft) -> Iterator[Finding]:
    """What a split lacks, which those who run on it should know."""
    held = {video.pk for video in draft.parts}
    names = [video.name for video in dataset.videos.ready().without_times() if video.pk not in held]
    if names:
        text = f"{len(names)} videos of the dataset are in no part: {shortened(names)}"
        yield Finding(level="info", subject="parts", text=text)
    counts = Counter(draft.parts.values())
    for part in (Part.TRAIN, Part.TEST):
        if not counts[part]:
            yield Finding(level="warning", subject="parts", text=f"The {part} part is empty")
