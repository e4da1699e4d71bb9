"""The money desks in the Django admin."""

from payments.admin import batches, lump_sums, payouts, refunds, results

__all__ = ["batches", "lump_sums", "payouts", "refunds", "results"]
