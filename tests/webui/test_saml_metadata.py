"""Reading an identity provider's metadata, good and bad, from a file and from a small server."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.webui.saml_idp import IDP, SSO, expired_key, foreign_key, idp_key
from webui.auth.saml import metadata
from webui.auth.saml.metadata import MetadataError, load_metadata, parse_metadata

NOW = datetime.now(UTC)
REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
MD = 'xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata"'


def key(certificate: str, use: str | None = "signing") -> str:
    body = "".join(certificate.strip().splitlines()[1:-1])
    stated = f' use="{use}"' if use else ""
    return (
        f'<md:KeyDescriptor{stated}><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">'
        f"<ds:X509Data><ds:X509Certificate>\n{body}\n</ds:X509Certificate></ds:X509Data>"
        "</ds:KeyInfo></md:KeyDescriptor>"
    )


def service(binding: str = REDIRECT, url: str = SSO) -> str:
    return f'<md:SingleSignOnService Binding="{binding}" Location="{url}"/>'


def entity(
    keys: str | None = None, services: str | None = None, entity_id: str = IDP, more: str = ""
) -> str:
    inside = (key(idp_key().certificate) if keys is None else keys) + (services or service())
    return (
        f'<md:EntityDescriptor {MD} entityID="{entity_id}"{more}><md:IDPSSODescriptor '
        'protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">'
        f"{inside}</md:IDPSSODescriptor></md:EntityDescriptor>"
    )


def several(*entities: str) -> bytes:
    return f"<md:EntitiesDescriptor {MD}>{''.join(entities)}</md:EntitiesDescriptor>".encode()


def test_a_file_gives_entity_address_keys_and_end_dates(tmp_path: Path) -> None:
    path = tmp_path / "idp.xml"
    path.write_text(entity())
    found = load_metadata(str(path), NOW)
    assert (found.entity_id, found.sso_url) == (IDP, SSO)
    assert found.certificates == (idp_key().certificate,)
    assert found.certificates_end_at[0] > NOW
    assert found.valid_until is None


def test_the_redirect_address_is_taken_among_several() -> None:
    services = service(POST, f"{SSO}/post") + service() + service(url=f"{SSO}/second")
    assert parse_metadata(entity(services=services).encode(), NOW).sso_url == SSO


def test_signing_keys_are_taken_and_encryption_keys_are_not() -> None:
    keys = (
        key(idp_key().certificate)
        + key(foreign_key().certificate, use=None)
        + key(expired_key().certificate, use="encryption")
        + key(idp_key().certificate)
    )
    found = parse_metadata(entity(keys).encode(), NOW)
    assert found.certificates == (idp_key().certificate, foreign_key().certificate)


def test_an_ended_certificate_is_listed_with_its_end_date() -> None:
    found = parse_metadata(entity(key(expired_key().certificate)).encode(), NOW)
    assert found.certificates_end_at[0] < NOW


def test_one_provider_of_many_is_chosen_by_its_entity_id() -> None:
    document = several(entity(entity_id="urn:other"), entity())
    assert parse_metadata(document, NOW, IDP).entity_id == IDP


def test_a_date_in_the_future_is_reported() -> None:
    document = entity(more=' validUntil="2126-01-31T00:00:00Z"').encode()
    assert parse_metadata(document, NOW).valid_until == datetime(2126, 1, 31, tzinfo=UTC)


BAD: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "not XML"),
    "html": (b"<!doctype html><p>Sign in", "not XML"),
    "document type": (b"<!DOCTYPE a><a/>", "document type"),
    "entities": (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "document type"),
    "other XML": (b"<html><body/></html>", "not SAML 2.0 metadata"),
    "two providers": (several(entity(), entity(entity_id="urn:b")), "exactly one"),
    "no provider": (several(), "exactly one"),
    "no entity id": (entity(entity_id="").encode(), "exactly one"),
    "no keys": (entity(keys="").encode(), "no signing certificate"),
    "encryption only": (
        entity(key(idp_key().certificate, "encryption")).encode(),
        "no signing certificate",
    ),
    "broken key": (
        entity(key("-\nTUlJ\n-")).encode(),
        "cannot be read",
    ),
    "key that is no base64": (entity(key("-\n%%%\n-")).encode(), "cannot be read"),
    "POST only": (entity(services=service(POST)).encode(), "HTTP-Redirect"),
    "plain http": (
        entity(services=service(url="http://idp.example.com/")).encode(),
        "HTTP-Redirect",
    ),
    "script": (entity(services=service(url="javascript:x")).encode(), "HTTP-Redirect"),
    "ended": (entity(more=' validUntil="2026-01-31T00:00:00Z"').encode(), "ended on 2026-01-31"),
    "ends some day": (entity(more=' validUntil="some day"').encode(), "not a time"),
}


@pytest.mark.parametrize(("document", "words"), BAD.values(), ids=BAD.keys())
def test_metadata_that_cannot_be_used_is_refused_in_a_sentence(document: bytes, words: str) -> None:
    with pytest.raises(MetadataError, match=words) as error:
        parse_metadata(document, NOW)
    assert str(error.value).endswith(".")


def test_another_entity_than_the_configured_one_is_refused() -> None:
    with pytest.raises(MetadataError, match="does not describe the identity provider 'urn:ours'"):
        parse_metadata(entity().encode(), NOW, "urn:ours")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(MetadataError, match=r"idp\.xml cannot be read: No such file"):
        load_metadata(str(tmp_path / "idp.xml"), NOW)


def test_a_file_without_end_is_not_read() -> None:
    with pytest.raises(MetadataError, match="larger than 1 MB"):
        load_metadata("/dev/zero", NOW)


@pytest.mark.parametrize(
    "url",
    [
        "http://idp.example.com/metadata",
        "file:///etc/hostname",
        "ftp://127.0.0.1/metadata",
        "https://",
        "https://user:secret@127.0.0.1/metadata",
        "http://127.0.0.1.example.com/metadata",
    ],
)
def test_an_unsafe_address_is_never_asked(url: str) -> None:
    with pytest.raises(MetadataError, match="neither https nor http on this machine"):
        load_metadata(url, NOW)


# ---- from a server ------------------------------------------------------------------------------


@contextmanager
def serving(status: int, body: bytes, **headers: str) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/metadata"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_metadata_is_fetched_from_this_machine() -> None:
    with serving(200, entity().encode()) as url:
        assert load_metadata(url, NOW, IDP).entity_id == IDP


def test_a_proxy_in_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with serving(200, entity().encode()) as url:
        assert load_metadata(url, NOW).entity_id == IDP


@pytest.mark.parametrize("status", [301, 302, 307, 404, 500])
def test_redirects_and_errors_are_not_followed(status: int) -> None:
    with (
        serving(200, entity().encode()) as good,
        serving(status, b"", Location=good) as url,
        pytest.raises(MetadataError, match=f"answered {status}"),
    ):
        load_metadata(url, NOW)


def test_a_page_instead_of_metadata_is_refused() -> None:
    with serving(200, b"<!doctype html><p>Sign in") as url, pytest.raises(MetadataError):
        load_metadata(url, NOW)


def test_an_answer_without_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "MAX_BYTES", 50_000)
    with serving(200, b"<" * 200_000) as url, pytest.raises(MetadataError, match="larger than"):
        load_metadata(url, NOW)


def test_a_slow_answer_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "TOTAL_SECONDS", -1.0)
    body = entity().encode()
    with serving(200, body) as url, pytest.raises(MetadataError, match="too slowly"):
        load_metadata(url, NOW)


def test_nobody_at_the_address_is_said_in_a_sentence() -> None:
    with serving(200, b"") as url:
        pass
    with pytest.raises(MetadataError, match="cannot be reached"):
        load_metadata(url, NOW)
