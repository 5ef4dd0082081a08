"""The token service of the OIM sandbox, and the facade beside it."""

from __future__ import annotations

import jwt
import pytest

from sandbox.oim import Oim
from sandbox.web import Server
from sandbox.world import World
from tests.sandbox.oim.sites import FACADE, TOKENS, Api, Site, served


def token_of(api: Api) -> str:
    answer = api.outside("POST", TOKENS)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["accessToken"])


def bearer(server: Server, token: str) -> Api:
    api = Api(server.url)
    api.bear(token)
    return api


def refuses(api: Api) -> bool:
    answer = api.call("GET", "/requests")
    return answer.status_code == 401 and answer.headers["Content-Type"].startswith("text/html")


def test_a_token_is_signed_and_names_its_user_twice(broker: Api) -> None:
    token = token_of(broker)
    head = jwt.get_unverified_header(token)
    assert {"alg": "RS256", "kid": "xell", "typ": "JWT"}.items() <= head.items()
    assert len(head["x5t"]) == 27
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["sub"], claims["prn"], claims["iss"]) == ("BROKER", "BROKER", "www.oracle.com")
    assert claims["exp"] - claims["iat"] == 1800


def test_a_token_counts_for_the_rights_of_its_user(server: Server, ada: Api) -> None:
    with_token = bearer(server, token_of(ada))
    assert with_token.get("/requests", limit=500) == ada.get("/requests", limit=500)


def test_a_token_ends_by_the_clock_of_the_installation(
    server: Server, broker: Api, installation: Oim
) -> None:
    api = bearer(server, token_of(broker))
    installation.clock.forward(1790)
    assert api.get("/requests", limit=1)["count"] == 1
    installation.clock.forward(20)
    assert refuses(api)


def test_a_token_that_is_still_good_is_renewed(
    server: Server, broker: Api, installation: Oim
) -> None:
    api = bearer(server, token_of(broker))
    installation.clock.forward(1700)
    answer = api.outside("PUT", TOKENS)
    assert answer.json()["tokenType"] == "Bearer"
    installation.clock.forward(200)
    assert api.outside("PUT", TOKENS).status_code == 401
    assert not refuses(bearer(server, answer.json()["accessToken"]))


def test_only_a_token_is_renewed(broker: Api) -> None:
    assert broker.outside("PUT", TOKENS).status_code == 401


@pytest.mark.parametrize("token", ["", "abc", "abc.def.ghi"])
def test_what_is_no_token_is_refused(server: Server, broker: Api, token: str) -> None:
    token_of(broker)
    assert refuses(bearer(server, token))


def test_a_token_of_another_installation_is_refused(server: Server, world: World) -> None:
    with served(world) as other:
        assert refuses(bearer(server, token_of(other.as_("broker"))))


def test_a_wrong_password_gets_no_token(server: Server) -> None:
    assert Api(server.url, "broker", "wrong").outside("POST", TOKENS).status_code == 401


@pytest.mark.parametrize("switch", ["", "profile-12c"])
def test_the_token_service_of_either_generation_demands_x_requested_by(
    installed: Site, switch: str
) -> None:
    if switch:
        installed.state.switches.flip(switch)
    broker = installed.as_("broker")
    del broker.http.headers["X-Requested-By"]
    assert broker.outside("POST", TOKENS).status_code == 400


def test_the_facade_answers_like_the_token_service(server: Server, broker: Api) -> None:
    given = broker.outside("GET", FACADE).json()
    assert set(given) == {"accessToken", "tokenType", "expiresIn"}
    assert not refuses(bearer(server, given["accessToken"]))


def test_an_unpatched_11g_has_no_token_service(broker: Api, installation: Oim) -> None:
    installation.switches.flip("token-service-deployed")
    answer = broker.outside("POST", TOKENS)
    assert (answer.status_code, answer.headers["Content-Type"][:9]) == (404, "text/html")
    assert broker.call("GET", "/requests").status_code == 200


def test_11g_has_no_facade(broker: Api, installation: Oim) -> None:
    installation.switches.flip("profile-12c")
    assert broker.outside("GET", FACADE).status_code == 404


def test_another_life_can_be_chosen_for_tokens(world: World) -> None:
    with served(world, token_seconds=60) as site:
        broker = site.as_("broker")
        assert broker.outside("POST", TOKENS).json()["expiresIn"] == "59"
        broker.take_token()
        site.state.clock.forward(61)
        assert refuses(broker)
