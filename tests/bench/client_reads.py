"""What the web client asks for when it opens the addon's screens: every action's views, with their real fields."""

from statistics import mean, median

import cpu
from lxml import etree

from odoo.tools.safe_eval import datetime, dateutil, safe_eval

PAGE = 80
COUNT_LIMIT = 10_001
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
            fields = {"display_name": {}} if inside is None else specification(inside, info["relation"], models)
            wanted[name] = {"fields": fields, "limit": 40}
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


def read(env, action):
    """{``list`` or ``form``: a callable that reads the action's first page, or its first record}"""
    context = safe_eval(action.context or "{}", {"uid": env.uid})
    model = env[action.res_model].with_context(**context)
    views = {kind: view for view, kind in action.views if kind in ("list", "form")}
    loaded = model.get_views([(view, kind) for kind, view in views.items()])
    domain, calls = default_domain(env, action, context), {}
    for kind, view in loaded["views"].items():
        root = etree.fromstring(view["arch"])
        fields = specification(root, action.res_model, loaded["models"])
        if kind == "list":
            order = root.get("default_order") or None
            calls[kind] = lambda fields=fields, order=order: model.web_search_read(
                domain, fields, limit=PAGE, order=order, count_limit=COUNT_LIMIT
            )
        else:
            record = model.search(domain, limit=1)
            calls[kind] = lambda fields=fields, record=record: record.web_read(fields)
    return calls


def measure(env, database):
    """{(external name of the action, kind): ms that Odoo and PostgreSQL work for it}: medians, at the speed that the machine
    had at the beginning."""
    found = {}
    for action in actions(env):
        for kind, call in read(env, action).items():
            times = []
            for _repetition in range(REPETITIONS):
                before = cpu.slowness()
                start = cpu.worked(database)
                for _call in range(CALLS):
                    env.invalidate_all()
                    call()
                worked = cpu.worked(database) - start
                times.append(worked / CALLS * 1000 / mean((before, cpu.slowness())))
            found[f"{action.xml_id.partition('.')[2]}", kind] = median(times)
    return found
