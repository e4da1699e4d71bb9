"""Log lines say what failed, not whose data it was."""

import logging
import re

# Errors quote the row a database refused, the address a mail server did not know, a number typed. The
# address of a form on paper opens what was typed for it.
_PERSONAL = re.compile(
    r"(?:LINE \d+|DETAIL|CONTEXT):.*?(?=\n\n|\Z)|[^\s<>'\"{}()]+@[^\s<>'\"{}()]+|\d{9,}"
    r"|(?<=/giay/)[\w-]{16,}",
    re.DOTALL,
)


def discreet(words: str) -> str:
    """``words`` without quoted rows, mail addresses, long numbers and keys in addresses."""
    return _PERSONAL.sub("…", words)


class DiscreetFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return discreet(super().format(record))
