"""What the web client asks for when it opens the addon's screens: every action's views, with their real fields."""

from statistics import mean, median

from dateutil.relativedelta import relativedelta
from lxml import etree

from odoo import fields
from odoo.tools.safe_eval import datetime, dateutil, safe_eval

from workshop.bench import cpu

PAGE = 80
COUNT_LIMIT = 10_001
CALENDAR = 500  # records at most
SLOW = 200  # ms: what takes longer is not called ten times in a row
REPETITIONS, CALLS = 9, 10  # PostgreSQL's time is counted in hundredths of a second


def actions(env):
    """The addon's window actions that show stored records."""
    data = env["ir.model.data"].search([("module", "=", "plc_mo_batch"), ("model", "=", "ir.actions.act_window")])
    found = env["ir.actions.act_window"].browse(data.mapped("res_id"))
    return found.filtered(lambda action: not env[action.res_model]._transient and env[action.res_model]._auto)


def specification(node, model, models):
    """The fields that a view shows, as ``web_read`` wants them; a sub-view's too."""
    wanted = {}
    for field in node.iterfind(".//field"):
        name = field.get("name")
        if any(parent.tag == "field" for parent in field.iterancestors() if parent is not node and parent in node.iter()):
            continue
        info = models[model]["fields"].get(name)
        if not info:
            continue
        wanted[name] = {}
        if info["type"] in ("many2one", "reference"):
            wanted[name] = {"fields": {"display_name": {}}}
        elif info["type"] in ("one2many", "many2many"):
            inside = next((child for child in field if child.tag in ("list", "kanban")), None)
            parts = {"display_name": {}} if inside is None else specification(inside, info["relation"], models)
            wanted[name] = {"fields": parts, "limit": 40}
    return wanted


def default_domain(env, action, context):
    """The action's own, and those of the filters that it switches on."""
    domain = safe_eval(action.domain or "[]", {"uid": env.uid, "context": context})
    search = env[action.res_model].get_view(action.search_view_id.id or None, "search")
    names = {key.removeprefix("search_default_") for key in context if key.startswith("search_default_")}
    for item in etree.fromstring(search["arch"]).iterfind(".//filter[@domain]"):
        if item.get("name") in names:
            domain += safe_eval(item.get("domain"), _names(env))
    return domain


def _names(env):
    """What domains in search views may use."""
    return {"uid": env.uid, "datetime": datetime, "context_today": datetime.date.today, "relativedelta": dateutil.relativedelta}


def grouped(node, info):
    """What a pivot or a graph sums up, by what: (groups, aggregates), as the web client asks for it."""
    shown = [field for field in node.iterfind("field") if field.get("invisible") != "1"]
    groups = [field for field in shown if field.get("type") != "measure"]
    measures = [field.get("name") for field in shown if field not in groups]
    by = [":".join(filter(None, (field.get("name"), field.get("interval")))) for field in groups]
    return by, ["__count", *(f"{name}:{info[name]['aggregator']}" for name in measures)]


def month(node):
    """What a calendar asks for when it is opened: this month."""
    now = fields.Datetime.now()
    first = now.replace(day=1, hour=0, minute=0, second=0)
    return [(node.get("date_start"), "<=", first + relativedelta(months=1)), (node.get("date_stop"), ">=", first)]


def read(env, action):
    """{``list``, ``form`` …: a callable that reads what the action's view of that kind shows at first}"""
    context = safe_eval(action.context or "{}", {"uid": env.uid})
    model = env[action.res_model].with_context(**context)
    views = {kind: view for view, kind in action.views if kind in READS}
    loaded = model.get_views([(view, kind) for kind, view in views.items()])
    domain, calls = default_domain(env, action, context), {}
    for kind, view in loaded["views"].items():
        root = etree.fromstring(view["arch"])
        calls[kind] = READS[kind](model, domain, root, specification(root, action.res_model, loaded["models"]))
    return calls


def _list(model, domain, root, wanted):
    order = root.get("default_order") or None
    return lambda: model.web_search_read(domain, wanted, limit=PAGE, order=order, count_limit=COUNT_LIMIT)


def _form(model, domain, _root, wanted):
    record = model.search(domain, limit=1)
    return lambda: record.web_read(wanted)


def _pivot(model, domain, root, _wanted):
    groups, aggregates = grouped(root, model.fields_get())
    return lambda: model.formatted_read_grouping_sets(domain, [groups[:count] for count in range(len(groups) + 1)], aggregates)


def _graph(model, domain, root, _wanted):
    groups, aggregates = grouped(root, model.fields_get())
    return lambda: model.formatted_read_group(domain, groups, aggregates)


def _calendar(model, domain, root, wanted):
    return lambda: model.web_search_read(domain + month(root), wanted, limit=CALENDAR)


READS = {"list": _list, "form": _form, "pivot": _pivot, "graph": _graph, "calendar": _calendar}


def screens(env):
    """((name, kind), a callable that reads it) of each screen: the board, and each view of each action."""
    yield ("the board", "board"), lambda: env["plc.controller"].get_board()
    for action in actions(env):
        for kind, call in read(env, action).items():
            yield (action.xml_id.partition(".")[2], kind), call


def measure(env, database):
    """{(external name of the action, kind): ms that Odoo and PostgreSQL work for it}: medians, at the speed that the machine
    had at the beginning."""
    return {screen: median(_times(env, database, call)) for screen, call in screens(env)}


def _times(env, database, call):
    calls = CALLS if _time(env, database, call, 1) < SLOW else 1
    return [_time(env, database, call, calls) for _repetition in range(REPETITIONS)]


def _time(env, database, call, calls):
    before, start = cpu.slowness(), cpu.worked(database)
    for _call in range(calls):
        env.invalidate_all()
        call()
    return (cpu.worked(database) - start) / calls * 1000 / mean((before, cpu.slowness()))
