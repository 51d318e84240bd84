"""Pictures that are printed: the band of a silo, the curves of a batch, the shift that runs."""

import base64

from lxml import etree

from odoo.tests import new_test_user, tagged

from ...models.reporting.chart import Band, Line, marks, svg
from ..common import MillCase

SVG = "{http://www.w3.org/2000/svg}"


@tagged("post_install", "-at_install")
class TestPictures(MillCase):
    def drawn(self, picture, tag):
        return list(etree.fromstring(str(picture)).iter(SVG + tag))

    def html(self, report, records):
        return self.env["ir.actions.report"]._render_qweb_html(report, records.ids)[0].decode()

    def make(self, wheat=600.0):
        batch = self.complete(self.new_order(), actuals={101: wheat, 102: 352.25, 114: 33.3})
        batch.write({"date_started": "2026-03-02 08:00:00", "acknowledged": True})
        self.run_task(3)
        self.env.flush_all()
        return batch

    def test_round_numbers(self):
        for low, high in ((0, 100), (-13.4, 2.1), (0.0, 0.0), (5, 5), (-0.002, 0.003), (0, 5623.7)):
            found = marks(low, high)
            with self.subTest(low=low, high=high):
                self.assertLessEqual(len(found), 7)
                self.assertTrue(found[0] <= low <= high <= found[-1] and found[0] < found[-1], found)

    def test_everything_is_within_the_picture(self):
        picture = svg([Line([(0, -13.4), (7, 2.0)], "red", dots=["red", "blue"])], [Band(-4.5, 2.5, "teal")], [(7, "A & B")])
        [line] = self.drawn(picture, "polyline")
        for place in line.get("points").split():
            x, y = map(float, place.split(","))
            self.assertTrue(0 <= x <= 1000 and 0 <= y <= 300, place)
        self.assertIn("A &amp; B", picture)
        self.assertEqual(svg([]), "")

    def test_the_band_of_a_silo(self):
        self.controller.write({"tolerance_percent": 1.0})
        for wheat in (601.0, 598.5, 640.0):
            self.make(wheat)
        silo = self.env["plc.dosing.silo"].search([("product_id", "=", self.wheat.id)])
        self.assertEqual(len(self.drawn(silo._picture(), "circle")), 3)
        self.assertEqual([dot.get("fill") for dot in self.drawn(silo._picture(), "circle")].count("#dc3545"), 1)
        self.assertEqual(len(self.drawn(silo._picture(), "rect")), 1, "the band")
        html = self.html("plc_mo_batch.report_plc_dosing_silo", silo)
        for words in ("<svg", "Silo 101", self.wheat.name, silo.suggestion):
            self.assertIn(words, html)

    def test_who_may_read_the_doses_prints_them(self):
        self.make()
        worker = new_test_user(self.env, "pictures_worker", groups="mrp.group_mrp_user")
        silo = self.env["plc.dosing.silo"].with_user(worker).search([("product_id", "=", self.wheat.id)])
        report = self.env["ir.actions.report"].with_user(worker)
        self.assertIn("<svg", report._render_qweb_html("plc_mo_batch.report_plc_dosing_silo", silo.ids)[0].decode())

    def test_the_curves_of_a_batch(self):
        batch = self.make()
        self.assertNotIn("<svg", self.html("plc_mo_batch.report_mo_batch", batch), "nobody watched it")
        batch.line_ids[0].curve = "0:0 30:550 60:600"
        batch.line_ids[1].curve = "60:0 90:352.25"
        self.env.invalidate_all()
        picture, names = batch._picture()
        self.assertEqual(len(self.drawn(picture, "polyline")), 2)
        self.assertEqual([name for _colour, name in names], batch.line_ids[:2].mapped("product_id.display_name"))
        html = self.html("plc_mo_batch.report_mo_batch", batch)
        self.assertIn("<svg", html)
        self.assertIn("Minutes since the start", html)
        batch._freeze_report()
        self.assertIn(b"<svg", base64.b64decode(batch.frozen_ids.with_context(bin_size=False).content), "it is kept, too")

    def test_the_shift_that_runs(self):
        [batch] = self.start()
        batch._set_state("running", date_started=self.controller._shift_around()[0])
        self.env.flush_all()
        self.assertIn(batch.name, self.controller.shift_picture)
        action = self.controller.action_open_shift_report()
        report = self.env[action["res_model"]].with_context(**action["context"]).create({})
        self.assertEqual((report.since, report.until), self.controller._shift_around())
        self.assertIn(batch.name, self.html("plc_mo_batch.report_plc_shift", report))

    def start(self):
        self.new_order()
        self.run_task(1)
        return self.queue()
