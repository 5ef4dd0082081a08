"""The script include gives the same bytes and the same signature in both engines that we have.

QuickJS (dukpy) runs the sandbox; Rhino is what the platform itself is built on.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import subprocess
from pathlib import Path
from typing import Any

import dukpy
import pytest

from sandbox.servicenow.engine import mac

ROOT = Path(__file__).resolve().parents[2]
INCLUDE = ROOT / "servicenow" / "script_includes" / "BrokerClient.js"
SHIM = Path(__file__).with_name("shim.js")
KEY = b"0123456789abcdef0123456789abcdef"
PROPERTIES = {
    "x_rqbrk_access.client": "servicenow",
    "x_rqbrk_access.source": "servicenow",
    "x_rqbrk_access.orders_secret": "whsec_" + base64.b64encode(KEY).decode(),
    "x_rqbrk_access.integration_users": "broker, other",
}
TEXTS = ["month end", "Ärger ${x} \u2028 日本 \U0001f600", 'a "quoted" \\ \n\t line', ""]
REPLY = """<?xml version="1.0" encoding="UTF-8"?><results probe_time="7"><parameters>
<parameter name="http_method" value="post"/><parameter value="202" name="http_status_code"/>
</parameters></results>"""
RHINO_MAC = """
function hostMac(key, algorithm, data) {
    var mac = Packages.javax.crypto.Mac.getInstance(algorithm);
    var decoder = Packages.java.util.Base64.getDecoder();
    var encoder = Packages.java.util.Base64.getEncoder();
    mac.init(new Packages.javax.crypto.spec.SecretKeySpec(decoder.decode(key), algorithm));
    var bytes = new Packages.java.lang.String(data).getBytes('UTF-8');
    return encoder.encodeToString(mac.doFinal(bytes));
}
"""
RUN = """
(function () {
    var client = new BrokerClient();
    var body = client.asciiJson({ source: client.source, justification: TEXT, task: null });
    return JSON.stringify({
        body: body,
        headers: client.signedHeaders('orders', 'msg_1', '1772439330', body),
        ignored: [client.ignoresLoginOf('broker'), client.ignoresLoginOf('other'),
                  client.ignoresLoginOf(''), client.ignoresLoginOf('ada')],
        dates: [client._date(undefined), client._date(''), client._date('2026-04-01'),
                client._date('2026-04-01 08:30:00'), client._date('next week')],
        reply: [client._parameter(REPLY, 'http_status_code'), client._parameter(REPLY, 'absent'),
                client._statusIn('{"order_id": "1"}'), client._statusIn('{"status": 429}'),
                client._statusIn('<html>')],
        outcomes: [client._isWorthAnotherTry(0, ''), client._isWorthAnotherTry(503, ''),
                   client._isWorthAnotherTry(422, ''), client._isWorthAnotherTry(401, '')]
    });
}())
"""


def program(text: str) -> str:
    """The script include with what it needs, and one run over `text`."""
    told = {"PROPERTIES": PROPERTIES, "TEXT": text, "REPLY": REPLY}
    given = "".join(f"var {name} = {json.dumps(value)};\n" for name, value in told.items())
    return given + SHIM.read_text() + INCLUDE.read_text()


def in_dukpy(text: str) -> dict[str, Any]:
    interpreter = dukpy.JSInterpreter()
    interpreter.export_function("mac", mac)
    host = "function hostMac(a, b, c) { return call_python('mac', a, b, c); }\n"
    made: dict[str, Any] = json.loads(interpreter.evaljs(host + program(text) + RUN))
    return made


def in_rhino(rhino: str, folder: Path, text: str) -> dict[str, Any]:
    script = folder / "run.js"
    script.write_text(RHINO_MAC + program(text) + f"print({RUN.strip()});\n")
    done = subprocess.run([rhino, str(script)], capture_output=True, text=True, check=True)
    made: dict[str, Any] = json.loads(done.stdout)
    return made


@pytest.mark.parametrize("text", TEXTS)
def test_the_body_is_ascii_and_its_signature_is_what_python_computes(text: str) -> None:
    made = in_dukpy(text)
    assert made["body"].isascii()
    assert json.loads(made["body"])["justification"] == text
    signed = f"msg_1.1772439330.{made['body']}".encode()
    digest = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
    assert made["headers"]["webhook-signature"] == f"v1,{digest}"
    assert made["ignored"] == [True, True, True, False]
    assert made["dates"] == [
        None,
        None,
        "2026-04-01T00:00:00Z",
        "2026-04-01T08:30:00Z",
        "next week",
    ]


def test_replies_and_refusals_are_understood() -> None:
    made = in_dukpy("")
    assert made["reply"] == ["202", "", 202, 429, 0]
    assert made["outcomes"] == [True, True, False, False]


@pytest.mark.slow
def test_rhino_gives_the_same_bytes_and_signatures(rhino: str, tmp_path: Path) -> None:
    for text in TEXTS:
        assert in_rhino(rhino, tmp_path, text) == in_dukpy(text)


@pytest.mark.slow
def test_rhino_compiles_every_script(rhino: str, tmp_path: Path) -> None:
    for script in sorted((ROOT / "servicenow").rglob("*.js")):
        check = tmp_path / "check.js"
        check.write_text(f"new Function({json.dumps(script.read_text())}); print('fine');\n")
        done = subprocess.run([rhino, str(check)], capture_output=True, text=True, check=False)
        assert done.stdout.strip() == "fine", f"{script}: {done.stdout}{done.stderr}"
