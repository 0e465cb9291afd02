from django.apps import AppConfig


class DeletingConfig(AppConfig):
    name = "webapp.deleting"
