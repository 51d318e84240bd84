"""Odoo's own browser tests, on a machine that is busy with other things."""

from unittest.mock import patch

from odoo.tests import HttpCase, common

from .patience import DEADLINE


class _PatientBrowser(common.ChromeBrowser):
    """Odoo gives the browser 3 s to start, 10 s for a command, 60 s for a page: enough where nothing else runs."""

    throttling_factor = property(lambda _self: 10, lambda _self, _value: None)  # by which Odoo multiplies the latter two

    def _json_command(self, command, timeout=DEADLINE):
        return super()._json_command(command, timeout)


class PatientHttpCase(HttpCase):
    """A server, and a browser in front of it, that may take their time. The steps of a tour have limits of their own."""

    test_cursor_lock_timeout = DEADLINE  # of a request, for the ones before it: they share the test's cursor

    def url_open(self, url, *args, timeout=DEADLINE, **options):
        return super().url_open(url, *args, timeout=timeout, **options)

    def browser_js(self, *args, **options):
        with patch.object(common, "ChromeBrowser", _PatientBrowser):
            return super().browser_js(*args, **options)
