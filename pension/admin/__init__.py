"""The desk of monthly benefits in the Django admin."""

from pension.admin import cash, lists, rosters, switches

__all__ = ["cash", "lists", "rosters", "switches"]
