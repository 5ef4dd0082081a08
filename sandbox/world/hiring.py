"""Takes people on: a name, a login that nobody has, a site, a first day, a language."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from random import Random

from sandbox.world.cast import RESERVED, person
from sandbox.world.model import WorldPerson
from sandbox.world.names import Names, plain
from sandbox.world.organisation import Site, pick, sites

_YEAR = 365
_MEAN_TENURE, _LONGEST = 4.2 * _YEAR, 32 * _YEAR
_ON_THE_FIRST = 0.6
# how many of a country's people write to colleagues in its language, of 1
_OWN_LANGUAGE = {"DE": 0.4, "FR": 0.5, "ES": 0.4, "IT": 0.5, "PL": 0.3, "NL": 0.2, "SE": 0.2}
_ABROAD = {"ua": 0.12, "gr": 0.12, "cn": 0.1}


class Hiring:
    """One personnel office."""

    def __init__(self, rng: Random, today: date) -> None:
        self._rng, self._today = rng, today
        self._names, self._taken = Names(rng), set(RESERVED)
        self._addresses: Counter[str] = Counter()
        self._sites = sites()

    def hire(self, title: str, department: str, manager: str | None, site: str) -> WorldPerson:
        """Somebody new, of one of the nationalities of the site."""
        at = self._sites[site]
        land = pick(self._rng, at.lands)
        first, last = self._names.new(land, department)
        login, address = plain(first, land), plain(last, land)
        return self.settle(
            person(
                self._free(login[0] + address), first, last, title, department, manager,
                email=self._address(f"{login}.{address}"), hired_on=self._first_day(),
                language=self._language(land, at),
            ),
            site,
        )  # fmt: skip

    def settle(self, person: WorldPerson, site: str) -> WorldPerson:
        """The same person, working at this site."""
        at = self._sites[site]
        return replace(person, site=at.name, city=at.city, country=at.country)

    def site_called(self, name: str) -> str:
        """The key of the site with this name."""
        return next(site.key for site in self._sites.values() if site.name == name)

    def _free(self, wanted: str) -> str:
        key, number = wanted, 1
        while key in self._taken:
            number += 1
            key = f"{wanted}{number}"
        self._taken.add(key)
        return key

    def _address(self, name: str) -> str:
        self._addresses[name] += 1
        twins = self._addresses[name]
        return f"{name}{twins if twins > 1 else ''}@example.com"

    def _first_day(self) -> date:
        """Most start on the first of a month, the others on a Monday."""
        days = 3 + int(min(self._rng.expovariate(1 / _MEAN_TENURE), _LONGEST))
        on = self._today - timedelta(days=days)
        first = self._rng.random() < _ON_THE_FIRST
        return on.replace(day=1) if first else on - timedelta(days=on.weekday())

    def _language(self, land: str, site: Site) -> str:
        """What they write in when it is not English."""
        share = _ABROAD.get(land, 0.0)
        if site.country.lower() == land:
            share = _OWN_LANGUAGE.get(site.country, 0.0)
        return land if self._rng.random() < share else "en"
