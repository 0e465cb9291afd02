"""ELAN's annotation file, XML with the ending .eaf.

    <ANNOTATION_DOCUMENT><HEADER TIME_UNITS="milliseconds"><MEDIA_DESCRIPTOR MEDIA_URL="…/01.mp4"/>
    <TIME_ORDER><TIME_SLOT TIME_SLOT_ID="ts1" TIME_VALUE="2400"/>…
    <TIER TIER_ID="events"><ANNOTATION><ALIGNABLE_ANNOTATION TIME_SLOT_REF1="ts1"
      TIME_SLOT_REF2="ts2"><ANNOTATION_VALUE>fall</ANNOTATION_VALUE>…

Times are milliseconds, the end is exclusive. Zero is the video's start, or the moment of it that
TIME_ORIGIN names. Each annotation of each tier is a stretch with its text for a label; without a
text the tier's name is. Annotations that only refer to others are not used. One video per file.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree

from ml.data.truth.claims import Annotations, Claim, Reading, Seconds
from ml.data.truth.formats._addresses import path_in
from ml.data.truth.formats._base import AnnotationFormat, number, register, span_of_seconds
from ml.data.truth.source import Source
from ml.data.truth.xml import parse, root_of
from ml.findings import Finding, counted, shortened
from ml.naming import without_ending
from ml.records import BadInput

Element = ElementTree.Element
UNITS = "milliseconds"


@register
class Elan(AnnotationFormat):
    title = "ELAN: .eaf"
    reading = Reading(end="exclusive")

    @classmethod
    def recognises(cls, source: Source) -> bool:
        return root_of(source) == "ANNOTATION_DOCUMENT"

    @classmethod
    def read(cls, source: Source, reading: Reading) -> Annotations:
        root = parse(source, "ELAN")
        units = {each.get("TIME_UNITS", UNITS) for each in root.iter("HEADER")} - {UNITS}
        if units:
            raise BadInput(f"{source.name} counts in {units.pop()}: only milliseconds are read")
        media = _video(root, source)
        origin = number(media.get("TIME_ORIGIN", "0"), f"{source.name}: TIME_ORIGIN")
        spans = list(_spans(root, source, origin))
        claim = Claim(path=_path(media), seconds=tuple(sorted(spans)))
        return Annotations(claims=(claim,), findings=tuple(_findings_of(root, source, origin)))


def _video(root: Element, source: Source) -> Element:
    """The one video that it is about. Raise BadInput where there are several, or none."""
    media = list(root.iter("MEDIA_DESCRIPTOR"))
    videos = [each for each in media if without_ending(_path(each)) != _path(each)] or media
    if not videos or not _path(videos[0]):
        raise BadInput(f"{source.name} names no video")
    if len(videos) > 1:
        names = shortened([_path(each) for each in videos])
        raise BadInput(f"{source.name} is about several videos at once ({names}): keep one in it")
    return videos[0]


def _path(media: Element) -> str:
    """What lies on another machine is known by its place beside this file, where that is told."""
    relative = media.get("RELATIVE_MEDIA_URL", "")
    return path_in(relative if relative.startswith("./") else media.get("MEDIA_URL") or relative)


def _spans(root: Element, source: Source, origin: float) -> Iterator[Seconds]:
    slots = {each.get("TIME_SLOT_ID"): each.get("TIME_VALUE") for each in root.iter("TIME_SLOT")}
    for tier in root.iter("TIER"):
        for each in tier.iter("ALIGNABLE_ANNOTATION"):
            refs = [each.get("TIME_SLOT_REF1"), each.get("TIME_SLOT_REF2")]
            start, end = (_moment(slots, ref, source) + origin for ref in refs)
            label = each.findtext("ANNOTATION_VALUE", "").strip() or tier.get("TIER_ID", "")
            yield span_of_seconds(start / 1000, end / 1000, label)


def _moment(slots: dict[str | None, str | None], ref: str | None, source: Source) -> float:
    if ref not in slots:
        raise BadInput(f"{source.name}: an annotation has no time slot that is there")
    value = slots[ref]
    if value is None:
        raise BadInput(f"{source.name}: the time slot {ref} has no time: align it in ELAN first")
    return number(value, f"{source.name}: the time of {ref}")


def _findings_of(root: Element, source: Source, origin: float) -> Iterator[Finding]:
    tiers = [each for each in root.iter("TIER") if each.find(".//ALIGNABLE_ANNOTATION") is not None]
    if len(tiers) > 1:
        names = shortened([each.get("TIER_ID", "") for each in tiers], 6)
        text = f"what its {len(tiers)} tiers mark counts as abnormal alike: {names}"
        yield Finding(level="warning", subject=source.name, text=text)
    if n_referring := sum(1 for _ in root.iter("REF_ANNOTATION")):
        text = f"{counted(n_referring, 'annotation')} without times of their own not used"
        yield Finding(level="info", subject=source.name, text=text)
    if origin:
        text = f"its times count from {origin / 1000:g} s of the video on, by its TIME_ORIGIN"
        yield Finding(level="warning", subject=source.name, text=text)
