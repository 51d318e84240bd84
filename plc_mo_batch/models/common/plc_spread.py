from odoo import models
from odoo.tools import SQL


class PlcSpread(models.AbstractModel):
    """For figures of many rows: how far a measure scatters. Odoo has no aggregator for a standard deviation.

    The field of a spread is empty in each row, and declared ``aggregator="avg"``.
    """

    _name = "plc.spread"
    _description = "Figures with Their Spread"
    _spreads = {}  # field of a spread -> the measure whose spread it is

    def _read_group_select(self, aggregate_spec, query):
        name, _colon, function = aggregate_spec.partition(":")
        if name in self._spreads and function == "avg":
            return SQL("STDDEV_SAMP(%s)", self._field_to_sql(self._table, self._spreads[name], query))
        return super()._read_group_select(aggregate_spec, query)
