"""What a collecting agent confirmed in a month, as D03-TS (health insurance) or D05-TS (voluntary insurance).

The numbers of the lists are sure; their columns are ours (likely), as in ``procedures.papers.agent_list``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import BinaryIO

from django.utils import timezone

from payments.models import Refund
from payments.models.orders import Product
from portal.dated import month_after
from portal.models import Organisation
from portal.text import grouped
from procedures import documents, offices
from procedures.documents import Signature
from procedures.exports import write_rows_xlsx
from procedures.offices import NoOffice

FORMS = {"d03": Product.HOUSEHOLD, "d05": Product.VOLUNTARY}
_TITLES = {
    "d03": "Danh sách đề nghị hoàn trả tiền đóng bảo hiểm y tế hộ gia đình",
    "d05": "Danh sách đề nghị hoàn trả tiền đóng bảo hiểm xã hội tự nguyện",
}
_COLUMNS = (
    ("Stt", 10),
    ("Mã hồ sơ", 42),
    ("Họ và tên", 48),
    ("Mã số BHXH", 26),
    ("Đã đóng từ tháng", 24),
    ("Đến tháng", 24),
    ("Phương thức", 22),
    ("Số tiền đã đóng (đồng)", 30),
    ("Số biên lai", 30),
)


@dataclass(frozen=True)
class MonthlyList:
    """A list of ``agent`` for the month that begins on ``month``; ``rows`` as the columns are."""

    agent: Organisation
    form: str
    month: date
    rows: list[tuple[str | int, ...]]

    @property
    def title(self) -> str:
        return f"{_TITLES[self.form]}, tháng {self.month:%m/%Y}"

    @property
    def form_code(self) -> str:
        return f"{self.form.upper()}-TS"

    @property
    def filename(self) -> str:
        return f"{self.form}-{self.month:%Y-%m}"


def of_month(agent: Organisation, form: str, month: date) -> MonthlyList:
    """The list ``form`` of what ``agent`` confirmed in ``month``, in the order of confirmation."""
    zone = timezone.get_current_timezone()
    begin, end = (datetime(day.year, day.month, 1, tzinfo=zone) for day in (month, month_after(month)))
    found = Refund.objects.filter(
        confirmed_by=agent.user_id, product=FORMS[form], confirmed_at__gte=begin, confirmed_at__lt=end
    ).select_related("dossier")
    rows = [
        _row(number, refund) for number, refund in enumerate(found.order_by("confirmed_at", "pk"), start=1)
    ]
    return MonthlyList(agent, form, month, rows)


def _row(number: int, refund: Refund) -> tuple[str | int, ...]:
    return (
        number,
        str(refund.dossier.code),
        refund.refundee,
        refund.insurance_number,
        f"{refund.paid_from:%m/%Y}",
        f"{refund.paid_to:%m/%Y}",
        refund.paid_method,
        int(refund.paid_amount),
        refund.receipt_no,
    )


def month_before(day: date, count: int) -> date:
    """The first day of the month ``count`` months before that of ``day``."""
    return month_after(day, -count)


# --- Files ---------------------------------------------------------------------------------------


def _pdf(listed: MonthlyList, out: BinaryIO, now: datetime) -> None:
    try:
        office = offices.office_of(listed.agent, timezone.localdate(now)).name
    except NoOffice:
        office = "BHXH tỉnh Khánh Hòa"
    content = documents.ListForm(
        form_code=listed.form_code,
        title=listed.title,
        agent=listed.agent.user.full_name,
        agent_code=listed.agent.code or None,
        to_office=office,
        issued_at=now,
        table=documents.Table(
            title=listed.title,
            columns=tuple(name for name, _width in _COLUMNS),
            widths=tuple(width for _name, width in _COLUMNS),
            rows=tuple(tuple(map(_printed, row)) for row in listed.rows),
        ),
        signatures=(Signature(title="NGƯỜI LẬP DANH SÁCH"), Signature(title="ĐẠI DIỆN ĐẠI LÝ THU")),
        dossier_code=listed.filename.upper(),
    )
    out.write(documents.render(content, made_at=now))


def _printed(cell: str | int) -> str:
    return grouped(cell) if isinstance(cell, int) and cell > 999 else str(cell)


def _xlsx(listed: MonthlyList, out: BinaryIO, now: datetime) -> None:
    write_rows_xlsx(
        out,
        [name for name, _width in _COLUMNS],
        listed.rows,
        title=f"{listed.title} – {listed.agent}",
        sheet=listed.form_code,
        widths=[width // 2 for _name, width in _COLUMNS],
    )


KINDS: dict[str, Callable[[MonthlyList, BinaryIO, datetime], None]] = {"pdf": _pdf, "xlsx": _xlsx}
MEDIA = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
