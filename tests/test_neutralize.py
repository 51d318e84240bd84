"""A copy of a plant's database that Odoo's own command neutralized never talks to a PLC, whatever somebody presses."""

import socket
from xmlrpc.client import Fault

import pytest
from support import odoo, shell

from workshop import plant
from workshop.plant import Server, query

BUTTONS = ("action_exchange_now", "action_fill_now", "action_write_back_now", "test_connection", "action_view_snapshot")


@pytest.fixture(scope="module")
def plc():
    """Whoever connects here waits to be accepted."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        yield listener


@pytest.fixture(scope="module")
def copy(database, plc):
    """It would have something to say to the PLC."""
    plant.connect_plc(database, plc.getsockname()[1])
    shell(database, 'env["plc.task.fill"]._run()\nenv["mo.batch"].search([], limit=2)._set_state("offered")')
    odoo("neutralize", "-d", database)
    return database


def was_called(plc):
    try:
        plc.accept()[0].close()
    except BlockingIOError:
        return False
    return True


def test_it_is_switched_off(copy):
    assert query(copy, "SELECT enabled FROM plc_controller WHERE enabled") == []
    assert query(copy, "SELECT 1 FROM ir_config_parameter WHERE key = 'plc_mo_batch.enabled'") == []
    assert query(copy, "SELECT 1 FROM ir_cron WHERE active AND cron_name LIKE 'PLC Task %'") == []


def test_it_is_silent_even_where_all_is_switched_on_again(copy, plc, folder):
    """Somebody who tries things out on the copy finds every switch."""
    query(copy, "UPDATE plc_controller SET enabled = true")
    query(copy, "UPDATE ir_cron SET active = true WHERE cron_name LIKE 'PLC Task %'")
    query(copy, "INSERT INTO ir_config_parameter (key, value) VALUES ('plc_mo_batch.enabled', 'True')")
    with Server(copy, folder / "odoo.log") as server:
        rpc = server.wait_up().rpc()
        mill = rpc.ref("plc_mo_batch.plc_controller_mill")
        for button in BUTTONS:
            with pytest.raises(Fault):
                rpc.call("plc.controller", button, [mill])
        for number in (1, 2, 3):
            rpc.call("ir.cron", "method_direct_trigger", [rpc.ref(f"plc_mo_batch.ir_cron_task_{number}")])
        assert "[TASK 2] switched off: nothing done" in server.output()
    assert not was_called(plc)
    assert query(copy, "SELECT count(*) FROM mo_batch WHERE state = 'offered'") == [(2,)]


def test_the_plant_itself_would_have_called(copy, plc):
    """What the silence is compared with."""
    query(copy, "DELETE FROM ir_config_parameter WHERE key = 'database.is_neutralized'")
    shell(copy, 'env["plc.task.exchange"]._run()')
    assert was_called(plc)
