"""One running instance with its people, and a receiver in the broker's place, for these tests."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests

from sandbox.servicenow import create_app
from sandbox.servicenow.instance import ServiceNow
from sandbox.web import serve
from sandbox.world import World

fetch = partial(requests.request, timeout=10)


class Client:
    """One account's HTTP calls to one instance."""

    def __init__(self, url: str, user_name: str, password: str) -> None:
        self.url = url
        self.http = requests.Session()
        self.http.auth = (user_name, password)

    def table(self, path: str, **parameters: str) -> requests.Response:
        """GET of the Table API; `parameters` go without their `sysparm_`."""
        named = {f"sysparm_{name}": value for name, value in parameters.items()}
        return self.http.get(f"{self.url}/api/now/table/{path}", params=named)

    def rows(self, table: str, query: str = "", fields: str = "") -> list[dict[str, Any]]:
        """The rows of a query in value mode, without links."""
        answer = self.table(table, query=query, fields=fields, exclude_reference_link="true")
        found: list[dict[str, Any]] = answer.json()["result"]
        return found

    def post(self, table: str, **values: object) -> requests.Response:
        return self.http.post(f"{self.url}/api/now/table/{table}", json=values)

    def patch(self, table: str, key: str, **values: object) -> requests.Response:
        return self.http.patch(f"{self.url}/api/now/table/{table}/{key}", json=values)

    def order(self, item: str, **body: object) -> requests.Response:
        """`order_now` of a catalogue item."""
        return self.http.post(
            f"{self.url}/api/sn_sc/servicecatalog/items/{item}/order_now",
            json={"sysparm_quantity": "1", **body},
        )


class Desk:
    """One instance, its state, and a client for each of its people."""

    def __init__(self, url: str, state: ServiceNow, world: World) -> None:
        self.url = url
        self.state = state
        self.world = world
        self._clients: dict[str, Client] = {}

    def as_(self, user_name: str) -> Client:
        """A person (password `demo`), `broker` or `admin` (their own names as passwords)."""
        password = user_name if user_name in ("broker", "admin") else "demo"
        return self._clients.setdefault(user_name, Client(self.url, user_name, password))

    def ordered(self, user_name: str = "ada", role: str = "Finance Reporting") -> dict[str, Any]:
        """The requested item of a new order of a business role."""
        item = self.world.desk_items["business_role"].sys_id
        answer = self.as_(user_name).order(item, variables={"role": role})
        assert answer.status_code == 200, answer.text
        request = answer.json()["result"]["request_id"]
        return self.as_("broker").rows("sc_req_item", f"request={request}")[0]

    def item(self, key: str) -> dict[str, Any]:
        """A requested item as it is now."""
        return self.as_("broker").rows("sc_req_item", f"sys_id={key}")[0]

    def decide(self, ritm: dict[str, Any], state: str, user_name: str = "ben") -> None:
        """The item's approver decides."""
        query = f"sysapproval={ritm['sys_id']}^state=requested"
        approval = self.as_(user_name).rows("sysapproval_approver", query)[0]
        answer = self.as_(user_name).patch("sysapproval_approver", approval["sys_id"], state=state)
        assert answer.status_code == 200, answer.text

    def close(self) -> None:
        for client in self._clients.values():
            client.http.close()


@contextmanager
def served(world: World, *, past_orders: bool = False) -> Iterator[Desk]:
    """An instance on loopback, gone afterwards."""
    app = create_app(world, past_orders=past_orders)
    state: ServiceNow = app.extensions["servicenow"]
    with serve(app) as server:
        made = Desk(server.url, state, world)
        yield made
        made.close()
    state.close()


@dataclass
class Post:
    """What a receiver got."""

    path: str
    headers: dict[str, str]
    body: bytes


class Receiver:
    """A little HTTP server in the broker's place, which keeps what is posted to it."""

    def __init__(self) -> None:
        self.posts: list[Post] = []
        self.status = 202
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def to(self, path: str) -> list[Post]:
        return [post for post in self.posts if post.path == path]

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.posts.append(Post(self.path, headers, body))
                self.send_response(receiver.status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler
