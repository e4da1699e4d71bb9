"""All addresses of the site. Paths are Vietnamese without marks and stay as they are."""

from allauth.account import views as account
from django.contrib import admin
from django.urls import include, path, re_path
from django.views.i18n import set_language

from portal import health, organisations
from portal.views import profile, wards

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("ngon-ngu/", set_language, name="set_language"),
    path("phuong-xa/", wards, name="wards"),
    path("tai-khoan/", profile, name="profile"),
    path("tai-khoan/dang-nhap/", account.login, name="account_login"),
    path("tai-khoan/dang-xuat/", account.logout, name="account_logout"),
    path("tai-khoan/dang-ky/", account.signup, name="account_signup"),
    path("tai-khoan/dang-ky-to-chuc/", organisations.signup, name="organisation_signup"),
    path("tai-khoan/khoa/", account.account_inactive, name="account_inactive"),
    path("tai-khoan/mat-khau/", account.password_change, name="account_change_password"),
    path("tai-khoan/dat-mat-khau/", account.password_set, name="account_set_password"),
    path("tai-khoan/xac-nhan/", account.reauthenticate, name="account_reauthenticate"),
    path("tai-khoan/quen-mat-khau/", account.password_reset, name="account_reset_password"),
    path("tai-khoan/quen-mat-khau/da-gui/", account.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^tai-khoan/quen-mat-khau/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "tai-khoan/quen-mat-khau/xong/",
        account.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("tai-khoan/thu-dien-tu/", account.email_verification_sent, name="account_email_verification_sent"),
    path("quan-tri/", admin.site.urls),
    path("", include("procedures.urls")),
    path("", include("payments.urls")),
    path("", include("pension.urls")),
]
