"""Pages of this app. Paths are Vietnamese without marks and stay as they are."""

from django.urls import path

from pension.views import calculators, switching

urlpatterns = [
    path("cong-cu-tinh/", calculators.calculators, name="calculators"),
    path("cong-cu-tinh/<slug:slug>/", calculators.calculator, name="calculator"),
    path("cong-cu-tinh/<slug:slug>/ket-qua.pdf", calculators.paper, name="calculation_paper"),
    path("luong-huu/doi-cach-nhan/", switching.entry, name="switch_entry"),
    path("luong-huu/doi-cach-nhan/<str:code>/", switching.switch, name="switch"),
]
