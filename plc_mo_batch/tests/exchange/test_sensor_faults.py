"""Sensors that jump, show what cannot be, answer no more, or are no more: nothing is booked by them, nothing waits for them."""

from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from ...plc.levels import Level
from ...plc.transport import Link, LinkError
from .test_sensors import BASE, SensorCase


@tagged("post_install", "-at_install")
class TestSensorFaults(SensorCase):
    """500 kg by the books, 480 by the sensor; an alarm beyond 100 kg."""

    def setUp(self):
        super().setUp()
        self.location = self.make_location()
        self.bring(500.0, self.lots["A"], self.location)
        self.add_levels()
        self.controller.sensor_limit_kg = 100.0
        self.show(480.0)

    def show(self, kg, code=103):
        self.controller._record_levels([Level(code, kg)])
        self.env.flush_all()

    def sharing(self, code, kg):
        """Other equipment that is said to be the same location."""
        silo = self.new_silo(code, self.barley, location_id=self.location.id)
        self.show(kg, code)
        return silo

    # What it shows

    def test_jumps(self):
        """What it shows last counts; the alarm comes and goes with it, and the journal has each alarm once."""
        for kg, is_off in ((0.0, True), (21_474_836.47, True), (480.0, False), (1e12, True), (-0.0, True), (500.0, False)):
            with self.subTest(kg=kg):
                self.show(kg)
                self.assertEqual(self.silo.sensor_level, kg)
                self.assertEqual(bool(self.alarms()), is_off)
                gauge = self.env["plc.controller"].get_board()["lanes"]
                [shown] = [each for lane in gauge for each in lane["silos"] if each["id"] == self.silo.id]
                self.assertEqual((shown["sensor_off"], shown["level"]), (is_off, 500.0))
        self.assertEqual(self.stock(), {("silo", "A"): 500.0})
        self.assertEqual(self.controller.journal_ids.mapped("kind").count("anomaly"), 2)

    def test_never_answers(self):
        """It is told once, the batch goes on over the same look, and what was shown last is soon told as old."""
        plc, read = self.new_simulator(), Link.read_words

        def silent(link, at, count, registers="holding"):
            if at == BASE:
                link.close()
                raise LinkError("timeout", "no answer")
            return read(link, at, count, registers)

        with patch.object(Link, "read_words", silent):
            self.new_order(bom_id=self.wheat_bom.id)
            self.run_task(1)
            for _exchange in range(3):
                self.wait()
                self.run_task(2)
                plc.step(0.1)
        self.assertIn(self.queue().state, ("offered", "running"))
        self.assertIn("Cannot read the level sensors.", self.controller.levels_problem)
        self.wait(3600)
        self.env.invalidate_all()
        [alarm] = self.alarms()
        self.assertIn("not read since", alarm)

    # Whose it is

    def test_archived(self):
        """No alarm misses the sensor of a silo that is out of use, and nothing is written on it."""
        self.silo.location_id = False
        self.show(200.0)
        self.wait(3600)
        self.silo.active = False
        self.show(10.0)
        self.assertEqual(self.silo.sensor_level, 200.0)
        self.assertEqual(self.alarms(), [])
        self.silo.active = True
        self.assertIn("not read since", self.alarms()[0])
        self.show(150.0)
        self.assertRecordValues(self.silo, [{"sensor_level": 150.0, "sensor_problem": False}])
        self.assertEqual(self.alarms(), [])

    def test_code_changed(self):
        """The other code's reading is not this silo's."""
        self.silo.write({"name": "Silo 203", "code": 103})
        self.assertTrue(self.silo.sensor_at)
        self.silo.code = 203
        self.assertRecordValues(self.silo, [{"sensor_at": False, "sensor_level": 0.0, "sensor_told": False}])
        self.show(300.0, 203)
        self.assertEqual(self.silo.sensor_level, 300.0)

    def test_is_no_more(self):
        """The PLC shows it no more: an alarm misses it until a manager says that there is none."""
        self.wait(3600)
        self.show(10.0, 101)
        self.assertIn("The sensor of Silo 103: not read since", self.alarms()[0])
        operator, manager = (
            new_test_user(self.env, f"plc-{name}", groups=f"plc_mo_batch.group_{name}") for name in ("operator", "manager")
        )
        with self.assertRaises(AccessError):
            self.silo.with_user(operator).action_forget_sensor()
        self.silo.with_user(manager).action_forget_sensor()
        self.assertFalse(self.silo.sensor_told)
        self.assertEqual([alarm for alarm in self.alarms() if "Silo 103" in alarm], [])
        self.show(0.0)
        self.assertTrue(self.silo.sensor_told)

    def test_one_location(self):
        """One silo with two outlets, whose sensors both show it, or two silos with a part each: either may be, nothing else."""
        other = self.sharing(203, 490.0)
        self.assertEqual(self.alarms(), [])
        self.show(300.0)
        self.show(210.0, 203)
        self.assertEqual(self.alarms(), [])
        self.show(10.0, 203)
        self.assertEqual(len(self.alarms()), 2)
        other.action_forget_sensor()
        self.assertEqual(len(self.alarms()), 1)
