"""`python -m oshirase.orchestration.roles [--users FILE]`: roles and accounts in Airflow's FAB auth manager.

May be run again at any time: roles get what this version says and lose what it does not; accounts of the file get its
roles, and one that is there keeps its password. No account is made that the file does not name.
"""

import logging
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Collection, Sequence
from getpass import getpass
from pathlib import Path
from typing import Any

from oshirase.adapters.settings import load_city, load_staff
from oshirase.domain.staff import Staff, StaffMember
from oshirase.errors import BadSettings, OshiraseError
from oshirase.orchestration.rights import Right, rights_by_role

# What single DAGs say themselves (`access_control`): Airflow gives and takes it whenever it reads them.
OF_ONE_DAG = ("DAG:", "DAG Run:")
SHORTEST_PASSWORD = 12
AskPassword = Callable[[str], str]


def main(arguments: Sequence[str] | None = None) -> int:
    """Bring roles and accounts up to date; an error that a person can mend is a sentence and exit status 1."""
    parser = ArgumentParser(prog="python -m oshirase.orchestration.roles", description="Roles and accounts in Airflow.")
    parser.add_argument("--users", type=Path, metavar="FILE", help="TOML file of accounts: docs/roles.md")
    options = parser.parse_args(arguments)
    try:
        roles = rights_by_role(load_city().sections)
        staff = read_staff(options.users, roles) if options.users else None
        _write(roles, staff)
    except OshiraseError as error:
        print(f"oshirase: {error}", file=sys.stderr)
        return 1
    return 0


def read_staff(path: Path, roles: Collection[str]) -> Staff:
    """The accounts of a file, each with roles that there are.

    Raises:
        BadSettings: the file says something else, or others than its owner can read the passwords in it.
    """
    staff = load_staff(path)
    if unknown := {role for member in staff.users for role in member.roles} - set(roles):
        known = "、".join(sorted(roles))
        raise BadSettings(f"{path}: この役割はありません（{'、'.join(sorted(unknown))}）。{known} から選んでください。")
    if path.stat().st_mode & 0o077 and any(member.password for member in staff.users):
        raise BadSettings(
            f"{path}: パスワードの書かれたファイルを、ほかの利用者が読めます。`chmod 600 {path}` を実行してください。"
        )
    return staff


def _write(roles: Any, staff: Staff | None) -> None:
    # FAB takes seconds to load: not before what a person wrote has been found good.
    from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder

    # It tells of every single right in its log.
    logging.disable(logging.INFO)
    with get_application_builder() as builder:
        for role, rights in roles.items():
            set_rights(builder.sm, role, rights)
        print(f"roles: {', '.join(roles)}")
        for member in staff.users if staff else ():
            print(f"{set_member(builder.sm, member, ask_password)}: {member.name} ({', '.join(member.roles)})")


def set_rights(security: Any, name: str, rights: Collection[Right]) -> None:
    """Give a role of FAB these rights and no others, but for those that a DAG gives itself."""
    role = security.add_role(name)
    for permission in list(role.permissions):
        right = permission.action.name, permission.resource.name
        if right not in rights and not right[1].startswith(OF_ONE_DAG):
            security.remove_permission_from_role(role, permission)
    for action, resource in sorted(rights):
        security.add_permission_to_role(role, security.create_permission(action, resource))


def set_member(security: Any, member: StaffMember, ask: AskPassword) -> str:
    """Make an account or give it the roles of the file; which of both it was: `new`, `kept`.

    Raises:
        OshiraseError: FAB refuses it.
    """
    roles = [security.find_role(role) for role in member.roles]
    if user := security.find_user(member.name):
        user.roles = roles
        is_done = security.update_user(user)
        told = "kept"
    else:
        mail = member.mail or f"{member.name}@localhost"
        password = member.password or ask(member.name)
        is_done = security.add_user(member.name, member.full_name, "", mail, roles, password)
        told = "new"
    if not is_done:
        raise OshiraseError(f"{member.name}: アカウントを登録できません。メールアドレスの重複がないかご確認ください。")
    return told


def ask_password(name: str) -> str:
    """Ask for a new account's password on the terminal, twice.

    Raises:
        OshiraseError: it is too short, or not the same both times.
    """
    password = getpass(f"{name} のパスワード（{SHORTEST_PASSWORD}文字以上）: ")
    if len(password) < SHORTEST_PASSWORD:
        raise OshiraseError(f"{name}: パスワードは{SHORTEST_PASSWORD}文字以上にしてください。")
    if getpass("もう一度入力してください: ") != password:
        raise OshiraseError(f"{name}: 2回の入力が一致しません。もう一度実行してください。")
    return password


if __name__ == "__main__":
    sys.exit(main())
