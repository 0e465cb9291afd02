"""Makes features of the spec's videos, and a manifest that names them."""

from __future__ import annotations

import json

from ml import device
from ml.extraction import EXTRACTORS, extract_all
from ml.reports import Reporter
from ml.verbs._spec import Spec, out_dir, videos_of

MANIFEST, FACTS = "manifest.json", "extraction.json"


def run(spec: Spec, reporter: Reporter) -> None:
    device.use_threads(spec.get("threads"))
    chosen = device.choose(spec.get("device", "auto"))
    extractor = EXTRACTORS.find(spec["extractor"])(chosen)
    reporter.send("facts", values=device.device_facts(chosen))
    rule = {"frames_per_row": spec["frames_per_row"], "remainder": spec["remainder"]}
    folder = out_dir(spec)
    manifest = extract_all(extractor, videos_of(spec), folder, reporter, **rule)
    manifest.save(folder / MANIFEST)
    facts = extractor.facts() | rule
    (folder / FACTS).write_text(json.dumps(facts, indent=1))
    reporter.send("result", values=facts)
