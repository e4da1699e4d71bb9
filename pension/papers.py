"""A result on paper."""

from datetime import datetime
from typing import Any

from pension.forms import CalculatorForm
from pension.results import Result
from portal.templatetags.portal import confidence
from procedures import documents
from procedures.documents import Calculation, CalculationStep


def printed(title: str, form: CalculatorForm, result: Result, *, now: datetime) -> bytes:
    """The PDF of ``result``, with what was typed."""
    content = Calculation(
        title=title,
        day=result.day,
        made_at=now,
        label=result.label,
        amount=result.amount,
        facts=tuple(result.facts),
        answers=tuple(_answers(form)),
        steps=tuple(
            CalculationStep(words=step.words, article=step.article, doubt=_doubt(step.confidence))
            for step in result.steps
        ),
        lines=tuple(tuple(line) for line in result.lines),
        basis=tuple(
            (row.name, row.value, _since(row), row.source, str(confidence(row.confidence)))
            for row in result.basis
        ),
        notes=tuple(result.notes),
    )
    return documents.render(content, made_at=now)


def _doubt(mark: str) -> str:
    return "" if mark == "sure" else str(confidence(mark))


def _since(row: Any) -> str:
    until = f" – {row.until:%d/%m/%Y}" if row.until else ""
    return f"{row.since:%d/%m/%Y}{until}"


def _answers(form: CalculatorForm) -> list[tuple[str, str]]:
    """What was typed, as people read it; periods a line each."""
    found = []
    for bound in form:
        field: Any = bound.field
        value = form.cleaned_data.get(bound.name)
        if bound.name == "periods":
            for name, row in field.told(value):
                found.append((name, "; ".join(str(words) for _label, words in row)))
        elif bound.name != "pasted" and value not in ("", None):
            found.append((str(bound.label), str(field.display(value))))
    return found
