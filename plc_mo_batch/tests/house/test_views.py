"""Every view of every model is opened once in a real browser with the demo data, as manager and as operator.

A new view is opened here without anybody having to think of it. An error in the browser's console, an error dialog or a view that
does not come fails the test.
"""

import json

from odoo.tests import new_test_user, tagged

from ...plc.reconcile import Anomaly
from ...simulator import Simulator
from ..patient_http import PatientHttpCase

VIEWS = ("list", "form", "kanban", "calendar", "pivot", "graph")
# opens actions one after the other in the web client, without loading it anew
OPEN = """
(async () => {
    const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    const busy = () => document.querySelector(".o_loading_indicator, .o_blockUI");
    const dialog = () => document.querySelector(".modal:has(.o_form_view)");
    const root = () => dialog() || document.querySelector(".o_action_manager");
    const action = odoo.__WOWL_DEBUG__.root.env.services.action;
    for (const { title, request, selector, text } of %s) {
        try {
            await action.doAction(request, { clearBreadcrumbs: true });
        } catch (error) {
            return console.error(`${title}: ${error.message || error} ${error.data?.debug || ""}`);
        }
        const until = Date.now() + 30000;
        const shown = () => root()?.querySelector(selector) && root().textContent.includes(text) && !busy();
        while (!shown() && Date.now() < until) {
            await pause(20);
        }
        if (!shown()) {
            return console.error(`${title}: ${selector} with "${text}" is not shown`);
        }
        if (document.querySelector(".o_error_dialog")) {
            return console.error(`${title}: ${document.querySelector(".o_error_dialog").textContent}`);
        }
        document.querySelector(".modal .btn-close")?.click();
    }
    console.log("test successful");
})();
"""


@tagged("post_install", "-at_install")
class TestViews(PatientHttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.mill = cls.env.ref("plc_mo_batch.plc_controller_mill", raise_if_not_found=False)
        if not cls.mill:
            cls.skipTest(cls, "needs the demo data")
        cls.env["plc.task.fill"]._fill(cls.mill)
        cls.batches = cls.env["mo.batch"].search([], order="slot")
        cls.finish(cls.batches[0])
        cls.people = {
            role: new_test_user(cls.env, f"views_{role}", groups=f"plc_mo_batch.group_{role}") for role in ("operator", "manager")
        }
        cls.make_records()

    @classmethod
    def finish(cls, batch):
        """It is done: something to see in charts and calendar."""
        dosed = batch.line_ids.filtered("code")
        batch._store_actuals(dosed.mapped("code"), dosed.mapped("planned_qty"))
        batch._advance("completed", batch.planned_qty, {})
        cls.env["plc.task.write.back"]._book(batch)
        batch._set_state("done")

    @classmethod
    def make_records(cls):
        """What there is to look at of each model; wizards as they are opened."""
        cls.mill._begin_commissioning()
        layout = cls.mill.layout_id
        words = tuple(range(layout._layout().codec("feedback").words))
        anomaly = Anomaly("rejected", "a test", words, 1)
        cls.event = cls.env["mo.batch.journal"]._record("anomaly", "A test.", controller=cls.mill, anomaly=anomaly, slot=1)
        with Simulator(scan_time=None) as plc:
            cls.mill.port = plc.port
            for person in cls.people.values():  # each has his own
                cls.env["plc.snapshot"].with_user(person)._take(cls.mill.with_user(person))
        event = {"controller_id": cls.mill.id, "company_id": cls.mill.company_id.id, "words": "1 2", "event_key": "A"}
        cls.failure = cls.env["plc.failure"].create({**event, "text": "A test", "batch_id": cls.batches[1].id})
        cls.weighing = cls.env["plc.weighing"].create({**event, "order_name": "A test"})
        cls.env["plc.alarm"].create({"kind": "silent", "message": "A test.", "controller_id": cls.mill.id})
        cls.defaults = {
            "mo.batch.booked": {"default_batch_id": cls.batches[1].id},
            "mo.batch.cancel": {"default_batch_ids": cls.batches[1:3].ids},
            "mo.batch.disposition": {"default_batch_ids": cls.batches[1:2].ids},
            "mo.batch.undecided": {"default_batch_ids": cls.batches[1:3].ids},
            "mo.batch.review": {"default_batch_id": cls.batches[1].id},
            "mo.batch.amounts": {"default_batch_id": cls.batches[1].id},
            "mo.batch.weight": {"default_batch_id": cls.batches[1].id},
            "plc.failure.resolve": {"default_failure_ids": cls.failure.ids},
            "plc.weighing.decide": {"default_weighing_ids": cls.weighing.ids},
            "plc.layout.constants": {"default_layout_id": cls.mill.layout_id.id},
            "plc.layout.generate": {"default_controller_id": cls.mill.id},
            "plc.layout.paste": {"default_layout_id": cls.mill.layout_id.id},
            "plc.node.browse": {"default_controller_id": cls.mill.id},
        }

    # What is opened

    def every_view(self, user):
        """An action for each kind of view of each model that the user may read."""
        ours = ["|", ("model", "=like", "plc.%"), ("model", "=like", "mo.batch%")]
        for model in self.env["ir.model"].search(ours, order="model").mapped("model"):
            records = self.env[model]
            if not records._abstract and records.with_user(user).has_access("read"):
                yield from self.views(model, user)

    def views(self, model, user):
        kinds = set(self.env["ir.ui.view"].search([("model", "=", model), ("mode", "=", "primary")]).mapped("type"))
        for kind in [kind for kind in VIEWS if kind in kinds]:
            request = {
                "type": "ir.actions.act_window",
                "name": model,
                "res_model": model,
                "views": [[False, kind]],
                "context": {"active_test": False, **self.defaults.get(model, {})},
            }
            if kind == "form":
                request |= self.form(model, user)
            yield {"title": f"{model} {kind}", "request": request, "selector": f".o_{kind}_view, .o_{kind}_renderer", "text": ""}

    def form(self, model, user):
        if self.env[model]._transient and model != "plc.snapshot":
            return {"target": "new"}
        record = self.env[model].with_user(user).with_context(active_test=False).search([], limit=1)
        self.assertTrue(record, f"there is no {model} to look at: make one in make_records")
        return {"res_id": record.id}

    def screen(self, title, model, kind, text, selector="", **request):
        request = {"type": "ir.actions.act_window", "res_model": model, "views": [[False, kind]], **request}
        return {"title": title, "request": request, "selector": selector or f".o_{kind}_view", "text": text}

    def some_screens(self, user):
        """What must be readable on some of them."""
        order = self.batches[1].production_id
        queue = "plc_mo_batch.mo_batch_action"
        yield {"title": "queue", "request": queue, "selector": ".o_list_view", "text": self.batches[1].order_name}
        yield self.screen("journal", "mo.batch.journal", "list", "queued in slot")
        wrong = ".o_form_view tr.table-danger"
        yield self.screen("raw words", "mo.batch.journal", "form", "Order name", wrong, res_id=self.event.id)
        snapshot = self.env["plc.snapshot"].with_user(user).search([], limit=1)
        yield self.screen("in the PLC now", "plc.snapshot", "form", "Taken job: 0", res_id=snapshot.id)
        yield self.screen("order", "mrp.production", "form", "PLC Batches", "[name=plc_batch_count]", res_id=order.id)
        yield self.screen("orders", "mrp.production", "list", order.name, domain=[["plc_batch_ids", "!=", False]])

    # The tests

    def assertOpens(self, login, screens):
        start = "/odoo/action-mrp.mrp_production_action"
        self.browser_js(start, OPEN % json.dumps(screens), "odoo.isReady === true", login=login, timeout=180)

    def test_every_view_as_manager(self):
        user = self.people["manager"]
        self.assertOpens(user.login, [*self.every_view(user), *self.some_screens(user)])

    def test_every_view_as_operator(self):
        user = self.people["operator"]
        self.assertOpens(user.login, [*self.every_view(user), *self.some_screens(user)])

    def test_settings_as_administrator(self):
        request, selector = "mrp.action_mrp_configuration", ".o_form_view:has([name=plc_enabled])"
        self.assertOpens("admin", [{"title": "settings", "request": request, "selector": selector, "text": "Master switch"}])
