"""The desk of monthly benefits in the Django admin."""

from pension.admin import lists, rosters, switches

__all__ = ["lists", "rosters", "switches"]
