"""A TLS front before a sandbox, with a certificate of a throw-away authority.

Real instances speak https only, and most clients insist on it. The front knows no HTTP: it hands
the bytes on, so what the client asks for is what the sandbox is asked for.
"""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NAME = "localhost"
_CHUNK = 65536


@dataclass(frozen=True)
class Front:
    """Where the front listens, as `host:port`, and the file of the authority to trust."""

    host: str
    authority: Path


class Authority:
    """Signs certificates for as long as a test lasts."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "throw-away authority")])
        builder = self._dated(self._name, self._key.public_key())
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        self.certificate = builder.add_extension(_usage(signs=True), True).sign(
            self._key, hashes.SHA256()
        )

    def _dated(self, name: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        """A certificate of that name for a day, which both ends of a chain begin as."""
        now = datetime.now(UTC)
        identifiers = (
            x509.SubjectKeyIdentifier.from_public_key(key),
            x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()),
        )
        builder = x509.CertificateBuilder(self._name, name, key, x509.random_serial_number())
        builder = builder.not_valid_before(now - timedelta(hours=1))
        builder = builder.not_valid_after(now + timedelta(days=1))
        for identifier in identifiers:
            builder = builder.add_extension(identifier, critical=False)
        return builder

    def write(self, folder: Path) -> Path:
        """The file that a client is to trust."""
        path = folder / "authority.pem"
        path.write_bytes(self.certificate.public_bytes(Encoding.PEM))
        return path

    def context(self, folder: Path) -> ssl.SSLContext:
        """What a server on loopback needs."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
        loopback = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
        names = x509.SubjectAlternativeName([x509.DNSName(NAME), loopback])
        builder = self._dated(name, key.public_key()).add_extension(names, critical=False)
        server = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        builder = builder.add_extension(server, False).add_extension(_usage(signs=False), True)
        signed = builder.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM)
        path = folder / "server.pem"
        own = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        path.write_bytes(own + signed)
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(path)
        return made


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


@contextmanager
def front(port: int, folder: Path) -> Iterator[Front]:
    """A front before the server on that loopback port; its files go to `folder`."""
    authority = Authority()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True, name="TLS front")
    thread.start()
    served = _Served(port, authority.context(folder))
    try:
        own = asyncio.run_coroutine_threadsafe(served.start(), loop).result(timeout=30)
        yield Front(f"{NAME}:{own}", authority.write(folder))
    finally:
        asyncio.run_coroutine_threadsafe(served.stop(), loop).result(timeout=30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


class _Served:
    """The listening socket and the connections that are open."""

    def __init__(self, port: int, context: ssl.SSLContext) -> None:
        self._port, self._context = port, context
        self._open: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> int:
        """Listen; the port."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=self._context)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def stop(self) -> None:
        """Cut what is open and end."""
        if self._server:
            self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _accept(self, inner: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._open.add(task)
        task.add_done_callback(self._open.discard)
        with suppress(OSError):
            outer, on = await asyncio.open_connection("127.0.0.1", self._port)
            await asyncio.gather(_pump(inner, on), _pump(outer, back))


async def _pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    """Hand on what comes, until its end; then the other side ends as well."""
    try:
        while data := await source.read(_CHUNK):
            target.write(data)
            await target.drain()
    except OSError:
        pass  # whoever is gone needs nothing more
    finally:
        target.close()
        with suppress(OSError):
            await target.wait_closed()
