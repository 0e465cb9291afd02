"""Who I am, and my tokens."""

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.accounts import services
from webapp.accounts.models import ApiToken, Membership, User
from webapp.accounts.permissions import teams_of
from webapp.accounts.services import DEFAULT_TOKEN_DAYS, LONGEST_TOKEN_DAYS
from webapp.accounts.teams import current_team
from webapp.api.authentication import caller
from webapp.api.lists import ListView
from webapp.api.requests import Known, PageQuery, read_body


class NewToken(Known):
    name = serializers.CharField(max_length=80)
    scope = serializers.ChoiceField(choices=ApiToken.Scope.choices)
    expires_in_days = serializers.IntegerField(
        min_value=1, max_value=LONGEST_TOKEN_DAYS, default=DEFAULT_TOKEN_DAYS
    )


class PersonSerializer(serializers.ModelSerializer[User]):
    class Meta:
        model = User
        fields = ["id", "name"]


class MembershipSerializer(serializers.ModelSerializer[Membership]):
    id = serializers.CharField(source="team_id")
    name = serializers.CharField(source="team.name")

    class Meta:
        model = Membership
        fields = ["id", "name", "role"]


class TokenSerializer(serializers.ModelSerializer[ApiToken]):
    class Meta:
        model = ApiToken
        fields = [
            "id", "name", "scope", "team_id", "created_at", "expires_at", "last_used_at",
            "revoked_at",
        ]  # fmt: skip


class TokenWithSecretSerializer(TokenSerializer):
    secret = serializers.CharField(help_text="Shown this once. Only its hash is stored.")

    class Meta(TokenSerializer.Meta):
        fields = [*TokenSerializer.Meta.fields, "secret"]


class MeSerializer(serializers.ModelSerializer[User]):
    teams = MembershipSerializer(many=True, source="visible_memberships")
    token = TokenSerializer(source="api_token", allow_null=True)

    class Meta:
        model = User
        fields = ["id", "email", "name", "teams", "token"]


ON_SITE_ONLY: Any = {"auth": [{"cookieAuth": []}]}


class WithoutToken(BasePermission):
    """A leaked token can neither see nor make nor revoke others."""

    message = "Tokens are handled by a person who is logged in on the site, not by a token."

    def has_permission(self, request: Request, view: APIView) -> bool:
        return request.auth is None


class Me(APIView):
    @extend_schema(responses=MeSerializer)
    def get(self, request: Request) -> Response:
        """The person, their teams, and the token when one was used."""
        user = caller(request)
        memberships = Membership.objects.filter(user=user, team__in=teams_of(user))
        user.visible_memberships = memberships.select_related("team")  # type: ignore[attr-defined]
        return Response(MeSerializer(user).data)


class Tokens(ListView[ApiToken]):
    permission_classes = [IsAuthenticated, WithoutToken]
    serializer_class = TokenSerializer

    def get_queryset(self) -> QuerySet[ApiToken]:
        return ApiToken.objects.filter(user=caller(self.request)).order_by("-id")

    @extend_schema(parameters=[PageQuery], **ON_SITE_ONLY)
    def get(self, request: Request) -> Response:
        return self.list(request)

    @extend_schema(request=NewToken, responses={201: TokenWithSecretSerializer}, **ON_SITE_ONLY)
    def post(self, request: Request) -> Response:
        """Make a token for the team chosen on the site."""
        wanted = read_body(NewToken, request)
        token, secret = services.create_token(
            team=current_team(request._request),
            name=wanted["name"],
            scope=wanted["scope"],
            days=wanted["expires_in_days"],
            by=caller(request),
        )
        answer = TokenSerializer(token).data | {"secret": secret}
        return Response(answer, status=status.HTTP_201_CREATED)


class Token(APIView):
    permission_classes = [IsAuthenticated, WithoutToken]

    @extend_schema(responses={204: None}, **ON_SITE_ONLY)
    def delete(self, request: Request, token_id: str) -> Response:
        """Revoke a token of mine."""
        token = get_object_or_404(ApiToken, user=caller(request), pk=token_id)
        services.revoke_token(token=token, by=caller(request))
        return Response(status=status.HTTP_204_NO_CONTENT)
