"""An account without rights, for programs that must not run as root."""

from dataclasses import dataclass
from typing import TypedDict


@dataclass(frozen=True, slots=True)
class Account:
    """An account without rights, for programs that must not run as root."""

    uid: int
    gid: int


class Identity(TypedDict, total=False):
    """How subprocess is told under which account a program runs."""

    user: int
    group: int
    extra_groups: list[int]


def become(account: Account | None) -> Identity:
    """Return the arguments with which subprocess starts a program as `account`; none keeps the present one."""
    return Identity() if account is None else Identity(user=account.uid, group=account.gid, extra_groups=[])
