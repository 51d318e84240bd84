"""The far end of each kind of wire: pymodbus's own servers, in a thread, in front of a simulated mill's registers."""

import asyncio
import datetime
import ipaddress
import os
import select
import ssl
import threading
import tty
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pymodbus import FramerType
from pymodbus.server import ModbusSerialServer, ModbusTcpServer, ModbusTlsServer
from pymodbus.simulator import DataType, SimData, SimDevice

from odoo.addons.plc_mo_batch.simulator.server import _QuietPymodbus

from .patience import DEADLINE

REGISTERS = 65536
READ_INPUT, READ_HOLDING = 4, 3


class Wire:
    """A mill that is reached another way than over plain Modbus TCP: ``with Wire(simulator, kind) as wire``.

    :param simulator: a :class:`Simulator` that is not started: only its registers and its mill are used
    :param kind: ``tls``, ``rtu_tcp`` or ``serial``
    :param options: what pymodbus's server takes beside its address
    """

    def __init__(self, simulator, kind, device="", **options):
        self.simulator = simulator
        self.kind = kind
        self.device = device
        self.options = options
        self.port = 0
        self.delay = 0.0  # seconds before each answer
        self.functions = []  # of the requests, in their order
        self._ready = threading.Event()
        self._failure = None

    def __enter__(self):
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._thread.start()
        if not self._ready.wait(DEADLINE) or self._failure:
            raise OSError(f"no server: {self._failure}")
        return self

    def __exit__(self, *_exc):
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(DEADLINE)

    async def _serve(self):
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        with _QuietPymodbus():
            server = self._server()
            try:
                await server.serve_forever(background=True)
            except (RuntimeError, OSError) as error:
                self._failure = error
                self._ready.set()
                return
            if self.kind != "serial":
                self.port = server.transport.sockets[0].getsockname()[1]
            self._ready.set()
            await self._stopping.wait()
            await server.shutdown()

    def _server(self):
        registers = SimData(0, count=REGISTERS, values=0, datatype=DataType.REGISTERS)
        device = SimDevice(self.simulator.device_id, registers, action=self._on_request)
        if self.kind == "serial":
            return ModbusSerialServer(device, port=self.device, **self.options)
        if self.kind == "tls":
            return ModbusTlsServer(device, address=("127.0.0.1", 0), **self.options)
        framer = FramerType.RTU if self.kind == "rtu_tcp" else FramerType.SOCKET
        return ModbusTcpServer(device, framer=framer, address=("127.0.0.1", 0), **self.options)

    async def _on_request(self, function, *request):
        self.functions.append(function)
        await asyncio.sleep(self.delay)
        return await self.simulator._on_request(READ_HOLDING if function == READ_INPUT else function, *request)


@contextmanager
def serial_cable():
    """Two serial ports that are joined, by their paths."""
    pairs = [os.openpty(), os.openpty()]
    near, far = (master for master, _slave in pairs)
    done, wake = os.pipe()

    def carry():
        while done not in (ready := select.select([near, far, done], [], [])[0]):
            for master in ready:
                with suppress(OSError):
                    os.write(far if master == near else near, os.read(master, 1000))

    for _master, slave in pairs:
        tty.setraw(slave)
    thread = threading.Thread(target=carry, daemon=True)
    thread.start()
    try:
        yield [os.ttyname(slave) for _master, slave in pairs]
    finally:
        os.write(wake, b"x")
        thread.join()
        for descriptor in (*(end for pair in pairs for end in pair), done, wake):
            os.close(descriptor)


class Authority:
    """Certificates for a test; each of :meth:`issue` and ``self.own`` has ``certificate`` and ``key``, in PEM form."""

    def __init__(self, name="Test authority"):
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.own = self._sign(self._name, self._key, [x509.BasicConstraints(ca=True, path_length=0)])

    def issue(self, name, address=None, begin=-86400, end=86400):
        """A certificate for a host of this name, or for an IP address; ``begin`` and ``end`` in seconds from now."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = [x509.IPAddress(ipaddress.ip_address(address)) if address else x509.DNSName(name)]
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        return self._sign(subject, key, [x509.SubjectAlternativeName(names)], begin, end)

    def application(self, uri, address=None):
        """A certificate for an application of OPC UA: with its URI, and a key of RSA."""
        key = rsa.generate_private_key(65537, 2048)
        names = [x509.UniformResourceIdentifier(uri)]
        names += [x509.IPAddress(ipaddress.ip_address(address))] if address else []
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, uri)])
        uses = dict.fromkeys(("digital_signature", "content_commitment", "key_encipherment", "data_encipherment"), True)
        others = ("key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")
        use = x509.KeyUsage(**uses, **dict.fromkeys(others, False))
        extended = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH])
        return self._sign(subject, key, [x509.SubjectAlternativeName(names), use, extended])

    def _sign(self, subject, key, extensions, begin=-86400, end=86400):
        now = datetime.datetime.now(datetime.timezone.utc)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + datetime.timedelta(seconds=begin))
            .not_valid_after(now + datetime.timedelta(seconds=end))
        )
        for extension in extensions:
            builder = builder.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        signed = builder.sign(self._key, hashes.SHA256())
        return SimpleNamespace(certificate=signed.public_bytes(serialization.Encoding.PEM).decode(), key=private.decode())


def server_context(folder, issued, client_authority=None):
    """The TLS side of a PLC with the certificate ``issued``; with ``client_authority`` it asks for one of Odoo's."""
    path = Path(folder) / "server.pem"
    path.write_text(issued.certificate + issued.key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    if client_authority:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=client_authority.own.certificate)
    return context
