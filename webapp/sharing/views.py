"""The team's share links: making, listing and revoking them."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from webapp.accounts.forms import show_error
from webapp.accounts.http import AuthenticatedRequest, get_or_post
from webapp.accounts.permissions import Permission, permissions_of
from webapp.accounts.teams import current_team
from webapp.common.errors import UserError
from webapp.sharing import services
from webapp.sharing.forms import ShareForm, ids_in, kind_in
from webapp.sharing.models import ShareLink

MAX_LISTED = 200


@require_safe
def link_list(request: AuthenticatedRequest) -> HttpResponse:
    """Those of the team, newest first."""
    team = current_team(request)
    links = ShareLink.objects.visible_to(request.user).filter(team=team)
    context = {
        "links": links.select_related("created_by")[:MAX_LISTED],
        "n_links": links.count(),
        "most": MAX_LISTED,
        "may_share": Permission.SHARE_CREATE in permissions_of(request.user, team=team),
    }
    return render(request, "sharing/list.html", context)


@never_cache
@get_or_post
def new(request: AuthenticatedRequest) -> HttpResponse:
    """The address says what; the answer to the form is the only page that shows the link."""
    kind = kind_in(request.GET)
    ids = ids_in(request.GET)
    target = services.shareable(kind, ids, by=request.user)
    form = ShareForm(request.POST or None, kind=kind)
    context = {"form": form, "kind": ShareLink.Kind(kind), "target": target}
    if not form.is_valid():
        return render(request, "sharing/new.html", context)
    try:
        link, address = services.create_link(kind=kind, ids=ids, by=request.user, **form.choices)
    except UserError as error:
        show_error(form, error)
        return render(request, "sharing/new.html", context, status=error.status_code)
    return render(request, "sharing/made.html", {"link": link, "address": address})


@require_POST
def revoke(request: AuthenticatedRequest, link_id: str) -> HttpResponse:
    links = ShareLink.objects.visible_to(request.user).select_related("team")
    services.revoke_link(link=get_object_or_404(links, pk=link_id), by=request.user)
    messages.success(request, _("The link was revoked. It shows nothing any more."))
    return redirect("sharing:list")
