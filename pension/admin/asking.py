"""What the pages of this desk have in common."""

import tempfile
from collections.abc import Iterable, Sequence
from datetime import date
from typing import IO

from django.http import FileResponse, HttpRequest
from django.utils.translation import gettext as _

from portal.http import signed_in
from portal.models import AccessLog, User
from procedures.exports import Row, write_rows_xlsx
from procedures.workflow import MoveRefused


def user_of(request: HttpRequest) -> User:
    return signed_in(request).user  # type: ignore[arg-type]


def month_of(typed: str) -> date:
    """The first day of a month as a form names it; raises ``MoveRefused``."""
    month, _slash, year = typed.strip().replace("-", "/").partition("/")
    if len(month) == 4:
        month, year = year, month
    try:
        return date(int(year), int(month), 1)
    except ValueError:
        raise MoveRefused(_("Write the month as 07/2021."), field="month") from None


def log_read(request: HttpRequest, about: str, what: str) -> None:
    AccessLog.objects.create(user=user_of(request), about=about[:40], what=what[:60])


def as_workbook(
    name: str, columns: Sequence[str], rows: Iterable[Row], *, title: str, widths: Sequence[int]
) -> FileResponse:
    """A workbook to download."""
    out: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (the response closes it)
    write_rows_xlsx(out, columns, rows, title=title, sheet="Danh sách", widths=widths)  # type: ignore[arg-type]
    out.seek(0)
    return FileResponse(out, as_attachment=True, filename=name)
