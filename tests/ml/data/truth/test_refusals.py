"""What is no ground truth is called by its kind, in a sentence that says what to do."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.io

from ml.data.truth.formats import load_formats, read_annotations
from ml.records import BadInput


def refusal(path: Path, **how: Any) -> str:
    with pytest.raises(BadInput) as refused:
        read_annotations(path, **how)
    sentence = str(refused.value)
    titles = [kind.title for kind in load_formats().values()]
    assert (
        sum(title in sentence for title in titles) <= 2
    )  # of the format that was asked for and of the one that it is
    assert len(sentence) < 400
    return sentence


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ([{"id": 1, "video": "a", "annotator": 2, "annotation_id": 3, "lead_time": 4}],
         "is Label Studio's JSON-MIN: export as JSON, not JSON-MIN"),
        ([{"data": {"video": "a"}, "predictions": []}], "tasks without annotations"),
        ([{"file": "a", "start": 1}], "is a list of objects with file, start: what is read is"),
        ([1, 2], "is a list, which names no videos"),
        ({"images": [], "annotations": [], "categories": []}, "is COCO's JSON of pictures"),
        ({"_via_settings": {}, "_via_img_metadata": {}}, "is a project of VIA 2"),
        ({"shapes": [], "imagePath": "a.jpg"}, "is of one picture, as LabelMe writes it"),
        ({"id": 3, "result": [], "task": {}}, "is one annotation of Label Studio without its task"),
        ({"a": 1, "b": 2}, "is JSON with a, b: what is read is"),
        ({}, "is JSON with nothing in it"),
    ],
)  # fmt: skip
def test_json_of_other_tools(tmp_path: Path, document: Any, sentence: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(document))

    assert sentence in refusal(path)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"videos": {"a": [[1, 2]', "a.txt is no JSON: Expecting"),
        ('{"a": 1}\n{"a": 2}\n', "a.txt has a JSON object per line: make it one document"),
        ('{"videos": {"a": [], "a": []}}', "an object with two entries called a"),
        ('{"videos": {"a": [[NaN, 2]]}}', "has NaN where a number is expected"),
        ("<annotation><object/></annotation>", "is of one picture, as Pascal VOC has it"),
        ("<!DOCTYPE html><html><body/></html>", "is HTML, not the data itself"),
        ('<?xml version="1.0"?><!-- x --><tracks/>', "is XML of tracks; known are CVAT"),
        (
            "id,annotation_id,annotator,lead_time\n1,2,3,4\n",
            "is Label Studio's CSV: export as JSON",
        ),
        ("# Exported using VGG Image Annotator\n# x\n", "is VIA's CSV: save the project"),
        ("video,start,end\na,1,2\n", "does not say what start and end count"),
        ("video,score\na,1\n", "has the columns video, score; a table needs video, start_frame"),
        ("1\n00:00:01,000 --> 00:00:04,000\nfall\n", "has subtitles: make it a table"),
        ("Dear colleague,\n", "is no ground truth that is known; its first line is 'Dear col"),
        ("%PDF-1.4 x", "a.txt is a PDF"),
    ],
)
def test_texts(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "a.txt"
    path.write_text(text)

    assert sentence in refusal(path)


def test_a_workbook(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "gt.csv", "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")

    assert refusal(tmp_path / "gt.csv") == "gt.csv is an Excel workbook: save the sheet as CSV"


@pytest.mark.parametrize("named", ["", "vector"])
def test_pickled_arrays(tmp_path: Path, named: str) -> None:
    np.save(tmp_path / "gt.npy", np.array([{"a": 1}], object), allow_pickle=True)

    sentence = refusal(tmp_path / "gt.npy", format=named)

    assert "it holds pickled Python objects, which can run code; save plain numbers" in sentence


def test_a_pickle_and_a_checkpoint(tmp_path: Path) -> None:
    (tmp_path / "gt.pkl").write_bytes(b"\x80\x04\x95\x0b\0\0\0}\x94\x8c\x01a")
    with zipfile.ZipFile(tmp_path / "a.pt", "w") as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02}q\0.")

    assert "gt.pkl is a Python pickle, which can run code" in refusal(tmp_path / "gt.pkl")
    assert "a.pt is a file of PyTorch, which is a Python pickle" in refusal(tmp_path / "a.pt")


def test_features(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.zeros((5, 4)), y=np.zeros((2, 4)))
    np.save(tmp_path / "b.npy", np.zeros((5, 10, 2048), np.float32))

    assert "holds arrays of other shapes (x (5, 4), y (2, 4)), as features" in refusal(
        tmp_path / "a.npz"
    )
    assert "has shape (5, 10, 2048) where one vector is expected" in refusal(tmp_path / "b.npy")


def test_an_archive_that_was_cut_and_one_of_other_files(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.zeros(500), y=np.zeros(500))
    (tmp_path / "a.npz").write_bytes((tmp_path / "a.npz").read_bytes()[:700])
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("gt.csv", "video,start_frame,end_frame\n")

    assert refusal(tmp_path / "a.npz") == "a.npz is a damaged archive: it was cut"
    assert refusal(tmp_path / "b.zip") == "b.zip is packed: unpack it first"


def test_matlab_with_other_variables(tmp_path: Path) -> None:
    scipy.io.savemat(tmp_path / "a.mat", {"X": np.zeros(3), "AUC": 0.5})

    assert "is a MATLAB file with AUC, X; known are gt of ano_pred" in refusal(tmp_path / "a.mat")


def test_a_folder_without_ground_truth(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("x")

    assert "holds no ground truth that is known: a folder has a .npy or .mat" in refusal(tmp_path)


def test_a_format_that_was_named_and_is_another(tmp_path: Path) -> None:
    path = tmp_path / "gt.csv"
    path.write_text("video,start_frame,end_frame\na,1,2\n")

    sentence = refusal(path, format="cvat")

    assert sentence == (
        "gt.csv does not look like CVAT for video: XML, but like CSV with video, start_frame and "
        "end_frame"
    )


def test_two_arrays_of_one_name(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros(5, np.uint8))
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.write(tmp_path / "a.npy", "01.npy")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.write(tmp_path / "a.npy", "01.npy")

    assert "it has two arrays called 01.npy" in refusal(tmp_path / "a.npz", format="label_arrays")
