"""Answers of a dossier on their way into an official layout; what no box took is told at the end."""

from collections.abc import Iterator
from typing import Any

from django.utils import timezone

from procedures import dossiers
from procedures.documents import Choice, Item, Section, Signature
from procedures.models import Dossier
from procedures.papers.words import Issue, shown


class Answers:
    """The answers of one dossier in words; it remembers which have been asked for."""

    def __init__(self, issue: Issue) -> None:
        self.issue = issue
        self._taken: set[str] = {"case"}

    def __call__(self, name: str) -> str:
        """The answer ``name`` as people read it; empty where there is none."""
        self._taken.add(name)
        return shown(self.issue.dossier, name)

    def take(self, *names: str) -> None:
        """Count ``names`` as told."""
        self._taken.update(names)

    def item(self, name: str, **layout: Any) -> Item:
        return Item(value=self(name) or None, **layout)

    def boxes(self, name: str, **layout: Any) -> Item:
        """The choices of the question ``name`` as boxes; a blank where the procedure does not ask it."""
        definition, value = self.issue.definition, self.issue.dossier.answers.get(name)
        field = definition.field(name)
        self._taken.add(name)
        chosen = value if isinstance(value, list) else [value]
        choices = tuple(Choice(c.label.vi, c.value in chosen) for c in field.choices) if field else ()
        return Item(choices=choices, **layout)

    def left_over(self, title: str) -> Iterator[Section]:
        """A last section with the answers that no box of the layout has taken, if there are any."""
        definition, today = self.issue.definition, timezone.localdate()
        answers = {**self.issue.dossier.answers, "case": self.issue.dossier.case}
        items = tuple(
            Item(label=field.label.vi.removesuffix("?"), value=words, sub=True)
            for _step, rows in dossiers.answered(definition, answers, today, whole=True)
            for field, words in rows
            if field.name not in self._taken
        )
        if items:
            yield Section(title=title, items=items)


def signed_by_applicant(dossier: Dossier, title: str) -> Signature:
    return Signature(
        title=title,
        name=dossier.applicant,
        place_and_date="………………, ngày …… tháng …… năm ………",
    )


def case_boxes(issue: Issue, **layout: Any) -> Item:
    """The cases of the procedure as boxes, the filed one crossed."""
    cases = tuple(Choice(case.label.vi, case.slug == issue.dossier.case) for case in issue.definition.cases)
    return Item(choices=cases, stacked=True, **layout)
