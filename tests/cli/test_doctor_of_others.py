"""The doctor on the systems around us: connections, their clocks, sign-in and its certificates."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests

import sandbox.idp
from sandbox.idp.responses import KeyPair
from sandbox.web import serve
from sandbox.world import World
from tests.cli.conftest import Installation

DAY = timedelta(days=1)
# The tests' own machine is slow at times; a minute is not what is looked for here.
SOME_MINUTES = timedelta(minutes=5)
KEY = re.compile(r"<md:KeyDescriptor.*?</md:KeyDescriptor>", re.DOTALL)


# ---- connections ---------------------------------------------------------------------------------


def test_a_wrong_oim_password_names_the_account_and_never_the_password(
    elsewhere: Installation,
) -> None:
    elsewhere.set(OIM_PASSWORD="hush-hush")

    found = elsewhere.doctor()

    level, says = found.one("oim")
    assert level == "wrong"
    assert "it does not take the user broker with this secret" in says
    assert "correct the settings BROKER_OIM_…, or the account there" in says
    assert "hush-hush" not in found.text


@pytest.mark.parametrize("setting", ["SERVICENOW_PASSWORD", "SERVICENOW_CLIENT_SECRET"])
def test_a_wrong_servicenow_secret_names_client_and_user(
    elsewhere: Installation, setting: str
) -> None:
    elsewhere.set(**{setting: "hush-hush"})

    found = elsewhere.doctor()

    _, says = found.one("servicenow")
    assert "does not take the OAuth client broker with the user broker with this secret" in says
    assert "hush-hush" not in found.text


def test_a_connection_that_answers_with_pages_is_told_from_one_that_is_down(
    elsewhere: Installation,
) -> None:
    elsewhere.servicenow.app.extensions["servicenow"].faults.add("hibernating")

    level, says = elsewhere.doctor().one("servicenow")

    assert level == "wrong"
    assert says.startswith("answered with a page instead of data: see whether it runs")
    assert "BROKER_SERVICENOW_URL" in says


def test_a_scoped_app_that_is_missing_is_to_be_installed(elsewhere: Installation) -> None:
    elsewhere.set(SERVICENOW_SCOPE="x_other")

    level, says = elsewhere.doctor().one("servicenow")

    assert level == "wrong"
    assert says.startswith("has no application x_other (answered 400")
    assert says.endswith(": install the broker's app there.")


def test_a_column_that_servicenow_lacks_is_named(elsewhere: Installation) -> None:
    elsewhere.set(SERVICENOW_NUMBER_FIELD="u_hr_number")

    level, says = elsewhere.doctor().one("servicenow")

    assert level == "wrong"
    assert says.startswith("shows broker no column sys_user.u_hr_number: rights are missing")
    assert "give the user broker the roles" in says


def test_a_connection_that_shows_our_account_nothing_is_wrong(
    elsewhere: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    access = elsewhere.servicenow.app.extensions["servicenow"].access
    monkeypatch.setattr(access, "may_read", lambda *_: False)

    _, says = elsewhere.doctor().one("servicenow")

    assert says.startswith("answers, but hides the integration user broker: rights are missing")


@pytest.mark.parametrize("system", ["oim", "servicenow", "idp"])
@pytest.mark.parametrize("ahead", [SOME_MINUTES, -SOME_MINUTES])
def test_a_clock_that_is_five_minutes_off_is_wrong(
    elsewhere: Installation, system: str, ahead: timedelta
) -> None:
    getattr(elsewhere, system).turn_clock(ahead)

    found = elsewhere.doctor()

    level, says = found.one("sign-in clock" if system == "idp" else f"{system} clock")
    assert level == "wrong"
    assert re.match(r"its clock is \d minutes (ahead of|behind) ours, so that signed posts", says)
    assert ("ahead of" in says) == (ahead > timedelta())
    assert "NTP" in says
    assert found.code == 1


def test_a_role_that_the_iga_does_not_know_is_named(elsewhere: Installation) -> None:
    file = elsewhere.folder / "catalogue.toml"
    text = file.read_text()
    file.write_text(text.replace("Finance Reporting", "Finanse Reporting"))

    level, says = elsewhere.doctor().one("catalogue")

    assert level == "wrong"
    assert says.startswith("oim does not know role Finanse Reporting: correct the names in")


def test_what_the_iga_cannot_take_away_is_named(elsewhere: Installation) -> None:
    file = elsewhere.folder / "catalogue.toml"
    entry = (
        "[[item]]\ncatalogue_item = '{0}'\nlabel = 'Leave a {0}'\naction = 'revoke'\n"
        "grants = [{{ type = '{0}', name_from = 'what' }}]\n"
    )
    file.write_text(file.read_text() + entry.format("role") + entry.format("account"))

    level, says = elsewhere.doctor().one("catalogue")

    assert level == "warning"
    assert says == "oim cannot take away what “Leave a role” would: orders of that are refused."


def test_a_name_that_several_items_have_is_named(elsewhere: Installation) -> None:
    items = elsewhere.oim.app.extensions["oim"].items
    found = next(item for item in items.values() if item.display_name == "Finance Reporting")
    items[found.kind, "999999"] = replace(found, key="999999", name="FINANCE_2")

    level, says = elsewhere.doctor().one("catalogue")

    assert level == "wrong"
    assert "several items called role Finance Reporting" in says


def test_a_catalogue_is_not_blamed_for_an_iga_that_is_not_well(elsewhere: Installation) -> None:
    elsewhere.set(OIM_PASSWORD="wrong")

    assert elsewhere.doctor().one("catalogue") == (
        "note",
        "was not looked at, because oim is not well.",
    )


def test_an_empty_catalogue_is_told(elsewhere: Installation) -> None:
    elsewhere.set(CATALOGUE="")

    level, says = elsewhere.doctor().one("catalogue")

    assert level == "warning"
    assert "BROKER_CATALOGUE" in says


# ---- sign-in -------------------------------------------------------------------------------------


Metadata = Callable[..., str]


@pytest.fixture
def metadata(world: World, tmp_path: Path) -> Metadata:
    """A metadata file whose certificates are good for so long, or have ended."""

    def of(*good_for: timedelta) -> str:
        documents = [document(world, KeyPair.generate(good_for=each)) for each in good_for]
        keys = "".join(KEY.findall("".join(documents)))
        first = KEY.sub(lambda _: keys, documents[0])
        file = tmp_path / "idp.xml"
        file.write_text(first)
        return str(file)

    return of


def document(world: World, keys: KeyPair) -> str:
    with serve(sandbox.idp.create_app(world, keys=keys)) as server:
        return requests.get(f"{server.url}/metadata", timeout=30).text


def test_an_ended_idp_certificate_is_wrong(elsewhere: Installation, world: World) -> None:
    ended = KeyPair.generate(good_for=-DAY)
    with serve(sandbox.idp.create_app(world, keys=ended), "localhost") as idp:
        elsewhere.set(SAML_IDP_METADATA=f"{idp.url}/metadata")
        found = elsewhere.doctor()

    level, says = found.one("IdP certificate")
    assert (found.code, level) == (1, "wrong")
    assert says.startswith(f"has ended on {datetime.now(UTC) - DAY:%Y-%m}")
    assert "have the identity provider make another one" in says


def test_all_of_two_ended_certificates_are_wrong(
    elsewhere: Installation, metadata: Metadata
) -> None:
    elsewhere.set(SAML_IDP_METADATA=metadata(-DAY, -7 * DAY))

    assert [level for level, _ in elsewhere.doctor().of("IdP certificate")] == ["wrong"]


def test_one_of_two_that_has_ended_is_only_to_be_cleared_away(
    elsewhere: Installation, metadata: Metadata
) -> None:
    elsewhere.set(SAML_IDP_METADATA=metadata(-DAY, 90 * DAY))

    found = elsewhere.doctor()

    assert [level for level, _ in found.of("IdP certificate")] == ["warning", "ok"]
    assert "1 of 2 has ended" in found.of("IdP certificate")[0][1]


def test_a_certificate_that_ends_soon_is_told_in_days(
    elsewhere: Installation, metadata: Metadata
) -> None:
    elsewhere.set(SAML_IDP_METADATA=metadata(10 * DAY + timedelta(hours=1)))

    level, says = elsewhere.doctor().one("IdP certificate")

    assert level == "warning"
    assert "in 10 days: ask the identity provider for its next one" in says


def test_metadata_in_a_file_must_be_renewed_by_hand(
    elsewhere: Installation, metadata: Metadata
) -> None:
    elsewhere.set(SAML_IDP_METADATA=metadata(90 * DAY))

    assert [level for level, _ in elsewhere.doctor().of("sign-in")] == ["ok", "note"]


@pytest.mark.parametrize(
    ("source", "said"),
    [("/nowhere/idp.xml", "/nowhere/idp.xml cannot be read"), ("/dev/null", "is not XML")],
)
def test_metadata_that_cannot_be_read_is_wrong(
    elsewhere: Installation, source: str, said: str
) -> None:
    elsewhere.set(SAML_IDP_METADATA=source)

    level, says = elsewhere.doctor().one("sign-in")

    assert level == "wrong"
    assert said in says
    assert "BROKER_SAML_IDP_METADATA" in says


def own(
    elsewhere: Installation, pair: KeyPair, other: KeyPair | None = None
) -> list[tuple[str, str]]:
    elsewhere.set(SAML_SP_KEY=(other or pair).private_key, SAML_SP_CERTIFICATE=pair.certificate)
    return elsewhere.doctor().of("our SAML certificate")


@pytest.mark.parametrize(
    ("good_for", "level", "said"),
    [
        (-DAY, "wrong", "make another one, and tell the provider"),
        (7 * DAY, "warning", "days: make another one"),
        (90 * DAY, "ok", "is good until"),
    ],
)
def test_our_own_certificate_is_looked_at_for_its_end(
    elsewhere: Installation, good_for: timedelta, level: str, said: str
) -> None:
    ((found, says),) = own(elsewhere, KeyPair.generate(good_for=good_for))

    assert found == level
    assert said in says


def test_our_own_certificate_must_belong_to_our_key(elsewhere: Installation) -> None:
    found = own(elsewhere, KeyPair.generate(), KeyPair.generate())

    assert found[0][0] == "wrong"
    assert "does not belong to BROKER_SAML_SP_KEY" in found[0][1]


def test_a_key_that_cannot_be_read_is_wrong_and_not_shown(elsewhere: Installation) -> None:
    pair = KeyPair("hush-hush", KeyPair.generate().certificate)

    ((level, says),) = own(elsewhere, pair)

    assert level == "wrong"
    assert "give both as PEM" in says
    assert "hush-hush" not in says
