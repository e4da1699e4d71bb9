"""Amounts in words: read aloud as at the counter, and read back by somebody else's rules."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.words import in_words

ONES = {
    "không": 0, "một": 1, "mốt": 1, "hai": 2, "ba": 3, "bốn": 4, "tư": 4, "năm": 5, "lăm": 5,
    "sáu": 6, "bảy": 7, "tám": 8, "chín": 9,
}  # fmt: skip


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        (0, "Không đồng"),
        (1, "Một đồng"),
        (5, "Năm đồng"),
        (10, "Mười đồng"),
        (11, "Mười một đồng"),
        (14, "Mười bốn đồng"),
        (15, "Mười lăm đồng"),
        (20, "Hai mươi đồng"),
        (21, "Hai mươi mốt đồng"),
        (24, "Hai mươi tư đồng"),
        (25, "Hai mươi lăm đồng"),
        (55, "Năm mươi lăm đồng"),
        (100, "Một trăm đồng"),
        (101, "Một trăm lẻ một đồng"),
        (105, "Một trăm lẻ năm đồng"),
        (110, "Một trăm mười đồng"),
        (115, "Một trăm mười lăm đồng"),
        (121, "Một trăm hai mươi mốt đồng"),
        (1_000, "Một nghìn đồng"),
        (1_005, "Một nghìn không trăm lẻ năm đồng"),
        (1_015, "Một nghìn không trăm mười lăm đồng"),
        (1_100, "Một nghìn một trăm đồng"),
        (10_000, "Mười nghìn đồng"),
        (21_021, "Hai mươi mốt nghìn không trăm hai mươi mốt đồng"),
        (804_600, "Tám trăm lẻ bốn nghìn sáu trăm đồng"),
        (1_000_001, "Một triệu không trăm lẻ một đồng"),
        (1_001_000, "Một triệu không trăm lẻ một nghìn đồng"),
        (10_000_000, "Mười triệu đồng"),
        (10_500_000, "Mười triệu năm trăm nghìn đồng"),
        (1_000_000_000, "Một tỷ đồng"),
        (1_000_000_005, "Một tỷ không trăm lẻ năm đồng"),
        (
            2_024_115_021,
            "Hai tỷ không trăm hai mươi tư triệu một trăm mười lăm nghìn không trăm hai mươi mốt đồng",
        ),
        (1_005_000_000_000, "Một nghìn không trăm lẻ năm tỷ đồng"),
        (999_000_000_000_004, "Chín trăm chín mươi chín nghìn tỷ không trăm lẻ bốn đồng"),
    ],
)
def test_an_amount_is_said_as_a_cashier_says_it(amount: int, words: str) -> None:
    assert in_words(amount) == in_words(Decimal(amount)) == words


@pytest.mark.parametrize("amount", [-1, Decimal("0.5"), Decimal("1000.01")])
def test_what_is_no_amount_in_whole_dong_has_no_words(amount: int | Decimal) -> None:
    with pytest.raises(ValueError, match="whole đồng"):
        in_words(amount)


def read_back(words: str) -> int:
    """The amount of ``words``: a running sum of what is below a thousand, closed by each greater unit."""
    assert words.endswith(" đồng")
    above = total = below = digit = 0
    for word in words.removesuffix(" đồng").lower().split():
        match word:
            case "trăm":
                below, digit = below + digit * 100, 0
            case "mươi":
                below, digit = below + digit * 10, 0
            case "mười":
                below += 10
            case "lẻ":
                pass
            case "nghìn" | "triệu":
                total += (below + digit) * (1000 if word == "nghìn" else 1_000_000)
                below = digit = 0
            case "tỷ":
                above = total + below + digit
                total = below = digit = 0
            case _:
                assert digit == 0, words
                digit = ONES[word]
    return above * 1_000_000_000 + total + below + digit


@given(
    st.one_of(
        st.integers(0, 10**15 - 1),
        st.integers(0, 10_000),
        st.lists(st.sampled_from("00015"), min_size=1, max_size=15).map(lambda digits: int("".join(digits))),
    )
)
def test_whatever_is_written_in_words_is_read_back_as_the_same_amount(amount: int) -> None:
    words = in_words(amount)
    assert read_back(words) == amount
    assert words[0].isupper() and words[1:] == words[1:].lower()
    assert "  " not in words
