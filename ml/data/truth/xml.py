"""XML of labelling tools, read without entities of its own: those can grow without end."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from ml.data.truth.source import Source
from ml.records import BadInput

Element = ElementTree.Element
ROOT = re.compile(r"<([A-Za-z_][\w.:-]*)[\s>/]")
SKIPPED = re.compile(r"<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>\[]*(\[.*?\])?\s*>", re.DOTALL)
PEEKED = 8_000


def root_of(source: Source) -> str:
    """The name of the outermost element; empty where it is no XML."""
    if not source.is_text:
        return ""
    head = SKIPPED.sub("", source.text.content[:PEEKED].lstrip("\ufeff")).lstrip()
    match = ROOT.match(head)
    return match[1] if match else ""


def parse(source: Source, tool: str) -> Element:
    """Raise BadInput where it is damaged, or defines what `tool` never writes."""
    if "<!DOCTYPE" in source.text.content or "<!ENTITY" in source.text.content:
        raise BadInput(f"{source.name} defines entities of its own, which {tool} never does")
    try:
        return ElementTree.fromstring(source.text.content.lstrip("\ufeff"))
    except (ElementTree.ParseError, ValueError) as error:
        raise BadInput(f"{source.name} is no whole XML: {error}") from error
