"""Numbers that papers print, as their claims: shown beside ours, never ranked with them.

As collected in the papers that the methods here come from. A claim belongs to one protocol, the
one by which it was made as far as the paper or its code says; under others it is not shown.
"""

from __future__ import annotations

from dataclasses import dataclass

VIDEO_CLASSIFIER = "Video Classifier and Bi-LSTM with MIL (table of comparisons)"
RECONSTRUCTING = "Frame-reconstructing ST-GAN with matching terms"
# Slugs of protocols: pooled raw scores; the same led by AP; each video stretched to 0…1.
FRAMES, AVERAGE_PRECISION, PER_VIDEO = "frame-raw", "frame-ap", "frame-per-video"
PRINTS_TRAPEZOID = ("RTFM", "Wu et al.")
TRAPEZOID = "The published code prints the trapezoid PR-AUC as AP."
CHOSEN_ON_TEST = "The published code keeps the checkpoint with the best number on test videos."
AUTHORS_CODE = "Published code of Video Classifier"
PEL4VAD, BN_WVAD, S3R = "README of PEL4VAD", "README of BN-WVAD", "README of S3R"
NORMALISED = (
    "The paper normalises scores and does not say how; those it compares with do so per video."
)


@dataclass(frozen=True, kw_only=True)
class Reported:
    """A claim: `value` 0…1 of the number that leads under `protocol`, printed in `source`."""

    method: str
    value: float
    protocol: str  # slug
    supervision: str
    features: str
    source: str
    note: str = ""  # what a reader must know to compare it


BENCHMARKS = {
    "ucf-crime": "UCF-Crime",
    "shanghaitech": "ShanghaiTech (weakly supervised split)",
    "xd-violence": "XD-Violence",
    "avenue": "CUHK Avenue",
    "ped2": "UCSD Ped2",
    "factory": "Factory data of the reconstructing ST-GAN paper",
}


def _collected(
    supervision: str, protocol: str, rows: list[tuple[str, str, float]]
) -> list[Reported]:
    return [
        Reported(
            method=method,
            value=round(per_cent / 100, 4),
            protocol=protocol,
            supervision=supervision,
            features=features,
            source=VIDEO_CLASSIFIER,
            note=TRAPEZOID if protocol == AVERAGE_PRECISION and method in PRINTS_TRAPEZOID else "",
        )
        for method, features, per_cent in rows
    ]


def _own_words(protocol: str, rows: list[tuple[str, str, float, str]]) -> list[Reported]:
    """What methods' own repositories print, most of it chosen on the test videos."""
    return [
        Reported(
            method=method,
            value=round(per_cent / 100, 4),
            protocol=protocol,
            supervision="weak",
            features=features,
            source=source,
            note=CHOSEN_ON_TEST,
        )
        for method, features, per_cent, source in rows
    ]


def _one_class(source: str, rows: list[tuple[str, float]]) -> list[Reported]:
    return [
        Reported(
            method=method,
            value=value,
            protocol=PER_VIDEO,
            supervision="one-class",
            features="frames",
            source=source,
            note=NORMALISED,
        )
        for method, value in rows
    ]


REPORTED: dict[str, list[Reported]] = {
    "ucf-crime": _collected(
        "weak",
        FRAMES,
        [
            ("Sultani et al.", "C3D", 75.41),
            ("Zhang et al.", "C3D", 78.66),
            ("Motion-Aware", "PWC flow", 79.00),
            ("GCN-Anomaly", "TSN", 82.12),
            ("MIST", "I3D, fine-tuned", 82.30),
            ("Wu et al.", "I3D", 82.44),
            ("Video Classifier, Bi-LSTM without attention", "I3D", 81.72),
            ("CLAWS Net", "C3D", 83.03),
            ("Bi-LSTM with MIL", "I3D", 83.14),
            ("Video Classifier with Bi-LSTM", "I3D", 83.28),
            ("RTFM", "C3D", 83.28),
            ("Video Classifier", "I3D", 83.96),
            ("RTFM + Bi-LSTM with MIL", "I3D", 84.24),
            ("RTFM", "I3D", 84.30),
            ("Video Classifier + Bi-LSTM with MIL", "I3D", 84.72),
            ("RTFM + both", "I3D", 85.11),
            ("RTFM + Video Classifier", "I3D", 85.21),
        ],
    )
    + _own_words(
        FRAMES,
        [
            ("Video Classifier, split size 28", "I3D", 84.74, AUTHORS_CODE),
            ("Video Classifier, 7 hops, split size 28", "I3D", 84.91, AUTHORS_CODE),
            ("PEL4VAD", "I3D", 86.76, PEL4VAD),
            ("BN-WVAD", "I3D", 87.24, BN_WVAD),
            ("S3R", "I3D", 85.99, S3R),
        ],
    )
    + _collected("none", FRAMES, [("SVM", "", 50.00), ("Conv-AE", "", 50.60)]),
    "shanghaitech": _collected(
        "weak",
        FRAMES,
        [
            ("Zhang et al.", "I3D", 82.50),
            ("GCN-Anomaly", "TSN", 84.44),
            ("CLAWS Net", "C3D", 89.67),
            ("AR-Net", "I3D RGB and flow", 91.24),
            ("RTFM", "C3D", 91.51),
            ("Video Classifier, Bi-LSTM without attention", "I3D", 92.90),
            ("Bi-LSTM with MIL", "I3D", 94.06),
            ("Video Classifier with Bi-LSTM", "I3D", 94.06),
            ("MIST", "I3D, fine-tuned", 94.83),
            ("Video Classifier", "I3D", 95.40),
            ("Video Classifier + Bi-LSTM with MIL", "I3D", 96.28),
            ("RTFM + Video Classifier", "I3D", 97.14),
            ("RTFM", "I3D", 97.21),
            ("RTFM + Bi-LSTM with MIL", "I3D", 97.40),
            ("RTFM + both", "I3D", 97.48),
        ],
    )
    + _own_words(FRAMES, [("PEL4VAD", "I3D", 98.14, PEL4VAD), ("S3R", "I3D", 97.40, S3R)])
    + _collected(
        "none", FRAMES, [("Mem-AE", "", 50.60), ("Conv-AE", "", 60.85), ("VEC", "", 74.80)]
    ),
    "xd-violence": _collected(
        "weak",
        AVERAGE_PRECISION,
        [
            ("Sultani et al.", "C3D", 73.20),
            ("Bi-LSTM with MIL", "I3D", 73.30),
            ("Video Classifier + Bi-LSTM with MIL", "I3D", 74.99),
            ("Video Classifier", "I3D", 75.13),
            ("Video Classifier", "I3D and VGGish", 75.43),
            ("Wu et al.", "I3D", 75.68),
            ("Video Classifier, Bi-LSTM without attention", "I3D and VGGish", 75.92),
            ("RTFM", "I3D", 77.81),
            ("Wu et al.", "I3D and VGGish", 78.64),
            ("Video Classifier with Bi-LSTM", "I3D and VGGish", 78.75),
            ("Bi-LSTM with MIL", "I3D and VGGish", 80.54),
            ("Video Classifier + Bi-LSTM with MIL", "I3D and VGGish", 81.06),
            ("Pang et al.", "I3D and VGGish", 81.69),
            ("both, with Bi-LSTM in the classifier", "I3D and VGGish", 82.13),
        ],
    )
    + _own_words(
        AVERAGE_PRECISION,
        [
            ("PEL4VAD", "I3D", 85.59, PEL4VAD),
            ("BN-WVAD", "I3D", 84.93, BN_WVAD),
            ("UR-DMU, run again by others", "I3D", 82.36, BN_WVAD),
        ],
    )
    + _collected("none", AVERAGE_PRECISION, [("Hasan et al.", "", 30.77), ("SVM", "", 50.78)]),
    "avenue": _one_class(
        RECONSTRUCTING,
        [("Conv-AE", 0.702), ("SRNN", 0.817), ("Reconstructing ST-GAN", 0.829)],
    ),
    "factory": _one_class(RECONSTRUCTING, [("Conv-AE", 0.571), ("Reconstructing ST-GAN", 0.728)]),
    "ped2": [],
}


def reported_on(benchmark: str, protocol: str) -> list[Reported]:
    """Claims made by the protocol of that slug, the best first."""
    claims = [claim for claim in REPORTED.get(benchmark, ()) if claim.protocol == protocol]
    return sorted(claims, key=lambda claim: -claim.value)


def protocols_reported_on(benchmark: str) -> list[str]:
    """Slugs of the protocols by which papers made claims."""
    return list(dict.fromkeys(claim.protocol for claim in REPORTED.get(benchmark, ())))
