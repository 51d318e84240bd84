from odoo import http
from odoo.exceptions import AccessError
from odoo.http import content_disposition, request


class Diagnostics(http.Controller):
    @http.route("/plc_mo_batch/diagnostics/<int:controller_id>", type="http", auth="user", readonly=True)
    def diagnostics(self, controller_id):
        """A PLC's diagnostics, to be kept as a file. For managers; others are told no more than that there is none."""
        controller = request.env["plc.controller"].with_context(active_test=False).search([("id", "=", controller_id)])
        try:
            text = controller._diagnostics() if controller else None
        except AccessError:
            text = None
        if text is None:
            raise request.not_found()
        name = f"{controller.name} diagnostics.json".replace("/", "-")
        headers = [("Content-Type", "application/json; charset=utf-8"), ("Content-Disposition", content_disposition(name))]
        return request.make_response(text, headers)
