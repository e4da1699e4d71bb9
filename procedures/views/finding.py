"""Finding the right procedure: the list, the search, and a few questions that lead to it."""

from typing import Any

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from portal.http import Request, render_page
from portal.text import without_marks
from procedures import catalogue, guide, papers, search
from procedures.catalogue import definition_of
from procedures.definition import Definition
from procedures.guide import Answer, Question
from procedures.views.public import filers_in_words, groups


@require_safe
def procedure_list(request: Request) -> HttpResponse:
    query = request.GET.get("q", "").strip()[:100]
    found = search.search(query, [d for _version, d in catalogue.all_published()]) if query else []
    context = {
        "groups": [] if query else groups(),
        "found": [_hit(one) for one in found],
        "query": query,
        "search_attrs": [
            ("hx-get", request.path),
            ("hx-trigger", "input changed delay:300ms"),
            ("hx-target", "#results"),
            ("hx-swap", "outerHTML"),
            ("hx-sync", "this:replace"),
            ("hx-replace-url", "true"),
        ],
    }
    return render_page(request, "procedures/list.html", context, fragments=("page", "results"))


def _hit(found: search.Found) -> dict[str, Any]:
    """A result as the list shows it: where it leads, and the words it was recognised by."""
    definition, case = found.definition, found.case
    title = str(case.label if case else definition.title)
    called = found.synonym and without_marks(found.words) not in without_marks(title)
    return {
        "title": title,
        "part_of": definition.title if case else "",
        "text": definition.summary,
        "called": found.words if called else "",
        "url": address(definition, case.slug if case else ""),
    }


def address(definition: Definition, case: str = "") -> str:
    """The page of a procedure, with one of its cases chosen."""
    page = reverse("procedure", args=[definition.slug])
    return f"{page}?truong-hop={case}" if case else page


# --- “Which procedure do I need?” ----------------------------------------------------------------


@require_safe
def which(request: Request, way: str = "") -> HttpResponse:
    """One question, or where the answers lead; ``way`` are the answers given, joined by strokes."""
    tree = guide.shipped()
    taken = guide.walk(tree, way.split("/") if way else [])
    if taken is None:
        raise Http404
    last = taken[-1][1] if taken else None
    if last is not None and last.procedure:
        return _reached(request, last, taken)
    question = tree.questions[last.asks if last else tree.first]
    context = {
        "question": question,
        "number": len(taken) + 1,
        "answers": [
            {"label": answer.label, "hint": answer.hint, "url": _way([*_slugs(taken), answer.slug])}
            for answer in question.answers
        ],
        "taken": _told(taken),
        "back_url": _way(_slugs(taken)[:-1]) if taken else reverse("procedure_list"),
    }
    return render_page(request, "procedures/which.html", context)


def _reached(request: Request, answer: Answer, taken: list[tuple[Question, Answer]]) -> HttpResponse:
    version = catalogue.published(answer.procedure)
    if version is None:
        raise Http404
    definition = definition_of(version)
    case = definition.case(answer.case)
    limit = definition.time_limit(answer.case, {})
    known = {"case": answer.case} if case else {}
    context = {
        "definition": definition,
        "case": case,
        "advice": answer.advice,
        "limit": limit,
        "limit_words": papers.limit_words(limit),
        "papers": [
            {"label": paper.label, "how": papers.how_handed_in(paper), "confidence": paper.confidence}
            for paper in definition.documents_for(known)
            if case and paper.required
        ],
        "for_citizens": "citizen" in definition.filers_of(case),
        "filers": filers_in_words(definition.filers_of(case)),
        "url": address(definition, answer.case if case else ""),
        "taken": _told(taken),
        "back_url": _way(_slugs(taken)[:-1]),
    }
    return render_page(request, "procedures/reached.html", context)


def _slugs(taken: list[tuple[Question, Answer]]) -> list[str]:
    return [answer.slug for _question, answer in taken]


def _told(taken: list[tuple[Question, Answer]]) -> list[dict[str, Any]]:
    """What has been answered, and the address of the question, to answer it anew."""
    slugs = _slugs(taken)
    return [
        {"label": question.text, "value": answer.label, "change_url": _way(slugs[:number])}
        for number, (question, answer) in enumerate(taken)
    ]


def _way(slugs: list[str]) -> str:
    return reverse("which", args=["/".join(slugs)] if slugs else [])
