"""Every screen is opened once in a real browser; an error in its console fails the test."""

from odoo.tests import HttpCase, new_test_user, tagged

from odoo.addons.plc_mo_batch.simulator import Simulator

from ..plc.reconcile import Anomaly

# waits for a view of the web client, and for a text in it
WAIT = """
const until = Date.now() + 30000;
const look = () => {
    const view = document.querySelector("%(selector)s");
    if (view && view.textContent.includes(%(text)r)) {
        console.log("test successful");
    } else if (Date.now() < until) {
        setTimeout(look, 100);
    } else {
        console.error("not shown: %(selector)s with " + %(text)r);
    }
};
look();
"""


@tagged("post_install", "-at_install")
class TestViews(HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.mill = cls.env.ref("plc_mo_batch.plc_controller_mill", raise_if_not_found=False)
        if not cls.mill:
            cls.skipTest(cls, "needs the demo data")
        cls.env["plc.task.fill"]._fill(cls.mill)
        cls.batch = cls.env["mo.batch"].search([], order="slot", limit=1)
        cls.night = new_test_user(cls.env, "night", groups="plc_mo_batch.group_operator")

    def assertShown(self, path, selector, text, login="admin"):
        self.browser_js(f"/odoo/{path}", WAIT % {"selector": selector, "text": text}, "odoo.isReady === true", login=login)

    def test_batches(self):
        self.assertShown("plc-batches", ".o_list_view", self.batch.order_name, login="night")

    def test_batch(self):
        self.assertShown(f"plc-batches/{self.batch.id}", ".o_form_view", self.batch.name, login="night")

    def test_history(self):
        self.assertShown("plc-history", ".o_action_manager", "No batch is finished yet", login="night")

    def test_controllers(self):
        self.assertShown("plc-controllers", ".o_list_view", "Feed mill")

    def test_controller(self):
        self.assertShown(f"plc-controllers/{self.mill.id}", ".o_form_view", "Fill Now", login="night")

    def test_journal(self):
        self.assertShown("plc-journal", ".o_list_view", "queued in slot", login="night")

    def test_raw_words(self):
        layout = self.mill.map_id._layout()
        anomaly = Anomaly("rejected", "a test", tuple(range(layout.codec("feedback").words)), 1)
        event = self.env["mo.batch.event"]._record("anomaly", "A test.", controller=self.mill, anomaly=anomaly, slot=1)
        self.assertShown(f"plc-journal/{event.id}", ".o_form_view tr.table-danger", "Order name", login="night")

    def test_what_is_in_the_plc(self):
        with Simulator(scan_time=None) as plc:
            self.mill.port = plc.port
            snapshot = self.env["plc.snapshot"].with_user(self.night)._take(self.mill.with_user(self.night))
        self.assertShown(f"plc.snapshot/{snapshot.id}", ".o_form_view", "Taken job: 0", login="night")

    def test_equipment(self):
        self.assertShown("plc-equipment", ".o_list_view", "Silo 101")

    def test_layouts(self):
        self.assertShown("plc-layouts", ".o_list_view", "Feed mill, job numbers")

    def test_layout(self):
        self.assertShown(f"plc-layouts/{self.mill.map_id.id}", ".o_form_view", "Recipe (Odoo writes)")

    def test_order(self):
        order = self.batch.production_id
        self.assertShown(f"mrp.production/{order.id}", ".o_form_view", "PLC Batches", login="night")

    def test_settings(self):
        self.assertShown("action-mrp.action_mrp_configuration", ".o_form_view", "Master switch")
