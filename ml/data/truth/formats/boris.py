"""A project of BORIS, as JSON.

    {"behaviors_conf": {"0": {"code": "fall", "type": "State event"}},
     "observations": {"o1": {"type": "MEDIA", "file": {"1": ["cam/01.mp4"]}, "time offset": 0,
       "events": [[2.4, "", "fall", "", ""], [7.2, "", "fall", "", ""]]}}}

Times are seconds from the video's start, the end is exclusive. State events come in pairs of the
same subject, behaviour and modifiers: start, stop, start, stop. Point events have no length: a
video with nothing else is abnormal, and nobody says where. An observation is of one video;
one without events is of a normal video.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from ml.data.truth.claims import Annotations, Claim, Reading, Seconds
from ml.data.truth.formats._addresses import path_in
from ml.data.truth.formats._base import (
    AnnotationFormat,
    named_once,
    number,
    register,
    span_of_seconds,
)
from ml.data.truth.source import Source
from ml.findings import Finding, counted
from ml.records import BadInput

Json = dict[str, Any]
NEEDED = {"observations", "behaviors_conf"}
POINT = "point"
EVENT_CELLS = 3  # time, subject and behaviour; modifiers, a comment and more may follow


@register
class Boris(AnnotationFormat):
    title = "BORIS: project as JSON"
    reading = Reading(end="exclusive")

    @classmethod
    def recognises(cls, source: Source) -> bool:
        document = source.document
        return isinstance(document, dict) and document.keys() >= NEEDED

    @classmethod
    def read(cls, source: Source, reading: Reading) -> Annotations:
        try:
            kinds = _kinds(source.document["behaviors_conf"])
            observations = source.document["observations"].items()
            read = [_claim(str(name), each, kinds, reading) for name, each in observations]
        except (KeyError, TypeError, AttributeError) as error:
            raise BadInput(f"{source.name} is no project of BORIS: {error!r}") from error
        claims = named_once(claim for claim, _findings in read)
        return Annotations(
            claims=claims, findings=tuple(each for _claim, findings in read for each in findings)
        )


def _kinds(behaviours: Json) -> dict[str, bool]:
    """By code, whether a behaviour is recorded as a moment."""
    return {
        str(each["code"]): str(each.get("type", "")).lower().startswith(POINT)
        for each in behaviours.values()
    }


def _claim(
    name: str, observation: Json, kinds: dict[str, bool], reading: Reading
) -> tuple[Claim, list[Finding]]:
    path = _path(name, observation)
    _check_clock(name, observation)
    states: dict[tuple[str, ...], list[float]] = defaultdict(list)
    moments: list[str] = []
    for event in observation["events"]:
        time, *who = _event(name, event)
        if who[1] not in kinds:
            raise BadInput(f"the observation {name}: no behaviour is called {who[1]!r}")
        if kinds[who[1]]:
            moments.append(who[1])
        else:
            states[tuple(who)].append(time)
    pairs = (_pairs(name, who, times) for who, times in states.items())
    spans = tuple(sorted(span for of_one in pairs for span in of_one))
    is_nowhere = not spans and any(not reading.is_normal(label) for label in moments)
    claim = Claim(path=path, seconds=None if is_nowhere else spans)
    return claim, list(_findings_of(observation, path, moments))


def _path(name: str, observation: Json) -> str:
    """Raise BadInput unless the observation is of one video."""
    players = observation.get("file")
    players = players.values() if isinstance(players, dict) else ()
    given = [each for player in players for each in player]
    if str(observation.get("type", "MEDIA")).upper() != "MEDIA" or not given:
        raise BadInput(f"the observation {name} is of no video file: export it without it")
    if len(given) > 1:
        raise BadInput(
            f"the observation {name} is of {len(given)} videos, and its times run through them or "
            "stand for all: make it one observation per video"
        )
    return path_in(str(given[0]))


def _check_clock(name: str, observation: Json) -> None:
    """Raise BadInput where times do not count from the start of the video."""
    media = observation.get("media_info") or {}
    offsets = {"time offset": observation.get("time offset")}
    of_players = media.get("offset") or {}
    offsets |= {f"offset of player {key}": each for key, each in of_players.items()}
    for what, value in offsets.items():
        if value and number(value, f"{name}: {what}"):
            raise BadInput(f"the observation {name}: its {what} is {value}: set it to 0 in BORIS")


def _event(name: str, event: Any) -> tuple[float, str, str, str]:
    """Time, subject, behaviour and modifiers."""
    if not isinstance(event, list) or len(event) < EVENT_CELLS:
        raise BadInput(f"the observation {name}: {str(event)[:80]} is no event")
    time = number(event[0], f"the observation {name}: the time")
    return time, str(event[1]), str(event[2]), str(event[3]) if len(event) > EVENT_CELLS else ""


def _pairs(name: str, who: tuple[str, ...], times: list[float]) -> Iterator[Seconds]:
    if len(times) % 2:
        raise BadInput(f"the observation {name}: {who[1]} starts or stops {len(times)} times")
    ordered = sorted(times)
    for start, end in zip(ordered[::2], ordered[1::2], strict=True):
        yield span_of_seconds(start, end, who[1])


def _findings_of(observation: Json, path: str, moments: list[str]) -> Iterator[Finding]:
    if moments:
        text = f"{counted(len(moments), 'point event')} of no length: not used"
        yield Finding(level="warning", subject=path, text=text)
    given = observation.get("observation time interval") or [0, 0]
    start, end = (number(each, f"{path}: observation time interval") for each in given)
    if start or end:
        last = f"{end:g} s" if end else "its end"
        text = f"only {start:g} s to {last} were observed; the rest counts as normal"
        yield Finding(level="warning", subject=path, text=text)
