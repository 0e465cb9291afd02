"""ActivityNet, VIA 3, ELAN and BORIS: what each says, by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ml.data.truth.claims import Annotations, Claim
from ml.data.truth.formats import read_annotations
from ml.records import BadInput


def read(folder: Path, content: Any, name: str = "a.json") -> Annotations:
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return read_annotations(path)


def texts(found: Annotations) -> list[str]:
    return [each.text for each in found.findings]


# ActivityNet


def test_activitynet_with_parts_and_durations(tmp_path: Path) -> None:
    database = {
        "v_01": {"duration": 10.5, "subset": "validation", "url": "https://x/y",
                 "annotations": [{"segment": [0.25, 3], "label": "fall", "label_id": 4}]},
        "v_02": {"duration": 4, "subset": "training", "annotations": []},
    }  # fmt: skip

    found = read(tmp_path, {"version": "1.3", "taxonomy": [], "database": database})

    assert found.format == "activitynet"
    assert list(found.claims) == [
        Claim(
            path="v_01", part="validation", duration_seconds=10.5, seconds=((0.25, 3.0, "fall"),)
        ),
        Claim(path="v_02", part="train", duration_seconds=4.0, seconds=()),
    ]
    [warning] = texts(found)
    assert warning.startswith("no video of the subset training has an annotation")


def test_activitynet_without_a_database(tmp_path: Path) -> None:
    entry = {"duration_second": 12.0, "duration_frame": 300, "feature_frame": 288,
             "annotations": [{"segment": [1, 2], "label": "x"}]}  # fmt: skip

    [claim] = read(tmp_path, {"v_01": entry}).claims

    assert (claim.path, claim.n_frames, claim.duration_seconds) == ("v_01", 300, 12.0)


@pytest.mark.parametrize(
    ("annotation", "sentence"),
    [
        ({"segment": [1], "label": "x"}, "v_01: the segment .1. is not a start and an end"),
        ({"segment": ["soon", 2], "label": "x"}, "'soon' is no number"),
        ({"segment": [1, True], "label": "x"}, "'True' is no number"),
        ({"start": 1, "end": 2}, "is no annotation with a segment and a label"),
        ({"segment": [1, 2], "unit": "frames"}, "v_01: 'unit' is not known"),
        ({"segment": [1, 1e300], "label": "x"}, "are no seconds"),
    ],
)
def test_activitynet_with_faults(tmp_path: Path, annotation: Any, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        read(tmp_path, {"database": {"v_01": {"annotations": [annotation]}}})


def test_activitynet_that_names_a_video_twice(tmp_path: Path) -> None:
    entry = '{"annotations": []}'

    with pytest.raises(BadInput, match=r"a\.json has an object with two entries called v_01"):
        read(tmp_path, f'{{"database": {{"v_01": {entry}, "v_01": {entry}}}}}')


# VIA 3


def via(*entries: dict[str, Any], attributes: Any = None, files: int = 1) -> dict[str, Any]:
    classes = {"aname": "event", "anchor_id": "FILE1_Z2_XY0", "type": 4,
               "options": {"0": "fall", "1": "Normal"}}  # fmt: skip
    names = {"1": "file:///C:/cam%201/01.mp4", "2": "https://host/cam/02.mp4?t=1"}
    return {
        "project": {"pid": "x"},
        "attribute": attributes or {"1": classes},
        "file": {key: {"fid": key, "fname": name} for key, name in names.items()},
        "view": {key: {"fid_list": [key] * files} for key in names},
        "metadata": {
            f"m{index}": {"xy": [], "av": {}, "vid": "1"} | entry
            for index, entry in enumerate(entries)
        },
    }


def test_via_stretches_with_the_names_of_their_options(tmp_path: Path) -> None:
    stretches = [{"z": [4.5, 6], "av": {"1": "0"}}, {"z": [0, 4.5], "av": {"1": "1"}}]

    found = read(tmp_path, via(*stretches))

    assert found.format == "via"
    assert list(found.claims) == [Claim(path="C:/cam 1/01.mp4", seconds=((4.5, 6.0, "fall"),))]
    assert "nothing is marked in 1 of 2 videos, which says nothing of them" in texts(found)


def test_via_of_a_whole_video(tmp_path: Path) -> None:
    whole = {"aname": "kind", "anchor_id": "FILE1_Z0_XY0", "type": 1, "options": {}}
    entries = [{"z": [], "av": {"1": "Normal"}}, {"vid": "2", "z": [], "av": {"1": "fight"}}]

    found = read(tmp_path, via(*entries, attributes={"1": whole}))

    first, second = found.claims
    assert (first.intervals, first.label) == ((), "normal")
    assert (second.path, second.intervals, second.seconds, second.label) == (
        "cam/02.mp4", None, None, "fight",
    )  # fmt: skip


def test_via_moments_have_no_length(tmp_path: Path) -> None:
    moments = [{"z": [2.0], "xy": [2, 1, 1, 5, 5]}, {"vid": "2", "z": [1.0], "xy": [2, 1, 1, 5, 5]}]
    stretch = {"vid": "2", "z": [1.0, 2.0], "av": {"1": "0"}}

    found = read(tmp_path, via(*moments, stretch))

    first, second = found.claims
    assert (first.intervals, first.seconds) == (None, None)
    assert second.seconds == ((1.0, 2.0, "fall"),)
    assert texts(found).count("1 mark of a single moment: for how long is not said") == 2


def test_via_takes_the_attribute_with_options_for_the_class(tmp_path: Path) -> None:
    remark = {"aname": "remark", "anchor_id": "FILE1_Z2_XY0", "type": 1}
    classes = {"aname": "event", "anchor_id": "FILE1_Z2_XY0", "type": 2, "options": {"a": "fall",
               "n": "normal"}}  # fmt: skip
    stretch = {"z": [1, 2], "av": {"1": "normal walk before", "2": "n,a"}}

    found = read(tmp_path, via(stretch, attributes={"1": remark, "2": classes}))

    assert found.claims[0].seconds == ((1.0, 2.0, "fall"),)
    assert "what the attributes remark say of stretches is not used" in texts(found)


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        (via({"z": [1, 2], "vid": "9"}), "it annotates 9, and no view is called so"),
        (via({"z": [1, 2]}, files=2), "a view shows 2 files"),
        (via({"z": [], "xy": [2, 1, 1, 5, 5]}), "a region lies at no time"),
        (via({"z": [1, 2, 3]}), "is neither a moment nor a stretch"),
        (via({"z": ["a", 2]}), "'a' is no number"),
        (via({"z": 5}), "is no project of VIA 3"),
    ],
)
def test_via_with_faults(tmp_path: Path, document: Any, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        read(tmp_path, document)


# ELAN

MEDIA = '<MEDIA_DESCRIPTOR MEDIA_URL="file:///D:/cam/01.mp4" {}/>'
SLOTS = {"ts1": "1200", "ts2": "3400", "ts3": "", "ts4": "9000"}


def aligned(start: str, end: str, value: str) -> str:
    return (
        f'<ANNOTATION><ALIGNABLE_ANNOTATION TIME_SLOT_REF1="{start}" TIME_SLOT_REF2="{end}">'
        f"<ANNOTATION_VALUE>{value}</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>"
    )


def elan(*tiers: str, media: str = MEDIA.format(""), units: str = "milliseconds") -> str:
    times = (f'TIME_SLOT_ID="{key}"' + (f' TIME_VALUE="{value}"' if value else "")
             for key, value in SLOTS.items())  # fmt: skip
    slots = "".join(f"<TIME_SLOT {each}/>" for each in times)
    named = "".join(f'<TIER TIER_ID="t{n}">{each}</TIER>' for n, each in enumerate(tiers, start=1))
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<ANNOTATION_DOCUMENT>'
        f'<HEADER TIME_UNITS="{units}">{media}</HEADER><TIME_ORDER>{slots}</TIME_ORDER>{named}'
        "</ANNOTATION_DOCUMENT>"
    )


def test_elan_milliseconds(tmp_path: Path) -> None:
    tier = aligned("ts1", "ts2", "Sturz") + aligned("ts2", "ts4", " ")
    ref = '<ANNOTATION><REF_ANNOTATION ANNOTATION_REF="a1"/></ANNOTATION>'

    found = read(tmp_path, elan(tier, ref), "a.eaf")

    assert found.format == "elan"
    assert list(found.claims) == [
        Claim(path="D:/cam/01.mp4", seconds=((1.2, 3.4, "Sturz"), (3.4, 9.0, "t1")))
    ]
    assert texts(found) == ["1 annotation without times of their own not used"]


def test_elan_counts_from_the_moment_that_it_names(tmp_path: Path) -> None:
    media = MEDIA.format('TIME_ORIGIN="1500" RELATIVE_MEDIA_URL="./01.mp4"')

    found = read(tmp_path, elan(aligned("ts1", "ts2", "x"), media=media), "a.eaf")

    assert list(found.claims) == [Claim(path="./01.mp4", seconds=((2.7, 4.9, "x"),))]
    assert texts(found) == ["its times count from 1.5 s of the video on, by its TIME_ORIGIN"]


def test_elan_with_several_tiers_and_with_sound_beside_the_video(tmp_path: Path) -> None:
    media = MEDIA.format("") + '<MEDIA_DESCRIPTOR MEDIA_URL="file:///D:/cam/01.wav"/>'
    tiers = [aligned("ts1", "ts2", "x"), aligned("ts2", "ts4", "normal")]

    found = read(tmp_path, elan(*tiers, media=media), "a.eaf")

    assert found.claims[0].seconds == ((1.2, 3.4, "x"),)
    assert "what its 2 tiers mark counts as abnormal alike: t1, t2" in texts(found)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_elan_with_nothing_marked_is_of_a_normal_video(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.eaf"
    path.write_bytes(elan("").replace("UTF-8", encoding.upper()).encode(encoding))

    [claim] = read_annotations(path).claims

    assert claim.seconds == ()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (elan(aligned("ts1", "ts3", "x")), "the time slot ts3 has no time: align it in ELAN"),
        (elan(aligned("ts1", "ts9", "x")), "an annotation has no time slot that is there"),
        (elan(units="NTSC-frames"), "counts in NTSC-frames: only milliseconds are read"),
        (elan(media=MEDIA.format("") * 2), "is about several videos at once"),
        (elan(media=""), "names no video"),
        (elan(media=MEDIA.format('TIME_ORIGIN="soon"')), "TIME_ORIGIN 'soon' is no number"),
        (elan().replace("<HEADER", '<!DOCTYPE a [<!ENTITY x "y">]><HEADER'), "entities of its own"),
        (elan()[:-30], "is no whole XML"),
    ],
)
def test_elan_with_faults(tmp_path: Path, content: str, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        read(tmp_path, content, "a.eaf")


# BORIS

KINDS = [("fall", "State event"), ("fight", "State event"), ("shout", "Point event"),
         ("normal", "State event")]  # fmt: skip


def boris(*events: list[Any], **changes: Any) -> dict[str, Any]:
    observation = {"type": "MEDIA", "file": {"1": ["/cam/01.mp4"], "2": []}, "time offset": 0.0,
                   "observation time interval": [0, 0], "events": list(events),
                   "media_info": {"offset": {"1": 0.0}}}  # fmt: skip
    kinds = [{"code": code, "type": kind} for code, kind in KINDS]
    return {
        "project_format_version": "7.0",
        "behaviors_conf": dict(enumerate(kinds)),
        "observations": {"o1": observation | changes},
    }


def test_boris_pairs_starts_and_stops(tmp_path: Path) -> None:
    events: list[list[Any]] = [
        [1.5, "A", "fall", "", ""], [2.0, "B", "fall", "", ""], [4.0, "A", "fall", "", "", 100],
        [6.0, "B", "fall", "", ""], [7.0, "", "fight", "hard", ""], [8.0, "", "fight", "hard"],
        [0.0, "", "normal", "", ""], [1.5, "", "normal", "", ""],
    ]  # fmt: skip

    found = read(tmp_path, boris(*events))

    assert found.format == "boris"
    [claim] = found.claims
    assert claim.path == "/cam/01.mp4"
    assert claim.seconds == ((1.5, 4.0, "fall"), (2.0, 6.0, "fall"), (7.0, 8.0, "fight"))


def test_boris_point_events_have_no_length(tmp_path: Path) -> None:
    [alone] = read(tmp_path, boris([3.0, "", "shout", "", ""])).claims
    beside = read(tmp_path, boris([3.0, "", "shout"], [4, "", "fall"], [5, "", "fall"]))

    assert (alone.seconds, alone.intervals) == (None, None)
    assert beside.claims[0].seconds == ((4.0, 5.0, "fall"),)
    assert texts(beside) == ["1 point event of no length: not used"]


def test_boris_without_events_is_of_a_normal_video(tmp_path: Path) -> None:
    found = read(tmp_path, boris(**{"observation time interval": [2, 9]}))

    assert found.claims[0].seconds == ()
    assert texts(found) == ["only 2 s to 9 s were observed; the rest counts as normal"]


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        (boris([1, "", "fall"]), "o1: fall starts or stops 1 times"),
        (boris([1, "", "fall"], [2, "x", "fall"]), "o1: fall starts or stops 1 times"),
        (boris([1, "", "jump"]), "no behaviour is called 'jump'"),
        (boris([1, ""]), "is no event"),
        (boris(["soon", "", "fall"]), "'soon' is no number"),
        (boris(**{"time offset": 3.5}), r"its time offset is 3\.5: set it to 0 in BORIS"),
        (boris(media_info={"offset": {"1": 2}}), "its offset of player 1 is 2"),
        (boris(file={"1": ["a.mp4", "b.mp4"]}), "is of 2 videos"),
        (boris(file={"1": ["a.mp4"], "2": ["b.mp4"]}), "is of 2 videos"),
        (boris(type="LIVE"), "is of no video file"),
        ({"behaviors_conf": {}, "observations": {"o": 5}}, "is no project of BORIS"),
    ],
)
def test_boris_with_faults(tmp_path: Path, document: Any, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        read(tmp_path, document)


def test_two_observations_of_one_video_are_refused(tmp_path: Path) -> None:
    document = boris()
    document["observations"]["o2"] = document["observations"]["o1"]

    with pytest.raises(BadInput, match=r"two entries are about /cam/01\.mp4: make them one"):
        read(tmp_path, document)


@pytest.mark.parametrize("label", [0, False, "0", "normal"])
def test_activitynet_labels_that_say_normal(tmp_path: Path, label: Any) -> None:
    marks = [{"segment": [0, 2.4], "label": label}, {"segment": [2.4, 7.2], "label": "fall"}]

    [claim] = read(tmp_path, {"database": {"01": {"annotations": marks}}}).claims

    assert claim.seconds == ((2.4, 7.2, "fall"),)
