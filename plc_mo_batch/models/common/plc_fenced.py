from odoo import api, models


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

    def onchange(self, values, field_names, fields_spec):
        if not self.env.su:
            self.new(values)._check_links(values)
        return super().onchange(values, field_names, fields_spec)

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
