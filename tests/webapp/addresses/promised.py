"""Every address of the site and the document of its API, as texts to compare with."""

from collections.abc import Callable, Iterator
from pathlib import Path

from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiYamlRenderer

HERE = Path(__file__).parent
WRITE_ANEW = ".venv/bin/python -m tests.webapp.addresses.write"


def routes() -> str:
    """A line per address: its pattern and the name by which pages link to it."""
    return "".join(f"/{pattern}  {name}\n" for pattern, name in _routes(get_resolver(), "", ""))


def schema() -> str:
    """The OpenAPI document, as `/api/v1/schema` gives it."""
    document = SchemaGenerator().get_schema(request=None, public=True)
    return OpenApiYamlRenderer().render(document, renderer_context={}).decode()


KEPT: dict[str, Callable[[], str]] = {"routes.txt": routes, "schema.yml": schema}


def write() -> None:
    for name, current in KEPT.items():
        (HERE / name).write_text(current())


def _routes(resolver: URLResolver, above: str, namespaces: str) -> Iterator[tuple[str, str]]:
    for each in resolver.url_patterns:
        pattern = above + str(each.pattern)
        if isinstance(each, URLPattern):
            yield pattern, f"{namespaces}{each.name or '-'}"
        else:
            inside = f"{each.namespace}:" if each.namespace else ""
            yield from _routes(each, pattern, namespaces + inside)
