"""What the API shows of a share link. The secret is shown once, to whoever made it."""

from __future__ import annotations

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from webapp.api.serializers import ObjectField
from webapp.sharing.models import ShareLink


class ShareLinkSerializer(serializers.ModelSerializer[ShareLink]):
    target = ObjectField(help_text="Ids of what it shows; `protocol` is one version of it.")
    created_by = serializers.SerializerMethodField()
    url = serializers.SerializerMethodField()

    class Meta:
        model = ShareLink
        fields = [
            "id", "team_id", "kind", "title", "target", "includes_video", "note", "created_by",
            "created_at", "expires_at", "revoked_at", "n_views", "last_viewed_at", "url",
        ]  # fmt: skip

    @extend_schema_field({"type": ["string", "null"]})
    def get_created_by(self, link: ShareLink) -> str | None:
        return link.created_by.name if link.created_by else None

    def get_url(self, link: ShareLink) -> str:
        return reverse("api:share_link", args=[link.pk])


class ShareLinkWithAddressSerializer(ShareLinkSerializer):
    address = serializers.CharField(
        allow_null=True,
        help_text="What to send. Shown once: only the hash of its secret is stored, so that it "
        "is null where the answer is repeated for an Idempotency-Key.",
    )

    class Meta(ShareLinkSerializer.Meta):
        fields = [*ShareLinkSerializer.Meta.fields, "address"]
