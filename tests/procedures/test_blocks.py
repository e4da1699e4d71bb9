from typing import Any

import pytest

from procedures.blocks import InvalidBlock, expanded

PERSON = {"steps": [{"slug": "you"}], "fields": [{"name": "name", "step": "you"}, {"name": "born"}]}
BLOCKS: dict[str, dict[str, Any]] = {
    "person": PERSON,
    "money": {"fields": [{"name": "bank", "help": "x"}]},
    "both": {"use": ["person", "money"], "fields": [{"name": "bank", "help": "y"}, {"name": "own"}]},
    "person-again": {"fields": [{"name": "name"}]},
    "with-cases": {"cases": []},
}


def _expanded(content: dict[str, Any]) -> dict[str, Any]:
    def read(name: str) -> dict[str, Any]:
        try:
            return BLOCKS[name]
        except KeyError:
            raise FileNotFoundError(name) from None

    return expanded(content, read=read)


def _names(content: dict[str, Any]) -> list[str]:
    return [field["name"] for field in _expanded(content)["fields"]]


def test_blocks_stand_in_the_order_of_use_before_the_own_entries() -> None:
    assert _names({"use": ["money", "person"], "fields": [{"name": "own"}]}) == [
        "bank",
        "name",
        "born",
        "own",
    ]


def test_a_list_may_place_a_block_elsewhere() -> None:
    own = [{"name": "first"}, {"use": "person"}, {"name": "last"}]
    assert _names({"use": ["person", "money"], "fields": own}) == ["bank", "first", "name", "born", "last"]


@pytest.mark.parametrize("before", [True, False])
def test_an_own_entry_changes_the_one_of_a_block_in_place(before: bool) -> None:
    change, place = {"name": "name", "kind": "text"}, {"use": "person"}
    own = [change, place] if before else [place, change]
    assert _expanded({"use": ["person"], "fields": own})["fields"] == [
        {"name": "name", "step": "you", "kind": "text"},
        {"name": "born"},
    ]


def test_a_block_may_use_blocks() -> None:
    found = _expanded({"use": ["both"]})
    assert [field["name"] for field in found["fields"]] == ["name", "born", "bank", "own"]
    assert found["fields"][2]["help"] == "y"
    assert "use" not in found


def test_content_without_use_stays_as_it_is() -> None:
    content = {"slug": "x", "fields": [{"name": "a"}], "documents": []}
    assert _expanded(content) == content


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ({"use": ["nobody"]}, "there is no block nobody"),
        ({"use": ["person", "person-again"]}, "fields.name: blocks person and person-again bring it"),
        ({"use": ["with-cases"]}, "may not have cases"),
        ({"fields": [{"name": "a"}, {"name": "a"}]}, "fields.a: stands twice"),
        ({"fields": [{"use": "person"}]}, "person is placed but not in use"),
    ],
)
def test_what_is_wrong_with_blocks_is_said(content: dict[str, Any], problem: str) -> None:
    with pytest.raises(InvalidBlock, match=problem):
        _expanded(content)
