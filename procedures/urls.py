"""Pages of this app. Paths are Vietnamese without marks and stay as they are."""

from django.urls import path

from procedures.views import after_filing, check, dossier, files, filing, finding, offices, public, uploads

urlpatterns = [
    path("", public.home, name="home"),
    path("thu-tuc/", finding.procedure_list, name="procedure_list"),
    path("thu-tuc/<slug:slug>/", public.procedure, name="procedure"),
    path("thu-tuc/<slug:slug>/bat-dau/", filing.start, name="start"),
    path("chon-thu-tuc/", finding.which, name="which"),
    path("chon-thu-tuc/<path:way>/", finding.which, name="which"),
    path("tra-cuu/", public.track, name="track"),
    path("xac-thuc/<str:token>/", public.verify, name="verify"),
    path("co-quan/", offices.office_list, name="office_list"),
    path("co-quan/<slug:slug>/", offices.office, name="office"),
    path("ho-so/", dossier.dossier_list, name="dossier_list"),
    path("ho-so/<str:code>/", dossier.page, name="dossier"),
    path("ho-so/<str:code>/buoc/<slug:slug>/", filing.step, name="step"),
    path("ho-so/<str:code>/giay-to-kem/", uploads.uploads, name="uploads"),
    path("ho-so/<str:code>/kiem-tra/", check.check, name="check"),
    path("ho-so/<str:code>/xoa-nhap/", check.discard, name="discard"),
    path("ho-so/<str:code>/tep/<int:number>/", files.attachment, name="attachment"),
    path("ho-so/<str:code>/tep/<int:number>/xem-truoc/", files.attachment_preview, name="attachment_preview"),
    path("ho-so/<str:code>/tep/<int:number>/xoa/", uploads.remove_upload, name="remove_upload"),
    path("ho-so/<str:code>/giay-to/", dossier.documents, name="documents"),
    path("ho-so/<str:code>/giay-to/nhan-a4.pdf", dossier.label_sheet, name="label_sheet"),
    path("ho-so/<str:code>/giay-to/<slug:kind>-<int:number>.pdf", dossier.document, name="document"),
    path("ho-so/<str:code>/van-don/", after_filing.tracking, name="tracking"),
    path("ho-so/<str:code>/that-lac/", after_filing.lost, name="lost"),
    path("ho-so/<str:code>/noi-gui/", after_filing.posting_place, name="posting_place"),
    path("ho-so/<str:code>/dia-chi-nhan/", after_filing.delivery_address, name="delivery_address"),
    path("ho-so/<str:code>/bo-sung/", after_filing.supplement, name="supplement"),
    path("ho-so/<str:code>/rut/", after_filing.withdraw, name="withdraw"),
]
