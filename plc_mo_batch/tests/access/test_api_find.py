"""Pages of batches: in the order of ids, by what they are asked for."""

from odoo.tests import tagged

from ..security_case import SecurityCase


@tagged("post_install", "-at_install")
class TestApiFind(SecurityCase):
    def setUp(self):
        super().setUp()
        self.orders = self.env["mrp.production"].concat(*(self.new_order() for _order in range(5)))
        self.env["plc.task.fill"]._fill(self.controller)
        self.batches = self.env["mo.batch"].search([("controller_id", "=", self.controller.id)], order="id")
        self.batches[1]._set_state("cancelled")
        self.batches[2]._set_state("running")

    def find(self, role="planner", **arguments):
        return self.call(role, "mo.batch", "api_find", **{"plc": self.controller.id, **arguments})

    def ids(self, **arguments):
        return [batch["id"] for batch in self.find(**arguments)["records"]]

    def test_page_by_page(self):
        after, pages, more = 0, [], True
        while more:
            page = self.find(limit=2, after=after)
            pages.append([batch["id"] for batch in page["records"]])
            after, more = page["after"], page["more"]
        ids = self.batches.ids
        self.assertEqual(pages, [ids[:2], ids[2:4], ids[4:]])
        self.assertEqual(self.find(limit=2, after=after), {"records": [], "after": after, "more": False})

    def test_filters(self):
        ids = self.batches.ids
        self.assertEqual(self.ids(states=["running", "cancelled"]), ids[1:3])
        self.assertEqual(
            self.ids(order=self.orders[4].name), self.batches.filtered(lambda b: b.production_id == self.orders[4]).ids
        )
        for number, batch in enumerate(self.batches, 1):
            moment = f"2026-01-0{number} 12:00:00"
            self.env.cr.execute("UPDATE mo_batch SET create_date = %s WHERE id = %s", [moment, batch.id])
        self.env.invalidate_all()
        self.assertEqual(self.ids(since="2026-01-02 12:00:00", until="2026-01-04 12:00:00"), ids[1:3])
        self.assertEqual(self.ids(since="2026-01-02 12:00:01", states=["cancelled"]), [])

    def test_as_in_detail(self):
        [found] = self.find(states=["running"])["records"]
        self.assertEqual([found], self.call("planner", "mo.batch", "api_detail", self.batches[2].ids))

    def test_others_companies(self):
        company = self.env["res.company"].create({"name": "Other mill"})
        self.people["planner"].write({"company_ids": [(6, 0, company.ids)], "company_id": company.id})
        self.assertEqual(self.call("planner", "mo.batch", "api_find")["records"], [])
