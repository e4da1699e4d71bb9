from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PensionConfig(AppConfig):
    name = "pension"
    verbose_name = _("Pension")

    def ready(self) -> None:
        from pension import (
            advice,
            cash,
            paper_route,
            pay_lists,
            reckoning,
            roster,
            rules,
            shares,
            switch_rules,
            switching,
        )
        from procedures import paying

        assert (
            roster and rules and advice and shares and switch_rules and reckoning and paper_route
        )  # they register themselves
        paying.lists[pay_lists.KIND] = pay_lists.pay_rows
        paying.cash_lists[pay_lists.KIND] = cash.cash_points
        paying.cash_settled[pay_lists.KIND] = cash.settled
        paying.results[pay_lists.KIND] = switching.heard
