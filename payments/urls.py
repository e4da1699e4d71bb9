"""Pages of this app. Paths are Vietnamese without marks and stay as they are."""

from django.urls import path

from payments.views import receipts

urlpatterns = [
    path("bien-lai/", receipts.receipt_list, name="receipt_list"),
    path("bien-lai/<str:code>/", receipts.receipt_page, name="receipt"),
    path("bien-lai/<str:code>/tai-ve/", receipts.receipt_pdf, name="receipt_pdf"),
    path("xac-thuc-bien-lai/<str:token>/", receipts.verify_receipt, name="verify_receipt"),
]
