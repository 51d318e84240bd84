"""As much of JSON Schema as the API's description uses; any other word of it is an error."""

import re

TYPES = {"array": list, "boolean": bool, "object": dict, "string": str}


def conforms(value, schema, schemas=None):
    return not wrong(value, schema, schemas)


def wrong(value, schema, schemas=None, path="$"):
    """Sentences on what does not conform; ``schemas``: by name, those that are referred to."""
    return [found for word, limit in schema.items() for found in CHECKS[word](value, limit, schema, schemas, path)]


def says(is_right):
    """A check of a single word, from whether a value passes it."""
    return lambda value, limit, _schema, _schemas, path: (
        [] if is_right(value, limit) else [f"{path}: {str(value)[:60]!r}, not {limit}"]
    )


def is_of(value, kind):
    if kind == "integer":
        return type(value) is int
    if kind == "number":
        return type(value) in (int, float)
    return isinstance(value, TYPES[kind])


def referred(value, name, _schema, schemas, path):
    return wrong(value, schemas[name.removeprefix("#/components/schemas/")], schemas, path)


def one_of(value, choices, _schema, schemas, path):
    fitting = [choice for choice in choices if conforms(value, choice, schemas)]
    return [] if len(fitting) == 1 else [f"{path}: {str(value)[:60]!r} fits {len(fitting)} of {choices}"]


def any_of(value, choices, _schema, schemas, path):
    fits = any(conforms(value, choice, schemas) for choice in choices)
    return [] if fits else [f"{path}: {str(value)[:60]!r} fits none of {choices}"]


def items(value, schema, _schema, schemas, path):
    given = value if isinstance(value, list) else ()
    return [found for number, item in enumerate(given) for found in wrong(item, schema, schemas, f"{path}[{number}]")]


def properties(value, schemas_of, _schema, schemas, path):
    given = value if isinstance(value, dict) else {}
    return [
        found
        for name, schema in schemas_of.items()
        if name in given
        for found in wrong(given[name], schema, schemas, f"{path}.{name}")
    ]


def additional(value, allowed, schema, schemas, path):
    others = set(value) - set(schema.get("properties", ())) if isinstance(value, dict) else ()
    if allowed is False:
        return [f"{path}: {name} is unknown" for name in others]
    return [found for name in others for found in wrong(value[name], allowed, schemas, f"{path}.{name}")]


CHECKS = {
    "$ref": referred,
    "additionalProperties": additional,
    "anyOf": any_of,
    "const": says(lambda value, limit: value is limit),
    "description": says(lambda _value, _limit: True),
    "enum": says(lambda value, choices: isinstance(value, str) and value in choices),
    "items": items,
    "maxItems": says(lambda value, limit: not isinstance(value, list) or len(value) <= limit),
    "maxLength": says(lambda value, limit: not isinstance(value, str) or len(value) <= limit),
    "maximum": says(lambda value, limit: type(value) not in (int, float) or value <= limit),
    "minimum": says(lambda value, limit: type(value) not in (int, float) or value >= limit),
    "oneOf": one_of,
    "pattern": says(lambda value, limit: not isinstance(value, str) or re.search(limit, value)),
    "properties": properties,
    "required": says(lambda value, names: not isinstance(value, dict) or set(names) <= set(value)),
    "title": says(lambda _value, _limit: True),
    "type": says(is_of),
}
