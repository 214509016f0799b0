"""Who may do what in Airflow: roles by section, and what each may do with every DAG of ours.

The names of actions and resources are those of Airflow's FAB auth manager.
"""

from collections.abc import Collection, Mapping

from oshirase.adapters.settings import load_city
from oshirase.errors import BadSettings

# A right: what may be done, and with what.
Right = tuple[str, str]
# What the roles may do with one DAG: action names by role.
AccessControl = dict[str, set[str]]

AUDITOR, ADMINISTRATOR = "auditor", "administrator"
READ, EDIT, CREATE, DELETE, SEE_MENU = "can_read", "can_edit", "can_create", "can_delete", "menu_access"
MANAGE = (CREATE, READ, EDIT, DELETE)


def clerk_of(section: str) -> str:
    """The role of those who run a section's campaigns."""
    return f"clerk-{section}"


def approver_of(section: str) -> str:
    """The role of those who decide on a section's runs."""
    return f"approver-{section}"


def _each(actions: Collection[str], *resources: str) -> frozenset[Right]:
    return frozenset((action, resource) for action in actions for resource in resources)


# Which DAGs these are about is said by each DAG.
_LOOK = (
    _each([READ], "DAG Runs", "Task Instances", "Task Logs", "DAG Versions", "DAG Warnings", "DAG Dependencies")
    | _each([READ], "HITL Detail", "ImportError", "Website", "My Profile")
    # The way to our pages: Airflow's own shows their tab and their menu entries to whoever may read plugins.
    | _each([READ], "Plugins")
    | _each([READ, EDIT], "My Password")
    | _each([SEE_MENU], "DAGs", "Browse", "HITL Detail")
)
_RUN = _each([CREATE, EDIT], "DAG Runs") | _each([EDIT], "Task Instances")
_DECIDE = _each([EDIT], "HITL Detail")
_LOOK_AT_ALL = (
    _LOOK
    | _each([READ], "DAGs", "DAG Code", "XComs", "Jobs", "Audit Logs")
    | _each([SEE_MENU], "Audit Logs", "Jobs", "XComs")
)
_ADMINISTER = (
    _LOOK_AT_ALL
    | _RUN
    | _each([EDIT], "DAGs")
    | _each(MANAGE, "Connections", "Pools", "Users")
    | _each([READ], "Providers", "Roles", "Cluster Activity", "Passwords")
    | _each([EDIT], "Passwords")
    | _each([SEE_MENU], "Admin", "Connections", "Pools", "Providers", "Plugins", "Security", "List Users")
)


def rights_by_role(sections: Collection[str]) -> Mapping[str, frozenset[Right]]:
    """What each role may do; of single DAGs only what no DAG says itself.

    A clerk starts, retries and clears; an approver answers what a run asks. Nobody but an administrator sees
    connections, and an administrator answers nothing.
    """
    of_sections = {clerk_of(section): _LOOK | _RUN for section in sections} | {
        approver_of(section): _LOOK | _DECIDE for section in sections
    }
    return {**of_sections, AUDITOR: _LOOK_AT_ALL, ADMINISTRATOR: _ADMINISTER}


def campaign_access(section: str) -> AccessControl:
    """A campaign is its section's; others do not see it. To edit a DAG is what starting and deciding ask for too."""
    return {role: {READ, EDIT} for role in (clerk_of(section), approver_of(section))}


def upkeep_access(*, asks_people: bool = False) -> AccessControl | None:
    """All sections see upkeep; where it asks people, their approvers may answer.

    None, which leaves the rights as they are, when the city's settings are wrong: upkeep goes on without them.
    """
    try:
        sections = load_city().sections
    except BadSettings:
        return None
    may_answer = {READ, EDIT} if asks_people else {READ}
    return {clerk_of(section): {READ} for section in sections} | {
        approver_of(section): set(may_answer) for section in sections
    }
