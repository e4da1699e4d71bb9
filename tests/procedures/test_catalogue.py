from pathlib import Path

import msgspec
import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone, translation

from portal.models import User
from procedures import catalogue, dossiers
from procedures.catalogue import InvalidDefinition, definition_of
from procedures.definition import Condition, Definition, Field, Text
from procedures.differences import differences
from procedures.models import Case, Dossier, Procedure, ProcedureVersion
from procedures.validator import problems_of
from tests import reference

pytestmark = pytest.mark.django_db
Status = ProcedureVersion.Status


def _shipped() -> Definition:
    return next(d for d in reference.shipped() if d.slug == "lump-sum")


def _current() -> ProcedureVersion:
    version = catalogue.published("lump-sum")
    assert version is not None
    return version


def _changed(days: int) -> Definition:
    old = _shipped()
    return msgspec.structs.replace(
        old, time_limits=[msgspec.structs.replace(limit, days=days) for limit in old.time_limits]
    )


@pytest.mark.parametrize("definition", reference.shipped(), ids=lambda d: d.slug)
def test_a_definition_survives_toml_rows_and_back(definition: Definition, tmp_path: Path) -> None:
    assert catalogue.from_toml(catalogue.to_toml(definition)) == definition
    assert definition_of(catalogue.published(definition.slug)) == definition  # type: ignore[arg-type]
    call_command("dump_catalogue", output=tmp_path, verbosity=0)
    dumped = catalogue.from_toml((tmp_path / f"{definition.slug}.toml").read_text(encoding="utf-8"))
    assert dumped == definition
    assert dumped.digest == definition.digest


def test_loading_again_changes_nothing() -> None:
    before = list(ProcedureVersion.objects.values_list("pk", flat=True))
    assert catalogue.load(_shipped()).outcome == "unchanged"
    assert list(ProcedureVersion.objects.values_list("pk", flat=True)) == before


def test_a_new_file_is_published_and_the_old_version_retires() -> None:
    old = _current()
    assert catalogue.load(_changed(7)).outcome == "published"
    old.refresh_from_db()
    assert old.status == Status.RETIRED
    assert definition_of(_current()).time_limit("", {}).days == 7


def test_what_staff_published_is_not_overwritten_by_a_deploy(clerk: User, supervisor: User) -> None:
    draft = catalogue.new_draft("lump-sum", author=clerk)
    draft.summary_vi = "Nhận một lần."
    draft.save()
    catalogue.publish(draft, actor=supervisor, now=timezone.now())
    assert catalogue.load(_changed(7)).outcome.startswith("drafted")
    assert _current().summary_vi == "Nhận một lần."


def test_a_deploy_leaves_a_procedure_alone_while_staff_draft_it(clerk: User) -> None:
    draft, before = catalogue.new_draft("lump-sum", author=clerk), _current()
    assert catalogue.load(_changed(7)).outcome == "left alone: staff are drafting"
    assert _current() == before
    draft.refresh_from_db()
    assert draft.status == Status.DRAFT


def test_a_draft_of_a_deploy_that_staff_set_aside_does_not_come_back(clerk: User, supervisor: User) -> None:
    own = catalogue.new_draft("lump-sum", author=clerk)
    catalogue.edit(own, lambda d: msgspec.structs.replace(d, fee=5), actor=clerk)
    catalogue.publish(own, actor=supervisor, now=timezone.now())
    assert catalogue.load(_changed(7)).outcome.startswith("drafted")
    catalogue.discard(ProcedureVersion.objects.get(status=Status.DRAFT), actor=clerk)
    assert catalogue.load(_changed(7)).outcome == "unchanged"
    assert not ProcedureVersion.objects.filter(status=Status.DRAFT).exists()


def test_the_author_of_a_draft_does_not_publish_it(clerk: User, supervisor: User) -> None:
    draft = catalogue.new_draft("lump-sum", author=clerk)
    with pytest.raises(PermissionError):
        catalogue.publish(draft, actor=clerk, now=timezone.now())
    catalogue.publish(draft, actor=supervisor, now=timezone.now())
    assert _current() == draft


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE procedures_case SET label_vi = 'x'",
        "DELETE FROM procedures_transition",
        "UPDATE procedures_procedureversion SET fee = 1",
        "UPDATE procedures_procedureversion SET status = 'draft'",
        "DELETE FROM procedures_procedureversion",
    ],
)
def test_a_published_version_refuses_change_in_the_database(statement: str) -> None:
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_draft_may_change(clerk: User) -> None:
    draft = catalogue.new_draft("lump-sum", author=clerk)
    assert Case.objects.filter(version=draft).update(legal="x") == 5


def test_a_filed_dossier_keeps_its_version_and_a_draft_is_carried_over(filed: Dossier, citizen: User) -> None:
    old = _current()
    draft = dossiers.start(citizen, old)
    catalogue.load(_changed(7))
    draft.refresh_from_db()
    assert (draft.version, draft.begun_with) == (_current(), old)
    assert dossiers.changes_since_begun(draft) == ["Thời hạn giải quyết nay là: 7 ngày làm việc"]
    assert Dossier.objects.get(pk=filed.pk).version == old


def test_differences_are_told_in_the_words_of_the_page() -> None:
    old = _shipped()
    fields = [msgspec.structs.replace(f, required=False) if f.name == "phone" else f for f in old.fields]
    new = msgspec.structs.replace(old, fields=[*fields[1:], fields[0]])
    assert differences(old, new) == [
        "Câu hỏi “Số điện thoại”: Bắt buộc trả lời: có → không",
        "Câu hỏi “Chọn một trường hợp”: nằm ở chỗ khác",
    ]
    with translation.override("en"):
        assert differences(old, new)[0] == "Question “Phone”: Must be answered: yes → no"


WORDS = Text(vi="x", en="x")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"states": []}, "states: There is no state “draft”."),
        ({"transitions": []}, "states.draft: There is no way out"),
        ({"time_limits": []}, "time_limits: One limit must hold"),
        (
            {"fields": [Field(name="a", step="nowhere", kind="name", label=WORDS)]},
            "fields.a.step: There is no page “nowhere”",
        ),
        (
            {"fields": [Field(name="a", step="ly-do", kind="dance", label=WORDS)]},
            "fields.a.kind: There is no kind of answer “dance”",
        ),
        (
            {"fields": [Field(name="a", step="ly-do", kind="name", label=WORDS, rules=["nope"])]},
            "fields.a.rules: There is no check “nope”",
        ),
        ({"title": Text(vi="", en="x")}, "title: Words are needed in both languages"),
        (
            {"transitions": [t for t in _shipped().transitions if t.action != "record_originals"]},
            "documents.insurance_book.mode: Nothing receives the original",
        ),
        (
            {
                "fields": [
                    Field(
                        name="a",
                        step="ly-do",
                        kind="name",
                        label=WORDS,
                        when=Condition(field="b", filled=True),
                    ),
                    Field(
                        name="b",
                        step="ly-do",
                        kind="name",
                        label=WORDS,
                        when=Condition(field="a", filled=True),
                    ),
                ]
            },
            "fields.a.when: The condition depends on the question itself",
        ),
        (
            {
                "fields": [
                    Field(
                        name="a",
                        step="ly-do",
                        kind="name",
                        label=WORDS,
                        when=Condition(field="c", equals="x"),
                    )
                ]
            },
            "fields.a.when: There is no question “c”",
        ),
    ],
)
def test_what_cannot_work_is_not_published(change: dict[str, object], problem: str) -> None:
    broken = msgspec.structs.replace(_shipped(), **change)
    assert any(problem in str(line) for line in problems_of(broken)), problems_of(broken)
    with pytest.raises(InvalidDefinition):
        catalogue.load(broken)
    assert Procedure.objects.count() == 25
    assert _current().status == Status.PUBLISHED


def test_an_unknown_key_in_a_file_is_named() -> None:
    with pytest.raises(msgspec.ValidationError, match="colour"):
        catalogue.from_toml(
            catalogue.to_toml(_shipped()).replace('group = "C"', 'group = "C"\ncolour = "red"')
        )


@pytest.mark.parametrize(
    ("condition", "answers", "holds"),
    [
        (Condition(field="a", equals="x"), {"a": "x"}, True),
        (Condition(field="a", equals="x"), {}, False),
        (Condition(field="a", equals=True), {"a": "yes"}, True),
        (Condition(field="a", equals=True), {"a": "no"}, False),
        (Condition(field="a", one_of=["x", "y"]), {"a": "y"}, True),
        (Condition(field="a", filled=True), {"a": ""}, False),
        (Condition(field="a", filled=False), {}, True),
        (
            Condition(all=[Condition(field="a", equals="x"), Condition(field="b", equals="y")]),
            {"a": "x"},
            False,
        ),
        (
            Condition(any=[Condition(field="a", equals="x"), Condition(field="b", equals="y")]),
            {"a": "x"},
            True,
        ),
    ],
)
def test_conditions(condition: Condition, answers: dict[str, str], holds: bool) -> None:
    assert condition.holds(answers) is holds


@pytest.mark.parametrize(("case", "can"), [("x", True), ("z", False)])
def test_a_question_is_asked_anew_only_where_its_answer_can_matter(case: str, can: bool) -> None:
    condition = Condition(
        all=[Condition(field="case", equals="x"), Condition(field="gender", equals="female")]
    )
    assert condition.can_hold({"case": case, "gender": "male"}, {"gender"}) is can


def test_every_fact_that_is_not_sure_says_so_to_staff(clerk: User, client: object) -> None:
    client.force_login(clerk)  # type: ignore[attr-defined]
    page = client.get(f"/quan-tri/procedures/procedureversion/{_current().pk}/change/").content.decode()  # type: ignore[attr-defined]
    assert "desk-mark--likely" in page
    assert "QĐ 222/QĐ-BHXH" in page


def test_citizens_read_that_a_likely_time_limit_is_expected(client: object) -> None:
    page = client.get("/thu-tuc/lump-sum/").content.decode()  # type: ignore[attr-defined]
    assert "dự kiến" in page
    assert "likely" not in page
