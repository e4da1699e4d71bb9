"""What somebody gets or pays: pure functions, with every step and the article it rests on.

Decimal and dates in, a frozen breakdown out; no database, no clock, no words of a language. Figures of
the law come as dataclasses (``figures``), read for a day by ``pension.rates``.
"""
