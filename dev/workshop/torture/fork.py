"""Processes that are forked off a process which has everything loaded: they are there in milliseconds, and die for real.

The forking process must have neither threads nor database connections.
"""

import ctypes
import json
import os
import select
import signal
import socket
import traceback
from contextlib import suppress

PR_SET_PDEATHSIG = 1


class Gone(Exception):
    """The other process has ended, or was killed."""


class Line:
    """A socket on which JSON values go back and forth, one a line."""

    def __init__(self, sock):
        self._sock = sock
        self._file = sock.makefile("r")

    def tell(self, value):
        """:raise Gone:"""
        try:
            self._sock.sendall((json.dumps(value) + "\n").encode())
        except OSError:
            raise Gone from None

    def hear(self):
        """:raise Gone:"""
        try:
            text = self._file.readline()
        except OSError:
            text = ""
        if not text.endswith("\n"):
            raise Gone
        return json.loads(text)

    def ask(self, value):
        """:raise Gone:"""
        self.tell(value)
        return self.hear()

    def close(self):
        self._file.close()
        self._sock.close()


class Fork:
    """``main(line)`` in a process of its own, which ends with the process that forked it. ``line`` leads here."""

    def __init__(self, main):
        ours, theirs = socket.socketpair()
        parent = os.getpid()
        self.pid = os.fork()
        if not self.pid:
            ours.close()
            _child(main, Line(theirs), parent)
        theirs.close()
        self.line = Line(ours)
        self.status = None

    def kill(self, signum=signal.SIGKILL):
        """:return: its wait status"""
        if self.status is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signum)
        return self.wait()

    def ends_within(self, seconds):
        """Whether it does."""
        process = os.pidfd_open(self.pid)
        try:
            return bool(select.select([process], [], [], seconds)[0])
        finally:
            os.close(process)

    def wait(self):
        """:return: its wait status"""
        if self.status is None:
            _pid, self.status = os.waitpid(self.pid, 0)
            self.line.close()
        return self.status


def _child(main, line, parent):
    status = 1
    try:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        for signum in (signal.SIGINT, signal.SIGTERM):
            signal.signal(signum, signal.SIG_DFL)
        if os.getppid() == parent:
            main(line)
            status = 0
    except Gone:
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)
