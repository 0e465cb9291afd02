from typing import Any

app_name = "runs"
urlpatterns: list[Any] = []
