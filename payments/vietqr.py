"""VietQR: what banks read from a code that pays (EMVCo merchant-presented mode, NAPAS)."""

import binascii
from decimal import Decimal
from io import BytesIO

LONGEST_PURPOSE = 25


def payload(
    bank_bin: str,
    account: str,
    *,
    amount: Decimal | None = None,
    purpose: str = "",
    bill: str = "",
) -> str:
    """The text of a code that pays into ``account``; without an ``amount`` the payer types it.

    Raises ``ValueError`` for a purpose that banks would cut off or garble, and for an amount that is not
    whole and positive.
    """
    if len(purpose) > LONGEST_PURPOSE or not (purpose + bill + account).isascii():
        raise ValueError(f"not a purpose for VietQR: {purpose!r}")
    if amount is not None and (amount <= 0 or amount != int(amount)):
        raise ValueError(f"not an amount for VietQR: {amount}")
    beneficiary = _field("00", bank_bin) + _field("01", account)
    merchant = _field("00", "A000000727") + _field("01", beneficiary) + _field("02", "QRIBFTTA")
    additional = _field("01", bill) + _field("08", purpose)
    text = (
        _field("00", "01")
        + _field("01", "11" if amount is None else "12")
        + _field("38", merchant)
        + _field("53", "704")
        + _field("54", "" if amount is None else str(int(amount)))
        + _field("58", "VN")
        + _field("62", additional)
        + "6304"
    )
    return text + checksum(text)


def _field(ident: str, value: str) -> str:
    """Identifier, length, value; nothing where there is no value."""
    if len(value) > 99:
        raise ValueError(f"too long for field {ident}: {value!r}")
    return f"{ident}{len(value):02}{value}" if value else ""


def checksum(text: str) -> str:
    """CRC-16/CCITT-FALSE of ``text``, which ends in ``6304``."""
    return f"{binascii.crc_hqx(text.encode('ascii'), 0xFFFF):04X}"


def picture(text: str, kind: str) -> bytes:
    """The code of ``text`` as ``svg`` (without a size of its own and without styles) or ``png``."""
    import segno

    code, out = segno.make(text, error="m", micro=False), BytesIO()
    own = {"omitsize": True} if kind == "svg" else {"dpi": 144}
    code.save(out, kind=kind, scale=8, border=4, dark="#000", light="#fff", **own)
    return out.getvalue()
