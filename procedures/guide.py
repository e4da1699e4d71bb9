"""“Which procedure do I need?”: a tree of at most four questions, kept as data.

The way through the tree stands in the address: the answers given, one after the other.
"""

import tomllib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

import msgspec

from procedures.definition import Definition, Part, Text

MOST_QUESTIONS = 4
_TREE = Path(__file__).parent / "data" / "which_procedure.toml"


class Answer(Part, frozen=True):
    """A possible answer: it leads to another question, or to a procedure and maybe one of its cases.

    ``advice`` is what to know before one goes there.
    """

    slug: str
    label: Text
    hint: Text | None = None
    asks: str = ""
    procedure: str = ""
    case: str = ""
    advice: list[Text] = []


class Question(Part, frozen=True):
    text: Text
    answers: list[Answer]
    help: Text | None = None

    def answer(self, slug: str) -> Answer | None:
        return next((answer for answer in self.answers if answer.slug == slug), None)


class Guide(Part, frozen=True):
    """The questions by name; ``first`` is where everybody begins."""

    first: str
    questions: dict[str, Question]


@lru_cache(maxsize=1)
def shipped() -> Guide:
    """The guide as it stands in its file."""
    return msgspec.convert(tomllib.loads(_TREE.read_text(encoding="utf-8")), Guide)


def walk(guide: Guide, slugs: list[str]) -> list[tuple[Question, Answer]] | None:
    """The questions and answers on the way ``slugs``; None where there is no such way."""
    name, taken = guide.first, []
    for slug in slugs:
        question = guide.questions.get(name)
        answer = question.answer(slug) if question else None
        if question is None or answer is None:
            return None
        taken.append((question, answer))
        name = answer.asks
    return taken


def problems_of(guide: Guide, definitions: Mapping[str, Definition]) -> Iterator[str]:
    """What is wrong with ``guide``, a line each: every way ends at a procedure, and soon enough."""
    if guide.first not in guide.questions:
        yield f"first: there is no question {guide.first}"
    for name, question in guide.questions.items():
        slugs = [answer.slug for answer in question.answers]
        yield from (f"{name}.{slug}: stands twice" for slug in sorted(set(slugs)) if slugs.count(slug) > 1)
        for answer in question.answers:
            yield from _answer_problems(f"{name}.{answer.slug}", answer, guide, definitions)
        yield from _text_problems(name, question)
    reached = {guide.first} | {a.asks for q in guide.questions.values() for a in q.answers}
    yield from (f"{name}: nothing leads there" for name in guide.questions if name not in reached)
    longest = _depth(guide, guide.first, frozenset())
    if longest > MOST_QUESTIONS:
        yield f"questions: a way of {longest} questions is too long"


def _answer_problems(
    place: str, answer: Answer, guide: Guide, definitions: Mapping[str, Definition]
) -> Iterator[str]:
    if bool(answer.asks) is bool(answer.procedure):
        yield f"{place}: leads either to a question or to a procedure"
    if answer.asks and answer.asks not in guide.questions:
        yield f"{place}: there is no question {answer.asks}"
    definition = definitions.get(answer.procedure)
    if answer.procedure and definition is None:
        yield f"{place}: there is no procedure {answer.procedure}"
    if answer.case and (definition is None or definition.case(answer.case) is None):
        yield f"{place}: there is no case {answer.case} in {answer.procedure}"


def _text_problems(name: str, question: Question) -> Iterator[str]:
    texts = [question.text, *([question.help] if question.help else [])]
    for answer in question.answers:
        texts += [answer.label, *([answer.hint] if answer.hint else []), *answer.advice]
    if any(not text.vi.strip() or not text.en.strip() for text in texts):
        yield f"{name}: needs words in both languages"


def _depth(guide: Guide, name: str, above: frozenset[str]) -> int:
    """How many questions the longest way from ``name`` has; a circle is endlessly long."""
    question = guide.questions.get(name)
    if question is None:
        return 0
    if name in above:
        return MOST_QUESTIONS + 1
    ahead = [_depth(guide, answer.asks, above | {name}) for answer in question.answers if answer.asks]
    return 1 + max(ahead, default=0)
