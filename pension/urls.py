"""Pages of this app. Paths are Vietnamese without marks and stay as they are."""

from django.urls import path

from pension import views

urlpatterns = [
    path("cong-cu-tinh/", views.calculators, name="calculators"),
    path("cong-cu-tinh/<slug:slug>/", views.calculator, name="calculator"),
    path("cong-cu-tinh/<slug:slug>/ket-qua.pdf", views.paper, name="calculation_paper"),
]
