"""What rows of known extractors are like: norms as measured on real files, and their signs.

Norms are Euclidean, of one crop of one row. One video says roughly how large they are, so a mean is
called odd only beyond `FACTOR` times what was measured.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from ml.findings import Finding

Sign = Literal["positive", "both"]  # after a ReLU nothing is negative
FACTOR = 2.5
ONE_VIDEO = "measured on one video of 18 s"


@dataclass(frozen=True, kw_only=True)
class Reference:
    """`lowest` to `highest` are mean norms as they were met; `unit` rows have a norm of 1 each."""

    title: str
    words: re.Pattern[str]  # in what people say of the extractor, lower case
    dimension: int
    lowest: float
    highest: float
    source: str
    sign: Sign = "positive"
    is_unit: bool = False

    def findings(self, health: dict[str, Any]) -> Iterator[Finding]:
        """`health` as `Health.to_json` gives it."""
        yield from self._of_norms(health)
        yield from self._of_signs(health["negative_share"])

    def _of_norms(self, health: dict[str, Any]) -> Iterator[Finding]:
        mean, factor = health["mean_norm"], 1.001 if self.is_unit else FACTOR
        if self.lowest / factor <= mean <= self.highest * factor:
            return
        is_small = mean < self.lowest
        text = (
            f"The rows are too {'small' if is_small else 'large'}: their mean norm is {mean:.3g}, "
            f"and {self.title} gives {self._usual()} ({self.source}). "
            f"{self._cause(health, is_small=is_small)}"
        )
        yield Finding(level="warning", subject="norms", text=text)

    def _usual(self) -> str:
        if self.is_unit:
            return "1 for each"
        if self.lowest == self.highest:
            return f"about {self.lowest:g}"
        return f"about {self.lowest:g} to {self.highest:g}"

    def _cause(self, health: dict[str, Any], *, is_small: bool) -> str:
        if health["batch_normalised_share"] == 1:
            return "Likely cause: they were normalised over each batch of rows."
        if health["lowest_norm"] > 0 and health["highest_norm"] < 1.001 * health["lowest_norm"]:
            return "Likely cause: each row was normalised."
        if is_small:
            return "Likely cause: they were normalised, or pixels were scaled otherwise."
        return "Likely cause: pixels were scaled otherwise, or another layer was read."

    def _of_signs(self, negative: float) -> Iterator[Finding]:
        if self.sign == "positive" and negative:
            text = f"{negative:.1%} of the numbers are negative, and {self.title} gives none: "
            text += "its features come after a ReLU. Another layer was read, or they were centred"
            yield Finding(level="warning", subject="signs", text=text)
        if self.sign == "both" and not negative:
            text = f"Not one number is negative, and about half of those of {self.title} are"
            yield Finding(level="warning", subject="signs", text=text)


# For the last but one there is no file to measure. It has as many numbers as ResNet-101 and is
# inflated as I3D is, so it lies between. The Video Classifier that its authors trained on such
# features bears it out: a bag whose rows have a norm of 0.2 gets 0.495, the same bag a norm of 2.3
# 0.405, of 18 0.043.
REFERENCES = (
    Reference(title="I3D on RGB", words=re.compile(r"i3d(?!.*(flow|raft|resnet|r50))"),
              dimension=1024, lowest=9.5, highest=13.1, source=f"{ONE_VIDEO}, rows of 64 and 24"),
    Reference(title="I3D on flow", words=re.compile(r"i3d.*(flow|raft)|(flow|raft).*i3d"),
              dimension=1024, lowest=7.5, highest=9.4, source=f"{ONE_VIDEO}, rows of 64 and 24"),
    Reference(title="R(2+1)D", words=re.compile(r"r\(?2\+?1\)?d|r2plus1d|r21d"),
              dimension=512, lowest=20.4, highest=21.6, source=f"{ONE_VIDEO}, rows of 8 to 32"),
    Reference(title="ResNet-101", words=re.compile(r"^(?!.*(3d|i3d)).*resnet-?(50|101|152)"),
              dimension=2048, lowest=34.9, highest=34.9, source=ONE_VIDEO),
    Reference(title="CLIP ViT-B/32", words=re.compile(r"^clip\b|openai|\bvit\b"),
              dimension=512, lowest=10.3, highest=10.3, source=ONE_VIDEO, sign="both"),
    Reference(title="VGGish", words=re.compile(r"vggish"),
              dimension=128, lowest=3.6, highest=3.6, source=ONE_VIDEO),
    Reference(title="I3D-ResNet50", words=re.compile(r"i3d.*(resnet|r50)|(resnet-?50|r50).*i3d"),
              dimension=2048, lowest=13.0, highest=35.0,
              source="no file measured: between I3D and ResNet-101"),
    Reference(title="C3D of Sultani et al.", words=re.compile(r"c3d"), dimension=4096,
              lowest=1.0, highest=1.0, source="seven published files", is_unit=True),
)  # fmt: skip


def reference_for(extractor: str, dimension: int) -> Reference | None:
    """By the words that people use, and only where the numbers are as many."""
    name = extractor.lower()
    fitting = (each for each in REFERENCES if each.dimension == dimension)
    return next((each for each in fitting if each.words.search(name)), None)
