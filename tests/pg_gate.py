"""A gate between an Odoo server and PostgreSQL, which holds back one kind of statement for as long as a test likes."""

import os
import re
import shutil
import socket
import tempfile
import threading
from contextlib import suppress
from pathlib import Path

HOLD_SECONDS = 300.0


class Gate:
    """While it is closed, statements that match ``pattern`` wait; what came before them in their transaction has been done.

    Odoo goes through it when ``folder`` is its ``--db_host``.
    """

    def __init__(self, pattern):
        self._pattern = re.compile(pattern, re.DOTALL)
        self._open = threading.Event()
        self._open.set()
        self.holding = threading.Event()
        self.folder = Path(tempfile.mkdtemp(dir="/tmp"))  # a socket's path has at most 107 bytes
        self._port = os.environ.get("PGPORT") or "5432"
        self._listener = socket.socket(socket.AF_UNIX)

    def __enter__(self):
        self._listener.bind(str(self.folder / f".s.PGSQL.{self._port}"))
        self._listener.listen(50)
        _start(self._accept)
        return self

    def __exit__(self, *_exc):
        self.open()
        self._listener.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def close(self):
        self.holding.clear()
        self._open.clear()

    def open(self):
        self._open.set()

    def _accept(self):
        with suppress(OSError):  # closed
            while True:
                client, _address = self._listener.accept()
                server = self._connect()
                _start(self._pump, client, server, self._wait)
                _start(self._pump, server, client, lambda data: None)

    def _connect(self):
        host = os.environ.get("PGHOST") or "/var/run/postgresql"
        if not host.startswith("/"):
            return socket.create_connection((host, int(self._port)))
        server = socket.socket(socket.AF_UNIX)
        server.connect(f"{host}/.s.PGSQL.{self._port}")
        return server

    def _wait(self, data):
        if not self._open.is_set() and self._pattern.search(data):
            self.holding.set()
            self._open.wait(HOLD_SECONDS)

    def _pump(self, source, target, before):
        with suppress(OSError):
            while data := source.recv(65536):
                before(data)
                target.sendall(data)
        for sock in (source, target):
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)


def _start(target, *args):
    threading.Thread(target=target, args=args, daemon=True).start()
