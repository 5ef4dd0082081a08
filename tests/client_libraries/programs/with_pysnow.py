"""pysnow, which speaks requests and parses answers as a stream."""

import tempfile
from pathlib import Path

import pysnow
import pysnow.resource
from reporting import Does, Instance, Lacks, tell

AT = Instance()
client = pysnow.Client(host=AT.host, user=AT.user[0], password=AT.user[1])
CONTENT = bytes(range(256)) * 40


def table(name: str = "incident") -> pysnow.resource.Resource:
    return client.resource(api_path=f"/table/{name}")


def made(text: str) -> dict[str, str]:
    return table().create({"short_description": text}).one()


def remove(key: str) -> None:
    assert table().delete({"sys_id": key}) == {"status": "record deleted"}


def pages() -> None:
    keys = [made("pysnow pages")["sys_id"] for _ in range(25)]
    asked = pysnow.QueryBuilder().field("short_description").equals("pysnow pages")
    asked = asked.AND().field("number").order_ascending()
    seen: list[str] = []
    for offset in range(0, 28, 7):
        answer = table().get(query=asked, limit=7, offset=offset, stream=True)
        seen += [row["sys_id"] for row in answer.all()]
        assert answer.headers["X-Total-Count"] == "25"
    assert seen == keys
    for key in keys:
        remove(key)


def queries() -> None:
    named = pysnow.QueryBuilder().field("user_name").equals(["admin", "broker"])
    assert len(table("sys_user").get(query=named).all()) == 2
    either = pysnow.QueryBuilder().field("user_name").equals("admin")
    either = either.OR().field("user_name").starts_with("brok")
    assert len(table("sys_user").get(query=either, fields=["user_name"]).all()) == 2
    plain = table("sys_user").get(query={"user_name": "admin"}, stream=True)
    assert plain.first()["user_name"] == "admin"
    encoded = table("sys_user").get(query="user_name=admin^NQuser_name=broker")
    assert len(encoded.all()) == 2


def creates() -> None:
    row = made("pysnow creates")
    assert row["number"].startswith("INC")
    remove(row["sys_id"])


def changes() -> None:
    row = made("pysnow changes")
    changed = table().update({"number": row["number"]}, {"description": "changed"})
    assert changed["description"] == "changed"
    remove(row["sys_id"])


def deletes() -> None:
    row = made("pysnow deletes")
    remove(row["sys_id"])
    assert table().get(query={"sys_id": row["sys_id"]}).one_or_none() is None


def shows() -> None:
    row = made("pysnow shows")
    asked = {"sys_id": row["sys_id"]}
    shown = table().get(query=asked, display_value=True, exclude_reference_link=True).one()
    assert shown["opened_by"] == "System Administrator"
    assert shown["state"] != row["state"]
    remove(row["sys_id"])


def attached(key: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "picture.bin"
        path.write_bytes(CONTENT)
        sent = table().attachments.upload(sys_id=key, file_path=str(path))
    assert sent["file_name"] == "picture.bin"
    return str(sent["sys_id"])


def uploads() -> None:
    row = made("pysnow uploads")
    key = attached(row["sys_id"])
    listed = table().attachments.get(row["sys_id"])
    assert [each["sys_id"] for each in listed] == [key]
    assert table().attachments.delete(key) == {"status": "record deleted"}
    remove(row["sys_id"])


def signs_in() -> None:
    renewed: list[object] = []
    names = dict(zip(("client_id", "client_secret"), AT.client, strict=True))
    other = pysnow.OAuthClient(host=AT.host, token_updater=renewed.append, **names)
    token = other.generate_token(*AT.user)
    for held in (token, token | {"expires_at": 1, "expires_in": -1}):
        other.set_token(held)
        users = other.resource(api_path="/table/sys_user")
        assert users.get(query={"user_name": "admin"}).one()["user_name"] == "admin"
    assert len(renewed) == 1


def adds_up() -> None:
    stats = client.resource(api_path="/stats/sys_user")
    stats.parameters.add_custom({"sysparm_count": "true"})
    counted = stats.get(query="user_name=admin").one()
    assert counted["stats"]["count"] == "1"


if __name__ == "__main__":
    tell(
        {
            "paging": Does("limit and offset, stream", pages),
            "query": Does("QueryBuilder, a dictionary, encoded", queries),
            "create": Does("create", creates),
            "change": Does("update (PUT)", changes),
            "delete": Does("delete", deletes),
            "display values": Does("display_value", shows),
            "attachments up": Does("upload (as multipart it names no boundary)", uploads),
            "attachments down": Lacks("lists and deletes them, but reads JSON only"),
            "OAuth": Does("password, refresh", signs_in),
            "batch": Lacks("no Batch API"),
            "aggregate": Does("a resource of any path: /stats", adds_up),
            "asynchronous": Lacks("blocks"),
        }
    )
