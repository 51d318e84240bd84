from odoo import api, models

from ...tools.translate import format_number

UNTOLD = {"sequence"}  # the place in a list


class PlcChanges(models.AbstractModel):
    """What a person changes of the set-up is journalled, with old and new value."""

    _name = "plc.changes"
    _description = "Changes That Are Journalled"

    def write(self, vals):
        names = [] if self.env.su else self._told_fields(vals)
        before = {record: record._told(names) for record in self} if names else {}
        result = super().write(vals)
        for record, old in before.items():
            record._journal_changes(old, record._told(names))
        return result

    @api.model
    def _told_fields(self, vals):
        """Those of ours that a person may change; lists of other records tell their own changes."""
        fields = [self._fields[name] for name in vals if name in self._fields and name not in UNTOLD]
        return [
            field.name
            for field in fields
            if "plc_mo_batch" in field._modules and field.store and not field.readonly and field.type != "one2many"
        ]

    def _told(self, names):
        """Field -> its value as people read it."""
        return {name: self._told_value(name) for name in names}

    def _told_value(self, name):
        field, value = self._fields[name], self.sudo()[name]
        if field.relational:
            return ", ".join(value.mapped("display_name"))
        if field.type == "selection":
            return dict(field._description_selection(self.env)).get(value, value or "")
        if field.type == "boolean":
            return self.env._("yes") if value else self.env._("no")
        return format_number(self.env, value, ".15g") if field.type == "float" else str(value or "")

    def _journal_changes(self, old, new):
        changes = [self._told_change(name, old[name], new[name]) for name in new if old[name] != new[name]]
        if changes:
            self._journal_change("; ".join(changes))

    def _told_change(self, name, old, new):
        label = self._fields[name]._description_string(self.env)
        if self._fields[name].type == "binary":  # a key is nobody's to read
            return label
        return f"{label}: {old or '-'} → {new or '-'}"

    def _journal_change(self, changes):
        """Journal what the user changed of one record; others say here which one it is."""
        self._journal_on_plcs(changes)

    def _journal_on_plcs(self, changes):
        """Each PLC that works with it has it in its journal."""
        for controller in self._plcs_concerned():
            message = self.env._("Changed by %(user)s: %(changes)s", user=self.env.user.name, changes=changes)
            self.env["mo.batch.journal"]._record("user", message, controller=controller)

    def _plcs_concerned(self):
        """The PLCs that work with what was changed, archived ones included."""
        raise NotImplementedError
