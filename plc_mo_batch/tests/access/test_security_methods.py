"""Who may call which public method, for every one of them: a new method needs a line in METHODS."""

from odoo.tests import tagged

from ..security_case import SecurityCase

NOBODY = set()
SETTINGS = {"settings"}
MANAGERS = {"manager", "settings"}
OPERATORS = {"operator", *MANAGERS}
PLANNERS = {"planner", *OPERATORS}

# (model, method): who may call it, and its arguments behind the ids
METHODS = {
    ("ir.module.module", "button_uninstall"): (SETTINGS,),
    ("ir.module.module", "module_uninstall"): (SETTINGS,),
    ("mo.batch", "action_plc_recall"): (PLANNERS,),
    ("mo.batch", "action_abort"): (OPERATORS,),
    ("mo.batch", "action_book_on_new_order"): (MANAGERS,),
    ("mo.batch", "action_cancel"): (OPERATORS,),
    ("mo.batch", "action_enter_hand_adds"): (OPERATORS, [[0, 1.0]]),
    ("mo.batch", "action_hold"): (OPERATORS,),
    ("mo.batch", "action_is_booked_by_hand"): (MANAGERS, "by the day shift"),
    ("mo.batch", "action_open_booked"): (MANAGERS,),
    ("mo.batch", "action_add_fallen"): (OPERATORS,),
    ("mo.batch", "action_take_note"): (OPERATORS,),
    ("mo.batch", "action_open_cancel"): (OPERATORS,),
    ("mo.batch", "action_open_production"): (PLANNERS,),
    ("mo.batch", "action_open_scale"): (OPERATORS,),
    ("mo.batch", "action_open_review"): (OPERATORS,),
    ("mo.batch", "action_open_disposition"): (OPERATORS,),
    ("mo.batch", "action_open_weight"): (OPERATORS,),
    ("mo.batch", "action_open_amounts"): (OPERATORS,),
    ("mo.batch", "action_enter_amounts"): (OPERATORS, [(101, 1.0)], "as the scale says"),
    ("mo.batch", "action_release_review"): (OPERATORS, "as it is"),
    ("mo.batch", "action_release_slot"): (OPERATORS,),
    ("mo.batch", "action_go_on"): (OPERATORS,),
    ("mo.batch", "action_requeue"): (OPERATORS,),
    ("mo.batch", "action_reset"): (MANAGERS,),
    ("mo.batch", "action_resume"): (OPERATORS,),
    ("mo.batch", "action_retry"): (OPERATORS,),
    ("mo.batch", "action_send_again"): (OPERATORS,),
    ("mo.batch", "action_set_weight"): (OPERATORS, 1000.0),
    ("mo.batch", "action_set_disposition"): (OPERATORS, "withhold"),
    ("mo.batch", "action_give_up"): (OPERATORS,),
    ("mo.batch", "action_view_failures"): (PLANNERS,),
    ("mo.batch", "action_view_journal"): (OPERATORS,),
    ("mo.batch", "api_cancel"): (OPERATORS, "plan"),
    ("mo.batch", "api_changes"): (PLANNERS,),
    ("mo.batch", "api_detail"): (PLANNERS,),
    ("mo.batch", "api_find"): (PLANNERS,),
    ("mo.batch", "api_history"): (PLANNERS,),
    ("mo.batch", "api_recall"): (PLANNERS, "RECALLED"),
    ("mo.batch", "api_reset"): (OPERATORS, "release"),
    ("mo.batch", "api_retry"): (OPERATORS,),
    ("mo.batch.booked", "action_confirm"): (MANAGERS,),
    ("mo.batch.journal", "api_changes"): (OPERATORS,),
    ("mo.batch.cancel", "action_confirm"): (OPERATORS,),
    ("mo.batch.review", "action_confirm"): (OPERATORS,),
    ("mo.batch.review", "action_release"): (OPERATORS,),
    ("mo.batch.sign", "action_sign"): (OPERATORS,),
    ("mo.batch.disposition", "action_confirm"): (OPERATORS,),
    ("mo.batch.disposition", "action_enter_amounts"): (OPERATORS,),
    ("mo.batch.undecided", "action_confirm"): (OPERATORS,),
    ("mo.batch.amounts", "action_confirm"): (OPERATORS,),
    ("mo.batch.weight", "action_confirm"): (OPERATORS,),
    ("plc.controller", "copy_data"): (MANAGERS,),
    ("plc.register.layout", "copy_data"): (OPERATORS,),
    ("mrp.production", "action_confirm"): (PLANNERS,),
    ("mrp.production", "action_merge"): (PLANNERS,),
    ("mrp.production", "copy_data"): (PLANNERS,),
    ("mrp.production", "action_plc_start_over"): (OPERATORS,),
    ("mrp.production", "action_plc_requeue"): (OPERATORS,),
    ("mrp.production", "action_view_plc_batches"): (PLANNERS,),
    ("mrp.production", "button_mark_done"): (PLANNERS,),
    ("plc.alarm", "action_acknowledge"): (OPERATORS,),
    ("plc.alarm", "action_open_subject"): (PLANNERS,),
    ("plc.alarm", "api_changes"): (PLANNERS,),
    ("plc.commissioning", "action_print"): (OPERATORS,),
    ("plc.commissioning", "action_sign"): (MANAGERS,),
    ("plc.commissioning", "action_try"): (MANAGERS,),
    ("plc.commissioning.step", "action_confirm"): (MANAGERS,),
    ("plc.commissioning.step", "action_deny"): (MANAGERS,),
    ("plc.commissioning.step", "action_try"): (MANAGERS,),
    ("plc.controller", "action_commission_again"): (MANAGERS,),
    ("plc.controller", "action_browse_nodes"): (MANAGERS,),
    ("plc.controller", "action_download_diagnostics"): (MANAGERS,),
    ("plc.controller", "action_exchange_now"): (OPERATORS,),
    ("plc.controller", "action_fill_now"): (OPERATORS,),
    ("plc.controller", "action_generate_layout"): (MANAGERS,),
    ("plc.controller", "action_make_silo_locations"): (MANAGERS,),
    ("plc.controller", "action_open_commissioning"): (OPERATORS,),
    ("plc.controller", "action_open_shift_report"): (PLANNERS,),
    ("plc.controller", "action_open_undecided"): (OPERATORS,),
    ("plc.controller", "action_vouch"): (MANAGERS,),
    ("plc.controller", "action_switch_off"): (MANAGERS,),
    ("plc.controller", "action_switch_on"): (MANAGERS,),
    ("plc.controller", "action_test_connection"): (OPERATORS,),
    ("plc.controller", "action_view_alarms"): (PLANNERS,),
    ("plc.controller", "action_view_failures"): (PLANNERS,),
    ("plc.controller", "action_view_queue"): (PLANNERS,),
    ("plc.controller", "action_view_refused_orders"): (PLANNERS,),
    ("plc.controller", "action_view_snapshot"): (OPERATORS,),
    ("plc.controller", "action_view_weighings"): (PLANNERS,),
    ("plc.controller", "action_write_back_now"): (OPERATORS,),
    ("plc.controller", "api_constants"): (OPERATORS, "st"),
    ("plc.controller", "api_exchange"): (OPERATORS,),
    ("plc.controller", "api_fill"): (OPERATORS,),
    ("plc.controller", "api_health"): (PLANNERS,),
    ("plc.controller", "api_queue"): (PLANNERS,),
    ("plc.controller", "api_switch"): (MANAGERS, False),
    ("plc.controller", "api_version"): (PLANNERS,),
    ("plc.controller", "api_write_back"): (OPERATORS,),
    ("plc.controller", "echo_board"): (PLANNERS,),
    ("plc.controller", "get_board"): (PLANNERS,),
    ("plc.controller", "test_connection"): (OPERATORS,),
    ("plc.dosing.silo", "action_view_doses"): (PLANNERS,),
    ("plc.shift.mail", "action_download"): (OPERATORS,),
    ("plc.shift", "action_print"): (OPERATORS,),
    ("plc.shift", "action_show"): (OPERATORS,),
    ("plc.equipment", "action_forget_sensor"): (MANAGERS,),
    ("plc.equipment", "action_plc_recall"): (PLANNERS,),
    ("plc.equipment", "action_open_change"): (OPERATORS,),
    ("plc.equipment", "action_open_fill"): (OPERATORS,),
    ("plc.equipment", "api_fill"): (OPERATORS, 500.0),
    ("plc.equipment", "api_levels"): (PLANNERS,),
    ("plc.failure", "action_open_maintenance_request"): (PLANNERS,),
    ("plc.failure", "action_open_resolve"): (OPERATORS,),
    ("plc.failure", "action_reopen"): (OPERATORS,),
    ("plc.failure", "action_resolve"): (OPERATORS,),
    ("plc.failure.resolve", "action_confirm"): (OPERATORS,),
    ("plc.hand.add", "action_all_added"): (OPERATORS,),
    ("plc.hand.add", "action_confirm"): (OPERATORS,),
    ("plc.hand.add", "action_prepare"): (OPERATORS,),
    ("plc.hand.add", "action_refresh"): (OPERATORS,),
    ("plc.hand.add", "on_barcode_scanned"): (OPERATORS, "W1"),
    ("plc.layout.generate", "action_generate"): (MANAGERS,),
    **{("plc.layout.paste", f"action_{name}"): (MANAGERS,) for name in ("apply", "back", "read")},
    ("plc.node.browse", "action_browse"): (MANAGERS,),
    ("plc.node.variable", "action_use"): (MANAGERS,),
    ("plc.recall", "action_open_lines"): (PLANNERS,),
    ("plc.recall", "action_print"): (PLANNERS,),
    ("plc.recall.line", "action_open"): (PLANNERS,),
    ("plc.recall", "action_trace"): (PLANNERS,),
    ("plc.register.layout", "action_add_event_areas"): (MANAGERS,),
    ("plc.register.layout", "action_browse_nodes"): (MANAGERS,),
    ("plc.register.layout", "action_download_table"): (OPERATORS,),
    ("plc.register.layout", "action_open_constants"): (OPERATORS,),
    ("plc.register.layout", "action_open_paste"): (MANAGERS,),
    ("plc.register.layout", "action_print_table"): (OPERATORS,),
    ("plc.setup", "action_allow_simulator"): (SETTINGS,),
    ("plc.setup", "action_back"): (MANAGERS,),
    ("plc.setup", "action_commission"): (MANAGERS,),
    ("plc.setup", "action_connect"): (MANAGERS,),
    ("plc.setup", "action_fill"): (MANAGERS,),
    ("plc.setup", "action_next"): (MANAGERS,),
    ("plc.setup", "action_open_board"): (MANAGERS,),
    ("plc.setup", "action_open_controller"): (MANAGERS,),
    ("plc.setup", "action_suggest"): (MANAGERS,),
    ("plc.setup", "action_test"): (MANAGERS,),
    ("plc.setup", "action_use_simulator"): (MANAGERS,),
    ("plc.silo.change", "action_confirm"): (OPERATORS,),
    ("plc.silo.fill", "action_confirm"): (OPERATORS,),
    ("plc.snapshot", "action_refresh"): (OPERATORS,),
    ("plc.weighing", "action_assign"): (OPERATORS, 0),
    ("plc.weighing", "action_check"): (OPERATORS,),
    ("plc.weighing", "action_count_again"): (OPERATORS,),
    ("plc.weighing", "action_count_once"): (OPERATORS,),
    ("plc.weighing", "action_dismiss"): (OPERATORS, "not ours"),
    ("plc.weighing", "action_open_assign"): (OPERATORS,),
    ("plc.weighing", "action_open_dismiss"): (OPERATORS,),
    ("plc.weighing", "action_print_label"): (OPERATORS,),
    ("plc.weighing.decide", "action_confirm"): (OPERATORS,),
    ("res.config.settings", "action_plc_metrics_off"): (SETTINGS,),
    ("res.config.settings", "action_plc_new_metrics_key"): (SETTINGS,),
    ("res.config.settings", "set_values"): (SETTINGS,),
    ("stock.lot", "action_plc_recall"): (PLANNERS,),
    ("stock.picking", "action_plc_recall"): (PLANNERS,),
}
# of the records: test_security_models; of their fields: test_security_fields, test_security_companies
RIGHTS = {"create", "write", "unlink", "copy", "default_get", "onchange"}
# leave out what is not for the caller: TestSettingsFields, and tests/test_rpc.py
HARMLESS = {("res.config.settings", "default_get"), ("res.config.settings", "get_values")}
# Odoo's own, and its rights to count, or to write, decide
HARMLESS |= {("stock.inventory.conflict", f"action_keep_{what}") for what in ("counted_quantity", "difference")}
HARMLESS |= {("stock.quant", "action_set_inventory_quantity"), ("plc.register.layout", "copy_translations")}
HARMLESS |= {("mo.batch", "name_search")}
# they are asked without ids
OF_THE_MODEL = {(model, "api_changes") for model in ("mo.batch", "mo.batch.journal", "plc.alarm")}
OF_THE_MODEL |= {("mo.batch", "api_find"), ("mo.batch", "api_recall"), ("plc.controller", "api_version")}


@tagged("post_install", "-at_install")
class TestSecurityMethods(SecurityCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.order = cls.new_order()

    def setUp(self):
        super().setUp()
        self.run_task(1)
        self.batch = self.queue()
        alarm = {"kind": "silent", "message": "A test.", "controller_id": self.controller.id}
        failure, weighing = self.new_events()
        records = [self.batch, self.order, self.controller, self.controller.layout_id, self.env["plc.alarm"].create(alarm)]
        check = self.controller._begin_commissioning()
        records += [failure, weighing, check, check.step_ids[0], self.controller.equipment_ids[0]]
        records.append(self.env["ir.module.module"].search([("name", "=", "plc_mo_batch")]))
        lot = self.env["stock.lot"].create({"name": "RECALLED", "product_id": self.wheat.id})
        kind = self.env.ref("stock.warehouse0").out_type_id
        places = {"location_id": kind.default_location_src_id.id, "location_dest_id": kind.default_location_dest_id.id}
        picking = self.env["stock.picking"].create({"picking_type_id": kind.id, **places})
        records += [lot, picking, self.controller.equipment_ids[0], self.new_dose()[1], self.new_shift_mail()]
        self.ids = {record._name: record.ids for record in records}
        batches = {"batch_ids": self.batch.ids}
        self.wizards = {
            "mo.batch.booked": {"batch_id": self.batch.id, "comment": "by the day shift"},
            "mo.batch.cancel": {**batches, "reason": "plan"},
            "mo.batch.disposition": batches,
            "mo.batch.undecided": {**batches, "decision": "give_up"},
            "mo.batch.review": {"batch_id": self.batch.id},
            "mo.batch.amounts": {"batch_id": self.batch.id, "reason": "x"},
            "mo.batch.sign": {**batches, "action": "give_up", "request": "[]"},
            "mo.batch.weight": {"batch_id": self.batch.id, "weight": 1.0},
            "plc.failure.resolve": {"failure_ids": failure.ids},
            "plc.hand.add": {"batch_id": self.batch.id, "weight": 1.0},
            "plc.weighing.decide": {"weighing_ids": weighing.ids},
            "plc.layout.constants": {"layout_id": self.controller.layout_id.id},
            "plc.layout.generate": {"controller_id": self.controller.id},
            "plc.layout.paste": {"layout_id": self.controller.layout_id.id, "text": "Name,Address\nOrder name,7001"},
            "plc.node.browse": {"controller_id": self.controller.id},
            "plc.node.variable": lambda env: {
                "browse_id": env["plc.node.browse"].create({"controller_id": self.controller.id}).id,
                "path": "Words",
                "node": "i=1",
                "access": "write",
            },
            "plc.recall": {"lot_id": lot.id},
            "plc.recall.line": {
                "recall_id": self.env["plc.recall"].create({"lot_id": lot.id}).id,
                "direction": "forward",
                "kind": "used",
                "lot_id": lot.id,
            },
            "plc.setup": {"host": "127.0.0.1", "port": 1, "is_checked": True, "controller_id": self.controller.id},
            "plc.silo.change": {"silo_id": self.controller.equipment_ids[0].id},
            "plc.silo.fill": {"silo_id": self.controller.equipment_ids[0].id, "weight": 1.0},
            "plc.shift": {"controller_ids": self.controller.ids},
            "plc.snapshot": {"controller_id": self.controller.id},
            "res.config.settings": {},
        }

    def test_every_public_method_is_known(self):
        methods = {(model, method) for model, method in self.addon_methods() if method not in RIGHTS} - HARMLESS
        new = sorted(method for method in methods - set(METHODS) if not self.env[method[0]]._abstract)
        self.assertFalse(new, "who may call it? Say so in METHODS")
        self.assertFalse(sorted(set(METHODS) - methods), "there is no such method any more")

    def test_who_may_call_it(self):
        for (model, method), (allowed, *args) in METHODS.items():
            with self.subTest(model=model, method=method):
                self.assertEqual(self.callers(model, method, args), allowed)

    def callers(self, model, method, args):
        return {role for role in self.people if not self.is_refused(role, model, method, *self.named(role, model, method), *args)}

    def named(self, role, model, method):
        """The ids of the call; a question about the model takes none."""
        return () if (model, method) in OF_THE_MODEL else (self.record(role, model),)

    def record(self, role, model):
        """Ids of a record; a wizard belongs to who opened it, even where he could not have done so."""
        if model not in self.wizards:
            return self.ids[model]
        user = self.people[role]
        env, values = self.env(user=user, su=True), self.wizards[model]
        return env[model].create(values(env) if callable(values) else values).ids


@tagged("post_install", "-at_install")
class TestSettingsFields(SecurityCase):
    """What lies in the settings is for who may open them, fields that come later too."""

    def setUp(self):
        super().setUp()
        ours = [("module", "=", "plc_mo_batch"), ("model", "=", "ir.model.fields")]
        data = self.env["ir.model.data"].search([*ours, ("name", "=like", "field_res_config_settings__%")])
        names = self.env["ir.model.fields"].browse(data.mapped("res_id")).mapped("name")
        self.names = sorted({*names} - {"id", "display_name"})  # Odoo gives each model these anew

    def test_each_has_the_group_of_the_page(self):
        fields = self.env["res.config.settings"]._fields
        self.assertEqual({name: fields[name].groups for name in self.names}, dict.fromkeys(self.names, "base.group_system"))
        self.assertIn("plc_metrics_key", self.names)

    def test_who_gets_them(self):
        for role in self.people:
            for method, *args in (("default_get", self.names), ("fields_get", self.names), ("get_values",)):
                with self.subTest(role=role, method=method):
                    shown = set(self.call(role, "res.config.settings", method, *args)) & set(self.names)
                    self.assertEqual(bool(shown), role == "settings")
