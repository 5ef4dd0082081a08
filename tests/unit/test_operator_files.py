"""The files an operator writes: what is half right is refused, and nothing is passed over."""

import base64
from pathlib import Path

import pytest

from broker.domain.access import ItemName, UnmappedItem
from broker.domain.orders import Action
from broker.files import FAMILIES, ApiClient, load_api_clients, load_catalogue
from broker.settings import BadSettings

ROLE = "grants=[{type='role',name='Finance'}]"


def secret(length: int = 32, letter: bytes = b"k") -> str:
    return "whsec_" + base64.b64encode(letter * length).decode()


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    return tmp_path / "catalogue.toml"


@pytest.fixture
def clients(tmp_path: Path) -> Path:
    return tmp_path / "clients.toml"


def item(key: str = "i1", grants: str = ROLE, more: str = "") -> str:
    return f"[[item]]\ncatalogue_item='{key}'\nlabel='An item'\n{grants}\n{more}\n"


def client(
    name: str = "servicenow", sources: str = "['servicenow']", secrets: str = "", more: str = ""
) -> str:
    held = secrets or f"orders=['{secret()}']"
    return f"[[client]]\nname='{name}'\nsources={sources}\nsecrets={{{held}}}\n{more}\n"


def faults_of_catalogue(path: Path, text: str) -> list[str]:
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadSettings) as refused:
        load_catalogue(path, "servicenow")
    return refused.value.faults


def faults_of_clients(path: Path, text: str) -> list[str]:
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadSettings) as refused:
        load_api_clients(path, allow_demo=False)
    return refused.value.faults


# ---- both ----------------------------------------------------------------------------------------


def test_no_file_is_an_empty_one() -> None:
    assert load_api_clients(None, allow_demo=False) == {}
    with pytest.raises(UnmappedItem):
        load_catalogue(None, "servicenow").resolve("servicenow", "i1", "An item", {})


def test_an_empty_file_holds_nothing(catalogue: Path) -> None:
    catalogue.write_text("# nothing yet\n", encoding="utf-8")
    assert load_api_clients(catalogue, allow_demo=False) == {}


def test_a_file_that_is_a_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match=r"BROKER_CATALOGUE: .* cannot be read: Is a directory\."):
        load_catalogue(tmp_path, "servicenow")


def test_a_file_in_another_encoding_is_named(catalogue: Path) -> None:
    catalogue.write_bytes(item().encode().replace(b"An item", b"Ger\xe4t"))
    with pytest.raises(BadSettings, match="is not TOML"):
        load_catalogue(catalogue, "servicenow")


@pytest.mark.parametrize("table", ["items", "Item", "client"])
def test_a_table_of_another_name_is_not_passed_over(catalogue: Path, table: str) -> None:
    (fault,) = faults_of_catalogue(catalogue, item() + f"[[{table}]]\nname='x'\n")
    assert fault.endswith(f"holds {table}, which means nothing there: write [[item]].")


def test_a_client_file_under_the_wrong_setting_is_not_an_empty_one(clients: Path) -> None:
    (fault,) = faults_of_clients(clients, item())
    assert fault.startswith("BROKER_API_CLIENTS: ")
    assert "write [[client]]" in fault


def test_a_single_table_is_refused_in_words(catalogue: Path) -> None:
    faults = faults_of_catalogue(catalogue, item().replace("[[item]]", "[item]"))
    assert all("item 1 is wrong" in fault for fault in faults[:1])


# ---- catalogue -----------------------------------------------------------------------------------


def test_two_entries_for_one_item_are_refused(catalogue: Path) -> None:
    (fault,) = faults_of_catalogue(
        catalogue, item("i1") + item("i2") + item("i1", "grants=[]", "source='servicenow'")
    )
    assert fault.endswith("item 3 is wrong: servicenow i1 has an entry already.")


def test_the_same_item_of_two_desks_is_two_items(catalogue: Path) -> None:
    catalogue.write_text(item() + item(grants="grants=[]", more="source='emea'"), encoding="utf-8")
    mapping = load_catalogue(catalogue, "servicenow")
    assert mapping.resolve("servicenow", "i1", "", {}) == (ItemName("role", "Finance"),)
    assert mapping.resolve("emea", "i1", "", {}) == ()


@pytest.mark.parametrize(
    "grant",
    [
        "{type='role'}",
        "{name='Finance'}",
        "{type='role',name='Finance',name_from='role'}",
        "{type='Role',name='Finance'}",
        "{type='',name='Finance'}",
    ],
)
def test_a_grant_that_is_half_said_is_refused(catalogue: Path, grant: str) -> None:
    (fault,) = faults_of_catalogue(catalogue, item(grants=f"grants=[{grant}]"))
    assert "item 1 " in fault


def test_an_item_gives_access_unless_it_says_that_it_takes_it_away(catalogue: Path) -> None:
    text = item("i1") + item("i2", more="action='revoke'")
    catalogue.write_text(text, encoding="utf-8")
    mapping = load_catalogue(catalogue, "servicenow")
    actions = [mapping.action("servicenow", key) for key in ("i1", "i2", "unknown")]
    assert actions == [Action.GRANT, Action.REVOKE, Action.GRANT]


@pytest.mark.parametrize("more", ["action='Revoke'", "action=''", "acton='revoke'", "action=1"])
def test_an_action_that_is_half_said_never_gives_access(catalogue: Path, more: str) -> None:
    (fault,) = faults_of_catalogue(catalogue, item(more=more))
    assert "item 1 is wrong" in fault


@pytest.mark.parametrize("kind", ["role", "account", "entitlement"])
def test_every_kind_can_be_granted(catalogue: Path, kind: str) -> None:
    catalogue.write_text(
        item(grants=f"grants=[{{type='{kind}',name_from='what'}}]"), encoding="utf-8"
    )
    mapping = load_catalogue(catalogue, "servicenow")
    assert mapping.resolve("servicenow", "i1", "", {"what": " SAP "}) == (ItemName(kind, "SAP"),)


def test_grants_come_in_an_order_of_their_own(catalogue: Path) -> None:
    """The lines of an order stand in this order, whatever somebody moves about in the file."""
    grants = [f"{{type='{kind}',name='{name}'}}" for kind, name in
              (("role", "B"), ("account", "Z"), ("role", "A"), ("entitlement", "C"))]  # fmt: skip
    told = []
    for listed in (grants, grants[::-1]):
        catalogue.write_text(item(grants=f"grants=[{','.join(listed)}]"), encoding="utf-8")
        found = load_catalogue(catalogue, "servicenow").resolve("servicenow", "i1", "", {})
        told.append([str(name) for name in found])
    assert told[0] == told[1] == ["account Z", "entitlement C", "role A", "role B"]


# ---- clients -------------------------------------------------------------------------------------


def test_two_clients_of_one_name_are_refused(clients: Path) -> None:
    again = client(secrets=f"orders=['{secret(letter=b'x')}']")
    (fault,) = faults_of_clients(clients, client() + again)
    assert fault.endswith("client 2 is wrong: servicenow has an entry already.")


@pytest.mark.parametrize("sources", ["'servicenow'", "7", "['servicenow', 7]", "[['servicenow']]"])
def test_sources_are_a_list_of_names(clients: Path, sources: str) -> None:
    (fault,) = faults_of_clients(clients, client(sources=sources))
    assert "client 1 is wrong: sources are a list of names" in fault


def test_a_client_may_speak_for_several_desks(clients: Path) -> None:
    clients.write_text(client(sources="['a', 'b', 'a']"), encoding="utf-8")
    found = load_api_clients(clients, allow_demo=False)
    assert found["servicenow"].sources == frozenset({"a", "b"})


@pytest.mark.parametrize("length", [24, 64])
def test_a_secret_of_a_good_length_is_taken(clients: Path, length: int) -> None:
    clients.write_text(client(secrets=f"events=['{secret(length)}']"), encoding="utf-8")
    found = load_api_clients(clients, allow_demo=False)["servicenow"]
    assert found.keys == {"events": [b"k" * length]}


@pytest.mark.parametrize(
    "text",
    [
        secret(23),
        secret(65),
        secret().removeprefix("whsec_"),
        secret().replace("whsec_", "WHSEC_"),
        secret() + "=",
        secret()[:-1] + "!",
        " " + secret(),
        secret() + "\\n",
        "whsec_",
        "",
    ],
)
@pytest.mark.parametrize("family", FAMILIES)
def test_a_secret_that_is_none_is_refused_without_being_told(
    clients: Path, family: str, text: str
) -> None:
    good = f"{'events' if family == 'orders' else 'orders'}=['{secret()}']"
    (fault,) = faults_of_clients(clients, client(secrets=f'{good},{family}=["{text}"]'))
    assert "a secret must be whsec_ and base64 of 24 to 64 random bytes" in fault
    assert "kkkk" not in fault
    assert len(text) < 10 or text.strip() not in fault


@pytest.mark.parametrize("given", ["['{}']", "'{}'"])
def test_secrets_without_a_family_are_refused_without_being_told(clients: Path, given: str) -> None:
    text = f"[[client]]\nname='a'\nsources=['servicenow']\nsecrets={given.format(secret())}\n"
    (fault,) = faults_of_clients(clients, text)
    assert "secrets stand under their family" in fault
    assert "kkkk" not in fault


def test_the_keys_of_a_client_are_not_shown_with_it() -> None:
    assert "kkkk" not in repr(ApiClient("a", frozenset(), {"orders": [b"kkkk"]}))


def test_every_wrong_client_is_told_by_its_number(clients: Path) -> None:
    faults = faults_of_clients(
        clients, client(secrets="orders=['x']") + client("b") + client("c", secrets="pay=[]")
    )
    assert ["client 1 " in faults[0], "client 3 " in faults[1]] == [True, True]
    assert len(faults) == 2


@pytest.mark.parametrize("name", ["console", "sweep"])
def test_no_client_has_a_name_of_the_brokers_own(clients: Path, name: str) -> None:
    (fault,) = faults_of_clients(clients, client(name))
    assert f"under the name {name}: choose another" in fault
