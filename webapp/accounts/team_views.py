"""The team page: who is in it, as what, and who is invited."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from webapp.accounts import services
from webapp.accounts.forms import RoleForm
from webapp.accounts.http import AuthenticatedRequest, get_or_post, next_page
from webapp.accounts.models import Invitation, Membership
from webapp.accounts.permissions import Permission, permissions_of, teams_of
from webapp.accounts.teams import choose_team, current_team


@never_cache
@get_or_post
def team(request: AuthenticatedRequest) -> HttpResponse:
    """A POST invites; its answer is the only page that ever shows the link."""
    current = current_team(request)
    form, link = RoleForm(request.POST or None), ""
    if form.is_valid():
        link = services.invite(team=current, role=form.cleaned_data["role"], by=request.user)
        form = RoleForm()
    granted = permissions_of(request.user, team=current)
    context = {
        "form": form,
        "link": link,
        "team": current,
        "memberships": current.memberships.select_related("user").order_by("user__name"),
        "invitations": current.invitations.unexpired()
        .filter(accepted_at=None)
        .select_related("invited_by"),
        "may_invite": Permission.MEMBER_INVITE in granted,
        "may_change": Permission.MEMBER_CHANGE in granted,
        "roles": RoleForm.base_fields["role"].choices,  # type: ignore[attr-defined]
    }
    return render(request, "accounts/team.html", context)


@require_POST
def switch(request: AuthenticatedRequest) -> HttpResponse:
    chosen = get_object_or_404(teams_of(request.user), pk=request.POST.get("team", ""))
    choose_team(request, chosen)
    return redirect(next_page(request))


def _membership(request: AuthenticatedRequest, membership_id: int) -> Membership:
    memberships = Membership.objects.filter(team__in=teams_of(request.user))
    return get_object_or_404(memberships.select_related("team", "user"), pk=membership_id)


@require_POST
def change_role(request: AuthenticatedRequest, membership_id: int) -> HttpResponse:
    membership = _membership(request, membership_id)
    form = RoleForm(request.POST)
    if form.is_valid():
        role = form.cleaned_data["role"]
        services.change_role(membership=membership, role=role, by=request.user)
        messages.success(request, _("%(name)s has a new role.") % {"name": membership.user})
    return redirect("accounts:team")


@require_POST
def remove(request: AuthenticatedRequest, membership_id: int) -> HttpResponse:
    membership = _membership(request, membership_id)
    services.remove_member(membership=membership, by=request.user)
    messages.success(request, _("%(name)s left the team.") % {"name": membership.user})
    return redirect("accounts:team")


@require_POST
def withdraw(request: AuthenticatedRequest, invitation_id: int) -> HttpResponse:
    invitations = Invitation.objects.filter(team__in=teams_of(request.user))
    invitation = get_object_or_404(invitations.select_related("team"), pk=invitation_id)
    services.withdraw_invitation(invitation=invitation, by=request.user)
    messages.success(request, _("Invitation withdrawn."))
    return redirect("accounts:team")
