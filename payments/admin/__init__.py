"""The money desks in the Django admin."""
