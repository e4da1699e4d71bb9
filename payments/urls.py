"""Pages of this app. Paths are Vietnamese without marks and stay as they are."""

from django.urls import URLPattern, path

from payments import views

urlpatterns: list[URLPattern] = [
    path("ho-so/<str:code>/tai-khoan-nhan/", views.account, name="payout_account"),
]
