"""What Odoo's own ``test_lint`` asks of indexes, for our models; ``dev/test-odoo test_lint`` runs all of it."""

from odoo.tests import TransactionCase, tagged


@tagged("post_install", "-at_install")
class TestIndexes(TransactionCase):
    def test_inverse_fields_have_one(self):
        """Reading a One2many searches by its inverse."""
        missing = {
            f"{field.comodel_name}.{field.inverse_name}"
            for records in self.env.registry.values()
            for field in records._fields.values()
            if field.type == "one2many" and "plc_mo_batch" in field._modules and field.inverse_name
            if not self.has_index(self.env[field.comodel_name], field.inverse_name)
        }
        self.assertFalse(missing)

    def has_index(self, records, name):
        field = records._fields[name].base_field
        small = records._transient or records._abstract
        return small or not (field.store and field.column_type) or field.index in (True, "btree", "btree_not_null")
