"""Makes features of the spec's videos, and a manifest that names them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ml import device
from ml.extraction import EXTRACTORS, create_extractor, extract_all
from ml.findings import counted, shortened
from ml.records import BadInput
from ml.reports import Reporter
from ml.strict_json import parse
from ml.verbs._spec import Spec, out_dir, videos_of

MANIFEST, FACTS = "manifest", "extraction"  # with the ending of the extractor, and .json


def run(spec: Spec, reporter: Reporter) -> None:
    device.use_threads(spec.get("threads"))
    device.compute_exactly()
    chosen = device.choose(spec.get("device", "auto"))
    weights = Path(spec["weights"]) if spec.get("weights") else None
    extractor = create_extractor(spec["extractor"], spec.get("options", {}), chosen, weights)
    reporter.send("facts", values=device.device_facts(chosen))
    rule = {"frames_per_row": spec["frames_per_row"], "remainder": spec["remainder"]}
    extractor.check_length(spec["frames_per_row"])
    folder, facts = out_dir(spec), extractor.facts() | rule
    claim(folder, facts, extractor.ending)
    manifest = extract_all(extractor, videos_of(spec), folder, reporter, **rule)
    manifest.save(folder / f"{MANIFEST}{extractor.ending}.json")
    if lacking := [video.name for video in manifest.videos if video.features is None]:
        raise BadInput(
            f"{counted(len(lacking), 'video')} of {len(manifest.videos)} got no features: "
            f"{shortened(lacking)}. The others have theirs"
        )
    reporter.send("result", values=facts)


def claim(folder: Path, facts: dict[str, Any], ending: str = "") -> None:
    """Say what the folder's features are. Raise BadInput where it has others, or unknown ones.

    Files of another `ending` are another extractor's, and stand beside.
    """
    path = folder / f"{FACTS}{ending}.json"
    if path.exists():
        theirs = parse(path.read_text(), path.name)
        if changed := sorted(key for key in facts if theirs.get(key) != facts[key]):
            raise BadInput(
                f"{folder.name} has features that were made otherwise ({', '.join(changed)}): name "
                "another folder, or the same extractor and rule to go on"
            )
        return
    if any(ending_of(file.stem) == ending for file in folder.rglob("*.npy")):
        raise BadInput(
            f"{folder.name} has features of which {path.name} does not say what they are"
        )
    path.write_text(json.dumps(facts, indent=1))


def ending_of(stem: str) -> str:
    """Of the extractor that the file's name tells of; empty where it tells of none."""
    endings = (extractor.ending for extractor in EXTRACTORS.load().values())
    return next((each for each in endings if each and stem.endswith(each)), "")
