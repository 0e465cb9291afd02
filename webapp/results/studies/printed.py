"""Tables that a paper prints, row by row, with the methods here that each row is made of.

The numbers are the claims of `reported`: a table says which of them it prints, in which order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from webapp.results.studies.reported import (
    AUTHORS_CODE,
    REPORTED,
    VIDEO_CLASSIFIER,
    Reported,
)  # fmt: skip

SOUND = "VGGish"  # in the features of a claim
# How the numbers were made, as far as paper and published code say so.
OWN_WAY = (
    "Bags of l = 32 rows. Tested after every few updates, the best kept; validation videos are "
    "not named."
)
AUTHORS_WAY = "Bags of l = 28 rows. The published code tests after every update and keeps the best."
RTFM_WAY = "Its published code tests every five steps and keeps the best."
RIVALS_WAY = "As its own paper prints it."


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A method here and what its config holds where it is that of the paper."""

    title: str
    method: str
    config: Mapping[str, Any] = field(default_factory=dict)

    def with_also(self, **config: Any) -> Setting:
        """The same with more that its config holds."""
        return replace(self, config={**self.config, **config})


ATTENTION = Setting(
    title="Video Classifier",
    method="video_classifier",
    config={"layers": "attention", "attention_width": 64, "hops": 3, "split_size": 32},
)
LSTM = Setting(
    title="Video Classifier, LSTM",
    method="video_classifier",
    config={"layers": "lstm", "split_size": 32},
)
LSTM_ATTENTION = Setting(
    title="Video Classifier, LSTM and attention",
    method="video_classifier",
    config={"layers": "lstm_attention", "attention_width": 64, "hops": 3, "split_size": 32},
)
RANKING = Setting(title="Bi-LSTM+MIL", method="bilstm_mil", config={"split_size": 32})
SULTANI = Setting(title="MIL ranking", method="sultani_mil")
RTFM = Setting(title="RTFM", method="rtfm")
HL_NET = Setting(title="HL-Net", method="hl_net", config={"branch": "holistic"})
SPLIT_28 = Setting(
    title="Video Classifier, l = 28",
    method="video_classifier",
    config={"layers": "attention", "attention_width": 64, "hops": 3, "split_size": 28},
)
HOPS_7 = Setting(
    title="Video Classifier, 7 hops, l = 28",
    method="video_classifier",
    config={"layers": "attention", "attention_width": 128, "hops": 7, "split_size": 28},
)

# What is here of the methods that claims name. Several: the mean of their scores.
MADE_OF: dict[str, tuple[Setting, ...]] = {
    "Video Classifier, Bi-LSTM without attention": (LSTM,),
    "Video Classifier": (ATTENTION,),
    "Video Classifier with Bi-LSTM": (LSTM_ATTENTION,),
    "Bi-LSTM with MIL": (RANKING,),
    "Sultani et al.": (SULTANI,),
    "Wu et al.": (HL_NET,),
    "RTFM": (RTFM,),
    "Video Classifier + Bi-LSTM with MIL": (ATTENTION, RANKING),
    "both, with Bi-LSTM in the classifier": (LSTM_ATTENTION, RANKING),
    "RTFM + Video Classifier": (RTFM, ATTENTION),
    "RTFM + Bi-LSTM with MIL": (RTFM, RANKING),
    "RTFM + both": (RTFM, ATTENTION, RANKING),
    "Video Classifier, split size 28": (SPLIT_28,),
    "Video Classifier, 7 hops, split size 28": (HOPS_7,),
}
VARIANTS = (
    "Video Classifier, Bi-LSTM without attention",
    "Video Classifier",
    "Video Classifier with Bi-LSTM",
)
ENSEMBLES = ("RTFM + Video Classifier", "RTFM + Bi-LSTM with MIL", "RTFM + both")
TOGETHER = (
    "Video Classifier",
    "Bi-LSTM with MIL",
    "Video Classifier + Bi-LSTM with MIL",
)


@dataclass(frozen=True, kw_only=True)
class PrintedTable:
    """`methods` are those of the claims, in the table's order."""

    number: int
    title: str
    benchmark: str
    methods: tuple[str, ...]
    source: str = VIDEO_CLASSIFIER

    @property
    def claims(self) -> list[Reported]:
        """A method with several features has a row for each."""
        found = [each for each in REPORTED[self.benchmark] if each.source == self.source]
        return [claim for name in self.methods for claim in found if claim.method == name]

    @property
    def protocol(self) -> str:
        """Slug of the protocol that its numbers were made by."""
        return self.claims[0].protocol


def _first(benchmark: str) -> PrintedTable:
    title = "Bi-LSTM and attention in the Video Classifier"
    return PrintedTable(number=1, title=title, benchmark=benchmark, methods=VARIANTS)


def _fifth(benchmark: str) -> PrintedTable:
    title = "Together with RTFM"
    return PrintedTable(number=5, title=title, benchmark=benchmark, methods=ENSEMBLES)


TABLES = (
    _first("ucf-crime"),
    PrintedTable(
        number=2,
        title="Methods on UCF-Crime",
        benchmark="ucf-crime",
        methods=(
            "SVM", "Conv-AE", "Sultani et al.", "Zhang et al.", "Motion-Aware", "GCN-Anomaly",
            "CLAWS Net", "Wu et al.", "MIST", "RTFM", *TOGETHER,
        ),
    ),
    _fifth("ucf-crime"),
    _first("shanghaitech"),
    PrintedTable(
        number=3,
        title="Methods on ShanghaiTech",
        benchmark="shanghaitech",
        methods=(
            "Conv-AE", "Mem-AE", "VEC", "GCN-Anomaly", "Zhang et al.", "CLAWS Net", "AR-Net",
            "MIST", "RTFM", *TOGETHER,
        ),
    ),
    _fifth("shanghaitech"),
    _first("xd-violence"),
    PrintedTable(
        number=4,
        title="Methods on XD-Violence",
        benchmark="xd-violence",
        methods=(
            "SVM", "Hasan et al.", "Sultani et al.", "Wu et al.", "RTFM", "Pang et al.",
            "Video Classifier", "Video Classifier with Bi-LSTM", "Bi-LSTM with MIL",
            "Video Classifier + Bi-LSTM with MIL", "both, with Bi-LSTM in the classifier",
        ),
    ),
)  # fmt: skip


def tables_on(benchmark: str) -> list[PrintedTable]:
    """By number."""
    return [table for table in TABLES if table.benchmark == benchmark]


def benchmarks_printed() -> list[str]:
    """Slugs of the benchmarks that there are tables on."""
    return list(dict.fromkeys(table.benchmark for table in TABLES))


def way_of(claim: Reported) -> str:
    """How the number was made."""
    if claim.source == AUTHORS_CODE:
        return AUTHORS_WAY
    made_of = MADE_OF.get(claim.method, ())
    if claim.method == "RTFM":
        return RTFM_WAY
    own = {setting.method for setting in made_of} & {"video_classifier", "bilstm_mil"}
    return OWN_WAY if own else RIVALS_WAY


def printed_for(benchmark: str, method: str, config: Mapping[str, Any]) -> list[Reported]:
    """Claims of rows that a run of this method and config is, whatever its features."""
    return [
        claim
        for claim in REPORTED.get(benchmark, ())
        if _is_made_by(MADE_OF.get(claim.method, ()), method, config)
    ]


def _is_made_by(made_of: tuple[Setting, ...], method: str, config: Mapping[str, Any]) -> bool:
    if len(made_of) != 1 or made_of[0].method != method:
        return False
    return all(config.get(name) == value for name, value in made_of[0].config.items())
