import pytest
from django.core.exceptions import ValidationError

from portal import identifiers as ids
from portal import text


@pytest.mark.parametrize(
    ("typed", "normal"),
    [("5612345678", "5612345678"), (" 56 1234.5678 ", "5612345678"), ("56-1234-5678", "5612345678")],
)
def test_insurance_numbers(typed: str, normal: str) -> None:
    assert ids.insurance_number(typed) == normal


@pytest.mark.parametrize("typed", ["561234567", "56123456789", "56A2345678", "٥٦١٢٣٤٥٦٧٨", ""])
def test_wrong_insurance_numbers(typed: str) -> None:
    with pytest.raises(ValidationError):
        ids.insurance_number(typed)


@pytest.mark.parametrize("typed", ["056161000123", "225123456", "B1234567", "c12345678", "056 161 000 123"])
def test_identity_papers(typed: str) -> None:
    assert ids.identity_paper(typed) == ids.compact(typed)


@pytest.mark.parametrize("typed", ["003161000123", "05616100012", "B123456", "22512345", "abc"])
def test_wrong_identity_papers(typed: str) -> None:
    with pytest.raises(ValidationError):
        ids.identity_paper(typed)


@pytest.mark.parametrize(
    ("number", "facts"),
    [
        ("056061000123", ("male", 1961)),
        ("056166000123", ("female", 1966)),
        ("056205000123", ("male", 2005)),
        ("056305000123", ("female", 2005)),
        ("225123456", None),
    ],
)
def test_what_a_citizen_card_tells(number: str, facts: tuple[str, int] | None) -> None:
    assert ids.citizen_card_facts(number) == facts


@pytest.mark.parametrize(
    ("typed", "normal"),
    [
        ("0592060307", "0592060307"),
        ("02583827443", "02583827443"),
        ("02583.827.443", "02583827443"),
        ("+84 905 123 456", "0905123456"),
        ("84905123456", "0905123456"),
        ("(0258) 3827443", "02583827443"),
    ],
)
def test_phones(typed: str, normal: str) -> None:
    assert ids.phone(typed) == normal


@pytest.mark.parametrize("typed", ["01234567890", "0123456789", "090512345", "0905123456a", "1900 9068"])
def test_wrong_phones(typed: str) -> None:
    with pytest.raises(ValidationError):
        ids.phone(typed)


@pytest.mark.parametrize("typed", ["4700 2010 01234", "19036512345678", "ab123456"])
def test_bank_accounts(typed: str) -> None:
    assert ids.bank_account(typed) == ids.compact(typed)


@pytest.mark.parametrize("typed", ["12345", "1" * 20, "9704050000000005"])
def test_wrong_bank_accounts(typed: str) -> None:
    with pytest.raises(ValidationError):
        ids.bank_account(typed)


def test_a_card_number_is_told_apart_from_an_account_by_its_check_digit() -> None:
    with pytest.raises(ValidationError, match="ATM"):
        ids.bank_account("9704050000000005")
    assert ids.bank_account("9704050000000006") == "9704050000000006"


@pytest.mark.parametrize("typed", ["RR473124829GB", "EA123456785VN", "RA000000014VN", "CA056001231VN"])
def test_tracking_numbers_with_a_check_digit(typed: str) -> None:
    assert ids.tracking_number(typed.lower()) == (typed, True)


def test_a_wrong_check_digit_is_caught() -> None:
    with pytest.raises(ValidationError):
        ids.tracking_number("EA123456784VN")


def test_codes_outside_the_standard_pass_unverified() -> None:
    assert ids.tracking_number("VNP 1234 56789") == ("VNP123456789", False)


def test_text_is_composed_and_cleaned() -> None:
    decomposed = "Nguye\u0302\u0303n\u00ad Va\u0306n\u200b  An\x00"
    assert text.clean(decomposed) == "Nguyễn Văn An"
    assert text.without_marks("  ĐẶNG  Thị Ánh ") == "dang thi anh"
    assert text.bank_name("Đặng Thị Ánh") == "DANG THI ANH"
