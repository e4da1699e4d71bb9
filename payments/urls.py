"""Pages of this app. Paths are Vietnamese without marks and stay as they are."""

from django.urls import path

from payments.views import bank_calls

urlpatterns = [
    path("ngan-hang/bao-co/<slug:slug>/", bank_calls.bank_call, name="bank_call"),
]
