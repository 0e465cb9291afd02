"""How printed numbers were made, in templates that show them."""

from __future__ import annotations

from django import template

from webapp.results.studies.printed import way_of
from webapp.results.studies.reported import Reported

register = template.Library()


@register.filter
def way(claim: Reported) -> str:
    return way_of(claim)
