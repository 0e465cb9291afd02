from typing import Any

app_name = "results"
urlpatterns: list[Any] = []
