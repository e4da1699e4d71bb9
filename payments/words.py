"""Amounts in Vietnamese words, as they stand on receipts beside the figures."""

from decimal import Decimal

_DIGITS = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")
_AFTER_TENS = {1: "mốt", 4: "tư", 5: "lăm"}  # 21, 24, 25
_BILLION = 10**9


def in_words(amount: int | Decimal) -> str:
    """``amount`` in whole đồng: 1005 is ``Một nghìn không trăm lẻ năm đồng``.

    Raises ``ValueError`` for less than nothing and for parts of a đồng.
    """
    whole = int(amount)
    if whole != amount or whole < 0:
        raise ValueError(f"{amount} is no amount in whole đồng")
    words = " ".join(_number(whole)) or _DIGITS[0]
    return f"{words[0].upper()}{words[1:]} đồng"


def _number(value: int) -> list[str]:
    """The words of ``value``, none for 0."""
    billions, rest = divmod(value, _BILLION)
    words = [*_number(billions), "tỷ"] if billions else []
    for size, name in ((1_000_000, "triệu"), (1000, "nghìn"), (1, "")):
        group = rest // size % 1000
        if group:
            words += [*_group(group, inside=bool(words)), *([name] if name else [])]
    return words


def _group(value: int, *, inside: bool) -> list[str]:
    """The words of 1 to 999; behind greater ones the hundreds are said even when there are none."""
    hundreds, rest = divmod(value, 100)
    said = [_DIGITS[hundreds], "trăm"] if hundreds or inside else []
    return said + _below_hundred(rest, inside=bool(said))


def _below_hundred(value: int, *, inside: bool) -> list[str]:
    tens, ones = divmod(value, 10)
    if tens == 0:
        return [*(["lẻ"] if inside else []), _DIGITS[ones]] if ones else []
    if tens == 1:
        return ["mười", *(["lăm" if ones == 5 else _DIGITS[ones]] if ones else [])]
    return [_DIGITS[tens], "mươi", *([_AFTER_TENS.get(ones, _DIGITS[ones])] if ones else [])]
