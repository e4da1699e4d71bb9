from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PaymentsConfig(AppConfig):
    name = "payments"
    verbose_name = _("Payments")

    def ready(self) -> None:
        from payments import (  # noqa: F401
            batches,
            cash_lists,
            handlers,
            lump_sums,
            order_returns,
            payouts,
            pension_lists,
            receipts,
            rules,
        )
        from payments.statements import handlers as statement_handlers  # noqa: F401
