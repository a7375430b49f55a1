"""What each group of the identity provider may do here: a table in the settings. A group that is not in it gives
nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct
from pydantic import BaseModel, ConfigDict, field_validator

from dashboards.server.access.rights import ROLES


class GroupRights(BaseModel):
    """What people in one group may do and see, as `watchfloor account add` says it of one account."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    roles: tuple[str, ...] = ()
    audiences: tuple[str, ...] = ()
    all_audiences: bool = False
    #: Whose events; empty: all agencies'.
    agencies: tuple[str, ...] = ()
    #: Ids of the zones that what they see lies in; empty: anywhere.
    areas: tuple[str, ...] = ()
    secured_room: bool = False

    @field_validator("roles")
    @classmethod
    def _are_roles(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := [role for role in value if role not in ROLES]:
            raise ValueError(f"there is no role {', '.join(unknown)}; there are: {', '.join(ROLES)}")
        return value


class Granted(Struct, frozen=True, kw_only=True):
    """What somebody may do and see. Without a role: nothing. ``audiences``, ``agencies``, ``areas``: None for
    all."""

    roles: tuple[str, ...]
    audiences: tuple[str, ...] | None
    agencies: tuple[str, ...] | None
    areas: tuple[str, ...] | None
    secured: bool


def granted(groups: Sequence[str], table: Mapping[str, GroupRights]) -> Granted:
    """Return what somebody in these groups may do: all that any of them gives."""
    given = [table[group] for group in groups if group in table]
    every = any(one.all_audiences for one in given)
    # A group that gives no role says nothing of what somebody may see.
    sees = [one for one in given if one.roles]
    return Granted(
        agencies=_all_of([one.agencies for one in sees]),
        areas=_all_of([one.areas for one in sees]),
        roles=tuple(sorted({role for one in given for role in one.roles})),
        audiences=None if every else tuple(sorted({name for one in given for name in one.audiences})),
        secured=any(one.secured_room for one in given),
    )


def _all_of(limits: Sequence[tuple[str, ...]]) -> tuple[str, ...] | None:
    return tuple(sorted({name for names in limits for name in names})) if all(limits) else None


def groups_in(claims: Mapping[str, Any], name: str) -> tuple[str, ...] | None:
    """Return the groups that claims tell of; None when they do not tell.

    ``name``: of the claim, or a way to it with dots, as Keycloak's ``realm_access.roles``.
    """
    found = claim(claims, name)
    if isinstance(found, str):
        return (found,)
    if isinstance(found, list):
        return tuple(one for one in found if isinstance(one, str))
    return None


def claim(claims: Mapping[str, Any], name: str) -> Any:
    """Return a claim by its name, or by a way with dots; None when it is not there."""
    if name in claims:
        return claims[name]
    found: Any = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found
