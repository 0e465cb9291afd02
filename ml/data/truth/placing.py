"""One claim laid on the frames of its video, the only way in which that is done.

What a claim needs to fit is stated. Under the policy `repair` each change has a code that a
person accepts; under `refuse` whatever does not fit as it is written is an error and is not
stored. Only times past the end by less than their own precision are cut, with a warning.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from ml.clock import Clock
from ml.data.truth.claims import Claim, Reading
from ml.data.truth.labels import intervals_in, is_near, rule_of, spread
from ml.data.truth.rows import Row
from ml.data.truth.spans import Intervals, fitted, of_seconds, resampled, unfit, written
from ml.data.truth.videos import KnownVideo
from ml.findings import Finding, counted
from ml.records import Interval

Policy = Literal["repair", "refuse"]
RATE_TOLERANCE = 1e-3  # 29.97 for 30 is 0.1 %: a frame off after half a minute
LENGTH_TOLERANCE = 0.02  # of a video's length that a file states in seconds
WHOLE_SECONDS, EXACT_SECONDS = 1.0, 0.1  # between frames and times of one stretch
READABLE_SECONDS = 1.0  # of times that people read off a player


def place(claim: Claim, video: KnownVideo, reading: Reading, policy: Policy) -> Row:
    """The claim beside its video. Raise nothing: what cannot be is a note of level error."""
    if claim.is_whole and video.n_frames:
        return _whole(claim, video)
    if sentence := _unusable(claim, video, reading):
        return _row(claim, video, claimed=claim.intervals or (), notes=(error(video, sentence),))
    if policy == "refuse" and (sentence := _miscounted(claim, video)):
        return _row(claim, video, claimed=claim.intervals or (), notes=(error(video, sentence),))
    if claim.labels is not None:
        return _of_labels(claim, video, policy)
    return _of_spans(claim, video, reading, policy)


def _whole(claim: Claim, video: KnownVideo) -> Row:
    """All of its frames, whatever their numbers are."""
    every = (Interval(start_frame=0, end_frame=video.n_frames, label=claim.label),)
    return _row(claim, video, claimed=every, intervals=every)


def error(video: KnownVideo, sentence: str) -> Finding:
    return Finding(level="error", subject=video.name, text=sentence)


def not_stored(video: KnownVideo, sentence: str) -> Finding:
    return error(video, f"{sentence}; not stored")


def own_rate(claim: Claim, reading: Reading) -> float | None:
    """At which its frame numbers count; None where they are frames of the video."""
    return reading.rate or claim.rate


def _unusable(claim: Claim, video: KnownVideo, reading: Reading) -> str:
    if claim.labels is None and claim.intervals is None and claim.seconds is None:
        return "The file says that it is abnormal, but not where"
    if not video.n_frames:
        return "How many frames it has is not known"
    needs_clock = claim.seconds or (own_rate(claim, reading) and claim.intervals)
    if needs_clock and video.clock is None:
        return "Its frame rate is not known, so times in it cannot be turned into frames"
    return ""


def _miscounted(claim: Claim, video: KnownVideo) -> str:
    """Where numbers in names are not places, only labels of every stored frame are sure."""
    if not video.numbering_fault or not _says_something(claim):
        return ""
    if claim.labels is not None and len(claim.labels) == video.n_frames:
        return ""
    return f"Its frames cannot be counted: {video.numbering_fault}; not stored"


def _says_something(claim: Claim) -> bool:
    return bool(claim.intervals or claim.seconds or claim.labels is not None)


def _of_spans(claim: Claim, video: KnownVideo, reading: Reading, policy: Policy) -> Row:
    claimed, repairs = _on_clock(claim, video, reading)
    if sentence := _two_places(claim, claimed, video):
        return _row(claim, video, claimed=claimed, notes=(not_stored(video, sentence),))
    notes = [*_disagreements(claim, video, is_resampled="resample" in repairs)]
    if policy == "repair":
        intervals, more = fitted(claimed, video.n_frames)
        codes = (*repairs, *_stated(claim, video), *more)
        return _row(claim, video, claimed=claimed, intervals=intervals, repairs=codes, notes=notes)
    if repairs:
        sentence = _counts_otherwise(claim, video, reading)
        return _row(claim, video, claimed=claimed, notes=[*notes, not_stored(video, sentence)])
    readable, cut = _cut_to_end(claim, claimed, video)
    intervals, sentences = unfit(readable, video.n_frames)
    notes += [
        *cut,
        *_findings_of(claim, video),
        *(not_stored(video, sentence) for sentence in sentences),
    ]
    return _row(claim, video, claimed=claimed, intervals=intervals, notes=notes)


def _on_clock(claim: Claim, video: KnownVideo, reading: Reading) -> tuple[Intervals, list[str]]:
    """In frames of the video."""
    claimed, rate = claim.intervals or (), own_rate(claim, reading)
    if claim.seconds:
        return (of_seconds(claim.seconds, video.clock) if video.clock else ()), []
    if rate and claimed and video.clock and not _counts_frames(claim, video, rate):
        return resampled(claimed, rate, video.clock), ["resample"]
    return claimed, []


def _two_places(claim: Claim, claimed: Intervals, video: KnownVideo) -> str:
    """Where a file has frames and times of the same stretches, and they lie apart."""
    if not claim.also_seconds or video.clock is None:
        return ""
    edges = [edge for start, end, _label in claim.also_seconds for edge in (start, end)]
    of_frames = [
        float(moment)
        for each in claimed
        for moment in (
            video.clock.seconds_at(each.start_frame),
            video.clock.gone_at(each.end_frame),
        )
    ]
    slack = WHOLE_SECONDS if all(edge.is_integer() for edge in edges) else EXACT_SECONDS
    apart = [abs(a - b) for a, b in zip(edges, of_frames, strict=True)]
    if max(apart) <= slack + video.clock.frame_seconds:
        return ""
    return (
        f"its frames are {written(claimed)}, and by its times {_in_frames(claim, video.clock)}: "
        "keep the columns that are right"
    )


def _in_frames(claim: Claim, clock: Clock) -> str:
    return written(of_seconds(claim.also_seconds, clock))


def _counts_frames(claim: Claim, video: KnownVideo, rate: float) -> bool:
    """Whether numbers at `rate` are the video's own frames."""
    if claim.n_frames == video.n_frames:
        return True
    steady = video.clock.steady_rate if video.clock else None
    return steady is not None and abs(rate / steady - 1) <= RATE_TOLERANCE


def _stated(claim: Claim, video: KnownVideo) -> Iterator[str]:
    if claim.step > 1 and claim.intervals:
        yield "step"
    if video.numbering_fault and _says_something(claim):
        yield "count_places"


def _findings_of(claim: Claim, video: KnownVideo) -> Iterator[Finding]:
    """What the file states of its own counting and is followed."""
    if claim.step > 1 and claim.intervals:
        text = f"Every {claim.step}th frame was annotated: each stands for those up to the next"
        yield Finding(level="info", subject=video.name, text=text)


def _counts_otherwise(claim: Claim, video: KnownVideo, reading: Reading) -> str:
    of_file = f"{claim.n_frames:,} frames" if claim.n_frames else "frames"
    return (
        f"it counts {of_file} at {own_rate(claim, reading):g} per second, the video has "
        f"{video.n_frames:,} at {video.fps:g}"
    )


def _disagreements(
    claim: Claim, video: KnownVideo, *, is_resampled: bool = False
) -> Iterator[Finding]:
    """What the file takes the video for, where that is not so."""
    if claim.n_frames is not None and claim.n_frames != video.n_frames and not is_resampled:
        text = (
            f"The file takes it for {counted(claim.n_frames, 'frame')}, it has {video.n_frames:,}"
        )
        yield Finding(level="warning", subject=video.name, text=text)
    if claim.duration_seconds and video.clock and not _lasts(claim.duration_seconds, video.clock):
        text = (
            f"The file takes it for {claim.duration_seconds:.1f} s, it lasts "
            f"{video.clock.end:.1f} s: times in it may be those of another cut"
        )
        yield Finding(level="warning", subject=video.name, text=text)


def _lasts(seconds: float, clock: Clock) -> bool:
    return abs(seconds - clock.end) <= max(READABLE_SECONDS, LENGTH_TOLERANCE * clock.end)


def _cut_to_end(
    claim: Claim, claimed: Intervals, video: KnownVideo
) -> tuple[Intervals, list[Finding]]:
    """What ends after the video by less than it was written down to, ends with it."""
    last = video.n_frames + _precision(claim, video)
    late = [each for each in claimed if each.start_frame < video.n_frames < each.end_frame <= last]
    if not late:
        return claimed, []
    text = "An interval that reaches past the last frame by less than its precision ends with it"
    cut, _repairs = fitted(late, video.n_frames)
    others = tuple(each for each in claimed if each not in late)
    return (*others, *cut), [Finding(level="warning", subject=video.name, text=text)]


def _precision(claim: Claim, video: KnownVideo) -> int:
    """In frames: people read times off to a second or so, some exports know every nth frame."""
    if claim.seconds and video.clock is not None:
        return int(video.clock.frame_at(video.clock.end + READABLE_SECONDS)) - video.n_frames
    return claim.step - 1


def _of_labels(claim: Claim, video: KnownVideo, policy: Policy) -> Row:
    assert claim.labels is not None
    n_labels, n_frames = len(claim.labels), video.n_frames
    claimed = intervals_in(claim.labels, claim.label)
    if policy == "refuse" and n_labels != n_frames:
        sentence = f"{counted(n_labels, 'label')} where the clip has {n_frames:,} frames"
        return _row(claim, video, claimed=claimed, notes=[not_stored(video, sentence)])
    rule = rule_of(n_labels, n_frames)
    if not rule and not is_near(n_labels, n_frames):
        text = f"{n_labels} labels cannot belong to a video of {n_frames} frames"
        return _row(claim, video, claimed=claimed, notes=[error(video, text)])
    if n_labels == n_frames:
        return _row(claim, video, rule=rule, claimed=claimed, intervals=claimed)
    labels, repairs = spread(claim.labels, n_frames)
    intervals = intervals_in(labels, claim.label)
    return _row(
        claim, video, rule=rule, claimed=claimed, intervals=intervals, repairs=tuple(repairs)
    )


def _row(
    claim: Claim,
    video: KnownVideo,
    *,
    rule: str = "",
    claimed: Intervals = (),
    intervals: Intervals = (),
    repairs: tuple[str, ...] = (),
    notes: list[Finding] | tuple[Finding, ...] = (),
) -> Row:
    return Row(
        video=video.name,
        claimed_name=claim.subject,
        n_frames=video.n_frames,
        implied_n_frames=claim.n_frames,
        rule=rule,
        claimed=claimed,
        intervals=intervals,
        repairs=repairs,
        notes=tuple(notes),
    )
