"""The whole exchange with the sandbox's identity provider, which was written by somebody else."""

import html
import re
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient

from sandbox.idp import create_app
from sandbox.world import build_world
from webui.auth.saml.metadata import IdpMetadata, parse_metadata
from webui.auth.saml.provider import ServiceProvider
from webui.auth.saml.request import login_request
from webui.auth.saml.verify import Expected, SamlRefused, verify

BROKER, IDP = "http://127.0.0.1:8080", "http://localhost:8083"


@pytest.fixture(scope="module")
def idp() -> FlaskClient:
    providers = {f"{BROKER}/saml/metadata": f"{BROKER}/saml/acs"}
    world = build_world(people=20, requests=5)
    return create_app(world, base_url=IDP, service_providers=providers).test_client()


@pytest.fixture(scope="module")
def metadata(idp: FlaskClient) -> IdpMetadata:
    document = idp.get("/metadata", base_url=IDP).data
    return parse_metadata(document, datetime.now(UTC), f"{IDP}/metadata")


@pytest.fixture(scope="module")
def broker(metadata: IdpMetadata) -> ServiceProvider:
    return ServiceProvider(
        base_url=BROKER,
        idp_entity_id=metadata.entity_id,
        idp_sso_url=metadata.sso_url,
        idp_certificates=metadata.certificates,
    )


def fields(page: str) -> dict[str, str]:
    """The hidden fields of the page's form."""
    inputs = re.findall(r"<input[^>]*>", page)
    named = ((re.search(r'name="(\w+)"', i), re.search(r'value="([^"]*)"', i)) for i in inputs)
    return {name[1]: html.unescape(value[1]) for name, value in named if name and value}


def test_a_person_of_the_sandbox_signs_in(idp: FlaskClient, broker: ServiceProvider) -> None:
    now = datetime.now(UTC)
    asked = login_request(broker, "opaque-handle", now)
    form = fields(idp.get(asked.url).text) | {"username": "cho", "password": "demo"}
    posted = fields(idp.post("/login", base_url=IDP, data=form).text)
    identity = verify(posted["SAMLResponse"], Expected(asked.request_id, now), broker)
    assert posted["RelayState"] == "opaque-handle"
    assert (identity.login, identity.idp) == ("cho", f"{IDP}/metadata")
    assert identity.groups == ("broker-operators",)
    with pytest.raises(SamlRefused) as refused:
        verify(posted["SAMLResponse"], Expected("_another", now), broker)
    assert refused.value.code == "in_response_to"


def test_the_sandbox_publishes_what_the_broker_needs(metadata: IdpMetadata) -> None:
    assert metadata.entity_id == f"{IDP}/metadata"
    assert metadata.sso_url == f"{IDP}/sso"
    assert all(end > datetime.now(UTC) for end in metadata.certificates_end_at)
