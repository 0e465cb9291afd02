"""Pages for getting in, for one's own profile and tokens."""

from django.conf import settings
from django.contrib import auth, messages
from django.contrib.auth.decorators import login_not_required
from django.forms import model_to_dict
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from webapp.accounts import services
from webapp.accounts.devices import known_device, remember_device
from webapp.accounts.forms import (
    LoginForm,
    NewAccountForm,
    PasswordForm,
    ProfileForm,
    TokenForm,
    show_error,
)
from webapp.accounts.http import AuthenticatedRequest, get_or_post, next_page
from webapp.accounts.login import check_password
from webapp.accounts.models import User
from webapp.accounts.teams import choose_team, current_team
from webapp.common.addresses import client_address
from webapp.common.errors import UserError


def log_in(request: HttpRequest, user: User) -> None:
    auth.login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])


@login_not_required
@never_cache
@sensitive_post_parameters("password")
@get_or_post
def login(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect(next_page(request))
    form = LoginForm(request.POST or None)
    if not form.is_valid():
        return _login_page(request, form)
    device = known_device(request, form.cleaned_data["email"])
    try:
        user = check_password(**form.cleaned_data, address=client_address(request), device=device)
    except UserError as error:
        show_error(form, error)
        return _login_page(request, form, error)
    log_in(request, user)
    response = redirect(next_page(request))
    remember_device(response, user)
    return response


def _login_page(
    request: HttpRequest, form: LoginForm, error: UserError | None = None
) -> HttpResponse:
    context = {"form": form, "next": next_page(request)}
    status = error.status_code if error else 200
    response = render(request, "accounts/login.html", context, status=status)
    if error and error.retry_after_seconds:
        response["Retry-After"] = str(error.retry_after_seconds)
    return response


@require_POST
def logout(request: HttpRequest) -> HttpResponse:
    auth.logout(request)
    return redirect(settings.LOGOUT_REDIRECT_URL)


@login_not_required
@never_cache
@get_or_post
def login_link(request: HttpRequest, secret: str) -> HttpResponse:
    """Asks for a click: mail scanners and previews open links, and would use this one up."""
    if request.method == "GET":
        return render(request, "accounts/login_link.html", {"next": next_page(request)})
    log_in(request, services.use_login_link(secret))
    return redirect(next_page(request))


@login_not_required
@never_cache
@sensitive_post_parameters("password")
@get_or_post
def invitation(request: HttpRequest, secret: str) -> HttpResponse:
    """A member of the site joins with a click; anybody else logs in or makes an account."""
    invited = services.open_invitation(secret)
    if invited is None:
        return render(request, "accounts/invitation_closed.html", status=410)
    if request.method == "POST" and isinstance(request.user, User):
        choose_team(request, services.accept_invitation(secret=secret, by=request.user))
        return redirect(settings.LOGIN_REDIRECT_URL)
    form = NewAccountForm(request.POST or None)
    if form.is_valid():
        try:
            log_in(request, services.accept_as_new_user(secret=secret, **form.cleaned_data))
            return redirect(settings.LOGIN_REDIRECT_URL)
        except UserError as error:
            show_error(form, error)
    return render(request, "accounts/invitation.html", {"invitation": invited, "form": form})


@get_or_post
def profile(request: AuthenticatedRequest) -> HttpResponse:
    form = ProfileForm(request.POST or None, initial=model_to_dict(request.user))
    if form.is_valid():
        services.update_profile(**form.cleaned_data, by=request.user)
        messages.success(request, _("Saved."))
        return redirect("accounts:profile")
    return _profile_page(request, form, PasswordForm())


@sensitive_post_parameters("old", "new")
@require_POST
def password(request: AuthenticatedRequest) -> HttpResponse:
    form = PasswordForm(request.POST)
    if form.is_valid():
        try:
            services.change_password(**form.cleaned_data, by=request.user)
        except UserError as error:
            show_error(form, error)
        else:
            auth.update_session_auth_hash(request, request.user)
            messages.success(request, _("Password changed. You stay logged in only here."))
            return redirect("accounts:profile")
    return _profile_page(request, ProfileForm(initial=model_to_dict(request.user)), form)


def _profile_page(
    request: AuthenticatedRequest, form: ProfileForm, password_form: PasswordForm
) -> HttpResponse:
    context = {"form": form, "password_form": password_form}
    return render(request, "accounts/profile.html", context)


@never_cache
@get_or_post
def tokens(request: AuthenticatedRequest) -> HttpResponse:
    """The answer to the form is the only page that ever shows the secret."""
    team = current_team(request)
    form, secret = TokenForm(request.POST or None), ""
    if form.is_valid():
        _token, secret = services.create_token(
            team=team,
            name=form.cleaned_data["name"],
            scope=form.cleaned_data["scope"],
            days=form.cleaned_data["expires_in_days"],
            by=request.user,
        )
        form = TokenForm()
    context = {
        "form": form,
        "secret": secret,
        "team": team,
        "tokens": request.user.api_tokens.select_related("team"),
    }
    return render(request, "accounts/tokens.html", context)


@require_POST
def revoke_token(request: AuthenticatedRequest, token_id: str) -> HttpResponse:
    token = get_object_or_404(request.user.api_tokens, pk=token_id)
    services.revoke_token(token=token, by=request.user)
    messages.success(request, _("Token revoked."))
    return redirect("accounts:tokens")
