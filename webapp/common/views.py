"""Pages that belong to no app."""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe


@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """Alive: the process answers. Says nothing about the database."""
    return JsonResponse({"status": "ok"})
