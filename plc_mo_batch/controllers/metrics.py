from hmac import compare_digest
from math import ceil

from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import TooManyRequests, Unauthorized

from odoo import http
from odoo.http import request

from ..tools.attempts import Attempts
from ..tools.exposition import CONTENT_TYPE, render

attempts = Attempts()


class MetricsController(http.Controller):
    @http.route("/plc_mo_batch/metrics", type="http", auth="public", methods=["GET"], save_session=False, readonly=True)
    def metrics(self):
        """The figures for Prometheus, for clients with the key (``Authorization: Bearer KEY``); 404 unless switched on. After
        some wrong keys, 429: no key from that address is looked at for a while.

        The key is read from the header alone, as addresses are logged.
        """
        metrics = request.env["plc.metrics"].sudo()
        key = metrics._key()
        if not key:
            raise request.not_found()
        self._check_key(key)
        headers = [("Content-Type", CONTENT_TYPE), ("Cache-Control", "no-store")]
        return request.make_response(render(metrics._collect()), headers)

    def _check_key(self, key):
        address = request.httprequest.remote_addr
        wait = attempts.wait(address)
        if wait:
            raise TooManyRequests("Too many wrong keys came from this address.", retry_after=ceil(wait))
        scheme, _space, given = request.httprequest.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not compare_digest(given.strip().encode(), key.encode()):
            attempts.failed(address)
            raise Unauthorized("The metrics need the key of the settings.", www_authenticate=WWWAuthenticate("bearer"))
        attempts.succeeded(address)
