"""Pages of this app. Paths are Vietnamese without marks and stay as they are."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
