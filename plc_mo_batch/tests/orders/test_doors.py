"""Which doors there are to an order, so that none is forgotten: the tables of ``test_doors_*.py`` try each at each state."""

from odoo.tests import TransactionCase, tagged

from ...models.batch.mo_batch import STATES
from .door_table import AT_WORK, ENDED, WAITING, written
from .doors import DOORS, METHODS, VIEWS


@tagged("post_install", "-at_install")
class TestDoors(TransactionCase):
    def test_every_cell_is_tried(self):
        self.assertCountEqual(WAITING + AT_WORK + ENDED, dict(STATES))
        self.assertCountEqual(written(), [(door.label, title) for door in DOORS.values() for _state, title in STATES])

    def test_every_method_of_odoo_is_a_door_or_only_looks(self):
        """Also those of the other apps that are installed, and of Odoo's next version."""
        for model, known in METHODS.items():
            with self.subTest(model):
                self.assertEqual(self.methods(model) - set(known), set(), "which door is it? Say so in METHODS")
                self.assertLessEqual(set(known.values()) - {VIEWS}, set(DOORS))

    def methods(self, model):
        """The public methods that Odoo itself defines for the model; those of mixins are of no order."""
        found = set()
        for base in type(self.env[model]).mro():
            mine = vars(base).get("_name") == model and base.__module__.startswith("odoo.addons.")
            if mine and "plc_mo_batch" not in base.__module__:
                found |= {name for name, value in vars(base).items() if callable(value) and not name.startswith("_")}
        return found - {"pool", "env"}

    def test_wizards_of_an_order_are_known(self):
        """A transient model that names an order is a door to it."""
        lines = {"mrp.production.backorder.line", "mrp.production.split.line", "mrp.consumption.warning.line"}
        others = {
            "expiry.picking.confirmation",  # goes on to Produce All
            "mrp.account.wip.accounting",  # posts entries, and touches no order
            "picking.label.type",  # prints
        }
        known = set(METHODS) | lines | others
        found = {
            name
            for name, model in self.env.registry.items()
            if model._transient
            and not name.startswith(("plc.", "mo.batch"))
            and any(field.comodel_name == "mrp.production" for field in model._fields.values() if field.relational)
        }
        self.assertEqual(found - known, set())
