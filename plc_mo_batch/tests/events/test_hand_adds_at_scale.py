"""Hand-adds at the scale: bag by bag, each wrong in each way that people find, and what is booked of it."""

from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged

from ..common import MillCase

INF, NAN = float("inf"), float("nan")
# what is given instead of (salt, lot A, 14.45 kg) -> what is said of it
REFUSED = {
    "zero": ({"quantity": 0.0}, "Enter how much is added: more than 0 kg. If nothing more is added: That Is All."),
    "negative": ({"quantity": -1.0}, "more than 0 kg"),
    "infinite": ({"quantity": INF}, "more than 0 kg"),
    "no number": ({"quantity": NAN}, "more than 0 kg"),
    "huge": ({"quantity": 1e9}, "are more than any bag holds"),
    "tiny": ({"quantity": 0.001}, "are less than the smallest step of kg"),
    "no lot": ({"lot": None}, "Test salt is tracked by lot: scan or choose the lot"),
    "lot of another product": ({"lot": "W1"}, "Lot W1 is of Test wheat, and not of Test salt"),
    "lot in quarantine": ({"lot": "BLOCKED"}, "lies in WH/Quarantine, and not in WH/Stock. Is it released?"),
    "dosed by the PLC": ({"line": "wheat", "lot": "W1"}, "The PLC doses Test wheat. It is not added by hand."),
}
ASKED = {
    "too much": ({"quantity": 20.0}, "That makes 20.00 kg of Test salt. 14.45 are planned."),
    "none by the books": (
        {"lot": "NEW"},
        "WH/Stock holds 0.00 kg of Test salt, lot NEW by the books. Was a receipt not entered?",
    ),
}
STATES = {  # state of the batch -> what is said; False: it is entered
    "queued": "The PLC does not make batch",
    "sending": "The PLC does not make batch",
    "offered": False,
    "running": False,
    "completed": False,
    "failed": False,
    "cancelled": "was cancelled. Nothing can be added to it.",
}


class HandAddCase(MillCase):
    """``self.batch`` runs; ``self.line`` is its salt, tracked by lot; ``self.oil`` is its second hand-add, without lots."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.salt.write({"tracking": "lot", "barcode": "4006381333931", "plc_number": 202})
        cls.wheat.tracking = "lot"
        cls.oil = cls.new_product("Test oil")
        cls.night, cls.day = (
            new_test_user(cls.env, f"plc-{name}", groups="plc_mo_batch.group_operator", name=name) for name in ("Night", "Day")
        )
        cls.lots = {name: cls.new_lot(name, cls.salt) for name in ("A", "B", "NEW", "BLOCKED")}
        cls.lots["W1"] = cls.new_lot("W1", cls.wheat)
        for name in ("A", "B"):
            cls.put_in_stock(100.0, cls.salt, lot=cls.lots[name])
        cls.put_in_stock(1000.0, cls.oil)
        cls.put_in_stock(5000.0, cls.wheat, lot=cls.lots["W1"])
        view = cls.picking_type.warehouse_id.view_location_id
        quarantine = cls.env["stock.location"].create({"name": "Quarantine", "location_id": view.id, "usage": "internal"})
        cls.env["stock.quant"]._update_available_quantity(cls.salt, quarantine, 50.0, lot_id=cls.lots["BLOCKED"])
        cls.scale_bom = cls.new_bom([(cls.wheat, 600.0), (cls.salt, 14.45), (cls.oil, 2.0)])

    @classmethod
    def new_lot(cls, name, product):
        return cls.env["stock.lot"].create({"name": name, "product_id": product.id})

    def setUp(self):
        super().setUp()
        self.order, self.batch = self.start()
        self.line, self.oil_line = self.line_of(self.salt), self.line_of(self.oil)

    def start(self, state="running"):
        order = self.new_order(bom_id=self.scale_bom.id)
        order.action_assign()
        self.run_task(1)
        batch = self.queue().filtered(lambda batch: batch.production_id == order)
        if state != "queued":
            batch._set_state(state)
        return order, batch

    def line_of(self, product, batch=None):
        return (batch or self.batch).line_ids.filtered(lambda line: line.product_id == product)

    def finish(self, batch=None):
        batch = batch or self.batch
        batch._store_actuals((101,), (600.0,))
        batch._advance("completed", 0.0, {})

    def add(self, quantity=14.45, lot="A", line=None, user=None, agreed=False, **values):
        """As an operator."""
        line = (line or self.line).with_user(user or self.night)
        lot = self.lots[lot].with_env(line.env) if lot else line.env["stock.lot"]
        return line._add_at_scale(quantity, lot, agreed=agreed, **values)

    def booked(self, product=None):
        """kg by lot, of what is posted."""
        items = self.env["stock.move.line"].search(
            [("product_id", "=", (product or self.salt).id), ("state", "=", "done"), ("location_dest_id.usage", "!=", "internal")]
        )
        found = {}
        for item in items:
            found[item.lot_id.name] = round(found.get(item.lot_id.name, 0.0) + item.quantity, 2)
        return found

    def page(self, user=None, batch=None):
        pages = self.env["plc.hand.add"].with_user(user or self.night).with_context(lang=None)
        return Form(pages.with_context(default_batch_id=batch.id) if batch else pages)


@tagged("post_install", "-at_install")
class TestHandAddsAtScale(HandAddCase):
    # As it should be

    def test_booked_as_it_was_scanned(self):
        """Of lots that nobody reserved, by default and where reservations go first; line, report, move and recall agree."""
        self.assertEqual(self.line.move_id.move_line_ids.lot_id, self.lots["A"])
        for policy in ("silo", "reserved"):
            with self.subTest(policy), self.env.cr.savepoint() as savepoint:
                self.controller.lot_policy = policy
                self.add(10.0, "B")
                self.add(4.0, "NEW", agreed=True)
                self.assertEqual(self.line.lots, "B 10.00, NEW 4.00")
                self.line.with_user(self.night)._say_all_added(agreed=True)
                self.add(2.0, None, self.oil_line)
                self.finish()
                self.run_task(3)
                self.assertRecordValues(self.batch, [{"state": "done", "last_error": False}])
                self.assertEqual(self.booked(), {"B": 10.0, "NEW": 4.0})
                self.assertEqual(self.line.lots, "B 10.00, NEW 4.00")
                report = self.env["ir.actions.report"]._render_qweb_html("plc_mo_batch.report_mo_batch", self.batch.ids)[0]
                self.assertIn("B 10.00, NEW 4.00", report.decode())
                reserved = self.env["stock.quant"].search([("lot_id", "=", self.lots["A"].id)]).mapped("reserved_quantity")
                self.assertEqual(sum(reserved), 0.0, "what was reserved and not used is free again")
                savepoint.rollback()

    def test_counts_whatever_the_policy(self):
        """A person stood at the scale: no policy makes up another figure, and what is begun is asked for."""
        for policy in ("planned", "proportional", "typed", "weighed"):
            with self.subTest(policy), self.env.cr.savepoint() as savepoint:
                self.controller.write({"hand_add_policy": policy, "weighing_grace": 0})
                self.add(10.0)
                self.oil_line.with_user(self.night)._say_all_added(agreed=True)
                self.finish()
                self.env["mo.batch"]._stop_waiting_for_weighings()
                self.assertTrue(self.batch.hand_adds_needed)
                self.assertIn("Only a part of it was added at the scale: Test salt.", self.batch.attention)
                self.add(4.45, "B", agreed=True)
                self.assertFalse(self.batch.hand_adds_needed)
                self.run_task(3)
                self.assertEqual(self.batch.state, "done")
                self.assertEqual((self.booked(), self.booked(self.oil)), ({"A": 10.0, "B": 4.45}, {}))
                savepoint.rollback()

    def test_journalled(self):
        self.add(14.45)
        said = self.batch.journal_ids[:1]
        self.assertEqual((said.kind, said.user_id), ("user", self.night))
        self.assertEqual(said.message, "Night added by hand: 14.45 kg of Test salt, lot A.")

    def test_what_is_entered_afterwards_goes_first(self):
        """The total that a person enters under Enter Hand-Adds, of the lots that were scanned."""
        self.add(10.0)
        self.finish()
        self.batch.with_user(self.night).action_enter_hand_adds([(self.line.id, 13.0), (self.oil_line.id, 2.0)])
        self.run_task(3)
        self.assertEqual(self.booked(), {"A": 13.0})

    # Wrong

    def test_refused(self):
        lines = {"wheat": self.line_of(self.wheat)}
        for name, (given, said) in REFUSED.items():
            with self.subTest(name), self.assertRaisesRegex(UserError, said):
                self.add(**{**given, "line": lines.get(given.get("line"), self.line)})
        self.assertFalse(self.batch.weighing_ids)

    def test_expired(self):
        if "expiration_date" not in self.env["stock.lot"]._fields:
            self.skipTest("needs product_expiry")
        self.salt.use_expiration_date = True
        self.lots["A"].expiration_date = fields.Datetime.now() - timedelta(hours=1)
        with self.assertRaisesRegex(UserError, "Lot A expired on .*: take another bag"):
            self.add()

    def test_serial_numbers(self):
        self.oil.tracking = "serial"
        with self.assertRaisesRegex(UserError, "is tracked by serial number"):
            self.add(2.0, None, self.oil_line)

    def test_asked_first(self):
        for name, (given, said) in ASKED.items():
            with self.subTest(name), self.env.cr.savepoint() as savepoint:
                bag, question = self.add(**given)
                self.assertEqual((len(bag), question), (0, said))
                bag, rest = self.add(**given, agreed=question)
                self.assertEqual((bag.state, rest), ("matched", ""))
                self.assertIn(said, self.batch.journal_ids[:1].message)
                savepoint.rollback()

    def test_state_of_the_batch(self):
        for state, said in STATES.items():
            with self.subTest(state), self.env.cr.savepoint() as savepoint:
                self.batch._set_state(state)
                if said:
                    with self.assertRaisesRegex(UserError, said):
                        self.add(agreed=True)
                else:
                    self.assertEqual(self.add(agreed=True)[0].state, "matched")
                savepoint.rollback()

    def test_twice(self):
        self.add(5.0)
        _bag, question = self.add(5.0)
        self.assertIn("by Night. Is it one more?", question)
        self.assertEqual(self.line.weighed_qty, 5.0)
        self.add(5.0, agreed=question)
        self.assertEqual(self.line.weighed_qty, 10.0)

    def test_entered_by_hand_already(self):
        self.finish()
        self.batch.action_enter_hand_adds([(self.line.id, 14.0)])
        with self.assertRaisesRegex(UserError, "was already entered by hand: 14.00 kg. Correct it with Enter Hand-Adds"):
            self.add()

    def test_who_may(self):
        planner = new_test_user(self.env, "plc-planner", groups="mrp.group_mrp_user")
        for act in (
            lambda: self.add(user=planner),
            lambda: self.line.with_user(planner)._weigh_in_advance(1.0, self.lots["A"]),
            lambda: self.line.with_user(planner)._say_all_added(agreed=True),
        ):
            with self.assertRaises(AccessError):
                act()

    # Two tablets, and the batch meanwhile

    def test_second_tablet_is_told(self):
        page = self.page(self.day)
        self.add(10.0)
        page.lot_id, page.weight = self.lots["B"], 4.45
        page = page.save()
        self.assertIs(page.action_confirm(), True)
        self.assertIn("Meanwhile Night entered: 10.00 kg of Test salt, lot A.", page.question)
        self.assertEqual(page.action_confirm()["params"]["message"], "Added: 4.45 kg of Test salt, lot B.")
        self.assertEqual(self.line.lots, "A 10.00, B 4.45")

    def test_booked_meanwhile(self):
        """The bag is in the mixer: it is booked on top, of its lot."""
        self.add(14.0)
        self.line.with_user(self.night)._say_all_added(agreed=True)
        self.oil_line.with_user(self.night)._say_all_added(agreed=True)
        self.finish()
        self.run_task(3)
        self.assertEqual(self.batch.state, "done")
        _bag, question = self.add(0.45, "B")
        self.assertIn("is booked already, with 14.00 kg of Test salt. This is booked on top of it.", question)
        self.add(0.45, "B", agreed=question)
        self.assertEqual(self.booked(), {"A": 14.0, "B": 0.45})

    def test_cancelled_meanwhile(self):
        """What was added before, a person decides about: it is not lost."""
        bag, _question = self.add(agreed=True)
        self.batch._let_weighings_go()
        self.assertRecordValues(bag, [{"state": "waiting", "needs_person": True}])

    def test_failed(self):
        """What was added is wasted with the rest, of its lot."""
        self.controller.disposition_material = "scrap"
        self.add(10.0, "B", agreed=True)
        self.batch._store_actuals((101,), (300.0,))
        self.batch._advance("failed", 0.0, {})
        self.batch.action_set_disposition("withhold", "scrap")
        self.run_task(3)
        self.assertTrue(self.batch.disposition_booked)
        self.assertEqual(self.booked(), {"B": 10.0})

    def test_dismissed(self):
        """A slip is taken back from the list of weighings."""
        bag, _question = self.add(10.0)
        bag.with_user(self.night).action_dismiss("typed wrong")
        self.assertRecordValues(self.line, [{"weighed": False, "weighed_qty": 0.0, "lots": ""}])
        self.assertEqual(self.batch._due_at_scale()[:1], self.line)

    # All of it

    def test_that_is_all(self):
        question = self.line.with_user(self.night)._say_all_added()
        self.assertEqual(question, "0.00 of 14.45 kg of Test salt were added. Is that all?")
        self.assertFalse(self.line.all_added)
        self.assertEqual(self.line.with_user(self.night)._say_all_added(agreed=question), "")
        self.assertRecordValues(self.line, [{"all_added": True, "weighed": True, "weighed_qty": 0.0}])
        self.assertEqual(self.batch._due_at_scale(), self.oil_line)

    # Units

    def test_units(self):
        """The scale shows kg of what is kept by volume; what has no weight is counted."""
        litre, unit = self.env.ref("uom.product_uom_litre"), self.env.ref("uom.product_uom_unit")
        for uom, weight, planned, given, booked, scale in (
            (litre, 0.9, 2.0, 1.8, 2.0, "kg"),
            (unit, 0.0, 3.0, 3.0, 3.0, "Units"),
            (self.env.ref("uom.product_uom_gram"), 0.0, 500.0, 0.5, 500.0, "kg"),
        ):
            with self.subTest(uom.name), self.env.cr.savepoint() as savepoint:
                product = self.new_product("Test additive", uom_id=uom.id, weight=weight)
                self.put_in_stock(1000.0, product)
                self.scale_bom = self.new_bom([(self.wheat, 600.0), (product, planned)])
                self.batch._set_state("cancelled")
                self.order, batch = self.start()
                line = self.line_of(product, batch)
                self.assertEqual(line._scale_uom().name, scale)
                bag, question = self.add(given, None, line)
                self.assertEqual((question, line.weighed_qty, line._is_weighed_enough()), ("", booked, True))
                self.assertEqual(bag._told(), f"{given:.2f} {scale} of Test additive")
                self.finish(batch)
                self.run_task(3)
                self.assertEqual(self.booked(product), {False: booked})
                savepoint.rollback()

    # The PLC's own scale

    def weighing(self, kg=14.45, **values):
        """What the PLC told."""
        told = {"slot": self.batch.slot, "order": self.batch.order_name, "product_number": 202, "weighed": kg, **values}
        events = self.env["plc.weighing"]
        event = events.create(
            {
                **events._prepare(self.controller, told),
                "controller_id": self.controller.id,
                "company_id": self.controller.company_id.id,
                "event_key": str(told),
                "words": "1 2 3",
                "acknowledged": True,
            }
        )
        event._on_stored()
        return event

    def test_lot_of_what_the_plc_weighed(self):
        """It is at hand on the page, and counts with its lot once a person has said it."""
        weighing = self.weighing()
        page = self.page()
        self.assertEqual((page.bag_id, page.weight), (weighing, 14.45))
        page.scan = "B"
        self.assertEqual(page.lot_id, self.lots["B"])
        page.save().action_confirm()
        self.assertRecordValues(weighing, [{"state": "matched", "lot_id": self.lots["B"].id, "weighed_by_id": self.night.id}])
        self.assertEqual((self.line.weighed_qty, self.line.lots), (14.45, "B 14.45"))

    def test_typed_and_told(self):
        """Typed beside what the PLC told is asked about; told after it was typed waits for a person."""
        self.weighing()
        _bag, question = self.add()
        self.assertIn("The PLC weighed 14.45 kg of it. Is this besides?", question)
        self.add(2.0, None, self.oil_line)
        self.oil.plc_number = 203
        late = self.weighing(2.0, product_number=203)
        self.assertEqual((late.state, late.reason), ("waiting", "It was entered at the scale already: 2.00 kg of Test oil."))
        self.assertEqual(self.oil_line.weighed_qty, 2.0)

    def test_lot_and_code_of_the_plc(self):
        """As text, in the PLC's weighing. What nobody knows is remarked or waits: it is never lost."""
        self.salt.default_code = "SALT"
        for name, told, expected, remark in (
            ("both known", {"product_code": "SALT", "lot": "B"}, {"state": "matched", "lot_id": self.lots["B"].id}, ""),
            ("by barcode", {"product_code": "4006381333931"}, {"state": "matched", "lot_id": False}, ""),
            ("code before number", {"product_code": "SALT", "product_number": 999}, {"state": "matched"}, ""),
            (
                "no such code",
                {"product_code": "SUGAR"},
                {"state": "waiting", "reason": "The code SUGAR must belong to exactly one product."},
                "",
            ),
            (
                "no such lot",
                {"lot": "X9"},
                {"state": "matched", "lot_id": False, "lot_name": "X9"},
                "of lot X9, which nobody knows",
            ),
            ("lot of another", {"lot": "W1"}, {"state": "matched", "lot_id": False}, "of lot W1, which nobody knows"),
        ):
            with self.subTest(name), self.env.cr.savepoint() as savepoint:
                self.assertRecordValues(self.weighing(**told), [{"quantity": 14.45, **expected}])
                self.assertIn(remark, self.batch.remark or "")
                self.assertEqual(bool(remark), bool(self.batch.remark))
                savepoint.rollback()

    # A second person

    def test_second_person(self):
        self.controller.hand_add_check_policy = "second"
        bag, _question = self.add()
        self.assertTrue(bag.check_needed)
        with self.assertRaisesRegex(UserError, "You entered it: somebody else checks it"):
            bag.with_user(self.night).action_check()
        self.oil_line.with_user(self.night)._say_all_added(agreed=True)
        self.finish()
        self.run_task(3)
        self.assertEqual(self.batch.attention, "A second person must check what was added at the scale: Test salt.")
        bag.with_user(self.day).action_check()
        self.assertRecordValues(bag, [{"check_needed": False, "checked_by_id": self.day.id}])
        self.assertEqual(self.batch.journal_ids[:1].message, "Day checked what Night entered: 14.45 kg of Test salt, lot A.")
        with self.assertRaisesRegex(UserError, "needs no check"):
            bag.with_user(self.day).action_check()
        self.run_task(3)
        self.assertEqual(self.batch.state, "done")

    # Weighed in advance

    def test_in_advance(self):
        """For a batch that is queued; its label says all, and is good for one time and one batch."""
        self.batch._set_state("cancelled")
        self.new_order(bom_id=self.scale_bom.id)
        _order, later = self.start("queued")
        self.batch = (self.queue() - later)[:1]
        self.batch._set_state("running")
        line = self.line_of(self.salt, later)
        page = self.page(batch=later)
        page.scan = "A"
        page.weight = 14.45
        action = page.save().action_prepare()
        self.assertEqual(action["type"], "ir.actions.report")
        bag = later.weighing_ids
        self.assertRecordValues(bag, [{"state": "prepared", "quantity": 14.45, "lot_id": self.lots["A"].id}])
        self.assertFalse(line.weighed)
        label = self.env["ir.actions.report"]._render_qweb_html("plc_mo_batch.report_plc_bag_label", bag.ids)[0].decode()
        for told in ("Test salt", "14.45 kg", "A", later.name, later.order_name, bag.label_code, "data:image/svg+xml;base64,"):
            self.assertIn(told, label)
        other = self.page(batch=self.batch)
        other.scan = bag.label_code
        self.assertEqual(other.scan_problem, f"This bag was weighed for batch {later.name}.")
        later._set_state("running")
        page = self.page(batch=later)
        page.scan = bag.label_code
        self.assertEqual((page.line_id, page.lot_id, page.weight), (line, self.lots["A"], 14.45))
        page.save().action_confirm()
        self.assertEqual((bag.state, line.weighed_qty), ("matched", 14.45))
        page = self.page(batch=later)
        page.scan = bag.label_code
        self.assertEqual(page.scan_problem, "This bag was added already: 14.45 kg of Test salt, lot A.")

    def test_in_advance_and_dismissed(self):
        """A bag that was spilled."""
        spilled = self.line.with_user(self.night)._weigh_in_advance(1.0, self.lots["A"])
        spilled.action_dismiss("spilled")
        page = self.page()
        page.scan = spilled.label_code
        self.assertEqual(page.scan_problem, "This bag does not count any more: spilled.")
        with self.assertRaisesRegex(UserError, "does not count any more: spilled"):
            self.add(bag=spilled)
        self.assertFalse(self.line.weighed)

    # The page

    def test_page(self):
        """One after the other; the page may be closed at any time."""
        page = self.page()
        self.assertEqual((page.batch_id, page.line_id, page.told), (self.batch, self.line, "0.00 of 14.45 kg · 14.45 kg to go"))
        page.lot_id, page.weight = self.lots["A"], 10.0
        entered = page.save()
        entered.action_confirm()
        with self.assertRaisesRegex(UserError, "It is entered already: 10.00 kg of Test salt, lot A"):
            entered.action_confirm()
        page = self.page()
        self.assertEqual((page.line_id, page.told), (self.line, "10.00 of 14.45 kg · 4.45 kg to go"))
        page.lot_id, page.weight = self.lots["B"], 4.45
        self.assertIsInstance(page.save().action_confirm(), dict)
        page = self.page()
        self.assertEqual(page.line_id, self.oil_line)
        page = page.save()
        self.assertIs(page.action_all_added(), True)
        self.assertEqual(page.action_all_added()["params"]["message"], "Test oil: that was all.")
        self.assertFalse(self.page().batch_id)

    def test_scan(self):
        gtin = "04006381333931"
        for code, lot, weight, problem in (
            ("B", "B", 0.0, False),
            ("4006381333931", None, 0.0, False),
            (f"01{gtin}310200125010B", "B", 12.5, False),
            (f"01{gtin}10XYZ", None, 0.0, "Test salt has no lot XYZ."),
            ("W1", None, 0.0, "This is Test wheat, which is not added to this batch by hand. Test salt is due."),
            ("NOTHING", None, 0.0, "NOTHING is neither a lot nor a product."),
        ):
            for field in ("scan", "_barcode_scanned"):  # into the field, or anywhere on the page
                with self.subTest(code, field=field):
                    page = self.page()
                    page._view["onchange"].setdefault(field, "1")
                    setattr(page, field, code)
                    self.assertEqual((page.lot_id.name or None, page.weight, page.scan_problem), (lot, weight, problem))

    def test_wrong_turn(self):
        """Another hand-add of the batch is refused until the person says that it goes in first."""
        self.oil.barcode = "OILBAG"
        page = self.page()
        page.scan = "OILBAG"
        self.assertEqual(page.scan_problem, "This is Test oil, but Test salt is due. Choose it under Due if it goes in first.")
        page.line_id = self.oil_line
        page.scan = "OILBAG"
        self.assertFalse(page.scan_problem)
        page.weight = 2.0
        page.save().action_confirm()
        self.assertEqual(self.oil_line.weighed_qty, 2.0)
