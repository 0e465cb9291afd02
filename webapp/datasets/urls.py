from typing import Any

app_name = "datasets"
urlpatterns: list[Any] = []
