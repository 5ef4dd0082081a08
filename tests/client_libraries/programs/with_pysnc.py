"""ServiceNow's own Python client."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from pysnc import ServiceNowClient
from pysnc.asyncio import AsyncServiceNowClient
from pysnc.asyncio.auth import AsyncServiceNowClientCredentialsFlow
from pysnc.auth import ServiceNowClientCredentialsFlow, ServiceNowPasswordGrantFlow
from pysnc.record import GlideRecord
from reporting import Does, Instance, Lacks, tell

AT = Instance()
TABLE = "problem"
ADMIN = "6816f79cc0a8016401c5a33be04be441"
client = ServiceNowClient(AT.url, AT.user)


def made(text: str) -> GlideRecord:
    record = client.GlideRecord(TABLE)
    record.initialize()
    record.short_description = text
    assert record.insert()
    return record


def found(text: str) -> GlideRecord:
    record = client.GlideRecord(TABLE)
    record.add_query("short_description", "LIKE", text)
    record.query()
    return record


@contextmanager
def several(text: str, number: int) -> Iterator[list[str]]:
    """So many records, which are gone afterwards."""
    yield [str(made(f"{text} {each}").sys_id) for each in range(number)]
    assert found(text).delete_multiple()


def pages() -> None:
    with several("pysnc pages", 25) as keys:
        record = client.GlideRecord(TABLE, batch_size=7)
        record.add_query("short_description", "STARTSWITH", "pysnc pages")
        record.order_by_desc("number")
        record.query()
        assert [str(each.sys_id) for each in record] == keys[::-1]
        assert len(record) == len(keys)


def queries() -> None:
    people = client.GlideRecord("sys_user")
    people.fields = "user_name"
    either = people.add_query("user_name", "admin")
    either.add_or_condition("user_name", "broker")
    people.query()
    assert {str(each.user_name) for each in people} == {"admin", "broker"}
    joined = client.GlideRecord("sys_user")
    roles = joined.add_join_query("sys_user_has_role", join_table_field="user")
    roles.add_query("role.name", "admin")
    joined.query()
    assert "admin" in {str(each.user_name) for each in joined}
    related()
    by_batch = client.GlideRecord("sys_user")
    for _ in range(1100):  # too long for an address
        by_batch.add_query("no_such_column", "anything")
    by_batch.add_query("user_name", "admin")
    by_batch.query()
    assert len(by_batch) == 1


def related() -> None:
    """The groups that have a member, one of them made here."""
    group = client.GlideRecord("sys_user_group")
    group.initialize()
    group.name = "pysnc related"
    key = str(group.insert())
    member = client.GlideRecord("sys_user_grmember")
    member.initialize()
    member.group, member.user = key, ADMIN
    assert member.insert()
    groups = client.GlideRecord("sys_user_group")
    groups.add_query("name", "STARTSWITH", "pysnc")
    having = groups.add_rl_query("sys_user_grmember", "group", ">0", True)
    having.add_query("user.user_name", "admin")
    groups.query()
    assert [str(each.sys_id) for each in groups] == [key]
    assert member.delete()
    assert group.delete()


def creates() -> None:
    record = client.GlideRecord(TABLE)
    record.initialize()
    record.set_new_guid_value("AAAABBBBCCCCDDDDEEEEFFFF00002222")
    record.short_description = "pysnc creates"
    assert record.insert() == "AAAABBBBCCCCDDDDEEEEFFFF00002222"
    assert record.number
    assert record.delete()


def changes() -> None:
    record = made("pysnc changes")
    record.description = "changed"
    assert record.update()
    again = client.GlideRecord(TABLE)
    assert again.get(str(record.sys_id))
    assert again.description == "changed"
    assert again.delete()


def deletes() -> None:
    record = made("pysnc deletes")
    key = str(record.sys_id)
    assert record.delete()
    assert not client.GlideRecord(TABLE).get(key)


def shows() -> None:
    record = made("pysnc shows")
    assert record.get_display_value("opened_by") == "System Administrator"
    assert len(record.get_value("opened_by")) == 32
    assert record.get_value("state") != record.get_display_value("state")
    dotted = client.GlideRecord(TABLE)
    dotted.fields = "sys_id,opened_by,opened_by.email"
    assert dotted.get(str(record.sys_id))
    assert dotted.opened_by.email == "admin@example.com"
    assert record.delete()


CONTENT = bytes(range(256)) * 40


def uploads() -> None:
    record = made("pysnc uploads")
    link = record.add_attachment("picture.bin", CONTENT, content_type="image/x-test")
    assert link.startswith(AT.url)
    assert len(record.get_attachments()) == 1
    assert record.delete()


def downloads() -> None:
    record = made("pysnc downloads")
    record.add_attachment("picture.bin", CONTENT)
    record.add_attachment("note.txt", "one\ntwo")
    read = {str(each.file_name): each.read() for each in record.get_attachments()}
    assert read == {"picture.bin": CONTENT, "note.txt": b"one\ntwo"}
    assert record.delete()


def signs_in() -> None:
    for flow in (
        ServiceNowPasswordGrantFlow(*AT.user, *AT.client),
        ServiceNowClientCredentialsFlow(*AT.client),
    ):
        user = ServiceNowClient(AT.url, flow).GlideRecord("sys_user")
        user.limit = 1
        user.query()
        assert user.next()


def batches() -> None:
    with several("pysnc batches", 5):
        record = found("pysnc batches")
        while record.next():
            record.description = "by batch"
        assert record.update_multiple()
        assert {str(each.description) for each in found("pysnc batches")} == {"by batch"}


async def awaited() -> None:
    other = AsyncServiceNowClient(AT.url, AT.user)
    record = await other.GlideRecord(TABLE)
    record.initialize()
    record.short_description = "pysnc waits"
    key = str(await record.insert())
    again = await other.GlideRecord(TABLE)
    assert await again.get(key)
    again.description = "changed"
    assert await again.update()
    sent = await other.attachment_api.upload_file("a.bin", TABLE, key, CONTENT)
    file = await other.attachment_api.get_file(sent.json()["result"]["sys_id"])
    assert await file.aread() == CONTENT
    assert await again.delete()
    await other.session.aclose()
    granted = await AsyncServiceNowClientCredentialsFlow(*AT.client).authenticate(AT.url)
    user = await AsyncServiceNowClient(AT.url, granted).GlideRecord("sys_user")
    user.limit = 1
    await user.query()
    assert await user.next()
    await granted.aclose()


if __name__ == "__main__":
    tell(
        {
            "paging": Does("GlideRecord, batch_size", pages),
            "query": Does("add_query, JOIN, RLQUERY, encoded; long ones by batch", queries),
            "create": Does("insert, with a sys_id of one's own", creates),
            "change": Does("update", changes),
            "delete": Does("delete", deletes),
            "display values": Does("get_display_value, dot-walked elements", shows),
            "attachments up": Does("add_attachment", uploads),
            "attachments down": Does("get_attachments, read", downloads),
            "OAuth": Does("password and client credentials", signs_in),
            "batch": Does("update_multiple, delete_multiple", batches),
            "aggregate": Lacks("no Aggregate API"),
            "asynchronous": Does(
                "AsyncServiceNowClient (its password grant forgets to send the token)",
                lambda: asyncio.run(awaited()),
            ),
        }
    )
