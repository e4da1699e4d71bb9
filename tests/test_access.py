"""Who may open what: every address of the site, walked by the people it is and is not meant for.

An address without a row in the tables below fails the first test, so a new one cannot be forgotten.
"""

import json
import random
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver
from django.urls.resolvers import URLPattern, URLResolver
from django.utils import timezone

from payments import drafts as contribution_drafts
from payments import ledger, receipts
from payments.models import (
    CashDay,
    CashOrder,
    CashSupply,
    CashVoucher,
    ContributionDraft,
    ContributionOrder,
    LumpSum,
    OrderReturn,
    PaymentOrder,
    PayoutBatch,
    Receipt,
    Refund,
    ResultFile,
    StatementFile,
    SuspenseItem,
)
from pension import paper_codes, paper_filings
from pension.models import (
    Beneficiary,
    BenefitEntry,
    CashReturn,
    PaperFiling,
    PaymentLine,
    PaymentList,
    RosterImport,
    SwitchRequest,
)
from portal import outbox
from portal.models import AccessLog, OutboxMessage, User
from procedures import (
    catalogue,
    deliveries,
    demo,
    dossiers,
    downloads,
    handovers,
    intake,
    offices,
    parcels,
    photos,
    reconciling,
)
from procedures.books import Scope
from procedures.models import (
    AgentArea,
    AreaChange,
    AreaOutcome,
    AssignmentRule,
    Attachment,
    CalendarDay,
    Closure,
    DeliveryFile,
    DispatchBatch,
    Dossier,
    DossierEvent,
    Export,
    FigureProposal,
    FoundCode,
    HandoverList,
    HandoverRow,
    IntakeCorrection,
    IntakeList,
    LegalFigure,
    Note,
    Office,
    Original,
    Parcel,
    ParcelPhoto,
    ParcelStep,
    PostalItem,
    PostOffice,
    ProcedureVersion,
    Reconciliation,
    Shipment,
    ShipmentStep,
    StaffMember,
    StaffMove,
    SupplementText,
    TakeOver,
)
from tests import answers, paying, posting, reference, refunding
from tests.conftest import PASSWORD, file_draft, make_draft
from tests.payments import money, ordering, statements
from tests.payments.orders import order_of, paid

SignIn = Callable[[User], Client]
QUEUE = "/quan-tri/procedures/dossier/"

# --- The tables ----------------------------------------------------------------------------------
#
# A column a person, a letter an outcome. ``unassigned`` is staff to whom nobody gave an office.

PEOPLE = ("anonymous", "stranger", "owner", "clerk", "other_clerk", "unassigned", "administrator")
OUTSIDERS = ("anonymous", "stranger", "other_clerk", "unassigned")
OUTCOMES = {
    "i": "let in",
    "s": "sent to sign in",
    "b": "sent back to the staff's first page",
    "f": "403",
    "g": "404",
    "m": "405",
}


@dataclass(frozen=True)
class Row:
    """What GET gives ``PEOPLE`` and POST gives ``OUTSIDERS``."""

    get: str
    post: str
    path: str = ""  # an example, where the route does not make one


EVERYBODY = Row("iiiiiii", "iiii")
READERS = Row("iiiiiii", "mmmm")
SIGNED_IN = Row("siiiiii", "siii")
CITIZENS = Row("siiffff", "siff")
STARTERS = Row("siiffff", "siff")
OWNER = Row("sgiffff", "sgff")
OWNER_READS = Row("sgiffff", "mmmm")
OWNER_AND_OFFICE_READ = Row("sgiiggi", "mmmm")
STAFF = Row("sffiiii", "sfii")
STAFF_READ = Row("sffiiii", "sfmm")
OFFICE = Row("sffiggi", "sfgg")
ADMINISTRATOR = Row("sfffffi", "sfff")
LEADERS = ADMINISTRATOR
ANY_OFFICE = Row("sffiifi", "sfif")
VERSION = "quan-tri/procedures/procedureversion/<int:pk>/"

PAGES = {
    "healthz": EVERYBODY,
    "readyz": EVERYBODY,
    "ngon-ngu/": EVERYBODY,
    "phuong-xa/": READERS,
    "tai-khoan/": CITIZENS,
    "tai-khoan/dang-nhap/": Row("iiibbbb", "iibb"),
    "tai-khoan/dang-xuat/": EVERYBODY,
    "tai-khoan/dang-ky/": Row("iiibbbb", "iibb"),
    "tai-khoan/dang-ky-to-chuc/": Row("iiibbbb", "iibb"),
    "tai-khoan/khoa/": READERS,
    "tai-khoan/mat-khau/": SIGNED_IN,
    "tai-khoan/dat-mat-khau/": SIGNED_IN,
    "tai-khoan/xac-nhan/": SIGNED_IN,
    "tai-khoan/quen-mat-khau/": EVERYBODY,
    "tai-khoan/quen-mat-khau/da-gui/": READERS,
    "^tai-khoan/quen-mat-khau/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$": Row(
        "iiiiiii", "iiii", "/tai-khoan/quen-mat-khau/1-abc-def/"
    ),
    "tai-khoan/quen-mat-khau/xong/": READERS,
    "tai-khoan/thu-dien-tu/": READERS,
    "": READERS,
    "cong-cu-tinh/": READERS,
    "cong-cu-tinh/<slug:slug>/": Row("iiiiiii", "iiii", "/cong-cu-tinh/luong-huu/"),
    "cong-cu-tinh/<slug:slug>/ket-qua.pdf": Row("iiiiiii", "iiii", "/cong-cu-tinh/luong-huu/ket-qua.pdf"),
    "quan-tri/procedures/legalfigure/de-nghi/": ADMINISTRATOR,
    "quan-tri/procedures/figureproposal/<int:pk>/quyet-dinh/": ADMINISTRATOR,
    "thu-tuc/": READERS,
    "thu-tuc/<slug:slug>/": READERS,
    "thu-tuc/<slug:slug>/bat-dau/": STARTERS,
    "chon-thu-tuc/": READERS,
    "chon-thu-tuc/<path:way>/": Row("iiiiiii", "mmmm", "/chon-thu-tuc/the-so/the/"),
    "tra-cuu/": EVERYBODY,
    "xac-thuc/<str:token>/": READERS,
    "xac-thuc-bien-lai/<str:token>/": READERS,
    "bien-lai/": Row("siiffff", "mmmm"),
    "bien-lai/<str:code>/": OWNER_READS,
    "bien-lai/<str:code>/tai-ve/": OWNER_READS,
    "co-quan/": READERS,
    "co-quan/<slug:slug>/": Row("iiiiiii", "mmmm", "/co-quan/cam-lam/"),
    "ngan-hang/bao-co/<slug:slug>/": Row("mmmmmmm", "ffff", "/ngan-hang/bao-co/agribank/"),
    "ho-so/": Row("siiffff", "mmmm"),
    "ho-so/<str:code>/": OWNER_READS,
    "ho-so/<str:code>/buoc/<slug:slug>/": OWNER,
    "ho-so/<str:code>/giay-to-kem/": OWNER,
    "ho-so/<str:code>/kiem-tra/": OWNER,
    "ho-so/<str:code>/xoa-nhap/": OWNER,
    "ho-so/<str:code>/tep/<int:number>/": OWNER_AND_OFFICE_READ,
    "ho-so/<str:code>/tep/<int:number>/xem-truoc/": OWNER_AND_OFFICE_READ,
    "ho-so/<str:code>/tep/<int:number>/xoa/": OWNER,
    "ho-so/<str:code>/giay-to/": OWNER_READS,
    "ho-so/<str:code>/giay-to/nhan-a4.pdf": OWNER_AND_OFFICE_READ,
    "ho-so/<str:code>/giay-to/<slug:kind>-<int:number>.pdf": OWNER_AND_OFFICE_READ,
    "ho-so/<str:code>/van-don/": OWNER,
    "ho-so/<str:code>/that-lac/": OWNER,
    "ho-so/<str:code>/noi-gui/": OWNER,
    "ho-so/<str:code>/dia-chi-nhan/": OWNER,
    "ho-so/<str:code>/bo-sung/": OWNER,
    "ho-so/<str:code>/rut/": OWNER,
    "dong-tien/": Row("siiffff", "mmmm"),
    "dong-tien/moi/": CITIZENS,
    "dong-tien/thu-tuc/<slug:slug>/": Row("iiiiiii", "mmmm", "/dong-tien/thu-tuc/voluntary-insurance/"),
    "dong-tien/nhap/<slug:code>/buoc/<slug:slug>/": OWNER,
    "dong-tien/nhap/<slug:code>/kiem-tra/": OWNER,
    "dong-tien/nhap/<slug:code>/xoa-nhap/": Row("smmffff", "sgff"),
    "dong-tien/<slug:reference>/": OWNER_READS,
    "dong-tien/<slug:reference>/tinh-trang/": OWNER_READS,
    "dong-tien/<slug:reference>/ma-qr.<slug:kind>": OWNER_READS,
    "dong-tien/<slug:reference>/huy/": OWNER,
    "dong-tien/<slug:reference>/nhan-lai/": OWNER,
    "hoan-tien/<str:code>/uoc-tinh/": Row("sggffff", "mmmm"),
    "hoan-tien/<str:code>/tra-loi/": Row("sggffff", "sgff"),
    "dai-ly/": Row("sffffff", "mmmm"),
    "dai-ly/<int:pk>/": Row("sggffff", "mmmm"),
    "dai-ly/<int:pk>/xac-nhan/": Row("sggffff", "sgff"),
    "dai-ly/<int:pk>/tra-lai/": Row("sggffff", "sgff"),
    "dai-ly/<int:pk>/bien-lai/<int:number>/": Row("sggffff", "mmmm"),
    "dai-ly/danh-sach/<slug:form>-<int:year>-<int:month>.<slug:kind>": Row(
        "sffffff", "mmmm", "/dai-ly/danh-sach/d03-2021-8.pdf"
    ),
    "ho-so/<str:code>/tai-khoan-nhan/": OWNER,
    "quan-tri/": STAFF,
    "quan-tri/search/": STAFF,
    "quan-tri/login/": Row("sffffff", "sfff"),
    "quan-tri/logout/": Row("bbbmmmm", "bbii"),
    "quan-tri/password_change/": STAFF,
    "quan-tri/password_change/done/": STAFF_READ,
    "quan-tri/autocomplete/": Row(
        "sfffffi",
        "sfmm",
        "/quan-tri/autocomplete/?app_label=procedures&model_name=staffmember&field_name=user&term=a",
    ),
    "quan-tri/jsi18n/": STAFF_READ,
    "quan-tri/r/<path:content_type_id>/<path:object_id>/": Row("sffgggg", "sfgg"),
    "quan-tri/^(?P<app_label>portal|procedures|payments|pension)/$": Row(
        "sffiigi", "sfig", "/quan-tri/procedures/"
    ),
    "quan-tri/(?P<url>.*)$": Row("sffgggg", "sfgg", "/quan-tri/khong-co/"),
    "quan-tri/portal/user/<id>/password/": ADMINISTRATOR,
    "quan-tri/portal/outboxmessage/<int:pk>/xu-ly/": ADMINISTRATOR,
    "quan-tri/portal/organisation/<int:pk>/xac-nhan/": Row("sffiggg", "sfgg"),
    "quan-tri/procedures/dossier/khan/": STAFF_READ,
    f"{VERSION}nhap/": LEADERS,
    f"{VERSION}phan/<slug:many>/": LEADERS,
    f"{VERSION}phan/<slug:many>/<slug:key>/": LEADERS,
    f"{VERSION}phan/<slug:many>/<slug:key>/xoa/": LEADERS,
    f"{VERSION}phan/<slug:many>/<slug:key>/<slug:doing>/": LEADERS,
    f"{VERSION}chep-cau-hoi/": LEADERS,
    f"{VERSION}xem-truoc/": ANY_OFFICE,
    f"{VERSION}cong-bo/": LEADERS,
    f"{VERSION}ngung/": LEADERS,
    f"{VERSION}gac-lai/": LEADERS,
    f"{VERSION}toml/": ANY_OFFICE,
    f"{VERSION}nhap-toml/": LEADERS,
    "quan-tri/procedures/dossier/so-lieu/": Row("sfffffi", "sfmm"),
    "quan-tri/procedures/dossier/so-lieu/<slug:table>.csv": Row(
        "sfffffi", "sfmm", "/quan-tri/procedures/dossier/so-lieu/co-quan.csv"
    ),
    "quan-tri/procedures/dossier/so-lieu/danh-sach/<slug:measure>/": Row(
        "sfffffi", "sfmm", "/quan-tri/procedures/dossier/so-lieu/danh-sach/tiep-nhan/"
    ),
    "quan-tri/procedures/dossier/quet/": Row("sffiiii", "sfif"),
    "quan-tri/procedures/parcel/<int:pk>/viec/<slug:doing>/": OFFICE,
    "quan-tri/procedures/dossier/nhan-tiep/": Row("sffiiii", "sfif"),
    "quan-tri/procedures/dossier/hang-loat/": Row("sffiiff", "sfif"),
    "quan-tri/procedures/dossier/phan-cong/": LEADERS,
    "quan-tri/procedures/dossier/<int:pk>/giao/": OFFICE,
    "quan-tri/procedures/parcel/<int:pk>/anh/<int:number>/": Row("sffiggi", "sfgg"),
    "quan-tri/procedures/handoverlist/chot/": Row("sffiiii", "sfgf"),
    "quan-tri/procedures/handoverlist/<int:pk>/viec/<slug:doing>/": OFFICE,
    "quan-tri/procedures/handoverlist/<int:pk>/in/": OFFICE,
    "quan-tri/procedures/dossier/<int:pk>/hanh-dong/<slug:action>/": OFFICE,
    "quan-tri/procedures/dossier/<int:pk>/ban-goc/": OFFICE,
    "quan-tri/procedures/dossier/<int:pk>/thay-ket-qua/": OFFICE,
    "quan-tri/procedures/dossier/<int:pk>/phieu-kiem-soat/": OFFICE,
    "quan-tri/procedures/areachange/nhap/": ADMINISTRATOR,
    "quan-tri/procedures/areachange/mau/<slug:kind>/": Row(
        "sfffffi", "sfff", "/quan-tri/procedures/areachange/mau/vi-du/"
    ),
    "quan-tri/procedures/areachange/<int:pk>/tep/": ADMINISTRATOR,
    "quan-tri/procedures/areachange/<int:pk>/huy/": ADMINISTRATOR,
    "quan-tri/procedures/staffmove/<int:pk>/xep/": ADMINISTRATOR,
    "quan-tri/procedures/dossier/nhac-ten/": STAFF,
    "quan-tri/procedures/dossier/<int:pk>/xem-tep/": OFFICE,
    "quan-tri/procedures/dossier/<int:pk>/tep/<int:number>/trang/<int:page>/": Row("sffiggi", "sfmm"),
    "quan-tri/procedures/dossier/<int:pk>/co-mat/": OFFICE,
    "quan-tri/procedures/dossier/<int:pk>/nhan-viec/": OFFICE,
    "quan-tri/procedures/dossier/<int:pk>/ghi-chu/": OFFICE,
    "quan-tri/procedures/dispatchbatch/cho-gui/": ANY_OFFICE,
    "quan-tri/procedures/dispatchbatch/<int:pk>/dong-goi/": OFFICE,
    "quan-tri/procedures/dispatchbatch/<int:pk>/buu-gui/<int:row>/<slug:doing>/": OFFICE,
    "quan-tri/procedures/dispatchbatch/<int:pk>/tuyen/<slug:route>/<slug:doing>/": OFFICE,
    "quan-tri/procedures/dispatchbatch/<int:pk>/ban-ke/<slug:route>/<slug:kind>/": OFFICE,
    "quan-tri/procedures/dispatchbatch/<int:pk>/nhan/": OFFICE,
    "quan-tri/procedures/dispatchbatch/<int:pk>/nhan/<slug:size>/": OFFICE,
    "quan-tri/procedures/shipment/khong-phat-duoc/": ANY_OFFICE,
    "quan-tri/procedures/shipment/<int:pk>/viec/<slug:doing>/": OFFICE,
    "quan-tri/procedures/deliveryfile/tai-len/": ANY_OFFICE,
    "quan-tri/procedures/intakelist/chot/": STAFF,
    "quan-tri/procedures/intakelist/<int:pk>/tai-ve/<str:kind>/": OFFICE,
    "quan-tri/procedures/intakelist/<int:pk>/dieu-chinh/": OFFICE,
    "quan-tri/procedures/intakelist/san-sang/": ANY_OFFICE,
    "quan-tri/procedures/intakelist/xuat/": ANY_OFFICE,
    "quan-tri/procedures/export/<int:pk>/tai-ve/": OFFICE,
    "quan-tri/procedures/export/<int:pk>/huy/": OFFICE,
    "quan-tri/payments/statementfile/tai-len/": Row("sffiiff", "sfif"),
    "quan-tri/payments/statementfile/<int:pk>/nhap/": OFFICE,
    "quan-tri/payments/statementfile/<int:pk>/loai-bo/": OFFICE,
    "quan-tri/payments/contributionorder/<int:pk>/viec/<slug:doing>/": OFFICE,
    "quan-tri/payments/orderreturn/<int:pk>/viec/<slug:doing>/": OFFICE,
    "quan-tri/payments/cashvoucher/<int:pk>/viec/<slug:doing>/": OFFICE,
    "quan-tri/payments/cashvoucher/<int:pk>/phieu-chi.pdf": OFFICE,
    "quan-tri/payments/cashsupply/rut-tien/": Row("sffiiff", "sfif"),
    "quan-tri/payments/cashsupply/<int:pk>/viec/<slug:doing>/": OFFICE,
    "quan-tri/payments/cashday/kiem-quy/": Row("sffiiff", "sfif"),
    "quan-tri/payments/cashday/<int:pk>/viec/<slug:doing>/": OFFICE,
    "quan-tri/payments/suspenseitem/<int:pk>/viec/<slug:doing>/": OFFICE,
    "quan-tri/procedures/reconciliation/moi/": Row("sffiiff", "sfif"),
    "luong-huu/doi-cach-nhan/": READERS,
    "luong-huu/doi-cach-nhan/<str:code>/": OWNER,
    "luong-huu/doi-cach-nhan/giay/": EVERYBODY,
    "luong-huu/doi-cach-nhan/giay/<slug:token>/": EVERYBODY,
    "luong-huu/doi-cach-nhan/giay/<slug:token>/buoc/<slug:slug>/": EVERYBODY,
    "luong-huu/doi-cach-nhan/giay/<slug:token>/kiem-tra/": EVERYBODY,
    "luong-huu/doi-cach-nhan/giay/<slug:token>/mau-2-cbh.pdf": READERS,
    "quan-tri/pension/rosterimport/moi/": Row("sffiiff", "sfif"),
    "quan-tri/pension/rosterimport/mau/": STAFF,
    "quan-tri/pension/rosterimport/<int:pk>/viec/<slug:doing>/": OFFICE,
    "quan-tri/pension/rosterimport/ty-le/": Row("sffiifi", "sfmm"),
    "quan-tri/pension/rosterimport/goi-dien/": Row("sffiifi", "sfmm"),
    "quan-tri/pension/rosterimport/goi-dien/tai-ve/": Row("sffiifi", "sfmm"),
    "quan-tri/pension/paymentlist/chot/": Row("sffiiff", "sfif"),
    "quan-tri/pension/paymentlist/<int:pk>/chuyen/": OFFICE,
    "quan-tri/pension/paymentlist/<int:pk>/tien-mat/": OFFICE,
    "quan-tri/pension/paymentlist/<int:pk>/tai-khoan/": OFFICE,
    "quan-tri/pension/switchrequest/<int:pk>/goi-lai/": OFFICE,
    "quan-tri/pension/switchrequest/<int:pk>/da-biet/": OFFICE,
    "quan-tri/pension/paymentlist/<int:pk>/tra-ve/": OFFICE,
    "quan-tri/pension/paymentlist/<int:pk>/tra-ve/mau/": OFFICE,
    "quan-tri/pension/cashreturn/<int:pk>/viec/<slug:doing>/": OFFICE,
    "quan-tri/procedures/reconciliation/<int:pk>/viec/<slug:doing>/": OFFICE,
    "quan-tri/payments/posting/tai-ve/<slug:kind>/": ANY_OFFICE,
    "quan-tri/payments/contributionorder/tai-ve/<slug:kind>/": ANY_OFFICE,
    "quan-tri/payments/receipt/xuat/": ANY_OFFICE,
    "quan-tri/payments/receipt/<int:pk>/huy/": OFFICE,
    "quan-tri/payments/receipt/<int:pk>/tep/<int:revision>/": OFFICE,
    "quan-tri/payments/refund/<int:pk>/viec/<slug:doing>/": OFFICE,
    "quan-tri/payments/lumpsum/cho-ghi/": ANY_OFFICE,
    "quan-tri/payments/lumpsum/ghi/<int:dossier>/": Row("sffiggf", "sfgg"),
    "quan-tri/payments/lumpsum/<int:pk>/viec/<slug:doing>/": OFFICE,
    "quan-tri/payments/payoutbatch/lap-lo/": ANY_OFFICE,
    "quan-tri/payments/payoutbatch/<int:pk>/viec/<slug:doing>/": OFFICE,
    "quan-tri/payments/payoutbatch/<int:pk>/tai-ve/<slug:kind>/": OFFICE,
    "quan-tri/payments/resultfile/tai-len/": ANY_OFFICE,
}


@dataclass(frozen=True)
class Model:
    """Who of the staff may do what with a model in the admin: C clerks, A administrators."""

    view: str = "CA"
    change: str = ""
    add: str = ""
    delete: str = ""
    of_office: bool = False  # clerks of another office do not see the example
    own_page: bool = False  # its page is ours: read with any method, 404 for what is not there


MODELS = {
    "portal/user": Model("A", "A", "A"),
    "portal/organisation": Model(of_office=True),
    "portal/ward": Model("CA", "A", "A"),
    "portal/district": Model("CA", "A", "A"),
    "portal/accesslog": Model("A", of_office=True),
    "portal/outboxmessage": Model("A"),
    "procedures/procedureversion": Model(own_page=True),
    "procedures/dossier": Model(of_office=True, own_page=True),
    "procedures/intakelist": Model(of_office=True, own_page=True),
    "procedures/export": Model(of_office=True, own_page=True),
    "procedures/reconciliation": Model(of_office=True, own_page=True),
    "procedures/parcel": Model(of_office=True, own_page=True),
    "procedures/handoverlist": Model(of_office=True, own_page=True),
    "procedures/waitingdossier": Model(of_office=True, own_page=True),
    "procedures/dispatchbatch": Model(of_office=True, own_page=True),
    "procedures/shipment": Model(of_office=True, own_page=True),
    "procedures/deliveryfile": Model(of_office=True, own_page=True),
    "procedures/postoffice": Model("CA", "A", "A"),
    "procedures/office": Model("CA", "A", "A"),
    "procedures/staffmember": Model("A", "A", "A", "A", of_office=True),
    "procedures/areachange": Model("A", own_page=True),
    "procedures/staffmove": Model("A"),
    "procedures/assignmentrule": Model("A", "A", "A", of_office=True),
    "procedures/bank": Model("CA", "A", "A"),
    "procedures/calendarday": Model("CA", "A", "A", "A"),
    "procedures/closure": Model("CA", "A", "A"),
    "procedures/supplementtext": Model("CA", "A", "A"),
    "payments/posting": Model(of_office=True, own_page=True),
    "payments/contributionorder": Model(of_office=True, own_page=True),
    "payments/officeaccount": Model("CA", "A", "A"),
    "payments/receipt": Model(of_office=True, own_page=True),
    "procedures/agentarea": Model("CA", "A", "A"),
    "payments/refund": Model(of_office=True, own_page=True),
    "payments/lumpsum": Model(of_office=True, own_page=True),
    "payments/orderreturn": Model(of_office=True, own_page=True),
    "payments/cashvoucher": Model(of_office=True, own_page=True),
    "payments/cashsupply": Model(of_office=True, own_page=True),
    "payments/cashday": Model(of_office=True, own_page=True),
    "payments/paymentorder": Model(of_office=True, own_page=True),
    "payments/payoutbatch": Model(of_office=True, own_page=True),
    "payments/resultfile": Model(of_office=True, own_page=True),
    "payments/csvmapping": Model("CA", "A", "A"),
    "payments/statementfile": Model(of_office=True, own_page=True),
    "payments/suspenseitem": Model(of_office=True, own_page=True),
    "procedures/legalfigure": Model("CA"),
    "procedures/figureproposal": Model("A", own_page=True),
    "pension/rosterimport": Model(of_office=True, own_page=True),
    "pension/paymentlist": Model(of_office=True, own_page=True),
    "pension/switchrequest": Model(of_office=True, own_page=True),
    "pension/cashreturn": Model(of_office=True, own_page=True),
    "payments/cashorder": Model(of_office=True, own_page=True),
}


def _model_rows(name: str, model: Model) -> Iterator[tuple[str, Row]]:
    """The rows of the addresses that Django's admin makes for every model."""
    unseen, closed = model.of_office, "g" if model.own_page else "f"
    page = _staff(model.view, other=closed) if unseen and model.own_page else _staff(model.view)
    if unseen and not model.own_page and "C" in model.view:
        page = _staff(model.view, other="b")
    change = page if model.own_page else _staff(model.change)
    history = _staff(model.view, other="b" if unseen else "", nobody="b" if unseen else "")
    if model.own_page and unseen:
        page = change = page[:5] + "g" + page[6:]
    base = f"quan-tri/{name}/"
    yield base, _row(_staff(model.view), _staff(model.view))
    yield f"{base}add/", _row(_staff(model.add), _staff(model.add))
    yield f"{base}<path:object_id>/history/", _row(history, history)
    yield f"{base}<path:object_id>/delete/", _row(_staff(model.delete), _staff(model.delete))
    yield f"{base}<path:object_id>/change/", _row(page, change)
    yield f"{base}<path:object_id>/", STAFF


def _staff(roles: str, *, other: str = "", nobody: str = "") -> str:
    clerk = "i" if "C" in roles else "f"
    return f"sff{clerk}{other or clerk}{nobody or 'f'}{'i' if 'A' in roles else 'f'}"


def _row(get: str, post: str) -> Row:
    return Row(get, "".join(post[PEOPLE.index(who)] for who in OUTSIDERS))


TABLE = PAGES | {route: row for name, model in MODELS.items() for route, row in _model_rows(name, model)}


def _walk(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern, route)
        else:
            assert isinstance(pattern, URLPattern)
            yield route


def test_every_address_of_the_site_stands_in_the_tables() -> None:
    routes = list(_walk(get_resolver()))
    assert sorted(set(routes)) == sorted(TABLE)
    assert len(routes) == len(set(routes)), "one address, two views"


# --- The walk ------------------------------------------------------------------------------------


@pytest.fixture
def owner(citizen: User) -> User:
    return citizen


@pytest.fixture
def unassigned(db: None) -> User:
    return User.objects.create(username="chua.phan.cong", full_name="Ngô Thị Cúc", is_staff=True)


def _doing(route: str) -> str:
    """An example of what is done at the address."""
    examples = {
        "parcel": "ghi-chu",
        "handoverlist": "roi-di",
        "shipment": "ghi-chu",
        "cashreturn": "kiem-tra",
        "buu-gui": "go",
        "tuyen": "tra-lai",
        "reconciliation": "quet",
        "refund": "duyet",
        "lumpsum": "duyet",
        "payoutbatch": "duyet",
        "suspenseitem": "chia",
        "contributionorder": "mo-lai",
        "orderreturn": "de-xuat",
        "cashvoucher": "huy",
        "cashsupply": "tu-choi",
        "cashday": "tra-lai",
        "rosterimport": "bo",
    }
    return next((doing for part, doing in examples.items() if f"/{part}/" in route), "len")


def _kind(route: str) -> str:
    """An example of the kind of file or paper at the address."""
    examples = {"payoutbatch": "xml", "tai-ve": "csv", "ban-ke": "csv"}
    return next((kind for part, kind in examples.items() if f"/{part}/" in route), "receipt")


@dataclass(frozen=True)
class Site:
    """A filed dossier with its papers, its owner's next draft, and an example of everything else."""

    filed: Dossier
    draft: Dossier
    examples: dict[str, Any]
    photo: int
    contributions: dict[str, str]
    receipt: Receipt

    def path(self, route: str) -> str:
        if TABLE[route].path:
            return TABLE[route].path
        if route.startswith("dong-tien/"):
            return "/" + re.sub(r"<\w+:(\w+)>", lambda found: self.contributions[found[1]], route)
        if "/giay/<slug:token>/" in route:
            form = "paper_draft" if re.search("buoc|kiem-tra", route) else "paper"
            return "/" + route.replace("<slug:token>", self.examples[form]).replace(
                "<slug:slug>", "nguoi-dien"
            )
        drafted = re.search(r"/(buoc|giay-to-kem|kiem-tra|xoa-nhap|xoa)/", route)
        dossier = self.draft if drafted else self.filed
        name = "/".join(route.split("/")[1:3])
        of_receipt = "bien-lai" in route
        values = {
            "code": self.receipt.code if of_receipt else dossier.code or dossier.draft_code,
            "revision": 1,
            "number": self.photo
            if "/anh/" in route
            else 1
            if ".pdf" in route
            else self.attachments[dossier.pk],
            "slug": "ly-do" if "buoc" in route else "lump-sum",
            "many": "fields",
            "key": "phone",
            "page": 1,
            "kind": _kind(route),
            "row": self.examples["procedures/shipment"],
            "dossier": self.examples["dossier"],
            "route": "569",
            "size": "a4",
            "token": self.receipt.token if of_receipt else self.token,
            "action": "refuse",
            "doing": _doing(route),
            "content_type_id": ContentType.objects.get_for_model(Dossier).pk,
            **dict.fromkeys(("pk", "id", "object_id"), self.examples.get(name, self.filed.pk)),
        }
        return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda found: str(values[found[1]]), route)

    @cached_property
    def attachments(self) -> dict[int, int]:
        """The first file of each dossier."""
        return {dossier.pk: dossier.attachments.all()[0].pk for dossier in (self.filed, self.draft)}

    @cached_property
    def token(self) -> str:
        """What the QR code of the first paper leads to."""
        return self.filed.documents.all()[0].token

    def again(self) -> "Site":
        """The same, read anew."""
        found = Dossier.objects.select_related("version__procedure", "office", "owner")
        return replace(self, filed=found.get(pk=self.filed.pk), draft=found.get(pk=self.draft.pk))

    def tables(self) -> set[str]:
        """The tables that ``fingerprint`` looks at."""
        with CaptureQueriesContext(connection) as asked:
            self.fingerprint()
        return set(re.findall(r'(?:FROM|JOIN) "(\w+)"', " ".join(query["sql"] for query in asked)))

    def fingerprint(self) -> list[Any]:
        """All that belongs to the owner and to the office."""
        mine = {"dossier__in": [self.filed, self.draft]}
        return [
            list(
                User.objects.filter(pk=self.filed.owner_id).values("username", "password", "email", "phone")
            ),
            list(Dossier.objects.filter(pk__in=[self.filed.pk, self.draft.pk]).order_by("pk").values()),
            *(
                list(model.objects.filter(**mine).order_by("pk").values())
                for model in (DossierEvent, Attachment, Original, PostalItem, Note, TakeOver)
            ),
            list(IntakeList.objects.filter(office=self.filed.office).values_list("pk")),
            list(Export.objects.values_list("pk", "state")),
            list(Reconciliation.objects.values_list("pk", "signed_at")),
            (IntakeCorrection.objects.count(), FoundCode.objects.count()),
            list(Parcel.objects.order_by("pk").values()),
            ParcelStep.objects.count(),
            ParcelPhoto.objects.count(),
            list(HandoverList.objects.order_by("pk").values()),
            list(HandoverRow.objects.order_by("pk").values()),
            list(Shipment.objects.order_by("pk").values()),
            ShipmentStep.objects.count(),
            list(DeliveryFile.objects.values_list("pk")),
            *(
                list(m.objects.order_by("pk").values())
                for m in (LumpSum, PaymentOrder, PayoutBatch, ResultFile, OrderReturn, CashVoucher)
            ),
            list(ProcedureVersion.objects.order_by("pk").values_list("pk", "status", "digest")),
            list(StaffMember.objects.order_by("pk").values()),
            list(ContributionOrder.objects.order_by("pk").values()),
            list(ContributionDraft.objects.order_by("pk").values()),
            list(Receipt.objects.values_list("code")),
            list(Refund.objects.order_by("pk").values_list("pk", "state", "amount", "approved_by")),
            list(StatementFile.objects.values_list("pk", "state")),
            *(list(m.objects.order_by("pk").values_list("pk", "state")) for m in (CashSupply, CashDay)),
            list(SuspenseItem.objects.order_by("pk").values_list("pk", "left")),
            *(list(m.objects.order_by("pk").values()) for m in (RosterImport, PaymentList, SwitchRequest)),
        ]


def _elsewhere() -> Dossier:
    """A filed dossier of an office that none of ``PEOPLE`` works at."""
    chance = random.Random(11)
    return file_draft(make_draft(demo.citizen(demo.person(chance, "22489")), chance))


def _posted(clerk: User) -> tuple[DispatchBatch, Shipment, DeliveryFile]:
    """A batch with a packed parcel of somebody else, and a file of the post."""
    batch = posting.batch_of(clerk, dossier := posting.approved(77))
    shipment = posting.packed(batch, clerk, dossier, posting.STICKERS[0])
    data = f"Mã vận đơn,Trạng thái,Ngày\n{posting.STICKERS[1]},Đã phát,01/01/2021\n".encode()
    return batch, shipment, deliveries.read_in("a.csv", data, actor=clerk, now=timezone.now())[0]


def _payouts(dossier: Dossier, clerk: User) -> dict[str, int]:
    """A lump sum that was sent back, so that its dossier waits again; a payment in a batch; a file."""
    now, supervisor = timezone.now(), posting.staff_of("cam-ranh")[1]
    row = LumpSum.objects.create(
        dossier=dossier, office=dossier.office, amount=5, decision="1", state="back", reason="x",
        recorded_by=clerk, recorded_at=now, decided_by=supervisor, decided_at=now, key="x",
    )  # fmt: skip
    batch = PayoutBatch.objects.create(
        office=dossier.office, account=paying.account_of(), year=2021, number=1, pay_on="2021-07-12",
        count=1, total=5, hash_total=123456, made_by=supervisor, made_at=now, key="x",
    )  # fmt: skip
    order = PaymentOrder.objects.create(
        office=dossier.office, source="lump_sum", document_kind="lumpsum", document_id=row.pk,
        dossier=dossier, payee="X", bank_id="970405", account_number="123456", amount=5, purpose="x",
        made_at=now, key="x", state="batched", batch=batch, position=1,
    )  # fmt: skip
    voucher = CashVoucher.objects.create(
        office=dossier.office, place="counter", year=2021, number=1, lump_sum=row, dossier=dossier,
        payee="X", amount=5, made_by=supervisor, made_at=now, key="x",
    )  # fmt: skip
    supply = CashSupply.objects.create(
        office=dossier.office, place="counter", account=paying.account_of(), amount=5, reference="x",
        asked_by=supervisor, asked_at=now, key="x",
    )  # fmt: skip
    day = CashDay.objects.create(
        office=dossier.office, day="2021-07-12", opening=0, supplied=0, paid=0, book=0, counted=0,
        last_posting=0, counted_by=supervisor, counted_at=now, key="x",
    )  # fmt: skip
    file = ResultFile.objects.create(
        office=dossier.office, name="a", kind="csv", sha256="0", read_at=now, read_by=clerk, row_count=1
    )
    return {
        "dossier": dossier.pk,
        "payments/lumpsum": row.pk,
        "payments/cashvoucher": voucher.pk,
        "payments/cashsupply": supply.pk,
        "payments/cashday": day.pk,
        "payments/paymentorder": order.pk,
        "payments/payoutbatch": batch.pk,
        "payments/resultfile": file.pk,
    }


def _export(office: Office, clerk: User) -> Export:
    """A file that is ready."""
    today = timezone.localdate()
    export = downloads.ask(Scope(office, today, today), "csv", actor=clerk, key="x", now=timezone.now())
    outbox.drain()
    export.refresh_from_db()
    return export


def _moved(office: Office, who: User, clerk: User) -> StaffMove:
    """Somebody who waits for an office after another change."""
    change = AreaChange.objects.create(
        effective_on="2021-01-01", document="x", file_name="x.csv", operations=[], counts={},
        ordered_by=clerk, key="y",
    )  # fmt: skip
    outcome = AreaOutcome.objects.create(change=change, what="refused", reason="x")
    return StaffMove.objects.create(
        outcome=outcome, user=who, role="clerk", office=office, at=timezone.now(), key="x"
    )


def _money(payer: User) -> dict[str, int]:
    """An order at Cam Ranh with its posting."""
    order = money.order(payer)
    back = OrderReturn.objects.create(
        order=order, amount=5, payee="X", bank_id="970405", account_number="123456", asked_by=payer,
        asked_at=timezone.now(), key="x",
    )  # fmt: skip
    return {
        "payments/orderreturn": back.pk,
        "payments/contributionorder": order.pk,
        "payments/officeaccount": order.account_id,
        "payments/posting": ledger.postings_of(order)[0].pk,
    }


def _contributions(citizen: User) -> dict[str, str]:
    """What stands in the addresses of contributions: an order of the owner, and a draft."""
    order = ordering.ordered(citizen)
    begun = contribution_drafts.start(citizen, "household", "renew")
    return {"reference": order.reference, "code": begun.code, "slug": "thanh-vien", "kind": "svg"}


@dataclass(frozen=True)
class Made:
    """A site as the first test of this process that asked for one made it: its rows and its files."""

    site: Site
    rows: dict[str, bytes]
    files: Path


_made: list[Made] = []


@pytest.fixture(autouse=True)
def _brought(request: pytest.FixtureRequest) -> None:
    """Put the rows of ``site`` there before anything else is made: its people are then found, not made."""
    if _made and "site" in request.fixturenames:
        request.getfixturevalue("db")
        reference.bring(_made[0].rows)


def _papers() -> dict[str, str]:
    """The addresses of a form that somebody without an account has begun, and of one that is printed."""
    version, now = catalogue.published("change-payment-method"), timezone.now()
    assert version is not None
    begun, made = (paper_filings.begin(version, now=now) for _form in range(2))
    said = {"full_name": "LÊ THỊ CÚC", "ward": "22429", "case": "cash_to_account"}
    PaperFiling.objects.filter(pk=made.pk).update(
        code=paper_codes.fresh(), printed_at=now, answers=json.dumps(said)
    )
    return {"paper_draft": begun.token, "paper": made.token}


def _pensions(filed: Dossier, clerk: User) -> dict[str, int]:
    """A roster, a payment list and a change of payment of the owner, at the owner's office."""
    now, month = timezone.now(), "2021-08-01"
    who = Beneficiary.objects.create(insurance_number=filed.owner.username, full_name="X", bare_name="x")
    here = {"office": filed.office, "month": month}
    made = PaymentList.objects.create(
        **here,
        number=1,
        **dict.fromkeys(("rows", "total", "cash_rows", "cash_total", "account_rows", "account_total"), 0),
        closed_by=clerk,
        closed_at=now,
        key="x",
    )
    brought = RosterImport.objects.create(
        **here, state="checked", uploaded_by=clerk, uploaded_at=now, key="x"
    )
    paid = {"beneficiary": who, "benefit": "retirement", "amount": 1, "method": "cash", "ward_id": "22429"}
    entry = BenefitEntry.objects.create(**here, **paid, roster=brought)
    PaymentLine.objects.create(list=made, position=1, entry=entry, payee="X", **paid)
    PaymentList.objects.filter(pk=made.pk).update(digest="x")
    switch = SwitchRequest.objects.create(
        dossier=filed,
        beneficiary=who,
        kind="change_place",
        old_method="cash",
        effective_month=month,
        filed_at=now,
    )
    back = CashReturn.objects.create(
        list=made,
        state="discarded",
        **dict.fromkeys(("rows", "total", "paid_rows", "paid_total", "left_rows", "left_total"), 0),
        recorded_by=clerk,
        recorded_at=now,
        key="x",
    )
    owed = CashOrder.objects.create(
        office=filed.office, list_kind="pension", list_id=made.pk, name="x", rows=1, amount=1, made_at=now
    )
    return {
        "pension/cashreturn": back.pk,
        "payments/cashorder": owed.pk,
        "pension/rosterimport": brought.pk,
        "pension/paymentlist": made.pk,
        "pension/switchrequest": switch.pk,
    }


@pytest.fixture
def site(citizen: User, clerk: User, chance: Any, settings: Any) -> Site:
    files = Path(settings.MEDIA_ROOT)
    if not _made:
        site = _site(citizen, clerk, chance)
        _made.append(Made(site, reference.added(), files))
    elif _made[0].files.exists():
        shutil.copytree(_made[0].files, files)
    offices.forget_closures()  # or the closure shows from some request on
    return _made[0].site.again()


def _site(citizen: User, clerk: User, chance: Any) -> Site:
    filed = file_draft(make_draft(citizen, chance))
    receipt = receipts.issue(paid(order_of(citizen)), now=timezone.now())
    batch, shipment, file = _posted(clerk)
    outbox.drain()
    assert filed.office is not None
    yesterday = timezone.localdate() - timezone.timedelta(days=1)
    read = AccessLog.objects.create(user=clerk, about="x", what="dossier")
    day = CalendarDay.objects.create(day="2026-01-05", kind="off", source="x")
    version = catalogue.published("lump-sum")
    assert version is not None
    parcel, _fresh = parcels.receive("", actor=clerk, key="x", now=timezone.now())
    photo = photos.add(parcel, SimpleUploadedFile("anh.jpg", answers.PHOTO), actor=clerk, now=timezone.now())
    away = _elsewhere()
    refund = refunding.refund_of(refunding.filed(away.owner, refunding.agent(clerk)))
    parcels.receive(str(away.code), actor=clerk, key="y", now=timezone.now())
    examples = {
        "portal/user": citizen.pk,
        "portal/organisation": demo.organisation(
            "employer", "HỢP TÁC XÃ SAO MAI", "TK0999K", ward="22429", confirmed_by=None
        ).organisation.pk,
        "portal/ward": "22429",
        "portal/district": "568",
        "portal/accesslog": read.pk,
        "portal/outboxmessage": OutboxMessage.objects.all()[0].pk,
        "procedures/procedureversion": version.pk,
        "procedures/intakelist": intake.close_list(
            filed.office, yesterday, actor=None, now=timezone.now()
        ).pk,
        "procedures/parcel": parcel.pk,
        "procedures/handoverlist": handovers.close(away.office, actor=clerk, now=timezone.now()).pk,
        "procedures/waitingdossier": filed.pk,
        "procedures/dispatchbatch": batch.pk,
        "procedures/shipment": shipment.pk,
        "procedures/deliveryfile": file.pk,
        "procedures/postoffice": PostOffice.objects.all()[0].pk,
        "procedures/export": _export(filed.office, clerk).pk,
        "procedures/reconciliation": reconciling.begin(
            yesterday, yesterday, "book", actor=clerk, key="x", now=timezone.now()
        ).pk,
        "procedures/office": filed.office.pk,
        "procedures/assignmentrule": AssignmentRule.objects.create(office=filed.office).pk,
        "procedures/staffmember": clerk.staff.pk,
        "procedures/areachange": AreaChange.objects.create(
            effective_on="2099-01-01",
            document="x",
            file_name="x.csv",
            operations=[],
            counts={},
            ordered_by=clerk,
            key="x",
        ).pk,
        "procedures/staffmove": _moved(filed.office, citizen, clerk).pk,
        "procedures/bank": "970405",
        **_papers(),
        "procedures/calendarday": day.pk,
        "procedures/closure": Closure.objects.create(
            office=Office.objects.get(slug="van-ninh"), reason="x", document="x"
        ).pk,
        "procedures/supplementtext": SupplementText.objects.create(text="x", entered_by=clerk).pk,
        "procedures/legalfigure": LegalFigure.objects.all()[0].pk,
        "payments/receipt": receipt.pk,
        **_money(citizen),
        "procedures/agentarea": AgentArea.objects.get().pk,
        "payments/refund": refund.pk,
        **_payouts(shipment.dossier, clerk),
        "payments/csvmapping": statements.mapping().pk,
        "payments/statementfile": (
            statement := statements.take(statements.camt([statements.Paid("B1", 5_000)]), actor=clerk)
        ).pk,
        "payments/suspenseitem": SuspenseItem.objects.get(line__file=statement).pk,
        "procedures/figureproposal": FigureProposal.objects.create(
            name="base_salary",
            valid_from="2030-01-01",
            value=3_000_000,
            source="x",
            confidence="unsure",
            reason="x",
            proposed_by=clerk,
            key="x",
        ).pk,
        **_pensions(filed, clerk),
    }
    return Site(filed, make_draft(citizen, chance), examples, photo.pk, _contributions(citizen), receipt)


class Browser(Client):
    """Reads every answer to its end, as browsers do."""

    def request(self, **environment: Any) -> Any:
        response = super().request(**environment)
        if response.streaming:
            list(response.streaming_content)
        return response


def _browser(user: User | None, *, csrf: bool = False) -> Browser:
    client = Browser(raise_request_exception=False, enforce_csrf_checks=csrf)
    if user is not None:
        client.force_login(user)
    return client


def _outcome(client: Client, response: HttpResponse) -> str:
    """The letter of ``response``; the admin's own sign-in page is followed to where it leads."""
    place = response.headers.get("Location", "")
    if response.status_code == 302 and place.startswith("/quan-tri/login/"):
        return _outcome(client, client.get(place))
    if response.status_code == 302 and place.startswith("/tai-khoan/dang-nhap/?next="):
        return "s"
    if response.status_code == 302 and place == "/quan-tri/":
        return "b"
    return {403: "f", 404: "g", 405: "m", 500: "500"}.get(response.status_code, "i")


def _faults(site: Site, user: User | None, method: str, expected: Callable[[Row], str]) -> list[str]:
    """What went wrong when ``user`` asked for every address; each request is undone afterwards."""
    faults, before, client = [], site.fingerprint(), _browser(user)
    tables = site.tables()
    written = reference.writes(tables)
    assert written, "the database does not count what is written"
    cookies = {name: morsel.value for name, morsel in client.cookies.items()}
    for route, row in TABLE.items():
        path = site.path(route)
        with transaction.atomic():
            client.cookies.clear()
            client.cookies.load(cookies)
            response = getattr(client, method)(path)
            writes = reference.writes(tables)  # far cheaper than to look at everything again
            changed = writes != written and site.fingerprint() != before
            written = writes
            outcome = _outcome(client, response)
            transaction.set_rollback(True)
        if outcome != expected(row):
            faults.append(f"{path}: {OUTCOMES.get(outcome, outcome)}")
        if changed:
            faults.append(f"{path}: something was changed")
        if fault := _unsealed(path, response):
            faults.append(f"{path}: {fault}")
    return faults


def _unsealed(path: str, response: HttpResponse) -> str:
    """What a browser is not told about a page of ours and ought to be."""
    headers = response.headers
    policy = headers.get("Content-Security-Policy", "")
    if "default-src 'none'" not in policy or "frame-ancestors 'none'" not in policy:
        return f"its policy is {policy!r}"
    if "unsafe" in policy and not path.startswith("/quan-tri/"):
        return f"its policy is {policy!r}"
    if headers.get("X-Content-Type-Options") != "nosniff" or headers.get("X-Frame-Options") != "DENY":
        return "it may be sniffed or framed"
    return ""


def test_the_walk_notices_a_change(site: Site, stranger: User, monkeypatch: pytest.MonkeyPatch) -> None:
    get = Browser.get

    def meddle(self: Browser, path: str) -> Any:
        Dossier.objects.filter(pk=site.filed.pk).update(case="x")
        return get(self, path)

    monkeypatch.setitem(globals(), "TABLE", {"tra-cuu/": EVERYBODY})
    assert not _faults(site, stranger, "get", lambda row: row.get[1])
    monkeypatch.setattr(Browser, "get", meddle)
    assert _faults(site, stranger, "get", lambda row: row.get[1]) == ["/tra-cuu/: something was changed"]


@pytest.mark.parametrize("person", PEOPLE)
def test_every_page_opens_for_those_it_is_meant_for_and_looking_changes_nothing(
    person: str, site: Site, request: pytest.FixtureRequest
) -> None:
    user = None if person == "anonymous" else request.getfixturevalue(person)
    column = PEOPLE.index(person)
    assert not _faults(site, user, "get", lambda row: row.get[column])


@pytest.fixture
def organisation(clerk: User) -> User:
    """An employer of the owner's town."""
    return demo.organisation(
        "employer", "CÔNG TY MAY", "TK0123K", ward="22429", confirmed_by=clerk, password=PASSWORD
    )


@pytest.mark.parametrize("method", ["get", "post"])
def test_an_organisation_is_a_stranger_to_the_dossiers_of_others(
    method: str, site: Site, organisation: User
) -> None:
    """It gets what a citizen who is a stranger gets, and may not start what only citizens file."""

    def expected(row: Row) -> str:
        if row is STARTERS:
            return "f"
        return row.get[1] if method == "get" else row.post[1]

    assert not _faults(site, organisation, method, expected)


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("person", ["stranger", "other_organisation"])
def test_nobody_else_opens_the_dossiers_of_an_organisation(
    method: str, person: str, site: Site, organisation: User, stranger: User, clerk: User
) -> None:
    other = demo.organisation("employer", "CÔNG TY DỆT", "TK0456K", ward="22429", confirmed_by=clerk)
    for dossier in (site.filed, site.draft):
        Dossier.objects.filter(pk=dossier.pk).update(owner=organisation)
    who = stranger if person == "stranger" else other
    routes = [route for route in TABLE if route.startswith("ho-so/<str:code>/")]
    client = _browser(who)
    for route in routes:
        response = getattr(client, method)(site.path(route))
        assert response.status_code in {404, 405}, route


@pytest.mark.parametrize("person", OUTSIDERS)
def test_no_outsider_changes_anything_of_the_owner_or_the_office(
    person: str, site: Site, request: pytest.FixtureRequest
) -> None:
    user = None if person == "anonymous" else request.getfixturevalue(person)
    column = OUTSIDERS.index(person)
    assert not _faults(site, user, "post", lambda row: row.post[column])


@pytest.mark.parametrize("person", ["owner", "clerk"])
def test_no_address_takes_a_form_that_did_not_come_from_a_page_of_ours(
    person: str, site: Site, request: pytest.FixtureRequest
) -> None:
    client = _browser(request.getfixturevalue(person), csrf=True)
    before = site.fingerprint()
    assert not [path for path in map(site.path, TABLE) if client.post(path).status_code != 403]
    assert site.fingerprint() == before


@pytest.mark.parametrize("person", ["owner", "clerk"])
def test_no_other_method_stands_in_for_post(person: str, site: Site, request: pytest.FixtureRequest) -> None:
    client, before = _browser(request.getfixturevalue(person)), site.fingerprint()
    for path in map(site.path, PAGES):
        for method in (client.put, client.delete):
            assert method(path, headers={"X-HTTP-Method-Override": "POST"}).status_code != 500, path
    assert site.fingerprint() == before


# --- Not yours and not there ---------------------------------------------------------------------


def _text(response: HttpResponse, *codes: str) -> str:
    """The page without what differs by chance or repeats the address."""
    page = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", response.content.decode())
    for code in codes:
        page = page.replace(code, "…")
    return page


@pytest.mark.parametrize(
    "route", [route for route, row in TABLE.items() if "<str:code>" in route and row.get[1] == "g"]
)
def test_not_yours_looks_like_not_there(route: str, site: Site, stranger: User) -> None:
    client, path = _browser(stranger), site.path(route)
    code = path.split("/")[2]
    absent = "nhap-2222222222" if code.startswith("nhap-") else "BHXH056.02-210101-9999"
    there, not_there = client.get(path), client.get(path.replace(code, absent))
    assert (there.status_code, not_there.status_code) == (404, 404)
    assert _text(there, code) == _text(not_there, absent)
    assert {k: v for k, v in there.headers.items() if k != "Content-Length"} == {
        k: v for k, v in not_there.headers.items() if k != "Content-Length"
    }


@pytest.mark.parametrize("page", ["change", "history", "hanh-dong/accept", "ban-goc", "phieu-kiem-soat"])
def test_a_dossier_of_another_office_looks_like_none(page: str, site: Site, other_clerk: User) -> None:
    client, here, absent = _browser(other_clerk), site.filed.pk, site.filed.pk + 100_000

    def asked(pk: int) -> tuple[int, str, str]:
        response = client.get(f"{QUEUE}{pk}/{page}/")
        told = client.get("/quan-tri/")  # the messages left for the next page
        return response.status_code, _text(response, f"/{pk}/"), _text(told, f"“{pk}”", f"&quot;{pk}&quot;")

    assert asked(here) == asked(absent)


def test_a_file_opens_only_under_the_dossier_it_belongs_to(site: Site, stranger: User, chance: Any) -> None:
    mine = make_draft(stranger, chance)
    theirs = site.filed.attachments.all()[0].pk
    client = _browser(stranger)
    for address in (f"tep/{theirs}/", f"tep/{theirs}/xem-truoc/"):
        assert client.get(f"/ho-so/{mine.draft_code}/{address}").status_code == 404
    assert client.post(f"/ho-so/{mine.draft_code}/tep/{theirs}/xoa/").status_code == 404
    assert Attachment.objects.get(pk=theirs).removed_at is None


# --- What staff do not see -----------------------------------------------------------------------


@pytest.mark.parametrize("person", ["clerk", "supervisor", "director", "administrator"])
def test_nobody_of_the_staff_sees_a_draft(
    person: str, draft: Dossier, request: pytest.FixtureRequest
) -> None:
    client = _browser(request.getfixturevalue(person))
    Dossier.objects.filter(pk=draft.pk).update(office=Office.objects.get(slug="cam-ranh"))
    number = draft.attachments.all()[0].pk
    assert client.get(f"{QUEUE}{draft.pk}/change/").status_code == 404
    client.post(f"{QUEUE}quet/", {"ma": draft.draft_code, "key": "d"})
    assert not Parcel.objects.exclude(dossier=None).exists()
    assert client.get(f"/ho-so/{draft.draft_code}/tep/{number}/").status_code == 404
    assert client.get(f"/ho-so/{draft.draft_code}/tep/{number}/xem-truoc/").status_code == 404
    assert draft.draft_code not in client.get(QUEUE).content.decode()
    assert not AccessLog.objects.exists()


@pytest.mark.parametrize(
    ("person", "sees"),
    [
        ("clerk", True),
        ("supervisor", True),
        ("other_clerk", False),
        ("director", True),
        ("administrator", True),
    ],
)
def test_the_queue_holds_the_office_and_for_the_head_of_the_province_every_office(
    person: str, sees: bool, filed: Dossier, request: pytest.FixtureRequest
) -> None:
    client = _browser(request.getfixturevalue(person))
    assert (str(filed.code) in client.get(QUEUE).content.decode()) is sees
    assert (filed.applicant in client.get(QUEUE, {"q": filed.code}).content.decode()) is sees


@pytest.mark.parametrize("role", ["director", "administrator"])
def test_the_head_of_a_district_office_sees_that_office_alone(role: str, filed: Dossier) -> None:
    away = demo.staff("xa", "Cao Văn Lộc", Office.objects.get(slug="ninh-hoa"), role, password="x")
    here = demo.staff("day", "Cao Văn Sơn", Office.objects.get(slug="cam-ranh"), role, password="x")
    assert _browser(away).get(f"{QUEUE}{filed.pk}/change/").status_code == 404
    assert _browser(here).get(f"{QUEUE}{filed.pk}/change/").status_code == 200


@pytest.mark.parametrize("person", ["director", "administrator"])
@pytest.mark.parametrize("action", ["refuse", "record_originals", "approve", "withdraw", "file"])
def test_who_sees_another_offices_dossier_does_not_act_on_it(
    person: str, action: str, filed: Dossier, request: pytest.FixtureRequest
) -> None:
    client = _browser(request.getfixturevalue(person))
    response = client.post(f"{QUEUE}{filed.pk}/hanh-dong/{action}/", {"note": "x", "key": "k"})
    assert response.status_code == 422
    client.post(f"{QUEUE}{filed.pk}/ban-goc/", {"arrived": ["form", "insurance_book"], "key": "o"})
    filed.refresh_from_db()
    assert filed.state == "waiting_originals"
    assert filed.events.count() == 1
    assert not filed.originals.exclude(received_at=None).exists()


def test_a_clerk_does_not_act_for_the_citizen(filed: Dossier, clerk: User) -> None:
    client = _browser(clerk)
    for action in ("withdraw", "answer_supplement", "file"):
        assert (
            client.post(f"{QUEUE}{filed.pk}/hanh-dong/{action}/", {"key": f"k-{action}"}).status_code == 422
        )
    assert client.post("/thu-tuc/lump-sum/bat-dau/").status_code == 403
    assert not Dossier.objects.filter(owner=clerk).exists()
    assert filed.events.count() == 1


def test_the_intake_lists_of_another_office_are_not_there(site: Site, other_clerk: User) -> None:
    client, pk = _browser(other_clerk), site.examples["procedures/intakelist"]
    for address in (f"{pk}/change/", f"{pk}/tai-ve/csv/", f"{pk}/tai-ve/xlsx/", f"{pk}/tai-ve/pdf/"):
        assert client.get(f"/quan-tri/procedures/intakelist/{address}").status_code == 404


def test_who_leads_an_office_reads_the_log_of_its_own_people(
    site: Site, supervisor: User, other_clerk: User
) -> None:
    AccessLog.objects.create(user=other_clerk, about="BHXH056.05-210712-0001", what="dossier")
    page = _browser(supervisor).get("/quan-tri/portal/accesslog/").content.decode()
    assert "BHXH056.05-210712-0001" not in page
    assert AccessLog.objects.get(about="x").user.full_name in page


# --- Those who lose their rights -----------------------------------------------------------------


def test_a_closed_account_is_out_at_once(filed: Dossier, clerk: User) -> None:
    citizen, staff = _browser(filed.owner), _browser(clerk)
    assert citizen.get(f"/ho-so/{filed.code}/").status_code == 200
    assert staff.get(f"{QUEUE}{filed.pk}/change/").status_code == 200
    User.objects.update(is_active=False)
    for client, path in ((citizen, f"/ho-so/{filed.code}/"), (staff, f"{QUEUE}{filed.pk}/change/")):
        assert _outcome(client, client.get(path)) == "s"
    for user in (filed.owner, clerk):
        user.refresh_from_db()
        assert not dossiers.visible_to(user).exists()


def test_a_clerk_who_moves_takes_no_dossier_along(filed: Dossier, clerk: User) -> None:
    client = _browser(clerk)
    StaffMember.objects.update(office=Office.objects.get(slug="ninh-hoa"))
    assert client.get(f"{QUEUE}{filed.pk}/change/").status_code == 404
    StaffMember.objects.all().delete()
    assert client.get(f"{QUEUE}{filed.pk}/change/").status_code == 404
    User.objects.update(is_staff=False)
    assert _outcome(client, client.get(f"{QUEUE}{filed.pk}/change/")) == "f"


def test_a_row_of_the_staff_makes_no_citizen_staff(filed: Dossier, stranger: User) -> None:
    StaffMember.objects.create(user=stranger, office=Office.objects.get(slug="cam-ranh"), role="supervisor")
    client = _browser(stranger)
    assert _outcome(client, client.get(f"{QUEUE}{filed.pk}/change/")) == "f"
    assert client.get(f"/ho-so/{filed.code}/").status_code == 404


# --- What no form offers -------------------------------------------------------------------------

FORBIDDEN = {
    "is_staff": "on",
    "is_superuser": "on",
    "is_active": "",
    "username": "5699999999",
    "full_name": "KẺ GIẢ MẠO",
    "id_number": "056080999999",
    "date_of_birth": "1950-01-01",
    "password": "x",
    "pk": "1",
    "id": "1",
}


def test_the_account_page_changes_how_to_reach_a_person_and_nothing_else(citizen: User) -> None:
    kept = ("username", "full_name", "id_number", "date_of_birth", "password", "is_staff", "is_superuser")
    before = [getattr(citizen, name) for name in kept]
    data = {"phone": "0905123456", "email": "", "ward": "22429", "street": "12 Hùng Vương", **FORBIDDEN}
    assert _browser(citizen).post("/tai-khoan/", data).status_code == 303
    citizen.refresh_from_db()
    assert citizen.phone == "0905123456"
    assert [getattr(citizen, name) for name in kept] == before
    assert citizen.is_active


def test_a_page_of_questions_keeps_its_own_answers_and_nothing_else(draft: Dossier, stranger: User) -> None:
    before = dict(draft.typed)
    data = {
        "case": "emigration",
        "full_name": "KẺ GIẢ MẠO",  # a question of another page
        "state": "approved",
        "code": "BHXH056.02-210101-0001",
        "owner": str(stranger.pk),
        "office": "1",
        "answers": "{}",
    }
    assert _browser(draft.owner).post(f"/ho-so/{draft.draft_code}/buoc/ly-do/", data).status_code == 303
    draft.refresh_from_db()
    assert (draft.state, draft.code, draft.owner, draft.office, draft.answers) == (
        "draft",
        None,
        draft.owner,
        None,
        {},
    )
    assert draft.typed == {**before, "case": "emigration"}


# --- Who has read what ---------------------------------------------------------------------------


def _reads(user: User) -> list[tuple[str, str]]:
    return list(AccessLog.objects.filter(user=user).order_by("id").values_list("about", "what"))


def test_every_reading_of_a_dossier_by_staff_leaves_a_row(site: Site, clerk: User) -> None:
    filed, client = site.filed, _browser(clerk)
    number = filed.attachments.all()[0].pk
    listed = site.examples["procedures/intakelist"]
    earlier = len(_reads(clerk))
    for path in (
        f"{QUEUE}{filed.pk}/change/",
        f"/ho-so/{filed.code}/tep/{number}/",
        f"/ho-so/{filed.code}/tep/{number}/?goc=1",
        f"/ho-so/{filed.code}/tep/{number}/xem-truoc/",
        f"/ho-so/{filed.code}/giay-to/receipt-1.pdf",
        f"/ho-so/{filed.code}/giay-to/nhan-a4.pdf",
        f"/quan-tri/procedures/intakelist/{listed}/change/",
        f"/quan-tri/procedures/intakelist/{listed}/tai-ve/csv/",
    ):
        assert client.get(path).status_code == 200, path
    closed = str(IntakeList.objects.get(pk=listed))
    assert _reads(clerk)[earlier:] == [
        (filed.code, "dossier"),
        (filed.code, f"file {number}"),
        (filed.code, f"file {number}"),
        (filed.code, f"file {number}"),
        (filed.code, "document receipt 1"),
        (filed.code, "label sheet"),
        (closed, "intake list"),
        (closed, "intake list csv"),
    ]


def test_what_was_not_opened_leaves_no_row(site: Site, other_clerk: User) -> None:
    client = _browser(other_clerk)
    for route in TABLE:
        if "ho-so/" in route or re.search("/(dossier|intakelist/<|export|reconciliation)", route):
            client.get(site.path(route))
    assert _reads(other_clerk) == []


def test_citizens_read_their_own_without_a_row(site: Site) -> None:
    client, number = _browser(site.filed.owner), site.filed.attachments.all()[0].pk
    rows = AccessLog.objects.count()
    for page in ("", f"tep/{number}/", f"tep/{number}/xem-truoc/", "giay-to/receipt-1.pdf"):
        assert client.get(f"/ho-so/{site.filed.code}/{page}").status_code == 200
    assert AccessLog.objects.count() == rows


# --- How many queries ----------------------------------------------------------------------------


def _office_of(count: int, chance: Any) -> list[Dossier]:
    """``count`` dossiers of Cam Ranh, each filed by somebody else, papers made."""
    made = []
    for _ in range(count):
        who = demo.person(chance, "22429")
        made.append(file_draft(make_draft(demo.citizen(who), chance)))
    return made


def _queries(client: Client, path: str) -> int:
    client.get(path)  # what a process keeps in memory is there from now on
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    return len(captured)


def test_the_queue_takes_as_many_queries_for_thirty_dossiers_as_for_two(clerk: User, chance: Any) -> None:
    _office_of(2, chance)
    client = _browser(clerk)
    few = _queries(client, QUEUE)
    _office_of(28, chance)
    assert _queries(client, QUEUE) == few
    assert few <= 12  # one of them asks for urgent dossiers, one for mentions


def test_a_dossiers_page_takes_a_known_number_of_queries(clerk: User, chance: Any) -> None:
    fresh, old = _office_of(2, chance)
    client = _browser(clerk)
    few = _queries(client, f"{QUEUE}{fresh.pk}/change/")
    outbox.drain()
    client.post(f"{QUEUE}{old.pk}/ban-goc/", {"arrived": ["form", "insurance_book"], "key": "o"})
    for action in ("accept", "propose", "send_back"):
        client.post(f"{QUEUE}{old.pk}/hanh-dong/{action}/", {"note": "x", "key": action})
    assert _queries(client, f"{QUEUE}{old.pk}/change/") <= few + 2
    assert few <= 27  # one for colleagues, one for presence, one for the way on in the queue


def test_a_citizens_pages_take_a_known_number_of_queries(filed: Dossier) -> None:
    outbox.drain()
    client = _browser(filed.owner)
    assert _queries(client, f"/ho-so/{filed.code}/") <= 16
    assert _queries(client, "/ho-so/") <= 8
