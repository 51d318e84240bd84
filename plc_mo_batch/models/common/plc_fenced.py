from odoo import api, models
from odoo.fields import Command


class PlcFenced(models.AbstractModel):
    """Whoever writes to a record links it only to what he may read, and leaves it among what he may write to.

    Odoo asks for rights on a record before a write, not on what it has become. It shows the name of whatever a record is linked
    to, and a related field may find in the cache what was read with all rights.
    """

    _name = "plc.fenced"
    _inherit = ["plc.bounded"]
    _description = "Links Only to What Its Writer May Read"

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        records._check_links(set().union(*vals_list))
        return records

    def write(self, vals):
        result = super().write(vals)
        if self._links(vals):
            self.check_access("write")
            self._check_links(vals)
        return result

    @api.model
    def default_get(self, fields):
        """Defaults are for whoever may create a record; Odoo gives them to anybody. Nor does the context link to what the user
        may not read."""
        if not self.has_access("create"):
            return {}
        defaults = super().default_get(fields)
        links = [] if self.env.su else self._links(defaults)
        unseen = [name for name in links if not self.new(defaults)[name]._origin.exists().has_access("read")]
        return {name: value for name, value in defaults.items() if name not in unseen}

    def _plc_check_fences(self, values):
        self._plc_check_lines(values)  # first: a changed line would be in the cache of the real one
        self.new(values)._check_links(values)

    def _check_links(self, names):
        """
        :raise AccessError: if the user may not read what one of the fields links to
        """
        for name in self._links(names):
            self[name]._origin.check_access("read")

    @api.model
    def _links(self, names):
        """The fields among these that link to records with rights of their own. The records of a One2many check themselves."""
        fields = [self._fields.get(name) for name in names]
        return [field.name for field in fields if field and field.type in ("many2one", "many2many")]


class Base(models.AbstractModel):
    """A form that is not saved yet is answered with what it would show, its lines included: whatever model it is of."""

    _inherit = "base"

    def onchange(self, values, field_names, fields_spec):
        if not self.env.su:
            self._plc_check_fences(values)
            if not field_names:
                self._plc_check_lines(self._plc_given_defaults())
        return super().onchange(values, field_names, fields_spec)

    @api.model
    def _plc_given_defaults(self):
        """What a new form has by defaults that the user saved, and by the context: as it was given. Asking for the defaults would
        put it into the cache of records already."""
        prefix = "default_"
        of_context = {key.removeprefix(prefix): value for key, value in self.env.context.items() if key.startswith(prefix)}
        return {**self.env["ir.default"]._get_model_defaults(self._name), **of_context}

    @api.model
    def _plc_check_fences(self, values):
        """
        :raise AccessError: if values of a form lead to what the user may not read, as far as they are of a fenced model
        """
        self._plc_check_lines(values)

    @api.model
    def _plc_check_lines(self, values):
        """The same of the lines that are made or changed among ``values``."""
        for name, commands in values.items():
            field = self._fields.get(name)
            if field and field.type in ("one2many", "many2many") and isinstance(commands, list | tuple):
                for line in filter(None, map(_values_of_line, commands)):
                    self.env[field.comodel_name]._plc_check_fences(line)


def _values_of_line(command):
    is_line = isinstance(command, list | tuple) and len(command) == 3 and command[0] in (Command.CREATE, Command.UPDATE)
    return command[2] if is_line and isinstance(command[2], dict) else None
