"""Makes features of the spec's videos, and a manifest that names them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ml import device
from ml.extraction import create_extractor, extract_all
from ml.records import BadInput
from ml.reports import Reporter
from ml.strict_json import parse
from ml.verbs._spec import Spec, out_dir, videos_of

MANIFEST, FACTS = "manifest.json", "extraction.json"


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
    claim(folder, facts)
    manifest = extract_all(extractor, videos_of(spec), folder, reporter, **rule)
    manifest.save(folder / MANIFEST)
    reporter.send("result", values=facts)


def claim(folder: Path, facts: dict[str, Any]) -> None:
    """Say what the folder's features are. Raise BadInput where it has others, or unknown ones."""
    path = folder / FACTS
    if path.exists():
        theirs = parse(path.read_text(), path.name)
        if changed := sorted(key for key in facts if theirs.get(key) != facts[key]):
            raise BadInput(
                f"{folder.name} has features that were made otherwise ({', '.join(changed)}): name "
                "another folder, or the same extractor and rule to go on"
            )
        return
    if any(folder.rglob("*.npy")):
        raise BadInput(f"{folder.name} has features of which {FACTS} does not say what they are")
    path.write_text(json.dumps(facts, indent=1))
