"""People of every kind, and what they do through the external API."""

import inspect
from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessDenied, AccessError, UserError
from odoo.service.model import call_kw
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from .common import MillCase

ADDON = "odoo.addons.plc_mo_batch"
GROUPS = {
    "public": "base.group_public",
    "portal": "base.group_portal",
    "internal": "base.group_user",
    "planner": "mrp.group_mrp_user",  # works on orders, not on batches
    "operator": "plc_mo_batch.group_operator",
    "manager": "plc_mo_batch.group_manager",
    "settings": "base.group_system,plc_mo_batch.group_manager",
}


class SecurityCase(MillCase):
    """``self.people``: a user of each role."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["plc.register.layout"].search([]).company_id = cls.env.company  # as their own managers made them
        cls.people = {role: new_test_user(cls.env, f"plc-{role}", groups=groups) for role, groups in GROUPS.items()}
        # somebody with no group at all
        cls.people["nobody"] = new_test_user(cls.env, "plc-nobody", groups="base.group_user")
        cls.env.cr.execute("DELETE FROM res_groups_users_rel WHERE uid = %s", [cls.people["nobody"].id])
        cls.env.registry.clear_all_caches()
        cls.env.invalidate_all()

    def call(self, role, model, method, *args, **kwargs):
        """As XML-RPC and JSON-2 call it; ``args`` begin with the ids unless it is a method of the model."""
        model = self.env(user=self.people[role], su=False)[model]
        return call_kw(model, method, list(args), kwargs)

    def new_events(self):
        """A failure and a weighing of the PLC."""
        plc = self.controller
        common = {"controller_id": plc.id, "company_id": plc.company_id.id, "words": "1 2", "event_key": "A"}
        failure = self.env["plc.failure"].create({**common, "text": "A test"})
        return failure, self.env["plc.weighing"].create({**common, "order_name": "A test"})

    def new_shift_mail(self):
        """A shift report that was mailed, with its file."""
        period = {"since": "2026-03-02 06:00:00", "until": "2026-03-02 14:00:00"}
        mailed = self.env["plc.shift.mail"].create({"controller_id": self.controller.id, **period})
        mailed._attachment()
        return mailed

    @classmethod
    def new_dose(cls):
        """A dose of a batch that was made, the silo's figures, and the PLC's output."""
        order = cls.env["mrp.production"].create(
            {"product_id": cls.feed.id, "product_qty": 1000.0, "bom_id": cls.bom.id, "picking_type_id": cls.picking_type.id}
        )
        silo = cls.controller.equipment_ids[0]
        line = {"code": silo.code, "equipment_id": silo.id, "product_id": cls.wheat.id, "uom_id": cls.kg.id, "planned_qty": 600.0}
        values = {"production_id": order.id, "controller_id": cls.controller.id, "company_id": cls.controller.company_id.id}
        line |= {"actual_qty": 606.0, "reported": True}
        values |= {"state": "done", "date_finished": fields.Datetime.now(), "uom_id": cls.kg.id}
        values |= {
            "date_started": values["date_finished"] - timedelta(minutes=9),
            "product_id": cls.feed.id,
            "planned_qty": 600.0,
        }
        made = cls.env["mo.batch"].create({**values, "line_ids": [(0, 0, line)]})
        cls.env.flush_all()
        doses, silos = (cls.env[model].search([("equipment_id", "=", silo.id)]) for model in ("plc.dosing", "plc.dosing.silo"))
        return doses[:1], silos[:1], cls.env["plc.output"].search([("batch_id", "=", made.id)])

    refusal = (AccessError, AccessDenied)  # that a method is of no use now (a user error) is none

    def is_refused(self, role, model, method, *args, **kwargs):
        """Nothing of the call stays, whatever becomes of it."""
        self.env.invalidate_all()
        try:
            with self.env.cr.savepoint() as savepoint, mute_logger("odoo.sql_db", "odoo.addons.base.models.ir_model"):
                self.call(role, model, method, *args, **kwargs)
                savepoint.rollback()
            return False
        except self.refusal:
            return True
        except UserError:
            return False
        finally:
            self.env.invalidate_all()
            self.env.registry.clear_cache()

    @classmethod
    def addon_models(cls):
        """Names of the models that the addon itself makes."""
        return sorted(name for name, model in cls.env.registry.items() if model._original_module == "plc_mo_batch")

    @classmethod
    def addon_methods(cls):
        """(model, method) of all that the addon adds to the external API, or changes in it."""
        return sorted(
            (name, method)
            for name, model in cls.env.registry.items()
            for base in model.mro()
            if base.__module__.startswith(ADDON)
            for method, value in vars(base).items()
            if inspect.isfunction(value) and not method.startswith("_") and not is_private(model, method)
        )

    def refused_roles(self, model, method, *args, **kwargs):
        return {role for role in self.people if self.is_refused(role, model, method, *args, **kwargs)}


def is_private(model, method):
    return any(getattr(getattr(base, method, None), "_api_private", False) for base in model.mro())
