from odoo import models
from odoo.http import request


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    def color_scheme(self):
        """Dark if the browser's cookie ``color_scheme`` says so: a control room at night needs no white screen.

        Odoo 19 Community has a bundle for dark screens, but without the colours (static/src/scss/primary_variables.dark.scss),
        and never serves it. Its Enterprise edition decides here, by the same cookie.
        """
        scheme = super().color_scheme()
        return "dark" if request and request.cookies.get("color_scheme") == "dark" else scheme
