"""What nobody changes or deletes, not even with all rights: the journal, signatures, frozen reports."""

from odoo.exceptions import UserError
from odoo.tests import tagged

from ...models.common.marks import VACUUM
from ..common import MillCase


@tagged("post_install", "-at_install")
class TestAppendOnly(MillCase):
    def test_nobody_changes_or_deletes_them(self):
        self.new_order()
        self.run_task(1)
        batch = self.queue()
        batch._record_signatures("give_up", [(self.env.user, "decided")])
        frozen = {"batch_id": batch.id, "number": 1, "content": b"eA==", "file_name": "x.pdf", "sha256": "0" * 64}
        cases = {
            "Batch Journal": (batch.journal_ids[:1], {"message": "something else"}),
            "Electronic Signature": (batch.signature_ids, {"signature": "Somebody else"}),
            "Frozen Batch Report": (self.env["mo.batch.frozen"].create(frozen), {"seen": 7, "sha256": "1" * 64}),
        }
        base = self.env.registry["plc.append.only"]
        kept = {name for name, model in self.env.registry.items() if issubclass(model, base) and model is not base}
        self.assertEqual({record._name for record, _values in cases.values()}, kept)
        for name, (record, values) in cases.items():
            with self.subTest(name):
                with self.assertRaisesRegex(UserError, f"^{name}: what is recorded cannot be changed"):
                    record.sudo().write(values)
                with self.assertRaisesRegex(UserError, f"^{name}: what is recorded cannot be deleted"):
                    record.sudo().unlink()
                self.assertTrue(record.exists())
                VACUUM.on(record).sudo().unlink()
                self.assertFalse(record.exists())

    def test_what_is_noted_later(self):
        """Up to where a frozen report knows the journal: that alone is written to it."""
        self.new_order()
        self.run_task(1)
        values = {"batch_id": self.queue().id, "number": 1, "content": b"eA==", "file_name": "x.pdf", "sha256": "0" * 64}
        frozen = self.env["mo.batch.frozen"].create(values)
        frozen.seen = 7
        self.assertEqual(frozen.seen, 7)
