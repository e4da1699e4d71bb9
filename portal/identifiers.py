"""Formats of Vietnamese identifiers: normalise what was typed, then say plainly what is wrong.

Every function takes the text as typed and returns its normal form, or raises ``ValidationError``
with a message fit to stand beside the field.
"""

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

_SEPARATORS = re.compile(r"[\s.\-]+")
_MOBILE = re.compile(r"0(3[2-9]|5[25689]|7[06-9]|8[1-9]|9\d)\d{7}")
_LANDLINE = re.compile(r"02\d{9}")
_PASSPORT = re.compile(r"[A-Z]\d{7,8}")
_NEW_CARD = re.compile(r"[0-9]{10}")
_OLD_CARD = re.compile(r"[A-Z]{2}[1-5][0-9]{12}")
_UNIT = re.compile(r"[A-Z0-9]{7}")
_FACILITY_CODE = re.compile(r"[0-9]{5}")
_ACCOUNT = re.compile(r"[0-9A-Z]{6,19}")
_TRACKING = re.compile(r"[A-Z]{2}\d{9}[A-Z]{2}")
_TRACKING_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)

# Province of birth registration in a citizen card: "0" + statistics-office code (TT 59/2021/TT-BCA).
_PROVINCE_CODES = """
001 002 004 006 008 010 011 012 014 015 017 019 020 022 024 025 026 027 030 031 033
034 035 036 037 038 040 042 044 045 046 048 049 051 052 054 056 058 060 062 064 066
067 068 070 072 074 075 077 079 080 082 083 084 086 087 089 091 092 093 094 095 096
"""
PROVINCES = frozenset(_PROVINCE_CODES.split())


def compact(text: str) -> str:
    """``text`` without blanks, dots and dashes, upper-case."""
    return _SEPARATORS.sub("", text).upper()


def insurance_number(text: str) -> str:
    """Mã số BHXH: ten digits for life (QĐ 595/QĐ-BHXH Đ.2); it has no public check digit."""
    digits = compact(text)
    if not digits.isascii() or not digits.isdigit():
        raise ValidationError(_("A social insurance number has digits only, for example 5612345678."))
    if len(digits) != 10:
        raise ValidationError(
            _(
                "A social insurance number has 10 digits; you typed %(count)d. It stands on your "
                "insurance book, on your health card and in VssID."
            )
            % {"count": len(digits)}
        )
    return digits


def health_card(text: str) -> str:
    """Number of a health card: ten digits (QĐ 1666/QĐ-BHXH), or fifteen characters of an older card.

    Old: two letters of the group, benefit digit 1 to 5, two digits of the province, insurance number
    (QĐ 1351/QĐ-BHXH). Any two letters pass, because groups were added over the years.
    """
    number = compact(text)
    if _NEW_CARD.fullmatch(number) or _OLD_CARD.fullmatch(number):
        return number
    raise ValidationError(
        _(
            "A health card number has 10 digits, or 15 characters such as DN4565612345678; "
            "you typed %(count)d."
        )
        % {"count": len(number)}
    )


def unit_code(text: str) -> str:
    """Mã đơn vị of an employer: seven letters or digits."""
    code = compact(text)
    if not _UNIT.fullmatch(code):
        raise ValidationError(_("A unit code has 7 letters or digits, for example TZH490L."))
    return code


def facility_code(text: str) -> str:
    """Code of a health facility of Khánh Hòa: five digits, the province's 56 first."""
    code = compact(text)
    if not _FACILITY_CODE.fullmatch(code):
        raise ValidationError(_("The code of a health facility has 5 digits, for example 56001."))
    if not code.startswith("56"):
        raise ValidationError(_("The code of a health facility in Khánh Hòa begins with 56."))
    return code


def facility(text: str) -> str:
    """A health facility by its name, its five-digit code or both."""
    words = " ".join(text.split())
    digits = compact(words)
    if digits.isdigit() and not _FACILITY_CODE.fullmatch(digits):
        raise ValidationError(_("The code of a health facility has 5 digits, for example 56001."))
    return digits if digits.isdigit() else words


def identity_paper(text: str) -> str:
    """CCCD (12 digits), CMND (9 digits) or passport (a letter and 7 or 8 digits)."""
    number = compact(text)
    if _PASSPORT.fullmatch(number):
        return number
    if not number.isascii() or not number.isdigit():
        raise ValidationError(
            _(
                "Type the number of a citizen card (12 digits), an identity card (9 digits) or a "
                "passport (one letter, then 7 or 8 digits)."
            )
        )
    if len(number) == 12:
        if number[:3] not in PROVINCES:
            raise ValidationError(
                _(
                    "A citizen card number starts with a province code such as 056; please check "
                    "the first three digits."
                )
            )
        return number
    if len(number) != 9:
        raise ValidationError(
            _("A citizen card has 12 digits and an identity card 9; you typed %(count)d.")
            % {"count": len(number)}
        )
    return number


def citizen_card_facts(number: str) -> tuple[str, int] | None:
    """Sex (``male``/``female``) and year of birth told by a 12-digit number, else ``None``."""
    if len(number) != 12 or number[3] not in "012345":
        return None
    century, female = divmod(int(number[3]), 2)
    return ("female" if female else "male"), 1900 + 100 * century + int(number[4:6])


def citizen_card_doubts(number: str, *, sex: str, born: str) -> list[str]:
    """What a citizen card ``number`` tells otherwise than ``sex`` and the year in ``born``, in words.

    All may be as typed. A mismatch is a doubt, not an error: cards with mistakes are in use.
    """
    facts, years = citizen_card_facts(compact(number)), re.findall(r"\d{4}", born)
    if facts is None:
        return []
    doubts = []
    if facts[0] == "female" and sex == "male":
        doubts.append(_("This card number is a woman’s, but the answer for sex is “male”."))
    if facts[0] == "male" and sex == "female":
        doubts.append(_("This card number is a man’s, but the answer for sex is “female”."))
    if years and int(years[0]) != facts[1]:
        doubts.append(
            _("This card number says born in %(card)d, but the year of birth here is %(typed)s.")
            % {"card": facts[1], "typed": years[0]}
        )
    return doubts


def phone(text: str) -> str:
    """A Vietnamese mobile (10 digits) or landline (11 digits) number, starting with 0."""
    number = compact(text).replace("(", "").replace(")", "")
    if number.startswith("+84"):
        number = "0" + number[3:].removeprefix("0")
    elif number.startswith("84") and len(number) in {11, 12}:
        number = "0" + number[2:]
    if _MOBILE.fullmatch(number) or _LANDLINE.fullmatch(number):
        return number
    if number.isdigit() and len(number) == 11 and number.startswith("01"):
        raise ValidationError(_("Mobile numbers have had 10 digits since 2018; type the new number."))
    raise ValidationError(
        _(
            "Type a mobile number of 10 digits such as 0905 123 456, or a landline with its area "
            "code such as 0258 3827 443."
        )
    )


def _luhn(digits: str) -> bool:
    doubled = (int(d) * (2 if i % 2 else 1) for i, d in enumerate(reversed(digits)))
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0


def bank_account(text: str) -> str:
    """A bank account number of 6 to 19 digits or letters; the number on a card is refused."""
    number = compact(text)
    is_card = number.isdigit() and len(number) in {16, 19} and number.startswith("9704")
    if is_card and _luhn(number):
        raise ValidationError(
            _(
                "This is the number printed on an ATM card, not an account number. The account "
                "number stands in your banking app or on the paper that came with the card."
            )
        )
    if not _ACCOUNT.fullmatch(number):
        raise ValidationError(_("An account number has 6 to 19 digits, without marks or signs."))
    return number


def tracking_number(text: str) -> tuple[str, bool]:
    """A postal tracking number and whether its check digit was verified (UPU S10).

    Vietnam Post also prints internal codes outside S10: these pass, unverified.
    """
    number = compact(text)
    if _TRACKING.fullmatch(number):
        if _s10_check_digit(number[2:10]) != int(number[10]):
            raise ValidationError(
                _(
                    "One character of this tracking number is wrong: please compare it with the "
                    "post-office receipt."
                )
            )
        return number, True
    if re.fullmatch(r"[A-Z0-9]{8,20}", number):
        return number, False
    raise ValidationError(_("A tracking number looks like RA000000014VN: two letters, nine digits, VN."))


def sticker(text: str) -> tuple[str, bool]:
    """A tracking number as it was scanned from the post's sticker, and whether its check digit is right.

    A wrong one is taken as it stands, unverified: the sticker on the parcel counts. Raises
    ``ValidationError`` for what is no tracking number at all.
    """
    number = compact(text)
    if _TRACKING.fullmatch(number):
        return number, _s10_check_digit(number[2:10]) == int(number[10])
    return tracking_number(number)


def _s10_check_digit(serial: str) -> int:
    check = 11 - sum(int(d) * w for d, w in zip(serial, _TRACKING_WEIGHTS, strict=True)) % 11
    return {10: 0, 11: 5}.get(check, check)
