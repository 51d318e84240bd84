"""Level sensors: read beside the batches, shown beside the books, and used for nothing else."""

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.fields import Command
from odoo.tests import tagged

from ...plc.levels import Level
from ...plc.transport import Link
from ..booking.silo_case import SiloCase
from ..events.test_event_areas import refuse
from .protocol_case import OTHERS, ProtocolCase

BASE, ROWS = 9700, 20


class SensorCase(SiloCase):
    """Silo 103 is a stock location with 500 kg of lot A, and the PLC's layout has levels."""

    def add_levels(self, **values):
        """A level area beside the feedback of the controller's layout."""
        layout = self.controller.layout_id
        if layout.has_levels:
            return
        beside = layout.area_ids.filtered(lambda area: area.kind == "feedback")
        rows = {"repeat": ROWS, "step": 3}
        kg = {"type": "int32", "scale": 100.0}
        level = [
            Command.create({"name": "Silo", "role": "line_code", "offset": 0, **rows}),
            Command.create({"name": "Level", "role": "line_quantity", "offset": 1, **kg, **rows}),
        ]
        memory = {"registers": beside.registers, "bank": beside.bank, "node": beside.node}
        layout.area_ids = [Command.create({"kind": "level", "base": BASE, **memory, "field_ids": level, **values})]

    def sense(self, levels=None):
        """What the sensors show from now on; then an exchange, as long after the last one as the PLC wants."""
        with self.plc.lock:
            self.plc.mill.levels.update(levels or {})
        self.plc.step(0)
        self.wait()
        self.run_task(2)
        self.env.invalidate_all()

    def wait(self, seconds=60):
        silos = self.controller.equipment_ids.filtered("sensor_at")
        for silo in silos:
            silo.sensor_at -= timedelta(seconds=seconds)
        self.env.flush_all()

    def alarms(self):
        self.env.flush_all()
        self.run_task(4)
        standing = [("date_closed", "=", False), ("controller_id", "=", self.controller.id), ("kind", "=", "silo_sensor")]
        return self.env["plc.alarm"].search(standing).mapped("message")


@tagged("post_install", "-at_install")
class TestSensors(SensorCase):
    def setUp(self):
        super().setUp()
        self.location = self.make_location()
        self.bring(500.0, self.lots["A"], self.location)
        self.add_levels()
        self.plc = self.new_simulator(levels=((103, 480.0), (999, 5.0)))

    # Read

    def test_shown_beside_the_books(self):
        """With its time; what the books say stays as it is, and equipment that nobody knows is passed over."""
        begin = fields.Datetime.now()
        self.sense()
        self.assertRecordValues(self.silo, [{"sensor_level": 480.0, "sensor_problem": False, "level": 500.0}])
        self.assertGreaterEqual(self.silo.sensor_at, begin)
        self.assertRegex(self.silo.sensor_told, r"^480\.00 kg at ..:..$")
        gauge = next(each for each in self.env["plc.controller"].get_board()["lanes"] if each["id"] == self.controller.id)
        [silo] = [each for each in gauge["silos"] if each["id"] == self.silo.id]
        self.assertEqual((silo["sensor"], silo["sensor_off"], silo["level"]), (self.silo.sensor_told, False, 500.0))
        self.assertFalse(self.controller.equipment_ids.filtered(lambda silo: silo.code == 101).sensor_at)

    def test_not_each_look(self):
        """One request more, last of all, and not before the interval has passed; none at a PLC without levels."""
        asked = []
        read = Link.read_words

        def counted(link, at, count, registers="holding"):
            asked.append(at)
            return read(link, at, count, registers)

        with patch.object(Link, "read_words", counted):
            self.sense()
            self.assertEqual((asked.count(BASE), asked[-1]), (1, BASE))
            asked.clear()
            self.run_task(2)
            self.wait(30)  # half of it: a slow machine may need the other half
            self.run_task(2)
            self.assertNotIn(BASE, asked)
            self.wait(30)
            self.run_task(2)
            self.assertEqual(asked.count(BASE), 1)
            self.controller.layout_id.area_ids.filtered(lambda area: area.kind == "level").unlink()
            asked.clear()
            self.wait()
            self.run_task(2)
            self.assertNotIn(BASE, asked)

    def test_only_news_is_written(self):
        """A level that stayed is one write of its time, for all silos together."""
        self.sense()
        writes = []
        silos = type(self.env["plc.equipment"])
        write = silos.write
        with patch.object(silos, "write", lambda each, vals: writes.append(sorted(vals)) or write(each, vals)):
            self.controller._record_levels([Level(103, 480.1), Level(101, 0.0)])
            self.controller._record_levels([Level(103, 480.2), Level(101, 0.0)])
        self.assertEqual(writes, [["sensor_level", "sensor_problem"], ["sensor_at"], ["sensor_at"]])

    def test_a_batch_does_not_wait_for_sensors(self):
        """The PLC has no such registers, and says so: told once, and batches go on."""
        with patch.object(Link, "read_words", refuse(BASE, Link.read_words)):
            order = self.new_order(bom_id=self.wheat_bom.id)
            self.run_task(1)
            for _exchange in range(3):
                self.run_task(2)
                self.plc.step(0.1)
        self.assertIn(self.queue().state, ("offered", "running"))
        self.assertEqual(self.queue().production_id, order)
        self.assertIn("Cannot read the level sensors.", self.controller.levels_problem)
        anomalies = self.controller.journal_ids.filtered(lambda line: line.kind == "anomaly")
        self.assertEqual(len(anomalies), 1)
        self.sense()
        self.assertFalse(self.controller.levels_problem)

    # What is none

    def test_not_to_be_believed(self):
        """Told as such, with an alarm where there is a limit; the next good reading ends it."""
        self.sense()
        self.controller.sensor_limit_kg = 100.0
        self.sense({103: -50.0})
        self.assertIn("Level", self.silo.sensor_problem)
        self.assertIn("not to be believed at", self.silo.sensor_told)
        [alarm] = self.alarms()
        self.assertIn("The sensor of Silo 103: not to be believed at", alarm)
        self.sense({103: 470.0})
        self.assertRecordValues(self.silo, [{"sensor_problem": False, "sensor_level": 470.0}])
        self.assertEqual(self.alarms(), [])

    def test_old(self):
        """A reading of an hour ago says nothing of now."""
        self.controller.sensor_limit_kg = 100.0
        self.sense()
        self.wait(3600)
        self.env.invalidate_all()
        self.assertIn("not read since", self.silo.sensor_told)
        self.assertFalse(self.silo._sensor_differs(0.0))
        self.assertIn("not read since", self.alarms()[0])

    # Compared

    def test_limit(self):
        """Of the silo, else of the PLC; without one there is no alarm."""
        self.sense({103: 350.0})
        for of_plc, of_silo, is_off in (
            (0.0, 0.0, False),
            (100.0, 0.0, True),
            (100.0, 200.0, False),
            (0.0, 140.0, True),
            (150.0, 0.0, False),
        ):
            with self.subTest(of_plc=of_plc, of_silo=of_silo):
                self.controller.sensor_limit_kg, self.silo.sensor_limit_kg = of_plc, of_silo
                said = "Silo 103 holds 500.00 kg by the books, and 350.00 kg by its sensor."
                self.assertEqual([alarm[: len(said)] for alarm in self.alarms()], [said] if is_off else [])
        self.silo.location_id = False
        self.controller.sensor_limit_kg = 100.0
        self.assertEqual(self.alarms(), [], "no books to compare it with")

    def test_moved_since_the_reading(self):
        """The demo mill: while a batch is dosed the books follow each kilogram, and the sensor was read a minute ago. An alarm
        opens, and closes, only at a reading of what lies there now."""
        self.controller.sensor_limit_kg = 10.0
        for move in (self.dose, self.take_out):
            with self.subTest(move.__name__), self.env.cr.savepoint() as savepoint:
                self.sense({103: 500.0})
                self.assertEqual(self.alarms(), [])
                move(100.0)
                self.assertEqual(self.alarms(), [], "the sensor has not been read since")
                self.sensed()
                self.assertEqual(len(self.alarms()), 1, "it shows as much as before")
                move(80.0)
                self.assertEqual(len(self.alarms()), 1, "nobody knows")
                self.sensed(320.0)
                self.assertEqual(self.alarms(), [])
                savepoint.rollback()
            self.env.invalidate_all()

    def dose(self, quantity):
        """Of a batch that runs; later than the reading, which a transaction cannot be."""
        self.batch = self.env["mo.batch"].search([("controller_id", "=", self.controller.id)]) or self.new_running()
        line = self.line(self.batch)
        line.actual_qty += quantity
        self.env.flush_all()
        self.env.cr.execute("UPDATE mo_batch_line SET write_date = %s WHERE id = %s", [self.later(), line.id])
        self.env.invalidate_all()

    def new_running(self):
        order = self.new_order(bom_id=self.lot_bom.id)
        self.env["plc.task.fill"]._fill(self.controller)
        order.plc_batch_ids.state = "running"
        return order.plc_batch_ids

    def take_out(self, quantity):
        values = {"product_id": self.barley.id, "product_uom_qty": quantity, "product_uom": self.kg.id}
        places = {"location_id": self.location.id, "location_dest_id": self.store.id}
        move = self.env["stock.move"].create({**values, **places})
        move._action_confirm()
        lot = {"lot_id": self.lots["A"].id, "quantity": quantity, "picked": True}
        self.env["stock.move.line"].create({"move_id": move.id, "product_id": self.barley.id, **places, **lot})
        move.picked = True
        move._action_done()
        move.move_line_ids.date = self.later()

    def later(self):
        return self.silo.sensor_at + timedelta(seconds=5)

    def sensed(self, level=500.0):
        """The sensor, once more."""
        self.silo.write({"sensor_level": level, "sensor_at": self.silo.sensor_at + timedelta(seconds=10)})

    def test_no_part_in_the_fill_nor_in_the_booking(self):
        """The sensor says that the silo is empty: by the books it is not."""
        self.controller.level_policy = "leave"
        other = self.controller.equipment_ids.filtered(lambda silo: silo.code == 101).location_id
        self.env["stock.quant"]._update_available_quantity(self.wheat, other, 1000.0)
        self.sense({103: 0.0})
        order = self.new_order(bom_id=self.lot_bom.id)
        self.run_task(1)
        batch = self.queue()
        self.assertEqual((batch.production_id, order.plc_reason), (order, False))
        self.end(batch, 100.0)
        self.run_task(3)
        self.assertEqual(self.stock(), {("silo", "A"): 400.0})

    def test_what_is_dosed_leaves_the_sensor(self):
        self.new_order(bom_id=self.lot_bom.id)
        self.run_task(1)
        self.run_task(2)
        self.run_plc(self.plc, 1)
        self.sense()
        self.assertAlmostEqual(self.silo.sensor_level, 480.0 - self.line(self.queue()).actual_qty, delta=0.5)


@tagged("post_install", "-at_install")
class TestProtocols(SensorCase, ProtocolCase):
    def test_each(self):
        """Over each wire as the clock is."""
        for transport in OTHERS:
            with self.subTest(transport):
                self.speak(transport)
                self.add_levels()
                self.plc = self.new_simulator(levels=((103, 480.0),))
                self.sense()
                self.assertEqual(self.silo.sensor_level, 480.0, self.controller.levels_problem or self.controller.last_error)
                self.silo.write({"sensor_at": False, "sensor_level": 0.0})
                self.plc.stop()
