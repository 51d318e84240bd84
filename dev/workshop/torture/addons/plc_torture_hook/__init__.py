"""Loaded into a server by ``--load``: a hook for dev/torture, a clock that jumps for dev/soak. What it does stands in environment
variables, without which it does nothing."""

import os
from pathlib import Path


def _jumping_clock(path):
    """What the addon takes for the time is off by as many seconds as the file says, as after a clock was set."""
    from datetime import timedelta

    from odoo import fields

    now = fields.Datetime.now

    def shifted(*_args):
        try:
            return now() + timedelta(seconds=float(path.read_text()))
        except (OSError, ValueError):
            return now()

    fields.Datetime.now = staticmethod(shifted)


def _hook(address, point, count):
    from workshop.torture.genuine import install

    install(address, point, count)


if os.environ.get("PLC_SOAK_CLOCK"):
    _jumping_clock(Path(os.environ["PLC_SOAK_CLOCK"]))
if os.environ.get("PLC_TORTURE_POINT"):
    _hook(os.environ["PLC_TORTURE_SOCKET"], os.environ["PLC_TORTURE_POINT"], int(os.environ["PLC_TORTURE_COUNT"]))
