"""Questions answered from a long list."""

from collections.abc import Callable
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from portal import geography
from portal.fields import PortalField
from portal.options import Options


class SelectField(PortalField):
    """One of many answers. ``source`` gives them and is asked each time: lists change."""

    kind = "select"
    width = "full"

    def __init__(self, *, source: Callable[[], Options], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.source = source

    def normal(self, typed: str) -> str:
        if typed not in self.source().labels:
            raise ValidationError(_("Please choose from the list."))
        return typed

    def display(self, value: Any) -> str:
        return self.source().labels.get(value) or str(value or "")


class WardField(SelectField):
    """A ward or commune of the province as of a day, today if none is given.

    Where scripts run, a district chosen first makes its list short; without them it is one grouped list.
    """

    kind = "ward"

    def __init__(self, *, on: date | None = None, **kwargs: Any) -> None:
        super().__init__(source=lambda: geography.wards(on or timezone.localdate()), **kwargs)

    def display(self, value: Any) -> str:
        """Also of a ward that has been merged away since: its name stays readable."""
        return self.source().labels.get(value) or geography.ward_name(str(value or ""))
