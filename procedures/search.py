"""Search over the catalogue: what people type, however they write it, and the procedure they mean.

Words are compared without marks; one wrong letter and a missing blank are forgiven. A procedure is known
by its title, summary and synonyms, and by the labels and synonyms of its cases. Rare words count more
than words that every procedure has.
"""

import math
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from portal.text import without_marks
from procedures.definition import Case, Definition

_WORDS = tomllib.loads((Path(__file__).parent / "data" / "words.toml").read_text(encoding="utf-8"))
_SAME: dict[str, str] = _WORDS["same"]
_SAME_WORDS = re.compile(rf"\b(?:{'|'.join(sorted(_SAME, key=len, reverse=True))})\b")
_SKIPPED = re.compile(rf"\b(?:{'|'.join(_WORDS['skip']['phrases'] + _WORDS['skip']['words'])})\b")

# How much a kind of words says about what a procedure is for.
_SYNONYM, _CASE, _TITLE, _SUMMARY = 1.0, 0.95, 0.85, 0.6
# A wrong letter in a word nobody uses is likelier than in a word that is one.
_WRONG_LETTER, _OTHER_WORD, _BEGINNING = 0.75, 0.4, 0.8
_LEAST, _LEAST_OF_BEST = 0.4, 0.6


@dataclass(frozen=True)
class Found:
    """A procedure that fits, the case that fits best if one does, and the words that were recognised."""

    definition: Definition
    case: Case | None
    words: str
    synonym: bool
    score: float


@dataclass(frozen=True)
class _Phrase:
    text: str
    words: tuple[str, ...]
    weight: float
    case: Case | None


def search(query: str, definitions: Sequence[Definition]) -> list[Found]:
    """The ``definitions`` that ``query`` may mean, the likeliest first; none where nothing fits."""
    index = _index(definitions)
    wanted = _known(_split(query), index.rarity)
    if not wanted:
        return []
    meant = {word: _meant(word, index.rarity, last=word == wanted[-1]) for word in wanted}
    found = [
        _best(definition, phrases, meant, index.rarity)
        for definition, phrases in zip(definitions, index.phrases, strict=True)
    ]
    found.sort(key=lambda one: -one.score)
    least = max(_LEAST, found[0].score * _LEAST_OF_BEST) if found else _LEAST
    return [one for one in found if one.score >= least]


# --- Words ---------------------------------------------------------------------------------------


def _split(text: str) -> list[str]:
    """The words of ``text`` that say something, each in its one way of writing."""
    bare = " ".join(re.findall(r"[a-z0-9]+", without_marks(text)))
    same = _SAME_WORDS.sub(lambda match: _SAME[match[0]], bare)
    return _SKIPPED.sub(" ", same).split() or same.split()


def _known(words: Iterable[str], rarity: Mapping[str, float]) -> list[str]:
    """``words``, two that were written as one taken apart."""
    apart: list[str] = []
    for word in words:
        cuts = [] if word in rarity else range(2, len(word) - 1)
        pairs = ([word[:n], word[n:]] for n in cuts if word[:n] in rarity and word[n:] in rarity)
        apart += next(pairs, [word])
    return apart


def _meant(word: str, rarity: Mapping[str, float], *, last: bool) -> dict[str, float]:
    """The words of the catalogue that ``word`` may stand for, and how surely."""
    wrong_letter = _OTHER_WORD if word in rarity else _WRONG_LETTER
    meant = {}
    for known in rarity:
        if known == word:
            meant[known] = 1.0
        elif len(word) > 1 and len(word + known) > 4 and _one_apart(word, known):
            meant[known] = wrong_letter
        elif last and len(word) >= 2 and word not in rarity and known.startswith(word):
            meant[known] = _BEGINNING
    return meant


def _one_apart(one: str, other: str) -> bool:
    """Whether one letter is wrong, missing or too much, or two neighbours have changed places."""
    short, long = sorted((one, other), key=len)
    if len(long) - len(short) > 1 or short.isdigit() or long.isdigit():
        return False
    same = next((n for n, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    if len(short) < len(long):
        return short[same:] == long[same + 1 :]
    swapped = short[same : same + 2] == long[same : same + 2][::-1] and short[same + 2 :] == long[same + 2 :]
    return swapped or short[same + 1 :] == long[same + 1 :]


# --- Index ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Index:
    phrases: list[list[_Phrase]]
    rarity: dict[str, float]


_kept: dict[tuple[str, ...], _Index] = {}


def _index(definitions: Sequence[Definition]) -> _Index:
    """The words of ``definitions``; kept until another version is published."""
    key = tuple(definition.digest for definition in definitions)
    index = _kept.get(key)
    if index is None:
        phrases = [list(_phrases(definition)) for definition in definitions]
        holders = Counter(word for one in phrases for word in {w for phrase in one for w in phrase.words})
        index = _Index(phrases, {word: math.log(1 + len(phrases) / n) for word, n in holders.items()})
        _kept.clear()
        _kept[key] = index
    return index


def _phrases(definition: Definition) -> Iterable[_Phrase]:
    for text in (definition.title.vi, definition.title.en):
        yield _phrase(text, _TITLE, None)
    for text in (definition.summary.vi, definition.summary.en):
        yield _phrase(text, _SUMMARY, None)
    for text in definition.synonyms:
        yield _phrase(text, _SYNONYM, None)
    for case in definition.cases:
        for text in (case.label.vi, case.label.en):
            yield _phrase(text, _CASE, case)
        for text in case.synonyms:
            yield _phrase(text, _SYNONYM, case)


def _phrase(text: str, weight: float, case: Case | None) -> _Phrase:
    return _Phrase(text, tuple(_split(text)), weight, case)


# --- Ranking -------------------------------------------------------------------------------------


def _best(
    definition: Definition,
    phrases: list[_Phrase],
    meant: Mapping[str, Mapping[str, float]],
    rarity: Mapping[str, float],
) -> Found:
    """How well ``definition`` fits: by its best phrase, and a little by all its words together."""
    total = sum(_rarity(word, meant, rarity) for word in meant)
    score, best = max(((_fit(p, meant, rarity, total), p) for p in phrases), key=lambda pair: pair[0])
    every = {word for phrase in phrases for word in phrase.words}
    together = _covered(every, meant, rarity) / total
    fit = 0.8 * score + 0.2 * together**2 if score else 0.0
    return Found(definition, best.case, best.text, best.weight == _SYNONYM, fit)


def _fit(
    phrase: _Phrase, meant: Mapping[str, Mapping[str, float]], rarity: Mapping[str, float], total: float
) -> float:
    """From 0 to 1: how much of the query the phrase has, and how much of the phrase was asked for."""
    words = set(phrase.words)
    recall = _covered(words, meant, rarity) / total
    if not recall:
        return 0.0
    asked = {known for one in meant.values() for known in one}
    precision = sum(rarity[w] for w in words & asked) / sum(rarity[w] for w in words)
    fit: float = phrase.weight * recall**1.5 * (0.5 + 0.5 * precision)
    return fit


def _covered(words: set[str], meant: Mapping[str, Mapping[str, float]], rarity: Mapping[str, float]) -> float:
    return sum(
        _rarity(word, meant, rarity)
        * max((sure for known, sure in stands.items() if known in words), default=0.0)
        for word, stands in meant.items()
    )


def _rarity(word: str, meant: Mapping[str, Mapping[str, float]], rarity: Mapping[str, float]) -> float:
    """The weight of a word of the query; one that stands for nothing we know may be noise."""
    return rarity.get(word, 1.0 if meant[word] else 0.4)
