"""Everything that can be decided without Odoo: words, layouts, the wire, the reconciler.

Nothing below this package imports ``odoo``; a lower module never imports a higher one:
words < codec < layout < reconcile, with dissect and transport beside it.
"""
