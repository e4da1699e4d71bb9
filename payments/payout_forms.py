"""What is typed about money."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from payments.result_files import whole_dong
from portal import fields
from portal.selects import SelectField
from portal.text import without_marks
from procedures.forms import banks


class AccountForm(fields.PageForm):
    """The account that ``payee`` is paid to: typed twice, in the payee's name."""

    bank = SelectField(source=banks, label=gettext_lazy("Bank"))
    account_number = fields.BankAccountField(
        label=gettext_lazy("Account number"),
        help_text=gettext_lazy("Not the number printed on your ATM card."),
    )
    account_again = fields.BankAccountField(label=gettext_lazy("The account number once more"))
    account_holder = fields.BankHolderField(
        label=gettext_lazy("Account holder"),
        help_text=gettext_lazy("As the bank writes it. With or without marks."),
    )

    def __init__(self, payee: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.payee = payee

    def clean_account_again(self) -> str:
        again: str = self.cleaned_data["account_again"]
        if "account_number" in self.cleaned_data and again != self.cleaned_data["account_number"]:
            raise forms.ValidationError(_("The two account numbers differ; please compare them."))
        return again

    def clean_account_holder(self) -> str:
        holder: str = self.cleaned_data["account_holder"]
        if without_marks(holder) != without_marks(self.payee):
            raise forms.ValidationError(
                _("The money is paid to %(payee)s: the account must be in this name.") % {"payee": self.payee}
            )
        return holder


class DayField(fields.TextField):
    """A day in one input, as on the desks: ``05/07/2021``; cleaned to a ``date``."""

    def normal(self, typed: str) -> date:
        try:
            return datetime.strptime(typed.strip(), "%d/%m/%Y").date()  # noqa: DTZ007
        except ValueError:
            raise forms.ValidationError(_("Write the day as 05/07/2021.")) from None


class PeriodsForm(fields.PageForm):
    """What the calculator is given: the periods of the insurance book, and the day of the decision."""

    periods = fields.LongTextField(
        label=gettext_lazy("Contribution periods"),
        help_text=gettext_lazy(
            "Paste the table of VssID or type a line a period: from, to, wage. For example: "
            "03/2012 12/2013 3.000.000"
        ),
        max_length=30_000,
        required=False,
    )
    day = DayField(label=gettext_lazy("Day of the decision"), max_length=10)


class AmountForm(fields.PageForm):
    """What a dossier comes to, as it stands in the decision."""

    amount = fields.TextField(
        max_length=25, label=gettext_lazy("Amount"), help_text=gettext_lazy("In whole đồng.")
    )
    decision = fields.TextField(label=gettext_lazy("Number of the decision"), max_length=40)
    difference = fields.TextField(
        label=gettext_lazy("Why it is not the calculated amount"),
        help_text=gettext_lazy("Only where it is another, or where nothing could be calculated."),
        max_length=300,
        required=False,
    )

    def clean_amount(self) -> Decimal:
        return whole(self.cleaned_data["amount"])


def whole(typed: str) -> Decimal:
    """Strict, unlike citizens' pages: a sign or a decimal would be another amount."""
    amount = whole_dong(typed)
    if not amount:
        raise forms.ValidationError(_("Type the amount in whole đồng, for example 12.500.000."))
    return amount
