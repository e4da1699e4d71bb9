"""Transfer references: what a payer writes so that the money finds its order.

``KH``, ten digits and a check character after ISO 7064 MOD 11-2 (a digit or X): a wrong character or two that
changed places never make another reference.
"""

import secrets

PREFIX = "KH"


def new() -> str:
    """A reference by chance; the caller makes sure that it is new."""
    return spelt(f"{secrets.randbelow(10**10):010}")


def spelt(digits: str) -> str:
    """The reference of ten ``digits``."""
    return f"{PREFIX}{digits}{_check(digits)}"


def _check(digits: str) -> str:
    product = 0
    for digit in digits:
        product = (product + int(digit)) * 2 % 11
    value = (12 - product) % 11
    return "X" if value == 10 else str(value)
