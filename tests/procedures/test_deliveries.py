"""The post office's delivery file: every row is read, judged and reported; all of it or nothing."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal import outbox
from portal.models import AccessLog, User
from procedures import catalogue, deliveries, workflow
from procedures.models import DeliveryFile, DeliveryRow, Dossier, Office, Shipment
from tests.posting import STICKERS, approved, sent

SignIn = Callable[[User], Client]
FILES = "/quan-tri/procedures/deliveryfile/"
UPLOAD = f"{FILES}tai-len/"
HEAD = "Mã vận đơn;Trạng thái;Ngày;Người ký nhận;Lý do\n"

pytestmark = pytest.mark.django_db


@pytest.fixture
def parcels(clerk: User, supervisor: User) -> list[Shipment]:
    """Two results with the post."""
    return sent(clerk, approved(1), approved(2))


def day(later: int = 0) -> str:
    return f"{timezone.localdate() + timedelta(days=later):%d/%m/%Y}"


def upload(client: Client, data: bytes | str, name: str = "phat.csv") -> Any:
    raw = data.encode() if isinstance(data, str) else data
    return client.post(UPLOAD, {"tep": SimpleUploadedFile(name, raw)})


def read_in(clerk: User, data: str) -> DeliveryFile:
    return deliveries.read_in("a.csv", data.encode(), actor=clerk, now=timezone.now())[0]


def outcomes(line: int | None = None) -> list[str]:
    rows = DeliveryRow.objects.order_by("file_id", "line")
    return list((rows.filter(line=line) if line else rows).values_list("outcome", flat=True))


def earlier(parcels: list[Shipment], days: int = 5) -> None:
    """The parcels were posted some days ago, so that the post has days to report."""
    posted = timezone.localdate() - timedelta(days=days)
    Shipment.objects.filter(pk__in=[p.pk for p in parcels]).update(sent_on=posted)


def test_delivered_and_undelivered_parcels_are_noted_and_their_citizens_told(
    parcels: list[Shipment], clerk: User, sign_in: SignIn
) -> None:
    client = sign_in(clerk)
    data = f"{HEAD}{STICKERS[0]};Đã phát;{day()};Nguyễn Văn An;\n"
    data += f"{STICKERS[1]};Không phát được;{day()};;Sai địa chỉ\n"
    answer = upload(client, "\ufeff" + data)
    assert answer.status_code == 303
    one, two = parcels
    one.refresh_from_db()
    two.refresh_from_db()
    assert (one.state, one.signed_by, one.reported_on) == ("done", "Nguyễn Văn An", timezone.localdate())
    assert (two.state, two.reason) == ("failed", "address")
    report = client.get(answer["Location"]).content.decode()
    assert str(one.dossier.code) in report
    assert AccessLog.objects.filter(user=clerk, what="delivery file").exists()
    outbox.drain()
    event = one.dossier.events.get(action="delivered")
    assert event.facts == {
        "tracking": STICKERS[0],
        "on": timezone.localdate().isoformat(),
        "signed_by": "Nguyễn Văn An",
    }
    assert (event.actor, workflow.verify_history(Dossier.objects.get(pk=one.dossier_id))) == (clerk, [])
    outbox.drain()
    assert one.dossier.owner.notices.filter(kind="delivered").exists()
    told = two.dossier.owner.notices.get(kind="undelivered")
    assert told.facts["reason"] == "địa chỉ sai hoặc thiếu"
    page = sign_in(one.dossier.owner).get(f"/ho-so/{one.dossier.code}/").content.decode()
    assert "Bưu điện đã phát kết quả" in page
    assert "Nguyễn Văn An" in page


def test_delivery_does_not_close_a_dossier_that_only_clerks_may_close(
    parcels: list[Shipment], clerk: User
) -> None:
    read_in(clerk, f"{HEAD}{STICKERS[0]};Đã phát;{day()};;")
    outbox.drain()
    assert Dossier.objects.get(pk=parcels[0].dossier_id).state == "dispatched"


def test_delivery_closes_a_dossier_whose_procedure_lets_the_portal_do_it(
    parcels: list[Shipment], clerk: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    import msgspec

    known = catalogue.definition_for(parcels[0].dossier)
    open_to_all = tuple(
        msgspec.structs.replace(t, roles=(*t.roles, "system")) if t.action == "close" else t
        for t in known.transitions
    )
    changed = msgspec.structs.replace(known, transitions=open_to_all)
    for module in (deliveries, workflow):
        monkeypatch.setattr(module, "definition_for", lambda _dossier: changed)
    read_in(clerk, f"{HEAD}{STICKERS[0]};Đã phát;{day()};;")
    outbox.drain()
    dossier = Dossier.objects.get(pk=parcels[0].dossier_id)
    assert dossier.state == "returned"
    assert dossier.events.get(action="close").role == "system"


def test_the_same_file_is_read_once_and_the_same_row_of_another_file_counts_once(
    parcels: list[Shipment], clerk: User, sign_in: SignIn
) -> None:
    client, data = sign_in(clerk), f"{HEAD}{STICKERS[0]};Đã phát;{day()};An;\n"
    first, second = upload(client, data), upload(client, data, "lan-hai.csv")
    assert first["Location"] == second["Location"]
    assert DeliveryFile.objects.count() == 1
    upload(client, data + f"{STICKERS[1]};Đang phát;{day()};;\n")
    assert outcomes() == ["done", "double", "way"]
    outbox.drain()
    assert parcels[0].dossier.events.filter(action="delivered").count() == 1
    assert parcels[0].steps.filter(state="done").count() == 1


def test_every_row_that_cannot_be_taken_says_why_and_the_others_are_taken(
    parcels: list[Shipment], clerk: User, sign_in: SignIn
) -> None:
    rows = (
        (f"{STICKERS[0]};Đã phát;{day()};An;", "done"),
        (f"{STICKERS[0]};Đã phát;{day()};An;", "double"),
        (f"RA000000062VN;Đã phát;{day()};;", "unknown"),
        (f";Đã phát;{day()};;", "wrong"),
        (f"{STICKERS[1]};Bay mất;{day()};;", "wrong"),
        (f"{STICKERS[1]};Đã phát;31/02/2021;;", "wrong"),
        (f"{STICKERS[1]};Đã phát;{day(1)};;", "wrong"),
        (f"{STICKERS[1]}", "wrong"),
        (f"{STICKERS[1]};Đã phát;01/01/2020;;", "contra"),
    )
    client = sign_in(clerk)
    page = client.get(upload(client, HEAD + "\n".join(row for row, _what in rows))["Location"])
    assert outcomes() == [what for _row, what in rows]
    for words in (
        "không hiểu trạng thái",
        "ngày này chưa đến",
        "thiếu số hiệu",
        "cơ quan này không có bưu gửi đó",
    ):
        assert words in page.content.decode().lower()
    assert client.get(f"{page.request['PATH_INFO']}?ra=wrong").content.decode().count("<tr><td>") == 5


def test_rows_that_contradict_each_other_or_what_is_known_change_nothing(
    parcels: list[Shipment], clerk: User
) -> None:
    earlier(parcels)
    data = (
        f"{HEAD}{STICKERS[0]};Đã phát;{day()};;\n{STICKERS[0]};Chuyển hoàn;{day()};;\n"
        f"{STICKERS[1]};Đã phát;{day(-2)};;\n{STICKERS[1]};Chuyển hoàn;{day(-1)};;\n"
    )
    read_in(clerk, data)
    assert outcomes() == ["contra", "contra", "done", "contra"]
    assert [Shipment.objects.get(pk=p.pk).state for p in parcels] == ["sent", "done"]


def test_a_parcel_that_came_late_is_delivered_after_all(parcels: list[Shipment], clerk: User) -> None:
    earlier(parcels)
    data = (
        f"{HEAD}{STICKERS[0]};Phát thành công;{day()};;\n{STICKERS[0]};Không phát được;{day(-1)};;vắng nhà\n"
    )
    read_in(clerk, data)
    parcels[0].refresh_from_db()
    assert (parcels[0].state, parcels[0].reason) == ("done", "")
    outbox.drain()
    told = list(parcels[0].dossier.events.order_by("sequence").values_list("action", flat=True))[-2:]
    assert told == ["undelivered", "delivered"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "không có nội dung"),
        (HEAD.encode(), "chỉ có dòng tiêu đề"),
        ("Mã;Ngày\nx;y".encode(), "Dòng đầu thiếu các cột: Mã vận đơn, Trạng thái"),
        (b"Ng\xe0y;Tr\xd5ng\nx;y", "không dùng bảng mã UTF-8"),
        ("Mã vận đơn;Trạng thái;Ngày\nx;y;z".encode("utf-16"), "không dùng bảng mã UTF-8"),
        ("Ngày;Ngày;Mã vận đơn;Trạng thái\nx;y;z;t".encode(), "có hai lần"),
        (b"PK\x03\x04\x00\x00", "không dùng bảng mã UTF-8"),
        (HEAD.encode() + b'"' + b"x" * 200_000, "không phải tệp CSV"),
    ],
)
def test_a_file_that_is_none_is_refused_as_a_whole(
    data: bytes, words: str, clerk: User, sign_in: SignIn
) -> None:
    answer = upload(sign_in(clerk), data)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not DeliveryFile.objects.exists()


def test_commas_english_headers_and_a_time_beside_the_day_are_read_too(
    parcels: list[Shipment], clerk: User
) -> None:
    today = f"{timezone.localdate():%Y-%m-%d}"
    data = f"date,x,STATUS,Tracking\n{today} 08:30,1,delivered,ra 000000014 vn\n"
    read_in(clerk, data)
    assert outcomes() == ["done"]


def test_parcels_of_another_office_are_unknown_and_stay_as_they_are(
    parcels: list[Shipment], other_clerk: User, sign_in: SignIn
) -> None:
    answer = upload(sign_in(other_clerk), f"{HEAD}{STICKERS[0]};Đã phát;{day()};;")
    assert outcomes() == ["unknown"]
    parcels[0].refresh_from_db()
    assert parcels[0].state == "sent"
    assert str(parcels[0].dossier.code) not in sign_in(other_clerk).get(answer["Location"]).content.decode()


def test_nothing_is_half_read_when_the_database_refuses(
    parcels: list[Shipment], clerk: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: Any) -> None:
        raise IntegrityError

    monkeypatch.setattr(deliveries, "_queue", broken)
    with pytest.raises(IntegrityError), transaction.atomic():
        read_in(clerk, f"{HEAD}{STICKERS[0]};Đã phát;{day()};;")
    assert not DeliveryFile.objects.exists()
    assert Shipment.objects.get(pk=parcels[0].pk).state == "sent"


def test_ten_thousand_rows_cost_few_statements(parcels: list[Shipment], clerk: User) -> None:
    earlier(parcels)
    unknown = "".join(f"AB{n:08};Đã phát;{day()};Trần Thị B;\n" for n in range(9_998))
    known = f"{STICKERS[0]};Đã phát;{day()};;\n{STICKERS[1]};Chuyển hoàn;{day()};;Từ chối nhận\n"
    with CaptureQueriesContext(connection) as asked:
        file = read_in(clerk, (HEAD + unknown + known))
    assert file.rows.count() == 10_000
    assert len(asked) <= 30, len(asked)
    assert Shipment.objects.get(pk=parcels[1].pk).reason == "refused"


def test_many_delivered_parcels_cost_statements_by_the_hundred_not_by_the_row(
    parcels: list[Shipment], clerk: User
) -> None:
    earlier(parcels)
    model, office = parcels[0], Office.objects.get(slug="cam-ranh")
    Shipment.objects.bulk_create(
        Shipment(
            dossier=model.dossier,
            office=office,
            recipient="x",
            state="sent",
            tracking=f"KH{n:08}",
            sent_on=timezone.localdate(),
        )
        for n in range(500)
    )
    data = HEAD + "".join(f"KH{n:08};Đã phát;{day()};;\n" for n in range(500))
    with CaptureQueriesContext(connection) as asked:
        read_in(clerk, data)
    assert Shipment.objects.filter(state="done").count() == 500
    assert len(asked) <= 30, len(asked)


def test_who_looks_on_reads_reports_and_takes_in_no_file(
    parcels: list[Shipment], clerk: User, director: User, other_clerk: User, sign_in: SignIn
) -> None:
    report = upload(sign_in(clerk), f"{HEAD}{STICKERS[0]};Đã phát;{day()};;")["Location"]
    assert sign_in(director).get(report).status_code == 200
    assert sign_in(other_clerk).get(report).status_code == 404
    assert upload(sign_in(director), f"{HEAD}{STICKERS[1]};Đã phát;{day()};;").status_code == 403
    assert DeliveryFile.objects.count() == 1


def test_what_was_read_is_never_changed(parcels: list[Shipment], clerk: User) -> None:
    read_in(clerk, f"{HEAD}{STICKERS[0]};Đã phát;{day()};;")
    for rows in (DeliveryFile.objects, DeliveryRow.objects, parcels[0].steps):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            rows.all()._raw_delete("default")  # type: ignore[attr-defined]
