"""The external API as OpenAPI 3.1, for programs that make a client of it: ``schema.py``, and what Odoo knows of the fields."""

from ..batch.actions import ACTIONS
from . import mo_batch_api, mo_batch_journal_api, mo_batch_recall_api, plc_alarm_api, plc_controller_api, plc_equipment_api
from .refusals import CODES
from .schema import ARGUMENTS, HIGHEST_ID, METHODS, VERSION

ID = {"type": "integer", "minimum": 1, "maximum": HIGHEST_ID}
TEXT, FLAG, COUNT = {"type": "string"}, {"type": "boolean"}, {"type": "integer", "minimum": 0}
MOMENT = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$", "description": "UTC"}
CODE = {"type": "string", "enum": [*CODES]}
OF_TYPE = {"boolean": FLAG, "integer": {"type": "integer"}, "float": {"type": "number"}, "char": TEXT, "text": TEXT}


def schema(name):
    return {"$ref": f"#/components/schemas/{name}"}


def list_of(items):
    return {"type": "array", "items": items}


def or_false(found):
    """A value that may be missing."""
    return {"oneOf": [found, {"const": False}]}


def object_of(**properties):
    """All of them are there. A later version may add others."""
    return {"type": "object", "properties": properties, "required": [*properties]}


def describe(env):
    """The whole document, for whom the API is.

    :raise AccessError: for others
    """
    env["plc.controller"].check_access("read")
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "PLC batches",
            "version": VERSION,
            "description": "Each method is a POST of a JSON object with its named arguments. `docs/api.md` says more.",
        },
        "servers": [{"url": "/"}],
        "security": [{"key": []}],
        "paths": {f"/json/2/{model}/{name}": {"post": operation(env, model, name)} for model, name in METHODS},
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": "An API key of the user."}},
            "schemas": schemas(env),
        },
    }


def operation(env, model, name):
    method = METHODS[model, name]
    return {
        "operationId": f"{model}.{name}".replace(".", "_"),
        "summary": doc_of(env, model, name),
        "tags": [model],
        "requestBody": {"required": True, "content": {"application/json": {"schema": body(method)}}},
        "responses": {
            "200": {"description": "Done.", "content": {"application/json": {"schema": schema(method.answer)}}},
            "default": {"description": "Refused.", "content": {"application/json": {"schema": schema("error")}}},
        },
    }


def doc_of(env, model, name):
    """The first sentence of a method's docstring."""
    return getattr(type(env[model]), name).__doc__.partition("\n")[0]


def body(method):
    """Odoo refuses arguments that a method does not take."""
    properties = {name: ARGUMENTS[name] for name in method.arguments}
    language = {"type": "object", "properties": {"lang": TEXT}, "description": "`lang`: language of the sentences."}
    found = {"type": "object", "properties": {**properties, "context": language}, "additionalProperties": False}
    return {**found, "required": method.needs.split()} if method.needs else found


def schemas(env):
    """By name: the answers of the methods, and what these consist of."""
    return {**parts(env), **answers()}


def parts(env):
    batch, line = fields_of(env, "mo.batch", mo_batch_api.SUMMARY), fields_of(env, "mo.batch.line", mo_batch_api.LINE)
    detail = fields_of(env, "mo.batch", mo_batch_api.DETAIL)
    return {
        "named": object_of(id=ID, name=TEXT),
        "summary": object_of(id=ID, **batch),
        "line": object_of(id=ID, **line),
        "batch": object_of(
            id=ID,
            **batch,
            **detail,
            held=FLAG,
            allowed=list_of({"type": "string", "enum": [*ACTIONS]}),
            lines=list_of(schema("line")),
        ),
        "journal_line": object_of(id=ID, **fields_of(env, "mo.batch.journal", mo_batch_journal_api.LINE)),
        "open_alarm": object_of(id=ID, **fields_of(env, "plc.alarm", plc_alarm_api.ALARM)),
        "alarm": object_of(id=ID, **fields_of(env, "plc.alarm", plc_alarm_api.CHANGED)),
        "queue": object_of(
            id=ID,
            **fields_of(env, "plc.controller", plc_controller_api.QUEUE),
            counts={"type": "object", "additionalProperties": COUNT},
            batches=list_of(schema("summary")),
        ),
        "health": object_of(
            id=ID,
            **fields_of(env, "plc.controller", plc_controller_api.HEALTH),
            reasons=list_of(TEXT),
            alarms=list_of(schema("open_alarm")),
            checked=or_false(MOMENT),
        ),
        "recall_row": object_of(**fields_of(env, "plc.recall.line", mo_batch_recall_api.ROW)),
        "filled": object_of(**level_of(env), transfer=TEXT),
        "level": object_of(**level_of(env)),
        "state": object_of(id=ID, **fields_of(env, "mo.batch", ("name", "state"))),
        "tried": {"oneOf": [schema("succeeded"), schema("refused")]},
        "succeeded": object_of(id=ID, ok={"const": True}, **fields_of(env, "mo.batch", ("name", "state"))),
        "refused": object_of(id={"type": "integer"}, ok={"const": False}, error=object_of(code=CODE, message=TEXT)),
        "error": {
            "type": "object",
            "properties": {"name": TEXT, "message": TEXT, "context": {"type": "object", "properties": {"code": CODE}}},
            "required": ["name", "message"],
        },
    }


def level_of(env):
    return {"id": ID, **fields_of(env, "plc.equipment", plc_equipment_api.LEVEL), "products": list_of(schema("named"))}


def answers():
    def changes(name):
        return object_of(records=list_of(schema(name)), cursor=TEXT, more=FLAG)

    return {
        "alarm_changes": changes("alarm"),
        "batch_changes": changes("batch"),
        "batch_page": object_of(records=list_of(schema("batch")), after=COUNT, more=FLAG),
        "batches": list_of(schema("batch")),
        "constants": list_of(object_of(id=ID, name=TEXT, layout_id=schema("named"), constants=TEXT)),
        "done": {"anyOf": [list_of(schema("state")), list_of(schema("tried"))]},
        "healths": list_of(schema("health")),
        "journal_changes": changes("journal_line"),
        "levels": list_of(schema("level")),
        "queues": list_of(schema("queue")),
        "recall": object_of(id=ID, name=TEXT, forward=list_of(schema("recall_row")), backward=list_of(schema("recall_row"))),
        "true": {"const": True},
        "version": object_of(api=TEXT, addon=TEXT),
    }


def fields_of(env, model, names):
    """Schemas of fields as ``values_of`` gives them, with label and help."""
    described = env[model].fields_get(names, ["type", "string", "help", "selection"])
    return {name: field_schema(described[name]) for name in names}


def field_schema(field):
    said = {"title": field["string"], **({"description": field["help"]} if field.get("help") else {})}
    return {**type_schema(field), **said}


def type_schema(field):
    kind = field["type"]
    if kind == "selection":
        return {"type": "string", "enum": [*(key for key, _label in field["selection"]), ""]}
    if kind in ("many2one", "datetime"):
        return or_false(schema("named") if kind == "many2one" else MOMENT)
    return OF_TYPE[kind]
