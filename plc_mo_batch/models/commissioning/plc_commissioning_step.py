import json

from odoo import fields, models
from odoo.exceptions import UserError

from ...plc.codec import CodecError
from ...plc.wire import LinkError
from ...tools.translate import format_number, translate
from ..common.roles import check_manager
from ..controller.plc_controller_look import TEST_SECONDS

KINDS = [
    ("read", "Read"),
    ("numbers", "Show Known Numbers"),
    ("vain", "Arm in Vain"),
    ("power", "Switch Off and On"),
    ("cut", "Cut the Link"),
    ("clean", "Clean Up"),
]
BY_HAND = ("power", "cut")  # a person does something at the plant between two readings


class PlcCommissioningStep(models.Model):
    """One thing to prove. Each can be tried again as long as the protocol is not signed; what was seen stays as raw words."""

    _name = "plc.commissioning.step"
    _description = "Step of a PLC Commissioning"
    _order = "sequence, id"
    _rec_name = "kind"

    commissioning_id = fields.Many2one("plc.commissioning", required=True, readonly=True, index=True, ondelete="cascade")
    sequence = fields.Integer(readonly=True)
    kind = fields.Selection(KINDS, string="Step", required=True, readonly=True)
    name = fields.Char(compute="_compute_name")
    state = fields.Selection(
        [
            ("open", "To do"),
            ("asked", "Waiting for a person"),
            ("passed", "Passed"),
            ("failed", "Failed"),
            ("skipped", "Not needed"),
        ],
        required=True,
        readonly=True,
        default="open",
    )
    asked = fields.Text(readonly=True, help="What was asked of the PLC or of a person.")
    seen = fields.Text(readonly=True, help="What was seen, or answered.")
    words = fields.Char(string="Raw Words", readonly=True, help="What was read from the PLC at the end of the step.")
    before = fields.Char(readonly=True, help="What the PLC showed before a person did something at the plant.")
    user_id = fields.Many2one("res.users", string="By", readonly=True)
    date = fields.Datetime(string="On", readonly=True)

    def _compute_name(self):
        labels = dict(self._fields["kind"]._description_selection(self.env))
        for step in self:
            step.name = labels[step.kind]

    # Actions

    def action_try(self):
        """Try the step, or what can be tried before a person does something.

        :return: True
        :raise UserError: if the protocol is signed, or the PLC has batches
        """
        self._prepare()
        return self._done(getattr(self, f"_try_{self.kind}"))

    def action_confirm(self):
        """A person says that it is so; for what was done at the plant the PLC is read again.

        :return: True
        """
        self._answer()
        if self.kind in BY_HAND:
            return self._done(self._compare)
        return self._done(lambda: self._confirmed(True))

    def action_deny(self):
        """A person says that it is not so.

        :return: True
        """
        self._answer()
        if self.kind in BY_HAND:
            return self._done(lambda: self._failed(self.env._("%s could not do it.", self.env.user.name)))
        return self._done(lambda: self._confirmed(False))

    # Business methods

    def _prepare(self):
        self.ensure_one()
        check_manager(self)
        self.commissioning_id._check_open()
        self.commissioning_id._reserve()

    def _answer(self):
        self._prepare()
        if self.state != "asked":
            raise UserError(self.env._("Nobody was asked about %s yet. Try it first.", self.name))

    def _done(self, attempt):
        """Store what an attempt says; a link that fails ends the step, not the request."""
        try:
            values = attempt()
        except LinkError as error:
            values = self._failed(self.commissioning_id.controller_id.sudo()._link_message(error))
        except CodecError as error:
            values = self._failed(translate(self.env, error.args[0]))
        self.sudo().write({**values, "user_id": self.env.uid, "date": fields.Datetime.now()})
        return True

    def _failed(self, seen, words=()):
        return {"state": "failed", "seen": seen, "words": self._raw(words)}

    def _outcome(self, is_right, asked, seen, words):
        return {"state": "passed" if is_right else "failed", "asked": asked, "seen": seen, "words": self._raw(words)}

    def _raw(self, words):
        return " ".join(map(str, words))

    # The steps

    def _try_read(self):
        plc = self.commissioning_id.controller_id
        found = plc._look(TEST_SECONDS)
        message = plc._look_message(found, next(found.problems(), None))
        return self._outcome(
            found.fits, self.env._("Read each slot of all areas."), message, found.words.get(("feedback", 1), ())
        )

    def _try_numbers(self):
        trial = self.commissioning_id._trial()
        tried = trial.show_numbers()
        asked = self._numbers_shown(trial)
        if not tried.was_stored:
            return self._outcome(
                False, asked, self.env._("The PLC shows other words in the recipe than were written."), tried.recipe
            )
        if tried.is_right:
            trial.clean()
            return self._outcome(True, asked, self.env._("The PLC's program shows their sum."), tried.feedback)
        if tried.is_right is None:
            question = self.env._("Does the PLC's HMI, or its program, show these numbers?")
            return {**self._outcome(True, asked, question, tried.recipe), "state": "asked"}
        if trial.has_other_sum(tried.feedback):
            trial.clean()
            wrong = self.env._("The PLC's program adds up to another sum: it reads them in another word order, or scales them.")
            return self._outcome(False, asked, wrong, tried.feedback)
        wrong = self.env._(
            "The PLC's program shows no such sum. If it has none, remove the field from the layout. Does the HMI show them?"
        )
        return {**self._outcome(True, asked, wrong, tried.feedback), "state": "asked"}

    def _numbers_shown(self, trial):
        lines = ", ".join(
            self.env._("equipment %(code)s: %(kg)s kg", code=code, kg=format_number(self.env, kg, ".2f"))
            for code, kg in trial.lines()
        )
        return self.env._(
            "Written to slot 1, not armed: planned quantity %(quantity)s kg, %(lines)s.",
            quantity=format_number(self.env, trial.quantity(), ".2f"),
            lines=lines,
        )

    def _confirmed(self, is_right):
        """The known numbers stay in the recipe until a person has looked at them."""
        tried = self.commissioning_id._trial().clean()
        who = self.env.user.name
        seen = self.env._("%s saw these numbers.", who) if is_right else self.env._("%s saw other numbers.", who)
        return {"state": "passed" if is_right else "failed", "seen": seen, "words": self._raw(tried.feedback)}

    def _try_vain(self):
        tried = self.commissioning_id._trial().arm_in_vain()
        asked = self.env._("Offered a recipe without targets that must not be taken.")
        seen = (
            self.env._("The PLC did not take it.")
            if tried.is_right
            else self.env._("The PLC took it. Its program must compare the job numbers, or the flag, before it takes a recipe.")
        )
        return self._outcome(tried.is_right, asked, seen, tried.feedback)

    def _try_power(self):
        return self._ask_person(
            self.env._("Switch the PLC off, and on again, while no batch runs. Confirm when its program runs.")
        )

    def _try_cut(self):
        return self._ask_person(self.env._("Pull the network cable of the PLC for a minute, plug it in again, and confirm."))

    def _ask_person(self, asked):
        """Remember what the PLC shows, and let a person do something; nothing to do with the simulator."""
        trial = self.commissioning_id._trial()
        if trial.is_simulator():
            return {"state": "skipped", "asked": asked, "seen": self.env._("This is the simulator."), "words": False}
        before = {str(slot): words for slot, words in trial.memory().items()}
        return {"state": "asked", "asked": asked, "seen": False, "words": False, "before": json.dumps(before)}

    def _compare(self):
        """After what a person did at the plant."""
        shown = self.commissioning_id._trial().memory()
        before = {int(slot): tuple(words) for slot, words in json.loads(self.before or "{}").items()}
        words = [word for slot in sorted(shown) for word in shown[slot]]
        if shown != before:
            lost = ", ".join(str(slot) for slot in sorted(shown) if shown[slot] != before.get(slot))
            seen = self.env._("The PLC forgot what was taken, in slot %s. That memory must be retentive.", lost)
            return {**self._failed(seen, words), "asked": self.asked}
        if any(words):
            seen = self.env._("The PLC shows the same as before.")
        else:
            seen = self.env._(
                "The PLC answers again. It has taken nothing yet, so whether it would remember is not shown: check again after "
                "the first batch."
            )
        return {"state": "passed", "seen": seen, "words": self._raw(words)}

    def _try_clean(self):
        tried = self.commissioning_id._trial().clean()
        seen = self.env._("The recipe is empty.") if tried.is_right else self.env._("The recipe still holds words.")
        return self._outcome(tried.is_right, self.env._("Clear what was written."), seen, tried.recipe)
