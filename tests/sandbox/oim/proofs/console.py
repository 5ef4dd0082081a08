"""What the console does, switch by switch."""

from __future__ import annotations

from tests.sandbox.oim.browsing import HOME, Browser
from tests.sandbox.oim.proofs import Proof
from tests.sandbox.oim.sites import Site


def the_query_survives_the_sign_in(site: Site) -> None:
    wanted = f"{HOME}?tf=request_details&requestId={next(iter(site.state.requests))}"
    with Browser(site.url, "ben") as ben:
        ben.open(wanted)
        assert ben.page.url == f"{site.url}{wanted}"


PROOFS: dict[str, Proof] = {"query-kept-at-sign-in": the_query_survives_the_sign_in}
