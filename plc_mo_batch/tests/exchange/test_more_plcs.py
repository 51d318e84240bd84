"""What a task does for a PLC does not depend on how many PLCs there are."""

import cProfile
import pstats
from datetime import timedelta
from math import inf

from odoo.sql_db import Cursor
from odoo.tests import tagged

from ...models.exchange import last_looks, plc_task_exchange
from ...simulator import Simulator
from ..common import MillCase

FEW, MANY = 3, 9  # PLCs
OF_A_FILL = 20  # queries for a PLC, with the run's: a fill of one alone takes 75
MORE = 1.05  # so much more calls for a PLC among many are none: what a dictionary grows by, a sort


@tagged("post_install", "-at_install")
class TestMorePlcs(MillCase):
    def setUp(self):
        super().setUp()
        self.put_in_stock(1_000_000.0, self.wheat, self.soy, self.molasses, self.salt)
        self.queries = 0
        execute = Cursor.execute

        def count(cr, *args, **options):
            self.queries += 1
            return execute(cr, *args, **options)

        self.patch(Cursor, "execute", count)
        self.patch(plc_task_exchange, "AGAIN_SECONDS", inf)  # a run of many lasts longer: what is looked at again is not asked
        self.mills, self.plcs = [], self.controller.browse()
        self.wait_for_answers()
        for number in range(MANY):
            mill = Simulator(scan_time=None, seed=number).start()
            self.addCleanup(mill.stop)
            self.mills.append(mill)
            kind = self.picking_type.copy({"sequence_code": f"M{number}"})
            self.plcs += self.new_controller(name=f"Mill {number}", port=mill.port, picking_type_ids=kind.ids)
        self.controller.enabled = False

    def cost(self, found, name, number):
        """Queries and calls of a task."""
        self.env.flush_all()
        self.env.invalidate_all()
        self.queries, profile = 0, cProfile.Profile()
        profile.enable()
        self.run_task(number)
        profile.disable()
        self.env.flush_all()
        found[name] = self.queries, pstats.Stats(profile).total_calls

    def step(self, seconds):
        for mill in self.mills:
            mill.step(seconds)

    def cycle(self, count, found):
        """An order for each of so many PLCs, from the fill to the books."""
        self.plcs.enabled = False
        self.plcs[:count].enabled = True
        for plc in self.plcs[:count]:
            self.new_order(picking_type_id=plc.picking_type_ids.id)
        batches = self.env["mo.batch"].with_context(active_test=False)
        self.cost(found, "fill", 1)
        batches = batches.search([("controller_id", "in", self.plcs[:count].ids), ("active", "=", True)])
        self.assertEqual(len(batches), count)
        self.cost(found, "download", 2)
        for batch in batches:
            batch.date_offered -= timedelta(minutes=1)  # the PLCs had their settle time
        self.run_task(2)
        self.cost(found, "nothing new", 2)
        self.step(0)
        self.run_task(2)
        for _look in range(2):
            self.step(10)
            self.cost(found, "amounts", 2)
        self.step(600)
        self.cost(found, "ends", 2)
        self.assertEqual(set(batches.mapped("state")), {"completed"})
        self.cost(found, "write back", 3)
        self.assertEqual(set(batches.mapped("state")), {"done"})
        self.cost(found, "monitor", 4)
        self.step(0)
        self.run_task(2)

    def test_each_plc_costs_the_same(self):
        self.cycle(1, {})  # whatever is read but once
        few, many = {}, {}
        self.cycle(FEW, few)
        last_looks._KEPT.clear()
        self.cycle(MANY, many)
        self.assertLessEqual(many["fill"][0] / MANY, OF_A_FILL)
        for name in few:
            for kind, one, other in zip(("queries", "calls"), few[name], many[name], strict=True):
                with self.subTest(name, kind=kind, few=one / FEW, many=other / MANY):
                    self.assertLessEqual(other / MANY, one / FEW * MORE)
