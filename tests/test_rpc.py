"""The external API of a real server with a real simulator: XML-RPC and JSON-2, and who may do what through them."""

import ast
from types import SimpleNamespace
from xmlrpc.client import Fault

import pytest
from support import ACCESS_ERROR, USER_ERROR, Json2, new_user, press_until, refused

from workshop.plant import ADMIN, ROOT, Server, Simulator, query, wait_for

HISTORY = {"active_test": False}
CYCLE_SECONDS = 400
BUTTONS = ["action_fill_now", "action_exchange_now", "action_write_back_now"]
ORM = {"create", "write", "unlink", "copy", "get_values", "set_values"}


@pytest.fixture(scope="module")
def server(database, folder):
    with Server(database, folder / "odoo.log") as server:
        yield server.wait_up()


@pytest.fixture(scope="module")
def admin(server):
    return server.rpc()


@pytest.fixture(scope="module")
def plc(admin):
    return admin.ref("plc_mo_batch.plc_controller_mill")


@pytest.fixture(scope="module")
def stranger(server, admin):
    return new_user(admin, "stranger")


@pytest.fixture(scope="module")
def operator(server, admin):
    return server.rpc(*new_user(admin, "operator", "plc_mo_batch.group_operator"))


@pytest.fixture(scope="module")
def cycle(server, admin, plc, database, folder):
    """The ten orders run through once; what both protocols counted on the way. The PLC is off before and after."""
    json2 = Json2(server, *ADMIN)

    def counts(domain, **context):
        return {
            "xmlrpc": admin.call("mo.batch", "search_count", domain, context=context),
            "json2": json2.call("mo.batch", "search_count", domain=domain, context=context),
        }

    before = counts([], **HISTORY)
    press_until(
        lambda: admin.call("plc.controller", "action_fill_now", [plc]),
        lambda: admin.call("mo.batch", "search_count", []),
        120,
        server.check,
    )
    filled = counts([])
    port = admin.call("plc.controller", "read", [plc], ["port"])[0]["port"]
    with Simulator(folder / "simulator.log", folder / "ledger.jsonl", port, speed=600) as simulator:
        admin.call("plc.controller", "action_exchange_now", [plc])
        wait_for(
            "The end of the cycle",
            lambda: not admin.call("mo.batch", "search_count", []),
            CYCLE_SECONDS,
            lambda: (server.check(), simulator.check()),
        )
        press_until(
            lambda: admin.call("plc.controller", "action_exchange_now", [plc]),
            lambda: not query(database, "SELECT 1 FROM mo_batch WHERE NOT acknowledged"),
            60,
            server.check,
        )
    emptied = counts([])
    return SimpleNamespace(
        before=before, filled=filled, emptied=emptied, history=counts([("state", "=", "done")], **HISTORY), json2=json2
    )


@pytest.fixture(scope="module")
def queued(server, admin, plc, cycle):
    """Id of a batch that waits for a PLC that is off."""
    order = admin.call("mo.batch", "search_read", [], ["production_id"], context=HISTORY, limit=1)[0]["production_id"][0]
    copy = admin.call("mrp.production", "copy", [order])
    admin.call("mrp.production", "action_confirm", copy)
    found = press_until(
        lambda: admin.call("plc.controller", "action_fill_now", [plc]),
        lambda: admin.call("mo.batch", "search", [("production_id", "in", copy)]),
        120,
        server.check,
    )
    return found[0]


# What is counted


def test_queue_has_ten_batches_after_a_fill(cycle):
    assert cycle.before == {"xmlrpc": 0, "json2": 0}
    assert cycle.filled == {"xmlrpc": 10, "json2": 10}


def test_queue_is_empty_after_the_cycle(cycle):
    assert cycle.emptied == {"xmlrpc": 0, "json2": 0}


def test_history_has_all_batches(cycle):
    assert cycle.history == {"xmlrpc": 10, "json2": 10}


def test_server_log_has_no_error(cycle, server):
    wrong = [line for line in server.output().splitlines() if " ERROR " in line or " CRITICAL " in line]
    assert not [line for line in wrong if " odoo.sql_db: bad query" not in line]  # written before it is tried again


# Who may do what


def test_stranger_is_refused(server, stranger, plc, queued):
    rpc = server.rpc(*stranger)
    for model in ("mo.batch", "mo.batch.line", "mo.batch.event", "plc.controller", "plc.equipment", "plc.register.map"):
        with refused():
            rpc.call(model, "search_count", [])
    for button in BUTTONS:
        with refused():
            rpc.call("plc.controller", button, [plc])
    for button in ("action_cancel", "action_retry"):
        with refused():
            rpc.call("mo.batch", button, [queued])


def test_stranger_is_refused_over_json2(server, stranger, plc):
    json2 = Json2(server, *stranger)
    assert json2.post("mo.batch", "search_count", domain=[]).status_code == 403
    assert json2.post("plc.controller", "action_fill_now", ids=[plc]).status_code == 403


def test_nobody_without_key_or_password(server, cycle):
    cycle.json2._api.headers["Authorization"], good = "bearer 0123456789", cycle.json2._api.headers["Authorization"]
    assert cycle.json2.post("mo.batch", "search_count", domain=[]).status_code == 401
    cycle.json2._api.headers["Authorization"] = good
    with pytest.raises(Exception, match="does not let admin in"):
        server.rpc("admin", "wrong")


def test_operator_watches_and_presses_buttons(operator, plc, queued):
    assert operator.call("mo.batch", "search_count", [], context=HISTORY) > 10
    assert operator.call("mo.batch", "read", [queued], ["state", "line_ids", "event_ids"])[0]["line_ids"]
    for button in BUTTONS:
        assert operator.call("plc.controller", button, [plc])["type"] == "ir.actions.client"


@pytest.mark.parametrize(
    "model, method, arguments",
    [
        ("mo.batch", "write", [{"state": "done"}]),
        ("mo.batch", "write", [{"last_error": "mine"}]),
        ("mo.batch", "unlink", []),
        ("mo.batch.line", "write", [{"actual_qty": 1.0}]),
        ("plc.controller", "write", [{"host": "192.0.2.1"}]),
        ("plc.controller", "write", [{"last_job": 1}]),
        ("plc.equipment", "write", [{"code": 102}]),
        ("plc.register.map", "write", [{"name": "mine"}]),
    ],
)
def test_operator_changes_no_record(operator, queued, model, method, arguments):
    ids = operator.call(model, "search", [], limit=1)
    assert ids
    with refused():
        operator.call(model, method, ids, *arguments)


def test_nobody_changes_the_journal(admin, operator, queued):
    event = admin.call("mo.batch.event", "search", [], limit=1)
    for user in (admin, operator):
        for method, arguments in (("write", [{"message": "mine"}]), ("unlink", [])):
            with refused(ACCESS_ERROR, USER_ERROR):
                user.call("mo.batch.event", method, event, *arguments)


def test_manager_does_not_write_batches_either(admin, queued):
    """The administrator is a manager."""
    with refused():
        admin.call("mo.batch", "write", [queued], {"state": "done"})
    with refused():
        admin.call("mo.batch", "create", {"name": "mine"})


def test_private_methods_are_closed(admin, cycle, queued):
    with refused():
        admin.call("mo.batch", "_set_state", [queued], "done")
    with refused():
        admin.call("plc.task.fill", "_run")
    assert cycle.json2.post("plc.task.fill", "_run").status_code == 403


# What comes back


def public_methods():
    """(model, method as a syntax tree) of all that the addon itself adds to the external API."""
    for path in sorted(ROOT.glob("plc_mo_batch/[mw]*s/*.py")):  # models, wizards
        for cls in ast.parse(path.read_text()).body:
            if isinstance(cls, ast.ClassDef) and (model := model_name(cls)):
                for method in cls.body:
                    if isinstance(method, ast.FunctionDef) and not method.name.startswith("_") and method.name not in ORM:
                        yield model, method


def model_name(cls):
    values = {
        target.id: node.value.value
        for node in cls.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
    }
    return values.get("_name") or values.get("_inherit")


def methods_to_call():
    """Those of the models that have a record here, without arguments."""
    return [
        (model, method.name)
        for model, method in public_methods()
        if model in ("plc.controller", "mo.batch", "mrp.production") and len(method.args.args) == 1
    ]


@pytest.mark.parametrize("model, method", methods_to_call())
def test_method_returns_something(admin, queued, plc, model, method):
    """XML-RPC has no None: a method that returns it ends with a fault."""
    order = admin.call("mo.batch", "read", [queued], ["production_id"])[0]["production_id"][0]
    try:
        result = admin.call(model, method, [{"plc.controller": plc, "mo.batch": queued, "mrp.production": order}[model]])
    except Fault as fault:
        assert fault.faultCode in (USER_ERROR, ACCESS_ERROR), fault.faultString
    else:
        assert result is not None


@pytest.mark.parametrize("model, method", [pytest.param(m, f, id=f"{m}-{f.name}") for m, f in public_methods()])
def test_method_ends_with_a_value(model, method):
    """The same for those that need more than a record, as far as their text tells."""
    assert not [node.lineno for node in ast.walk(method) if isinstance(node, ast.Return) and node.value is None]
    last = method.body[-1]
    while isinstance(last, (ast.With, ast.If, ast.Try)):
        last = last.body[-1]
    assert isinstance(last, (ast.Return, ast.Raise)), f"{model}.{method.name} may return None"
