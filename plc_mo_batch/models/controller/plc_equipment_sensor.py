from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import format_datetime

from ...plc.levels import differs, has_changed
from ...tools.translate import format_number, translate
from ..common.plc_tolerance import weight_field
from ..common.roles import check_manager

OLD = timedelta(minutes=15)  # after which a reading says nothing of now
SHORT = "HH:mm"


class PlcController(models.Model):
    """The sensors of a PLC whose layout has levels: what they show stands beside the books. Nothing is booked by it, and no
    recipe is compared with it."""

    _inherit = "plc.controller"

    has_levels = fields.Boolean(related="layout_id.has_levels", related_sudo=True)
    level_seconds = fields.Integer(
        string="Read Levels Every (s)",
        default=60,
        help="Seconds between two readings of the level sensors; at most one an exchange.",
    )
    sensor_limit_kg = weight_field(
        "Sensor and Books",
        "An alarm is raised where the sensor of a silo and its level by the books differ by more than this, in the PLC's weight "
        "unit, or where the sensor cannot be believed. 0: no alarm.",
    )
    levels_problem = fields.Char(readonly=True, copy=False, help="Why the level sensors cannot be read.")

    _level_seconds_range = models.Constraint("CHECK(level_seconds BETWEEN 1 AND 86400)", "Seconds must be between 1 and a day.")
    _sensor_limit_positive = models.Constraint("CHECK(sensor_limit_kg >= 0)", "Limits cannot be negative.")

    # Business methods

    def _are_levels_due(self):
        """Time enough has passed since the last reading; a clock that was set back counts as time."""
        read = [at for at in self.equipment_ids.mapped("sensor_at") if at]
        return not read or abs(fields.Datetime.now() - max(read)) >= timedelta(seconds=self.level_seconds)

    def _record_levels(self, levels):
        """Store what the sensors show.

        :param levels: each a :class:`~...plc.levels.Level`; of equipment that is not known here nothing is stored
        """
        self._record_levels_problem("")
        silos = {silo.code: silo for silo in self.equipment_ids}
        known = [(silos[level.code], level) for level in levels if level.code in silos]
        news = [(silo, level) for silo, level in known if silo._is_sensor_news(level)]
        for silo, level in news:
            silo._set_sensor(level)
        self.env["plc.equipment"].union(*(silo for silo, _level in known)).sensor_at = fields.Datetime.now()
        if news:
            self.env["plc.board"]._mark_lanes(self.ids)

    def _record_levels_problem(self, message):
        """Why none of them can be read; empty: they can. Journalled once."""
        if (self.levels_problem or "") != message:
            self.levels_problem = message or False
            if message:
                self.env["mo.batch.journal"]._record("anomaly", message, controller=self)


class PlcEquipment(models.Model):
    _inherit = "plc.equipment"

    sensor_level = fields.Float(
        digits="Product Unit",
        readonly=True,
        copy=False,
        help="What its sensor shows, in the PLC's weight unit. Nothing is booked by it.",
    )
    sensor_at = fields.Datetime(string="Sensor Read On", readonly=True, copy=False)
    sensor_problem = fields.Char(readonly=True, copy=False, help="Why its sensor cannot be believed.")
    sensor_told = fields.Char(string="Sensor", compute="_compute_sensor_told", compute_sudo=True)
    sensor_limit_kg = weight_field(
        "Sensor Limit", "By how much its sensor and the books may differ, in the PLC's weight unit. 0: as on the PLC."
    )

    _sensor_limit_positive = models.Constraint("CHECK(sensor_limit_kg >= 0)", "Limits cannot be negative.")

    @api.depends("sensor_level", "sensor_at", "sensor_problem", "controller_id.level_seconds")
    @api.depends_context("lang", "tz")
    def _compute_sensor_told(self):
        for silo in self:
            silo.sensor_told = silo._told_sensor() if silo.sensor_at else False

    # Actions

    def action_forget_sensor(self):
        """Its sensor is no more: what it showed last is forgotten, and no alarm misses it, until the PLC shows it again.

        :return: True
        """
        check_manager(self)
        self.sudo()._forget_sensor()
        return True

    # Business methods: its sensor

    def _forget_sensor(self):
        self.filtered("sensor_at").write({"sensor_at": False, "sensor_level": 0.0, "sensor_problem": False})

    def _told_sensor(self):
        """What it shows, and when that was; or why nobody knows."""
        told = {"time": format_datetime(self.env, self.sensor_at, dt_format=SHORT), "problem": self.sensor_problem}
        told["level"] = f"{format_number(self.env, self.sensor_level, '.2f')} {self.controller_id.sudo().uom_id.name}"
        if self._is_sensor_old():
            told["time"] = format_datetime(self.env, self.sensor_at)
            return self.env._("not read since %(time)s", **told)
        if self.sensor_problem:
            return self.env._("not to be believed at %(time)s: %(problem)s", **told)
        return self.env._("%(level)s at %(time)s", **told)

    def _is_sensor_old(self):
        allowed = max(OLD, timedelta(seconds=3 * self.controller_id.level_seconds))
        return bool(self.sensor_at) and abs(fields.Datetime.now() - self.sensor_at) > allowed

    def _sensor_limit(self):
        """0: there is none."""
        return self.sensor_limit_kg or self.controller_id.sensor_limit_kg

    def _sensor_differs(self, book):
        """
        :param book: its level by the books; None: it has none
        """
        is_told = self._is_sensor_known() and book is not None
        off = is_told and all(differs(level, book, self._sensor_limit()) for level in self._sensed())
        return off and not self._has_moved_since_reading()

    def _has_moved_since_reading(self):
        """It was dosed from, filled or emptied after its sensor was read: the books are of now, and the sensor is not. So nothing
        can be said before the next reading."""
        dosed = [("equipment_id", "=", self.id), ("write_date", ">", self.sensor_at), ("batch_id.active", "=", True)]
        if self.env["mo.batch.line"].sudo().search_count(dosed, limit=1):
            return True
        places = ["|", ("location_id", "child_of", self.location_id.id), ("location_dest_id", "child_of", self.location_id.id)]
        moved = [("state", "=", "done"), ("date", ">", self.sensor_at), *places]
        return bool(self.location_id and self.env["stock.move.line"].sudo().search_count(moved, limit=1))

    def _is_sensor_known(self):
        return bool(self.sensor_at) and not self.sensor_problem and not self._is_sensor_old()

    def _sensed(self):
        """What sensors may say of its location: of equipment that is said to be one location nobody knows whether it is one silo
        with two outlets, or two silos with a part each."""
        same = self.controller_id.equipment_ids.filtered(
            lambda silo: silo.location_id and silo.location_id == self.location_id and silo._is_sensor_known()
        )
        return {self.sensor_level, sum((same | self).mapped("sensor_level"))}

    def _is_sensor_news(self, level):
        if bool(level.problem) != bool(self.sensor_problem) or not self.sensor_at:
            return True
        return not level.problem and has_changed(self.sensor_level, level.value)

    def _set_sensor(self, level):
        problem = translate(self.env, level.problem) if level.problem else False
        self.write({"sensor_level": level.value, "sensor_problem": problem})
