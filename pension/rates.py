"""Legal figures as of a day."""

import time
from datetime import date
from functools import lru_cache
from typing import Any

from pension.models import LegalFigure
from portal.dated import valid


class FigureMissing(LookupError):
    """No row says what ``name`` is on ``day``: somebody must load it; nothing is guessed."""

    def __init__(self, name: str, day: date) -> None:
        super().__init__(f"no legal figure {name} for {day:%d/%m/%Y}")
        self.name, self.day = name, day


def figure(name: str, on: date) -> Any:
    """The value of ``name`` on the day ``on``; raises ``FigureMissing``.

    A change by staff shows in every process within a minute.
    """
    return _figure(name, on, int(time.monotonic() // 60))


@lru_cache(maxsize=256)
def _figure(name: str, on: date, _minute: int) -> Any:
    row = LegalFigure.objects.filter(valid(on), name=name).first()
    if row is None:
        raise FigureMissing(name, on)
    return row.value
