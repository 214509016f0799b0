"""Roles by section, and the file of accounts; what Airflow makes of them is asked in tests/browser/test_rights.py."""

from pathlib import Path

import pytest

from oshirase.adapters.settings import campaign_names, load_campaign, load_city
from oshirase.errors import BadSettings
from oshirase.orchestration.rights import rights_by_role
from oshirase.orchestration.roles import main, read_staff
from tests.dags.test_policy import FILES, load

SECTIONS = load_city().sections
ROLES = rights_by_role(SECTIONS)
MEMBER = 'name = "sato"\nfull_name = "佐藤 花子"\nroles = ["clerk-premium"]\n'
ACTING = {"can_edit", "can_create", "can_delete"}


def access_of(name: str) -> dict[str, dict[str, set[str]]]:
    (path,) = [path for path in FILES if path.stem == name]
    return getattr(load(path), name).access_control


@pytest.mark.parametrize("name", campaign_names())
def test_a_campaign_is_seen_by_its_section_alone(name: str) -> None:
    section = load_campaign(name).section
    assert access_of(name) == {
        role: {"DAGs": {"can_read", "can_edit"}} for role in (f"clerk-{section}", f"approver-{section}")
    }


def test_upkeep_is_seen_by_all_sections_and_answered_by_their_approvers() -> None:
    for name in {path.stem for path in FILES} - set(campaign_names()):
        may_edit = {role for role, rights in access_of(name).items() if "can_edit" in rights["DAGs"]}
        assert set(access_of(name)) == {f"{kind}-{section}" for kind in ("clerk", "approver") for section in SECTIONS}
        assert may_edit == ({f"approver-{section}" for section in SECTIONS} if name == "resolve_unknown" else set())


def test_who_starts_does_not_answer_and_who_answers_does_not_start() -> None:
    for section in SECTIONS:
        acts = {
            kind: {right for right in ROLES[f"{kind}-{section}"] if right[0] in ACTING and right[1] != "My Password"}
            for kind in ("clerk", "approver")
        }
        assert acts["clerk"] == {("can_create", "DAG Runs"), ("can_edit", "DAG Runs"), ("can_edit", "Task Instances")}
        assert acts["approver"] == {("can_edit", "HITL Detail")}
    assert ("can_edit", "HITL Detail") not in ROLES["administrator"]


def test_an_auditor_changes_nothing_but_the_own_password() -> None:
    assert {right for right in ROLES["auditor"] if right[0] in ACTING} == {("can_edit", "My Password")}


def test_secrets_and_accounts_are_the_administrators() -> None:
    for resource in ("Connections", "Users", "Passwords"):
        assert [role for role, rights in ROLES.items() if ("can_read", resource) in rights] == ["administrator"]


def staff_file(folder: Path, *members: str, mode: int = 0o600) -> Path:
    path = folder / "staff.toml"
    path.write_text("\n".join(f"[[users]]\n{member}" for member in members), encoding="utf-8")
    path.chmod(mode)
    return path


def test_a_file_of_accounts(tmp_path: Path) -> None:
    (sato,) = read_staff(staff_file(tmp_path, MEMBER + 'password = "a long password"\n'), ROLES).users
    assert (sato.name, sato.full_name, sato.roles) == ("sato", "佐藤 花子", ("clerk-premium",))
    assert "a long password" not in repr(sato)


@pytest.mark.parametrize(
    ("member", "mode", "sentence"),
    [
        (MEMBER.replace("clerk-premium", "clerk-tax"), 0o600, "この役割はありません（clerk-tax）。administrator、"),
        (MEMBER + 'password = "a long password"\n', 0o644, "ほかの利用者が読めます"),
        (MEMBER + 'password = "short"\n', 0o600, "users（1番目）.password: 12文字以上にしてください。"),
        (MEMBER.replace('roles = ["clerk-premium"]', "roles = []"), 0o600, "users（1番目）.roles"),
        (MEMBER.replace('"sato"', '"佐藤"'), 0o600, "users（1番目）.name"),
        (MEMBER + f"\n[[users]]\n{MEMBER}", 0o600, "同じ利用者名"),
        (MEMBER + "rank = 3\n", 0o600, "users（1番目）.rank"),
    ],
)
def test_a_file_with_a_mistake(tmp_path: Path, member: str, mode: int, sentence: str) -> None:
    with pytest.raises(BadSettings, match=r"staff\.toml") as raised:
        read_staff(staff_file(tmp_path, member, mode=mode), ROLES)
    assert sentence in str(raised.value)
    assert "a long password" not in str(raised.value)
    assert "short" not in str(raised.value)


def test_a_mistake_is_told_in_one_sentence_before_anything_is_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--users", str(tmp_path / "none.toml")]) == 1
    told = capsys.readouterr()
    assert told.err.startswith("oshirase: ")
    assert told.out == ""
