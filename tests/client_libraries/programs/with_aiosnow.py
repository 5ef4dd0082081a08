"""aiosnow, which is asynchronous and follows the links of pages."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiosnow
from aiosnow.models import AttachmentModel, ModelSchema, TableModel, fields
from aiosnow.models.table.declared import IncidentModel, JournalModel
from reporting import Does, Instance, Lacks, tell

AT = Instance()
CONTENT = bytes(range(256)) * 40
Work = Callable[[IncidentModel], Awaitable[None]]


class Opener(ModelSchema):
    sys_id = fields.String(is_primary=True)
    user_name = fields.String()


class Opened(TableModel):
    sys_id = fields.String(is_primary=True)
    opened_by = Opener


def client() -> aiosnow.Client:
    return aiosnow.Client(AT.host, basic_auth=AT.user)


def awaited(work: Work) -> Callable[[], None]:
    """The work done with incidents, from its begin to its end."""

    async def whole() -> None:
        async with IncidentModel(client(), table_name="incident") as incidents:
            await work(incidents)

    return lambda: asyncio.run(whole())


@asynccontextmanager
async def made(incidents: IncidentModel, text: str) -> AsyncIterator[str]:
    """A record, which is gone afterwards; its sys_id."""
    row = await incidents.create({"short_description": text})
    yield row["sys_id"]
    assert (await incidents.delete(row["sys_id"])).status == 204


async def pages(incidents: IncidentModel) -> None:
    text = "aiosnow pages"
    for _ in range(25):
        await incidents.create({"short_description": text})
    asked = IncidentModel.short_description == text
    ordered = aiosnow.select(asked).order_asc(IncidentModel.number)
    stream = incidents.stream(ordered, limit=100, page_size=7)
    rows = [row async for _, row in stream]
    assert len({row["sys_id"] for row in rows}) == len(rows) == 25
    assert [row["number"] for row in rows] == sorted(row["number"] for row in rows)
    for row in rows:
        await incidents.delete(row["sys_id"])


async def queries(incidents: IncidentModel) -> None:
    async with made(incidents, "aiosnow queries") as key:
        asked = IncidentModel.short_description.starts_with("aiosnow q") & (
            IncidentModel.sys_id == key
        )
        assert (await incidents.get_one(asked))["sys_id"] == key
        async with Opened(client(), table_name="incident") as opened:
            row = await opened.get_one(Opened.sys_id == key)
            assert row["opened_by"]["user_name"] == "admin"
            asked = Opened.opened_by.user_name == "admin"
            assert (await opened.get(asked, limit=1)).data


async def creates(incidents: IncidentModel) -> None:
    async with made(incidents, "aiosnow creates") as key:
        assert (await incidents.get_one(IncidentModel.sys_id == key))["number"].startswith("INC")


async def changes(incidents: IncidentModel) -> None:
    async with made(incidents, "aiosnow changes") as key:
        row = await incidents.update(key, {"impact": 2, "comments": "written once"})
        assert row["impact"].key == 2
        async with JournalModel(client(), table_name="sys_journal_field") as journal:
            notes = await journal.get(JournalModel.element_id == key)
            assert [note["value"] for note in notes.data] == ["written once"]


async def deletes(incidents: IncidentModel) -> None:
    async with made(incidents, "aiosnow deletes") as key:
        pass
    assert not (await incidents.get(IncidentModel.sys_id == key)).data


async def shows(incidents: IncidentModel) -> None:
    async with made(incidents, "aiosnow shows") as key:
        row = await incidents.get_one(IncidentModel.sys_id == key)
        assert (row["state"].key, row["state"].value) == (1, "New")
        assert row["sys_created_on"].year > 2000


async def carries(incidents: IncidentModel) -> None:
    """Up and down again, by the download link that the instance gives."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "picture.bin"
        path.write_bytes(CONTENT)
        async with made(incidents, "aiosnow carries") as key:
            sent = await incidents.upload_file(key, str(path))
            assert sent["file_name"] == "picture.bin"
            held = AttachmentModel.table_sys_id == key
            assert len(await incidents.get_attachments(held)) == 1
            await incidents.download_file(held, f"{folder}/down")
            assert (Path(folder) / "down" / "picture.bin").read_bytes() == CONTENT


if __name__ == "__main__":
    tell(
        {
            "paging": Does("stream, page_size", awaited(pages)),
            "query": Does("conditions on a model's columns, nested models", awaited(queries)),
            "create": Does("create", awaited(creates)),
            "change": Does("update (PATCH), journals read as a table", awaited(changes)),
            "delete": Does("delete", awaited(deletes)),
            "display values": Does("both of each value, mapped fields", awaited(shows)),
            "attachments up": Does("upload_file", awaited(carries)),
            "attachments down": Does("download_file", awaited(carries)),
            "OAuth": Lacks("HTTP Basic only"),
            "batch": Lacks("no Batch API"),
            "aggregate": Lacks("no Aggregate API"),
            "asynchronous": Does("everything", awaited(creates)),
        }
    )
