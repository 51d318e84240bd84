"""A PLC that speaks another protocol than Modbus, and one batch in it."""

from ...plc.wires import KINDS
from ..common import MillCase
from ..core import test_opcua, test_s7

# those whose library is there
MISSING = {name for name, test in (("s7", test_s7), ("opcua", test_opcua)) if not test.HAS_LIBRARY}
OTHERS = [name for name, kind in KINDS.items() if kind.family.name != "modbus" and name not in MISSING]


class ProtocolCase(MillCase):
    def speak(self, transport, handshake="job_numbers"):
        """``self.controller`` speaks it from now on; its layout is the shipped one."""
        protocol = KINDS[transport].family.name
        layout = self.env.ref(f"plc_mo_batch.plc_register_layout_{handshake}_{protocol}")
        self.controller.write({"transport": transport, "layout_id": layout.id, "commissioned": True})


class OneBatchCase(ProtocolCase):
    def offered(self, transport):
        """A PLC with a recipe in it that it has not taken yet, and the order."""
        self.speak(transport)
        plc = self.new_simulator()
        return plc, self.brought(plc, "offered")

    def brought(self, plc, moment):
        """An order whose batch is there: queued, offered or running."""
        order = self.new_order()
        self.run_task(1)
        if moment != "queued":
            self.run_task(2)
        if moment == "running":
            self.take(plc)
        self.assertEqual(self.queue().state, moment, self.controller.last_error)
        return order

    def take(self, plc):
        """It takes what is offered, doses for a minute, and Odoo sees it."""
        plc.step(1)
        plc.step(60)
        self.run_task(2)

    def finish(self, plc, order):
        """It is made once, and booked as it was dosed."""
        self.run_plc(plc, 1)
        self.run_task(2)
        self.run_task(3)
        self.assertFalse(self.controller.last_error)
        self.assertEqual(order.state, "done", self.controller.last_error)
        [made] = [record for record in plc.mill.ledger if (record["event"], record["order"]) == ("finished", order.name)]
        dosed = {line["code"]: line["kg"] for line in made["lines"] if line["kg"]}
        lines = self.history().filtered(lambda batch: batch.production_id == order).line_ids
        self.assertEqual({line.code: line.actual_qty for line in lines if line.code and line.actual_qty}, dosed)

    def end(self, plc, order):
        self.finish(plc, order)
        plc.stop()
