"""What people type on the account pages."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from webapp.accounts.models import ApiToken, Role, User
from webapp.accounts.services import DEFAULT_TOKEN_DAYS, LONGEST_TOKEN_DAYS
from webapp.common.errors import UserError


def show_error(form: forms.Form, error: UserError) -> None:
    """At its field where the form has it, above the form otherwise."""
    form.add_error(error.field if error.field in form.fields else None, error.sentence)


def password_field(label: Any, *, is_new: bool, required: bool = True) -> forms.CharField:
    hint = "new-password" if is_new else "current-password"
    widget = forms.PasswordInput(attrs={"autocomplete": hint})
    return forms.CharField(label=label, strip=False, required=required, widget=widget)


class LoginForm(forms.Form):
    email = forms.EmailField(
        label=_("Email"), widget=forms.EmailInput(attrs={"autocomplete": "username"})
    )
    password = password_field(_("Password"), is_new=False)


class NewAccountForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=120)
    email = forms.EmailField(label=_("Email"), max_length=254)  # as long as a row can hold
    password = password_field(_("Password"), is_new=True)


class ProfileForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=120)
    theme = forms.ChoiceField(label=_("Theme"), choices=User.Theme.choices)
    language = forms.ChoiceField(
        label=_("Language"),
        choices=[("", _("As the browser asks")), *settings.LANGUAGES],
        required=False,
    )


class PasswordForm(forms.Form):
    old = password_field(_("Old password"), is_new=False, required=False)
    new = password_field(_("New password"), is_new=True)


class TokenForm(forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=80, help_text=_("What will use it, for example a laptop.")
    )
    scope = forms.ChoiceField(label=_("Scope"), choices=ApiToken.Scope.choices)
    expires_in_days = forms.IntegerField(
        label=_("Days until it expires"),
        min_value=1,
        max_value=LONGEST_TOKEN_DAYS,
        initial=DEFAULT_TOKEN_DAYS,
    )


class RoleForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, initial=Role.MEMBER)
