"""The external API of a real server with a real simulator: XML-RPC and JSON-2, and who may do what through them."""

import ast
from types import SimpleNamespace
from xmlrpc.client import Fault

import pytest
from support import ACCESS_ERROR, USER_ERROR, Json2, new_user, postpone, press_until, refused

from workshop.plant import ADMIN, ROOT, Server, Simulator, query, wait_for

HISTORY = {"active_test": False}
CYCLE_SECONDS = 900
BUTTONS = ["action_fill_now", "action_exchange_now", "action_write_back_now"]
ORM = {"create", "write", "unlink", "copy", "default_get", "get_values", "set_values"}
SETTINGS = "res.config.settings"
SECRETS = {"plc_metrics_key": "a-key-of-nobody-else", "plc_allowed_networks": "127.0.0.1, 10.99.88.0/24"}


@pytest.fixture(scope="module")
def server(database, folder):
    postpone(database, "PLC Task 1%")  # the queue is filled when a client asks for it
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
        300,
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
            300,
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
        300,
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
    for model in ("mo.batch", "mo.batch.line", "mo.batch.journal", "plc.controller", "plc.equipment", "plc.register.layout"):
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
    assert operator.call("mo.batch", "read", [queued], ["state", "line_ids", "journal_ids"])[0]["line_ids"]
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
        ("plc.register.layout", "write", [{"name": "mine"}]),
    ],
)
def test_operator_changes_no_record(operator, queued, model, method, arguments):
    ids = operator.call(model, "search", [], limit=1)
    assert ids
    with refused():
        operator.call(model, method, ids, *arguments)


def test_nobody_changes_the_journal(admin, operator, queued):
    line = admin.call("mo.batch.journal", "search", [], limit=1)
    for user in (admin, operator):
        for method, arguments in (("write", [{"message": "mine"}]), ("unlink", [])):
            with refused(ACCESS_ERROR, USER_ERROR):
                user.call("mo.batch.journal", method, line, *arguments)


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


# The settings: what lies there is for who may open them


@pytest.fixture(scope="module")
def settings(admin):
    """Names of our fields in the settings, and the id of a record with the secrets in it."""
    for name, value in SECRETS.items():
        admin.call("ir.config_parameter", "set_param", f"plc_mo_batch.{name.removeprefix('plc_')}", value)
    ours = [("module", "=", "plc_mo_batch"), ("model", "=", "ir.model.fields"), ("name", "=like", "field_res_config_settings__%")]
    names = {row["name"].partition("__")[2] for row in admin.call("ir.model.data", "search_read", ours, ["name"])}
    names -= {"id", "display_name"}  # Odoo gives each model these anew
    return SimpleNamespace(names=sorted(names), record=admin.call(SETTINGS, "create", {}))


@pytest.fixture(scope="module", params=["portal", "internal", "operator", "manager"])
def person(request, server, admin):
    """Everybody who can log in and is no administrator."""
    groups = {"operator": ["plc_mo_batch.group_operator"], "manager": ["plc_mo_batch.group_manager"]}.get(request.param, [])
    kind = "base.group_portal" if request.param == "portal" else "base.group_user"
    return server.rpc(*new_user(admin, f"settings-{request.param}", *groups, kind=kind))


def test_settings_are_shown_to_administrators(admin, settings):
    assert SECRETS.items() <= admin.call(SETTINGS, "default_get", settings.names).items()
    assert set(admin.call(SETTINGS, "default_get", settings.names)) >= set(settings.names)
    assert set(admin.call(SETTINGS, "fields_get", settings.names)) == set(settings.names)
    assert SECRETS.items() <= admin.call(SETTINGS, "read", [settings.record], settings.names)[0].items()


@pytest.mark.parametrize("method, arguments", [("default_get", 1), ("fields_get", 1), ("get_values", 0)])
def test_settings_are_left_out_for_others(person, settings, method, arguments):
    """These Odoo answers to anybody who can log in."""
    found = person.call(SETTINGS, method, *[settings.names][:arguments])
    assert not set(found) & set(settings.names)


@pytest.mark.parametrize(
    "method, arguments",
    [
        ("create", lambda names, _record: [{}]),
        ("read", lambda names, record: [[record], names]),
        ("web_read", lambda names, record: [[record], {name: {} for name in names}]),
        ("onchange", lambda names, _record: [[], {}, [], {name: {} for name in names}]),
        ("onchange", lambda names, record: [[record], {}, [], {name: {} for name in names}]),
        ("search_read", lambda names, _record: [[], names]),
        ("web_search_read", lambda names, _record: [[], {name: {} for name in names}]),
        ("formatted_read_group", lambda names, _record: [[], ["plc_metrics_key"], ["__count"]]),
        ("export_data", lambda names, record: [[record], names]),
        ("copy", lambda names, record: [[record]]),
        ("execute", lambda names, record: [[record]]),
        ("set_values", lambda names, record: [[record]]),
        ("action_plc_new_metrics_key", lambda names, record: [[record]]),
    ],
)
def test_settings_are_refused_to_others(person, settings, method, arguments):
    with refused(ACCESS_ERROR, USER_ERROR) as caught:
        person.call(SETTINGS, method, *arguments(settings.names, settings.record))
    assert not [value for value in SECRETS.values() if value in caught.value.faultString]


def test_parameters_are_refused_to_others(person, settings):
    with refused():
        person.call("ir.config_parameter", "get_param", "plc_mo_batch.metrics_key")
    with refused():
        person.call("ir.config_parameter", "search_read", [], ["key", "value"])


# What comes back


def public_methods():
    """(model, method as a syntax tree) of all that the addon itself adds to the external API."""
    for path in sorted(ROOT.glob("plc_mo_batch/[mw]*s/**/*.py")):  # models, wizards
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
    """Those of the models that have a record here, without arguments, and whether they are called on one."""
    return [
        (model, method.name, "api.model" not in map(ast.unparse, method.decorator_list))
        for model, method in public_methods()
        if model in ("plc.controller", "mo.batch", "mrp.production") and len(method.args.args) == 1
    ]


def test_methods_are_found():
    """Or the next test would prove nothing."""
    assert {("mo.batch", "action_retry", True), ("plc.controller", "api_version", False)} <= set(methods_to_call())


@pytest.mark.parametrize("model, method, has_record", methods_to_call())
def test_method_returns_something(admin, queued, plc, model, method, has_record):
    """XML-RPC has no None: a method that returns it ends with a fault."""
    order = admin.call("mo.batch", "read", [queued], ["production_id"])[0]["production_id"][0]
    record = {"plc.controller": plc, "mo.batch": queued, "mrp.production": order}[model]
    try:
        result = admin.call(model, method, *([[record]] if has_record else []))
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
