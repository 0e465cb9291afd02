from django.urls import path

from webapp.accounts import team_views, views

app_name = "accounts"
urlpatterns = [
    path("login", views.login, name="login"),
    path("logout", views.logout, name="logout"),
    path("login/link/<str:secret>", views.login_link, name="login_link"),
    path("invitations/<str:secret>", views.invitation, name="invitation"),
    path("profile", views.profile, name="profile"),
    path("profile/password", views.password, name="password"),
    path("tokens", views.tokens, name="tokens"),
    path("tokens/<str:token_id>/revoke", views.revoke_token, name="revoke_token"),
    path("team", team_views.team, name="team"),
    path("team/switch", team_views.switch, name="switch_team"),
    path("team/members/<int:membership_id>/role", team_views.change_role, name="change_role"),
    path("team/members/<int:membership_id>/remove", team_views.remove, name="remove_member"),
    path(
        "team/invitations/<int:invitation_id>/withdraw",
        team_views.withdraw,
        name="withdraw_invitation",
    ),
]
