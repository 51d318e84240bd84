"""dev/demo as a person starts it."""

import re
import signal
import socket
import subprocess

import pytest
import requests
from support import in_turn

from workshop.plant import ADMIN, DEV, Process, free_port, is_free, query, wait_for

DEMO = DEV / "demo"


def left_behind(output):
    """What a demo with this output started and did not stop."""
    ports = [int(port) for port in re.findall(r"127\.0\.0\.1:(\d+)", output)]
    databases = re.findall(r"plc_test_\d+_\d+", output)
    assert len(set(ports)) == 2, output
    assert databases, output
    found = query("postgres", "SELECT datname FROM pg_database WHERE datname = ANY(%s)", databases)
    return [port for port in ports if not is_free(port)] + found


# all protocols and both handshakes, one for each commit; FINS over UDP has no flags
CYCLES = (
    ("modbus", "job-numbers"),
    ("fins", "job-numbers"),
    ("opcua", "flags"),
    ("modbus", "flags"),
    ("s7", "job-numbers"),
    ("fins-tcp", "flags"),
)


@pytest.mark.parametrize(
    ("protocol", "handshake"),
    [pytest.param(*cycle, marks=in_turn("demo", number, len(CYCLES))) for number, cycle in enumerate(CYCLES)],
)
def test_ten_orders_run_through(protocol, handshake, folder):
    command = [DEMO, "--once", "--speed", 600, "--protocol", protocol, "--handshake", handshake]
    with Process(command, folder / "demo.log") as demo:
        assert demo.wait(1800) == 0, demo.output()
    output = demo.output()
    assert re.search(rf"10 orders done .*\({protocol}, {handshake}\), all \d+ lines agree", output), output
    for step in ("queued", "sending", "offered", "completed", "written back"):
        batches = set(re.findall(rf"\d\d:\d\d:\d\d  {step} +(BATCH/\d+)  WH/MILL/\d+  slot \d+", output))
        assert len(batches) == 10, f"{step}: {sorted(batches)}"
    assert not left_behind(output)


def test_ctrl_c_leaves_nothing_behind(folder):
    with Process([DEMO, "--once"], folder / "demo.log") as demo:
        wait_for("The first batch", lambda: "offered" in demo.output(), 300, demo.check)
        demo.signal(signal.SIGINT)
        assert demo.wait(1800) == 130, demo.output()
    assert not left_behind(demo.output())


def test_it_waits_for_somebody_and_goes_on(folder):
    """Nothing is queued before somebody looks at the board; when all is done, the same orders come again."""
    with Process([DEMO, "--speed", 600, "--bare", "--port", free_port()], folder / "demo.log") as demo:
        wait_for("The link", lambda: "to begin." in demo.output(), 600, demo.check)
        url = re.search(r"http://\S+/odoo/plc-board", demo.output()).group()
        assert "queued" not in demo.output()
        log_in(url)
        wait_for("The second round", lambda: demo.output().count("orders are done") == 2, 900, demo.check)
        demo.signal(signal.SIGINT)
        assert demo.wait(1800) == 0, demo.output()
    batches = set(re.findall(r"written back +(BATCH/\d+)", demo.output()))
    assert len(batches) == 20, sorted(batches)


def log_in(board):
    """And look at the board."""
    with requests.Session() as browser:
        params = {"db": "plc_demo", "login": ADMIN[0], "password": ADMIN[1]}
        browser.post(f"{board.removesuffix('/odoo/plc-board')}/web/session/authenticate", json={"params": params}, timeout=120)
        browser.get(board, timeout=120)


def test_busy_port_is_named():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen()
        port = sock.getsockname()[1]
        result = subprocess.run([DEMO, "--once", "--port", str(port)], capture_output=True, text=True, timeout=600)
    assert result.returncode == 1
    assert f"Error: Port {port} is in use: choose another one with --port." in result.stdout
