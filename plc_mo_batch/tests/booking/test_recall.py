"""Recalls as people ask for them: of a lot, a batch, a silo, a delivery. Random histories: test_silo_histories.py."""

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged

from ...models.booking.posting import post
from ...models.recall.trace import Trace
from .silo_case import SiloCase


@tagged("post_install", "-at_install")
class TestRecall(SiloCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.feed.tracking = "lot"
        cls.bran = cls.new_product("Test bran", tracking="lot", standard_price=0.3)
        cls.bran_bom = cls.new_bom([(cls.wheat, 600.0), (cls.barley, 100.0)], product_tmpl_id=cls.bran.product_tmpl_id.id)
        cls.new_silo(104, cls.bran)
        cls.bran_feed_bom = cls.new_bom([(cls.wheat, 600.0), (cls.bran, 100.0)])
        cls.customer = cls.env["res.partner"].create({"name": "Test farm"})
        cls.planner = new_test_user(cls.env, "recall_planner", "mrp.group_mrp_user")

    def make(self, bom=None, code=103, state="completed", quantity=1000.0):
        """An order made, with 100 kg of what is in a silo."""
        bom = bom or self.lot_bom
        order = self.new_order(quantity, bom_id=bom.id, product_id=bom.product_tmpl_id.product_variant_id.id)
        self.run_task(1)
        batch = order.plc_batch_ids.filtered("active").sorted("part")[:1]
        batch._store_actuals((101, code), (600.0, 100.0))
        batch._advance(state, 0.0, {"acknowledged": True})
        return batch

    def book(self, batch):
        self.run_task(3)
        self.assertFalse(batch.last_error)
        self.assertFalse(batch.active)
        return batch.production_id.lot_producing_ids

    def ship(self, lot, kilograms, kind=None, partner=None):
        kind, unit = kind or self.env.ref("stock.warehouse0").out_type_id, lot.product_id.uom_id.id
        places = {"location_id": kind.default_location_src_id.id}
        places |= {"location_dest_id": self.env.ref("stock.stock_location_customers").id, "company_id": kind.company_id.id}
        item = {"product_id": lot.product_id.id, "product_uom_id": unit, "lot_id": lot.id, "quantity": kilograms, **places}
        move = {"product_id": lot.product_id.id, "product_uom": unit, "product_uom_qty": kilograms, **places, "picked": True}
        values = {"picking_type_id": kind.id, "partner_id": (partner or self.customer).id, **places}
        move["move_line_ids"] = [Command.create(item)]
        picking = self.env["stock.picking"].create({**values, "move_ids": [Command.create(move)]})
        picking._action_done()
        return picking

    def recall(self, record, user=None):
        action = record.with_user(user or self.planner).action_plc_recall()
        return self.env["plc.recall"].with_user(user or self.planner).browse(action["res_id"])

    def told(self, recall, direction):
        """[(level, what happened, lot, kg)]"""
        lines = recall.line_ids.filtered(lambda line: line.direction == direction)
        return [(line.level, line.kind, line.lot_id.name or "", round(line.quantity, 2)) for line in lines]

    def two_levels(self):
        """50 t of OLD lie in the silo: bran is made of it, then feed of the bran, which is delivered."""
        self.make_location()
        self.bring(500.0, self.lots["OLD"])
        move = self.transfer(self.lots["OLD"], 500.0)
        bran = self.book(self.make(self.bran_bom))
        self.env["plc.equipment"].search([("code", "=", 104), ("controller_id", "=", self.controller.id)]).lot_id = bran
        batch = self.make(self.bran_feed_bom, code=104)
        return move, bran, batch, self.book(batch)

    def transfer(self, lot, kilograms):
        places = {"location_id": self.store.id, "location_dest_id": self.silo.location_id.id}
        item = {"product_id": self.barley.id, "product_uom_id": self.kg.id, "lot_id": lot.id, "quantity": kilograms, **places}
        values = {"product_id": self.barley.id, "product_uom": self.kg.id, "product_uom_qty": kilograms, "picked": True, **places}
        move = self.env["stock.move"].create({**values, "move_line_ids": [Command.create(item)]})
        move._action_done()
        return move

    # Of a lot

    def test_forward_over_a_premix_to_the_customer(self):
        _move, bran, batch, feed = self.two_levels()
        picking = self.ship(feed, 250.0)
        recall = self.recall(self.lots["OLD"])
        found = self.told(recall, "forward")
        self.assertEqual([row for row in found if row[1] in ("used", "made", "delivered")], [
            (0, "used", "OLD", 100.0),
            (1, "made", bran.name, 1000.0),
            (1, "used", bran.name, 100.0),
            (2, "made", feed.name, 1000.0),
            (2, "delivered", feed.name, 250.0),
        ])  # fmt: skip
        left = dict.fromkeys(("OLD", bran.name, feed.name), 0.0)
        for _level, kind, lot, kilograms in found:
            left[lot] += kilograms if kind == "left" else 0.0
        self.assertEqual(left, {"OLD": 400.0, bran.name: 900.0, feed.name: 750.0})
        delivered = recall.line_ids.filtered(lambda line: line.kind == "delivered")
        self.assertRecordValues(delivered, [{"picking_id": picking.id, "partner_id": self.customer.id}])
        self.assertIn(batch, recall.line_ids.batch_id)
        self.assertIn("Batches: 2, of 2 orders. Lots made: 2. Deliveries: 1, to 1 customers.", recall.summary)

    def test_backward_from_what_was_delivered_to_the_silo_fill(self):
        move, bran, _batch, feed = self.two_levels()
        for subject in (feed, self.ship(feed, 250.0)):
            recall = self.recall(subject)
            used = [row for row in self.told(recall, "backward") if row[1] == "used" and row[2]]
            self.assertEqual(used, [(1, "used", bran.name, 100.0), (2, "used", "OLD", 100.0)])
            filled = recall.line_ids.filtered(lambda line: line.kind == "filled")
            self.assertRecordValues(
                filled, [{"move_line_id": move.move_line_ids.id, "equipment_id": self.silo.id, "quantity": 500.0}]
            )
            self.assertIn("It came from: 2 batches, of 2 orders; 2 lots used; 1 fills of silos.", recall.summary)

    def test_loops_end(self):
        """Bran is found to be of its own lot, as of a rest that went in again."""
        _move, bran, batch, _feed = self.two_levels()
        order = bran.product_id.env["mrp.production"].search([("lot_producing_ids", "in", bran.ids)])
        values = order._get_move_raw_values(self.bran, 5.0, self.kg)
        item = {"product_id": self.bran.id, "product_uom_id": self.kg.id, "lot_id": bran.id, "quantity": 5.0}
        places = {"location_id": values["location_id"], "location_dest_id": values["location_dest_id"]}
        move = self.env["stock.move"].create({**values, "move_line_ids": [Command.create({**item, **places})], "picked": True})
        post(move)
        move.move_line_ids.produce_line_ids = order.move_finished_ids.move_line_ids
        self.value_let_go = order.ids
        for direction, count in (("forward", 2), ("backward", 1)):
            rows = getattr(Trace(self.env), direction)(bran)
            self.assertEqual(len([row for row in rows if row["kind"] == "made"]), count, direction)
            self.assertIn(move.move_line_ids.id, [row.get("move_line_id") for row in rows])
        self.assertTrue(batch)

    def test_what_was_weighed_late_is_in_what_was_made(self):
        """In Odoo's own traceability, too: of the only batch, and of one of several."""
        self.silo.lot_id = self.lots["OLD"]
        alone = self.make()
        self.book(alone)
        self.controller.max_batch_qty = 500.0
        order = self.new_order(bom_id=self.lot_bom.id)
        self.run_task(1)
        first, last = order.plc_batch_ids.sorted("part")
        self.silo.lot_id = self.lots["NEW"]
        self.end(first, 50.0)
        self.book(first)
        for batch in (alone, first):
            self.silo.lot_id = self.lots["A"]
            self.line(batch).lot_id = False
            self.weigh_late(batch, 7.0)
        self.silo.lot_id = self.lots["B"]
        self.end(last, 50.0)
        self.book(last)
        lots = alone.production_id.lot_producing_ids | order.lot_producing_ids
        found = self.env["stock.move.line"].search([("lot_id", "=", self.lots["A"].id), ("state", "=", "done")])
        self.assertEqual(found.produce_line_ids.lot_id, lots)
        self.assertEqual(
            found.filtered(lambda item: item.move_id.plc_batch_id == first).produce_line_ids.move_id.plc_batch_id, first
        )
        self.assertEqual(
            {row["batch_id"] for row in Trace(self.env).forward(self.lots["A"]) if row["kind"] == "used"}, {alone.id, first.id}
        )

    def test_failed_batches_are_named_and_made_nothing(self):
        self.silo.lot_id = self.lots["OLD"]
        batch = self.make(state="failed")
        batch.action_set_disposition("requeue", "scrap")
        self.book(batch)
        self.silo.lot_id = self.lots["NEW"]
        self.run_task(1)
        again = batch.production_id.plc_batch_ids - batch
        self.end(again, 100.0)
        feed = self.book(again)
        found = self.recall(self.lots["OLD"]).forward_ids
        self.assertRecordValues(found, [{"kind": "scrapped", "batch_id": batch.id}, {"kind": "left", "batch_id": False}])
        used = self.recall(feed).backward_ids.filtered(lambda line: line.kind == "used")
        self.assertEqual({line.lot_id.name for line in used}, {False, "NEW"})
        self.assertEqual(used.batch_id, again)
        self.assertEqual(self.recall(batch).backward_ids.filtered("lot_id").mapped("kind"), ["scrapped"])

    def test_what_a_failed_batch_consumed(self):
        self.silo.lot_id = self.lots["OLD"]
        batch = self.make(state="failed")
        batch.action_set_disposition("withhold", "consume")
        self.book(batch)
        found = self.recall(self.lots["OLD"]).forward_ids
        self.assertRecordValues(found, [{"kind": "used", "batch_id": batch.id}, {"kind": "left", "batch_id": False}])

    def test_lost_links_are_made_up_for(self):
        """As before 19.0.2.0.0, for what was weighed late."""
        self.silo.lot_id = self.lots["OLD"]
        batch = self.make()
        feed = self.book(batch)
        self.line(batch).move_id.move_line_ids.produce_line_ids = False
        self.assertIn((1, "made", feed.name, 1000.0), self.told(self.recall(self.lots["OLD"]), "forward"))
        self.assertIn((1, "used", "OLD", 100.0), self.told(self.recall(feed), "backward"))

    def test_product_without_lots_is_told(self):
        self.feed.tracking = "none"
        self.silo.lot_id = self.lots["OLD"]
        self.book(self.make())
        self.assertIn("Test feed is not tracked by lot", self.recall(self.lots["OLD"]).summary)

    # Of a batch, of a silo

    def test_of_a_batch(self):
        move, bran, batch, feed = self.two_levels()
        recall = self.recall(batch)
        self.assertEqual([row for row in self.told(recall, "forward") if row[1] != "left"], [(0, "made", feed.name, 1000.0)])
        used = [row for row in self.told(recall, "backward") if row[1] == "used" and row[2]]
        self.assertEqual(used, [(0, "used", bran.name, 100.0), (1, "used", "OLD", 100.0)])
        self.assertEqual(recall.line_ids.filtered(lambda line: line.kind == "filled").move_line_id, move.move_line_ids)

    def test_of_a_silo(self):
        move, bran, _batch, feed = self.two_levels()
        recall = self.recall(self.silo)
        made = [row[2] for row in self.told(recall, "forward") if row[1] == "made"]
        self.assertEqual(made, [bran.name, feed.name])
        self.assertIn((0, "filled", "OLD", 500.0), self.told(recall, "backward"))
        with Form(recall) as form:
            form.date_until = "2020-01-01 00:00:00"
            form.date_since = "2019-01-01 00:00:00"
        recall.action_trace()
        self.assertEqual([line.kind for line in recall.line_ids if line.kind != "left"], [])
        self.assertTrue(move)

    # Screens, report, rights

    def test_page(self):
        self.silo.lot_id = self.lots["OLD"]
        self.book(self.make())
        form = Form(self.env["plc.recall"].with_user(self.planner))
        form.lot_id = self.lots["OLD"]
        recall = form.save()
        self.assertFalse(recall.line_ids)
        recall.action_trace()
        self.assertEqual(recall.action_open_lines()["domain"], [("recall_id", "=", recall.id)])
        self.assertEqual(recall.action_print()["report_name"], "plc_mo_batch.report_plc_recall")
        self.assertEqual(recall.display_name, "Recall of OLD")
        lines = recall.line_ids
        self.planner.group_ids += self.env.ref("base.group_allow_export")
        self.assertEqual(len(lines.export_data(["kind", "lot_id", "quantity"])["datas"]), len(lines))

    def test_what_was_found_is_of_what_is_asked(self):
        """A report cannot name another lot than the one that was traced, nor say when."""
        self.silo.lot_id = self.lots["OLD"]
        self.book(self.make())
        recall = self.recall(self.lots["OLD"])
        recall.lot_id = self.lots["NEW"]
        self.assertRecordValues(recall, [{"traced_at": False, "line_ids": []}])
        recall.action_print()
        self.assertTrue(recall.traced_at)
        with self.assertRaises(AccessError):
            recall.traced_at = False

    def test_nothing_named(self):
        recall = self.env["plc.recall"].with_user(self.planner).create({})
        with self.assertRaisesRegex(UserError, "Enter what to recall"):
            recall.action_trace()

    def test_report(self):
        _move, bran, batch, feed = self.two_levels()
        self.ship(feed, 250.0)
        recall = self.recall(self.lots["OLD"])
        page, kind = (
            self.env["ir.actions.report"].with_user(self.planner)._render_qweb_html("plc_mo_batch.report_plc_recall", recall.ids)
        )
        self.assertEqual(kind, "html")
        for text in ("Recall of OLD", bran.name, feed.name, batch.name, batch.production_id.name, "Test farm", "Where It Went"):
            self.assertIn(text, page.decode())

    def test_roles(self):
        for groups in ("base.group_user", "stock.group_stock_user"):
            user = new_test_user(self.env, f"recall_{groups[-8:]}", groups)
            with self.assertRaises(AccessError):
                self.lots["OLD"].with_user(user).action_plc_recall()
        recall = self.recall(self.lots["OLD"])
        other = new_test_user(self.env, "recall_other", "mrp.group_mrp_user")
        with self.assertRaises(AccessError):
            recall.with_user(other).read(["lot_id"])

    def test_other_companies_are_not_named(self):
        """A lot of all companies, that both have used and delivered."""
        self.lots["OLD"].company_id = False
        self.silo.lot_id = self.lots["OLD"]
        self.book(self.make())
        company = self.env["res.company"].create({"name": "Foreign mill"})
        kind = self.env["stock.warehouse"].search([("company_id", "=", company.id)]).out_type_id
        partner = self.env["res.partner"].create({"name": "Foreign farm"})
        foreign = self.ship(self.lots["OLD"], 5.0, kind, partner)
        recall = self.recall(self.lots["OLD"])
        self.assertNotIn(foreign, recall.line_ids.picking_id)
        self.assertNotIn("Foreign", " ".join(str(line.read()) for line in recall.line_ids))
        both = company | self.env.company
        boss = new_test_user(self.env, "recall_boss", "mrp.group_mrp_user", company_ids=[Command.set(both.ids)])
        recall = self.recall(self.lots["OLD"].with_context(allowed_company_ids=both.ids), boss)
        self.assertIn(foreign, recall.line_ids.picking_id)
        self.assertIn(partner, recall.line_ids.partner_id)
