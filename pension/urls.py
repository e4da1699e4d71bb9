"""Pages of this app. Paths are Vietnamese without marks and stay as they are."""

from django.urls import path

from pension import views

urlpatterns = [
    path("luong-huu/doi-cach-nhan/", views.entry, name="switch_entry"),
    path("luong-huu/doi-cach-nhan/<str:code>/", views.switch, name="switch"),
]
