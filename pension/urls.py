"""Pages of this app. Paths are Vietnamese without marks and stay as they are."""

from django.urls import path

from pension.views import calculators, paper, switching

urlpatterns = [
    path("cong-cu-tinh/", calculators.calculators, name="calculators"),
    path("cong-cu-tinh/<slug:slug>/", calculators.calculator, name="calculator"),
    path("cong-cu-tinh/<slug:slug>/ket-qua.pdf", calculators.paper, name="calculation_paper"),
    path("luong-huu/doi-cach-nhan/", switching.entry, name="switch_entry"),
    path("luong-huu/doi-cach-nhan/giay/", paper.start, name="paper_start"),
    path("luong-huu/doi-cach-nhan/giay/<slug:token>/", paper.printed, name="paper"),
    path("luong-huu/doi-cach-nhan/giay/<slug:token>/buoc/<slug:slug>/", paper.step, name="paper_step"),
    path("luong-huu/doi-cach-nhan/giay/<slug:token>/kiem-tra/", paper.check, name="paper_check"),
    path("luong-huu/doi-cach-nhan/giay/<slug:token>/mau-2-cbh.pdf", paper.pdf, name="paper_pdf"),
    path("luong-huu/doi-cach-nhan/<str:code>/", switching.switch, name="switch"),
]
