"""Django's PostgreSQL, kept connections checked without a statement of their own."""
