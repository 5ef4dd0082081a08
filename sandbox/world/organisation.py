"""The tree of a company: departments, sites, levels, and teams of five to twelve."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from random import Random
from typing import TypeVar

from sandbox.world.tables import rows, weights

T = TypeVar("T")
SPAN = range(5, 13)
_TEAM = 9  # a lead and eight others
_TEAM_SIZES = (7, 8, 6, 9, 5, 10)
_TITLES = 8


@dataclass(frozen=True, slots=True)
class Department:
    """One line of `departments.txt`."""

    name: str
    share: int
    cost_centre: str
    head: str
    manages_managers: str
    manages_leads: str
    lead: str
    staff: tuple[str, ...]
    sites: tuple[tuple[str, int], ...]

    def title_over(self, height: int) -> str:
        """The title of somebody with so many levels beneath."""
        return (self.lead, self.manages_leads, self.manages_managers)[min(height, 3) - 1]


@dataclass(frozen=True, slots=True)
class Site:
    """One line of `sites.txt`."""

    key: str
    name: str
    city: str
    country: str
    lands: tuple[tuple[str, int], ...]


@dataclass(slots=True)
class Post:
    """A place in the tree. `height` is how many levels are beneath, 0 for staff."""

    department: Department
    site: str
    height: int = 0
    above: Post | None = None
    team: int = 0


def departments() -> list[Department]:
    """All of them, with what `departments.txt` says."""
    return [
        Department(row[0], int(row[1]), row[2], row[3], row[4], row[5], row[6],
                   tuple(title.strip() for title in row[7].split(",")), weights(row[8]))
        for row in rows("departments")
    ]  # fmt: skip


def sites() -> dict[str, Site]:
    """All of them by key, with what `sites.txt` says."""
    return {row[0]: Site(row[0], row[1], row[2], row[3], weights(row[5])) for row in rows("sites")}


def pick(rng: Random, weighted: tuple[tuple[T, int], ...]) -> T:
    """One of them, by weight."""
    ends = list(accumulate(weight for _, weight in weighted))
    at = rng.randrange(ends[-1])
    return next(value for (value, _), end in zip(weighted, ends, strict=True) if at < end)


def apportioned(total: int, shares: list[float]) -> list[int]:
    """`total` split into whole numbers as near to the shares as can be; their sum is `total`."""
    whole, done, result = sum(shares) or 1.0, 0, []
    for end in accumulate(shares):
        here = round(total * end / whole)
        result.append(here - done)
        done = here
    return result


class Sites:
    """Sends branches of a department to its sites, so that each gets its share of people."""

    def __init__(self, department: Department) -> None:
        self._open = {key: float(weight) for key, weight in department.sites}
        self._whole = sum(self._open.values())
        self._sent: dict[str, int] = dict.fromkeys(self._open, 0)

    def next(self, people: int) -> str:
        """Where a branch of so many people goes: where most are missing."""
        total = sum(self._sent.values()) + people

        def missing(key: str) -> float:
            return total * self._open[key] / self._whole - self._sent[key]

        site = max(self._open, key=missing)
        self._sent[site] += people
        return site


def grow(department: Department, people: int, widest: int) -> Iterator[Post]:
    """Posts for so many people under a head who can lead `widest`; leads before those they lead."""
    sites = Sites(department)
    for branch in branches(people, widest):
        yield from _branch(department, branch, sites.next(branch), None)


def _branch(department: Department, people: int, site: str, above: Post | None) -> Iterator[Post]:
    post = Post(department, site, 0, above)
    yield post
    below = [list(_branch(department, size, site, post)) for size in branches(people - 1)]
    post.team = len(below)
    post.height = 1 + max((branch[0].height for branch in below), default=-1)
    for branch in below:
        yield from branch


def branches(people: int, widest: int = SPAN[-1]) -> list[int]:
    """So many people as branches under one superior: 1 is somebody without a team."""
    if people <= widest:
        return [1] * people
    leads = max(1, round((people - 4) / _TEAM))
    if leads <= 4:  # noqa: PLR2004 -- a few teams, and specialists beside them
        return _mixed(people, leads, widest)
    leads = min(max(leads, SPAN[0]), widest - 2)
    return [size for size in apportioned(people, [1.0] * leads) if size]


def _mixed(people: int, leads: int, widest: int) -> list[int]:
    for size in _TEAM_SIZES:
        alone = people - leads * (size + 1)
        if alone >= 0 and SPAN[0] <= leads + alone <= widest:
            return [size + 1] * leads + [1] * alone
    return [people - SPAN[0] + 1, *[1] * (SPAN[0] - 1)]
