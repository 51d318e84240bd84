"""Clients of the external API besides plant.Rpc, and Odoo's own commands."""

import subprocess
from contextlib import contextmanager
from xmlrpc.client import Fault

import pytest
import requests

from odoo.addons.plc_mo_batch.tests.lot import is_turn

from workshop.plant import DEV, RPC_SECONDS, Failure, query, wait_for

LONG_RUNS = 6  # of minutes each: ``make test`` takes one of them in turn
ACCESS_ERROR = 4  # XML-RPC's fault code
USER_ERROR = 2


def in_turn(what, number, of):
    """A mark: of so many of a kind, a commit runs one."""
    return pytest.mark.skipif(not is_turn(what, number, of), reason="another commit's turn")


def long_run(number):
    return in_turn("long run", number, LONG_RUNS)


@contextmanager
def refused(*codes):
    """The block's XML-RPC call ends with one of these fault codes, by default with an access error."""
    with pytest.raises(Fault) as caught:
        yield caught
    assert caught.value.faultCode in (codes or (ACCESS_ERROR,)), caught.value.faultString


def odoo(*arguments, script=None):
    """Run a command of Odoo's, such as ``shell`` with a script, to its end.

    :return: what it wrote, its log too
    """
    command = [DEV / "odoo", *map(str, arguments)]
    done = subprocess.run(command, input=script, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def shell(database, script):
    """Run Python as the superuser; ``env`` is there, and committed if nothing was raised."""
    return odoo("shell", "-d", database, "--no-http", "--log-level=warn", script=f"{script}\nenv.cr.commit()\n")


class Json2:
    """JSON-2 as one user, with an API key that is made as a person makes one in the web client."""

    def __init__(self, server, login, password):
        self._server = server
        self._web = requests.Session()
        self._session("/web/session/authenticate", db=server.database, login=login, password=password)
        self.key = self._make_key(password)
        self._api = requests.Session()
        self._api.headers["Authorization"] = f"bearer {self.key}"

    def post(self, model, method, **arguments):
        """The response as it came."""
        return self._api.post(f"{self._server.url}/json/2/{model}/{method}", json=arguments, timeout=RPC_SECONDS)

    def call(self, model, method, **arguments):
        response = self.post(model, method, **arguments)
        assert response.status_code == 200, response.text
        return response.json()

    def _make_key(self, password):
        description = "res.users.apikeys.description"
        wizard = self._call_kw(description, "create", [[{"name": "test", "duration": "1"}]])
        action = self._call_kw(description, "make_key", [wizard])
        assert action["res_model"] == "res.users.identitycheck", action
        action = self._call_kw(action["res_model"], "run_check", [[action["res_id"]]], context={"password": password})
        return action["context"]["default_key"]

    def _call_kw(self, model, method, args, **kwargs):
        return self._session("/web/dataset/call_kw", model=model, method=method, args=args, kwargs=kwargs)

    def _session(self, path, **params):
        body = {"jsonrpc": "2.0", "method": "call", "params": params}
        answer = self._web.post(self._server.url + path, json=body, timeout=RPC_SECONDS).json()
        assert "error" not in answer, answer
        return answer["result"]


def postpone(database, tasks="PLC Task %"):
    """Let these scheduled actions run by themselves only in a day: those of a new database are due as soon as a server runs."""
    query(database, "UPDATE ir_cron SET nextcall = now() AT TIME ZONE 'UTC' + interval '1 day' WHERE cron_name LIKE %s", tasks)


def press_until(button, condition, seconds, check, again=5.0):
    """Press a button, once more whenever nothing came of it for a while (a new server's crons may not listen yet)."""
    for _try in range(max(1, int(seconds / again))):
        button()
        try:
            return wait_for("What the button starts", condition, again, check)
        except Failure:
            check()
    raise Failure(f"What the button starts did not come within {seconds:.0f} s.")


def new_user(admin, login, *groups, kind="base.group_user"):
    """Login and password of a new user, an internal one unless ``kind`` is another group of that sort."""
    group_ids = [admin.ref(group) for group in (kind, *groups)]
    password = f"{login}-secret-1"
    values = {"name": login.capitalize(), "login": login, "password": password, "group_ids": [(6, 0, group_ids)]}
    admin.call("res.users", "create", values)
    return login, password
