from odoo import models
from odoo.exceptions import UserError

from ...plc.layout import AREA_NAMES
from ...plc.look import MEND, find_manners, find_most, look
from ...plc.reconcile import Anomaly
from ...plc.signature import RIGHT
from ...tools.translate import format_number, translate
from ..common.roles import check_operator
from .plc_controller_manners import MANNERS

TEST_TIMEOUT = 2.0  # seconds for each answer, while a person waits
TEST_SECONDS = 3.0  # for the whole test
TRY_SECONDS = 6.0  # more, to find out which manners the device needs


class PlcController(models.Model):
    """Short visits to a PLC by a button, which only read (everything else is Task 2's); and a layout for its silos."""

    _inherit = "plc.controller"

    # Actions

    def action_test_connection(self):
        """Test the connection, and show the result."""
        found = self.test_connection()
        kind = (
            "info"
            if found["layout_ok"] and not found["proven"]
            else "success"
            if found["layout_ok"]
            else "warning"
            if found["answers"]
            else "danger"
        )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {"type": kind, "message": found["message"], "sticky": kind != "success"},
        }

    def action_view_snapshot(self):
        """Read what the PLC shows now, and display it."""
        return self.env["plc.snapshot"]._take(self)._action_open()

    def action_generate_layout(self):
        """Ask how to generate a layout for the PLC's equipment."""
        self.ensure_one()
        self.check_access("write")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Generate a Layout"),
            "res_model": "plc.layout.generate",
            "view_mode": "form",
            "target": "new",
            "context": {"default_controller_id": self.id},
        }

    # Business methods

    def test_connection(self):
        """Connect and read the slots; nothing is written to the PLC. Settings without which it does not answer are found, and
        entered if the user may.

        :return: ``reachable``: a connection was made; ``answers``: the PLC itself replied; ``layout_ok``: everything that was
            read fits the layout; ``proven``: and not all of it
            was empty; ``round_trip_ms``: from a request to its answer, 0 without one; ``message``: all this in a
            sentence
        :raise UserError: on a neutralized database, which never talks to a PLC
        """
        seen, found = self._look_for_manners(self._look(TEST_SECONDS))
        wrong = next(seen.problems(), None)
        message = self._test_message(seen, wrong, found)
        if found and self.has_access("write"):
            self.write(found)
        self._journal_test(seen, wrong, message)
        return {
            "reachable": seen.reachable,
            "answers": seen.answers,
            "layout_ok": seen.fits,
            "proven": seen.fits and not seen.proves_nothing,
            "round_trip_ms": round(seen.round_trip * 1000, 2),
            "message": message,
        }

    def _look(self, seconds):
        """Visit the PLC for a short time.

        :return: a :class:`~...plc.look.Look`
        """
        self._check_may_visit()
        controller = self.sudo()
        if controller.layout_id.problems:
            controller._check_layout_is_whole()
        return look(controller._endpoint(TEST_TIMEOUT), controller.layout_id._layout(), seconds)

    def _check_may_visit(self):
        """
        :raise UserError: on a neutralized database
        """
        self.ensure_one()
        self.check_access("read")
        check_operator(self)
        if self.env["plc.task.exchange"]._is_neutralized():
            raise UserError(self.env._("This is a neutralized copy of the database. It does not connect to any PLC."))

    def _look_for_manners(self, seen):
        """If a look failed, try with which manners the device answers.

        :return: the look, or the one that did not fail; settings by field, empty if none helps
        """
        plc = self.sudo()
        if not seen.error or (seen.error.kind, seen.error.cause) not in MEND:
            return seen, {}
        manners, seen = find_manners(plc._endpoint(TEST_TIMEOUT), plc.layout_id._layout(), seen, TRY_SECONDS)
        return seen, {name: getattr(manners, name) for name in MANNERS if getattr(manners, name) != plc[name]}

    def _test_message(self, seen, wrong, found):
        """The result of a test: of the visit, the manners that were found, and what else people should know."""
        return " ".join(
            filter(
                None,
                (
                    self._look_message(seen, wrong),
                    found and self._manners_message(found),
                    seen.fault and translate(self.env, seen.fault.ids),
                    seen.fault and self._extent_message(seen),
                    self.twin_warning,
                ),
            )
        )

    def _manners_message(self, found):
        named = "; ".join(f"{self._fields[name]._description_string(self.env)}: {self._shown(found[name])}" for name in found)
        if self.has_access("write"):
            return self.env._("It needs these settings, which are entered now: %s.", named)
        return self.env._("It needs these settings, which a manager must enter: %s.", named)

    def _shown(self, value):
        return self.env._("yes") if value is True else format_number(self.env, value, "g")

    def _extent_message(self, seen):
        """How far a device that refuses can be read."""
        plc = self.sudo()
        slots = {slot for kind, slot in seen.words if kind == "feedback"}
        if seen.fault.cause == "2" and slots:
            return self.env._("The slots up to %s can be read, and are served.", max(slots))
        if seen.fault.cause != "3":
            return ""
        most = find_most(plc._endpoint(TEST_TIMEOUT), seen.layout, TRY_SECONDS)
        needed = max(area.extent for area in seen.layout.areas)
        if not 0 < most < needed:
            return ""
        told = {"most": most, "needed": needed}
        return self.env._("It answers at most %(most)s words in one read; the layout needs %(needed)s.", **told)

    def _look_message(self, seen, wrong=None):
        """The result of a visit, as a sentence.

        :param wrong: (area, slot, part) of the first thing that does not fit the layout, or None
        """
        if seen.error:
            return self._link_message(seen.error, TEST_TIMEOUT)
        values = {
            "place": self.place,
            "milliseconds": format_number(self.env, seen.round_trip * 1000, ".1f"),
            "layout": self.layout_id.sudo().name,
            "count": len({slot for kind, slot in seen.words if kind == "feedback"}),
        }
        advice = [translate(self.env, sentence) for sentence in seen.signature.sentences()] if seen.signature else []
        if seen.fits:
            return self._fitting_message(seen, values)
        if not wrong and seen.lacks:
            return " ".join([self._link_message(seen.lacks, TEST_TIMEOUT), *advice])
        if not wrong:
            told = self.env._("The PLC at %(place)s answers within %(milliseconds)s ms.", **values)
            return " ".join([told, *advice])
        kind, slot, part = wrong
        told = self.env._(
            "The PLC at %(place)s answers within %(milliseconds)s ms, but slot %(slot)s of the %(area)s area does not fit the "
            "layout %(layout)s: %(problem)s. Check that the layout's addresses and word order match the PLC.",
            **values,
            slot=slot,
            area=self._area_name(kind),
            problem=translate(self.env, part.problem),
        )
        return " ".join([told, *advice])

    def _fitting_message(self, seen, values):
        """What it is worth that everything fits."""
        if seen.proves_nothing:
            return self.env._(
                "The PLC at %(place)s answers within %(milliseconds)s ms. The %(count)s slots that were read are all empty: this "
                "tells nothing about addresses, word order and scale.",
                **values,
            )
        fits = self.env._(
            "The PLC at %(place)s answers within %(milliseconds)s ms. The %(count)s slots that were read fit the layout "
            "%(layout)s.",
            **values,
        )
        if seen.signature and seen.signature.kind == RIGHT:
            fits += " " + self.env._("Its signature proves addresses, word order and byte order of the feedback.")
        return fits

    def _area_name(self, kind):
        return translate(self.env, AREA_NAMES[kind])

    def _journal_test(self, seen, wrong, message):
        kind, slot, part = wrong or ("", 0, None)
        anomaly = part and Anomaly("rejected", part.problem, seen.words[kind, slot], part.offset)
        message = self.env._("Connection tested: %s", message)
        self.env["mo.batch.journal"]._record("user", message, controller=self, anomaly=anomaly, slot=slot, area=kind)
