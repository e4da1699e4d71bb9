"""Codes that pay, read back the way a bank's application reads them."""

import io
from decimal import Decimal

import pytest
import zxingcpp
from PIL import Image

from payments import references, vietqr
from payments.statements import matching


def test_the_sample_of_napas() -> None:
    assert vietqr.payload(
        "970403", "0011012345678", amount=Decimal(180_000), bill="NPS6869", purpose="thanh toan don hang"
    ) == (
        "00020101021238570010A00000072701270006970403011300110123456780208QRIBFTTA530370454061800005802VN"
        "62340107NPS68690819thanh toan don hang63042E2E"
    )


def test_a_code_without_an_amount() -> None:
    text = "00020101021138530010A0000007270123000697041501091234567890208QRIBFTTA53037045802VN6304"
    assert vietqr.payload("970415", "123456789") == text + "6376"


def test_a_code_of_ours() -> None:
    assert vietqr.payload("970405", "4700201001234", amount=Decimal(335_250), purpose="BHYT 5621000123") == (
        "00020101021238570010A00000072701270006970405011347002010012340208QRIBFTTA530370454063352505802VN"
        "62190815BHYT 562100012363041A77"
    )


@pytest.mark.parametrize("purpose", ["đóng BHYT", "x" * 26])
def test_a_purpose_that_banks_would_garble_is_refused(purpose: str) -> None:
    with pytest.raises(ValueError):
        vietqr.payload("970405", "4700201001234", amount=Decimal(1), purpose=purpose)


@pytest.mark.parametrize("amount", ["0", "-5", "10.5"])
def test_an_amount_that_cannot_be_paid_is_refused(amount: str) -> None:
    with pytest.raises(ValueError):
        vietqr.payload("970405", "4700201001234", amount=Decimal(amount))


def test_the_picture_is_read_back_and_carries_no_style() -> None:
    text = vietqr.payload("970405", "4700201001234", amount=Decimal(335_250), purpose=references.new())
    (read,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(vietqr.picture(text, "png"))))
    assert read.text == text
    svg = vietqr.picture(text, "svg").decode()
    assert "style" not in svg and "<script" not in svg and "viewBox" in svg


def test_a_reference_is_short_plain_and_found_in_the_words_of_a_transfer() -> None:
    reference = references.spelt("0123456789")
    assert len(reference) == 13 and reference.isascii() and len(reference) <= vietqr.LONGEST_PURPOSE
    spaced = f"{reference[:2]} {reference[2:6]} {reference[6:]}"
    for words in (f"CT DEN:{reference} NGUYEN VAN A", f"mbvcb.99.{reference.lower()}.ct tu", f"x {spaced} y"):
        assert matching.candidates(words, {"KH": (13,)}) == {reference}


def test_no_wrong_character_and_no_two_that_changed_places_make_another_reference() -> None:
    reference = references.spelt("5607124839")
    for i in range(2, 12):
        for digit in set("0123456789") - {reference[i]}:
            assert not _is_one(reference[:i] + digit + reference[i + 1 :])
        swapped = reference[:i] + reference[i + 1] + reference[i] + reference[i + 2 :]
        if swapped != reference and swapped[11:12].isdigit():
            assert not _is_one(swapped)


def test_every_new_reference_has_its_check_character() -> None:
    for _i in range(50):
        reference = references.new()
        assert len(reference) == 13 and _is_one(reference)


def _is_one(reference: str) -> bool:
    return references.spelt(reference[2:12]) == reference
