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

    def session_info(self):
        """An operator begins on the board, unless the administrator gave him another home action."""
        info = super().session_info()
        user = self.env.user
        if not user.action_id and self._plc_is_operator(user):
            info["home_action_id"] = self.env.ref("plc_mo_batch.plc_board_action").id
        return info

    def _plc_is_operator(self, user):
        """The plant is all that he does with it: who also sets it up, begins where Odoo has everybody begin."""
        return user.has_group("plc_mo_batch.group_operator") and not user.has_group("plc_mo_batch.group_manager")
