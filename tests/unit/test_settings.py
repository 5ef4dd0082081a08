"""Wrong settings are refused at start, one sentence a fault."""

import base64
from pathlib import Path

import pytest

from broker.connectors.registry import setting_names
from broker.files import load_api_clients, load_catalogue
from broker.settings import DEMO_SECRETS, BadSettings, Settings, is_local, load, typos, unknown

GOOD = {
    "BROKER_BASE_URL": "https://broker.example.com",
    "BROKER_SECRET_KEY": "s" * 32,
    "BROKER_AUDIT_KEY": "a" * 32,
    "BROKER_SAML_IDP_METADATA": "https://idp.example.com/metadata",
}
SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()


def faults(**changes: str | None) -> list[str]:
    environment = {k: v for k, v in (GOOD | changes).items() if v is not None}
    with pytest.raises(BadSettings) as refused:
        load(environment)
    return refused.value.faults


def test_good_settings_are_read() -> None:
    settings = load(
        GOOD | {"BROKER_OPERATOR_GROUPS": "ops, admins", "BROKER_PERSON_MATCH": "login"}
    )
    assert settings.operator_groups == ("ops", "admins")
    assert settings.person_match == ("login",)
    assert settings.sync_interval_minutes == 30


def test_every_missing_setting_has_its_sentence() -> None:
    assert faults(BROKER_SECRET_KEY=None, BROKER_BASE_URL=None) == [
        "BROKER_BASE_URL is missing: set it.",
        "BROKER_SECRET_KEY is missing: set it.",
    ]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"BROKER_BASE_URL": "http://broker.example.com"}, "must begin with https://"),
        ({"BROKER_BASE_URL": "https://broker.example.com/path"}, "must be scheme, host and port"),
        ({"BROKER_SECRET_KEY": "short"}, "BROKER_SECRET_KEY: must have at least 32 characters."),
        ({"BROKER_METRICS_TOKEN": "short"}, "BROKER_METRICS_TOKEN: must have at least 32"),
        ({"BROKER_API_CALLS_PER_SECOND": "-1"}, "BROKER_API_CALLS_PER_SECOND: "),
        ({"BROKER_PERSON_MATCH": "shoe"}, "BROKER_PERSON_MATCH: list one or more of"),
        ({"BROKER_SYNC_INTERVAL_MINUTES": "0"}, "BROKER_SYNC_INTERVAL_MINUTES: "),
        ({"BROKER_APPROVAL_WAIT_HOURS": "soon"}, "BROKER_APPROVAL_WAIT_HOURS: "),
        ({"BROKER_SAML_SP_KEY": "k"}, "go together: set both or none"),
    ],
)
def test_a_wrong_setting_says_what_to_do(changes: dict[str, str], sentence: str) -> None:
    (fault,) = faults(**changes)
    assert sentence in fault


def test_http_is_fine_on_loopback() -> None:
    assert load(GOOD | {"BROKER_BASE_URL": "http://127.0.0.1:8080/"}).on_loopback


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("f" * 40 + "\n")
    environment = GOOD | {"BROKER_SECRET_KEY_FILE": str(secret)}
    del environment["BROKER_SECRET_KEY"]
    assert load(environment).secret_key.get_secret_value() == "f" * 40


def test_a_secret_file_that_is_not_there_is_named() -> None:
    (fault,) = faults(BROKER_SECRET_KEY_FILE="/nowhere/secret", BROKER_SECRET_KEY=None)
    assert (
        fault
        == "BROKER_SECRET_KEY_FILE: /nowhere/secret cannot be read: No such file or directory."
    )


def test_a_setting_may_not_come_from_two_places(tmp_path: Path) -> None:
    secret = write(tmp_path / "secret", "f" * 40)
    assert faults(BROKER_SECRET_KEY_FILE=str(secret)) == [
        "BROKER_SECRET_KEY and BROKER_SECRET_KEY_FILE are both set: keep one of them."
    ]


def test_every_file_that_cannot_be_had_is_named_beside_other_faults(tmp_path: Path) -> None:
    picture = tmp_path / "picture"
    picture.write_bytes(b"\xff\xfe\x00")
    assert faults(
        BROKER_SECRET_KEY=None,
        BROKER_SECRET_KEY_FILE=str(tmp_path),
        BROKER_AUDIT_KEY=None,
        BROKER_AUDIT_KEY_FILE=str(picture),
        BROKER_LEASE_SECONDS="0",
    ) == [
        f"BROKER_AUDIT_KEY_FILE: {picture} cannot be read: it is not UTF-8.",
        f"BROKER_SECRET_KEY_FILE: {tmp_path} cannot be read: Is a directory.",
        "BROKER_LEASE_SECONDS: Input should be greater than or equal to 2.",
    ]


def test_a_file_without_end_is_not_read() -> None:
    (fault,) = faults(BROKER_SECRET_KEY=None, BROKER_SECRET_KEY_FILE="/dev/zero")
    assert fault == "BROKER_SECRET_KEY_FILE: /dev/zero cannot be read: it is larger than 1 MB."


@pytest.mark.parametrize("nothing", ["", "  "])
def test_an_empty_secret_is_called_empty_wherever_it_came_from(
    tmp_path: Path, nothing: str
) -> None:
    file = write(tmp_path / "secret", nothing)
    changes = {"BROKER_AUDIT_KEY": None, "BROKER_AUDIT_KEY_FILE": str(file)}
    assert faults(BROKER_SECRET_KEY=nothing, **changes) == [
        "BROKER_SECRET_KEY is empty: give it a value.",
        f"BROKER_AUDIT_KEY_FILE: {file} is empty: give it a value.",
    ]


def test_an_empty_setting_counts_as_none_but_an_attribute_may_be_empty() -> None:
    empty = {"BROKER_REDIS_URL": "", "BROKER_API_CLIENTS": "", "BROKER_SAML_LOGIN_ATTRIBUTE": ""}
    settings = load(GOOD | empty)
    assert (settings.redis_url, settings.api_clients) == (None, None)
    assert settings.saml_login_attribute == ""


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("BROKER_OIM_PASWORD", "BROKER_OIM_PASSWORD"),
        ("BROKER_OIM_PASSWRD_FILE", "BROKER_OIM_PASSWORD"),
        ("BROKER_SAML_WANT_MESSAGES_SIGNED", "BROKER_SAML_WANT_MESSAGE_SIGNED"),
        ("BROKER_SERVICE_NOW_URL", "BROKER_SERVICENOW_URL"),
        ("BROKER_BASEURL", "BROKER_BASE_URL"),
    ],
)
def test_a_name_that_is_nearly_a_setting_is_a_fault_that_says_which(name: str, meant: str) -> None:
    known = setting_names("oim", "servicenow")
    assert typos({name: "x"}, known) == [f"{name} is no setting: did you mean {meant}?"]


def test_every_setting_is_known_by_its_own_name_and_as_a_file() -> None:
    known = setting_names("oim", "servicenow")
    everything = [each for name in known for each in (name, f"{name}_FILE")]
    assert list(unknown(dict.fromkeys(everything, ""), known)) == []
    assert len(known) > 40


def test_what_kubernetes_gives_beside_a_service_of_our_name_is_no_mistake() -> None:
    given = [
        "BROKER_SERVICE_HOST", "BROKER_SERVICE_PORT", "BROKER_SERVICE_PORT_HTTP", "BROKER_PORT",
        "BROKER_PORT_8080_TCP", "BROKER_PORT_8080_TCP_ADDR", "BROKER_PORT_8080_TCP_PORT",
        "BROKER_PORT_8080_TCP_PROTO", "BROKER_VERSION", "BROKER_PUBLISH",
    ]  # fmt: skip
    assert typos(dict.fromkeys(given, "x"), setting_names("oim", "servicenow")) == []


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://broker@db/broker", "mysql://db/broker", "broker", "postgres://db/broker",
        "postgresql+psycopg://db:port/broker",
    ],
)  # fmt: skip
def test_an_address_that_is_no_database_of_ours_is_refused(address: str) -> None:
    (fault,) = faults(BROKER_DATABASE_URL=address)
    assert fault.startswith("BROKER_DATABASE_URL: must begin with postgresql+psycopg://")


@pytest.mark.parametrize("address", ["http://redis", "redis", "redis://redis:port/0"])
def test_an_address_that_is_no_redis_is_refused(address: str) -> None:
    (fault,) = faults(BROKER_REDIS_URL=address)
    assert fault.startswith("BROKER_REDIS_URL: must begin with redis://")


@pytest.mark.parametrize(
    ("address", "local"),
    [
        ("http://localhost:1", True), ("http://127.0.0.7", True), ("http://[::1]:8080/x", True),
        ("http://broker.example.com", False), ("http://10.0.0.1", False), ("", False),
        ("http://[::1", False), ("http://localhost.example.com", False),
    ],
)  # fmt: skip
def test_only_this_machine_is_loopback(address: str, local: bool) -> None:
    assert is_local(address) is local


@pytest.mark.parametrize("secret", sorted(DEMO_SECRETS))
def test_outside_loopback_no_secret_of_the_demo_is_accepted(secret: str) -> None:
    (fault,) = faults(BROKER_OIM_PASSWORD=secret)
    assert fault == "BROKER_OIM_PASSWORD is a secret that the demo uses: choose your own."


def test_on_loopback_the_demos_secrets_are_fine() -> None:
    load(GOOD | {"BROKER_BASE_URL": "http://localhost:1", "BROKER_OIM_PASSWORD": "broker"})


def test_secrets_do_not_show_in_text() -> None:
    assert "ssss" not in repr(load(GOOD))


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_the_catalogue_mapping_is_read(tmp_path: Path) -> None:
    path = write(
        tmp_path / "c.toml",
        '[[item]]\ncatalogue_item = "i1"\nlabel = "A role"\n'
        'grants = [{type = "role", name_from = "role"}]\n'
        '[[item]]\nsource = "other"\ncatalogue_item = "i1"\nlabel = "Laptop"\ngrants = []\n',
    )
    mapping = load_catalogue(path, "servicenow")
    (found,) = mapping.resolve("servicenow", "i1", "A role", {"role": "Finance"})
    assert str(found) == "role Finance"
    assert mapping.resolve("other", "i1", "Laptop", {}) == ()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[[item]]\nlabel = 'x'", "item 1 lacks 'grants'"),
        ("[[item]]\ncatalogue_item='i'\nlabel='x'\ngrants=[{type='shoe',name='x'}]", "'shoe' is"),
        ("[[item]]\ncatalogue_item='i'\nlabel='x'\ngrants=[{type='role'}]", "name or a name_from"),
        ("[[item]]\ncatalogue_item='i'\nlabel='x'\ngrants=['role']", "item 1 is wrong"),
        ("not toml", "is not TOML"),
    ],
)
def test_a_wrong_catalogue_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(BadSettings, match=sentence):
        load_catalogue(write(tmp_path / "c.toml", text), "servicenow")


def test_every_wrong_entry_of_a_file_is_told_by_its_number(tmp_path: Path) -> None:
    path = write(
        tmp_path / "c.toml", "[[item]]\nlabel='x'\n[[item]]\ncatalogue_item='i'\ngrants=[]"
    )
    with pytest.raises(BadSettings) as refused:
        load_catalogue(path, "servicenow")
    assert refused.value.faults == [
        f"BROKER_CATALOGUE: {path}: item 1 lacks 'grants'.",
        f"BROKER_CATALOGUE: {path}: item 2 lacks 'label'.",
    ]


def test_a_catalogue_that_is_not_there_is_named() -> None:
    with pytest.raises(BadSettings, match="BROKER_CATALOGUE: /nowhere cannot be read"):
        load_catalogue(Path("/nowhere"), "servicenow")


def clients(tmp_path: Path, secrets: str) -> Path:
    text = f'[[client]]\nname = "servicenow"\nsources = ["servicenow"]\nsecrets = {{{secrets}}}\n'
    return write(tmp_path / "clients.toml", text)


def test_clients_may_have_several_keys_of_a_family(tmp_path: Path) -> None:
    path = clients(tmp_path, f'orders = ["{SECRET}", "{SECRET}"]')
    client = load_api_clients(path, allow_demo=False)["servicenow"]
    assert client.keys["orders"] == [b"k" * 32, b"k" * 32]
    assert client.sources == frozenset({"servicenow"})


@pytest.mark.parametrize(
    ("secrets", "sentence"),
    [
        ('orders = ["whsec_c2hvcnQ="]', "must be whsec_ and base64 of 24 to 64"),
        ('orders = ["hello"]', "must be whsec_ and base64 of 24 to 64"),
        (f'payments = ["{SECRET}"]', "secrets are for orders and events, not payments"),
    ],
)
def test_wrong_client_secrets_are_refused(tmp_path: Path, secrets: str, sentence: str) -> None:
    with pytest.raises(BadSettings, match=sentence):
        load_api_clients(clients(tmp_path, secrets), allow_demo=True)


def test_the_demos_client_secret_is_refused_outside_loopback(tmp_path: Path) -> None:
    demo = next(secret for secret in DEMO_SECRETS if secret.startswith("whsec_"))
    with pytest.raises(BadSettings, match="client 1 is wrong: a secret that the demo uses stands"):
        load_api_clients(clients(tmp_path, f'orders = ["{demo}"]'), allow_demo=False)
    assert load_api_clients(clients(tmp_path, f'orders = ["{demo}"]'), allow_demo=True)


def test_the_environment_is_read_through_load_only() -> None:
    assert Settings.model_config["env_prefix"] == "BROKER_"
