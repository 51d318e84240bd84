from odoo import http
from odoo.http import request

from ..models.api.openapi import describe


class OpenApiController(http.Controller):
    @http.route("/plc_mo_batch/openapi.json", type="http", auth="bearer", methods=["GET"], save_session=False, readonly=True)
    def openapi(self):
        """What the external API is, as OpenAPI 3.1: for whom it is there, with the key or session that JSON-2 takes."""
        return request.make_json_response(describe(request.env), headers=[("Cache-Control", "no-store")])
