from hmac import compare_digest

from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Unauthorized

from odoo import http
from odoo.http import request

from ..tools.exposition import CONTENT_TYPE, render


class MetricsController(http.Controller):
    @http.route("/plc_mo_batch/metrics", type="http", auth="public", methods=["GET"], save_session=False, readonly=True)
    def metrics(self):
        """The figures for Prometheus, for clients with the key (``Authorization: Bearer KEY``); 404 unless switched on.

        The key is read from the header alone, as addresses are logged.
        """
        metrics = request.env["plc.metrics"].sudo()
        key = metrics._key()
        if not key:
            raise request.not_found()
        scheme, _space, given = request.httprequest.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not compare_digest(given.strip().encode(), key.encode()):
            raise Unauthorized("The metrics need the key of the settings.", www_authenticate=WWWAuthenticate("bearer"))
        headers = [("Content-Type", CONTENT_TYPE), ("Cache-Control", "no-store")]
        return request.make_response(render(metrics._collect()), headers)
