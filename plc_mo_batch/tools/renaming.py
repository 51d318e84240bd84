"""Renames of models, fields and values in a database, for migrations that run before the new code is loaded.

Odoo takes a renamed model or field for a removed one and a new one: it would drop the old one with all its data. SQL only, as
neither the old code nor the new code is loaded. Missing tables and columns are skipped, so databases of all releases can be
upgraded.
"""

import ast
import json
import logging
import re
from dataclasses import dataclass, field

from lxml import etree
from psycopg2.extras import Json

from odoo.tools import SQL, sql

_logger = logging.getLogger(__name__)

# columns outside the addon's own tables that contain the name of a model
MODEL_COLUMNS = ("model", "res_model", "parent_res_model", "resource", "relation", "model_id")
# what contains field names, in a context
GROUPED = {"group_by", "graph_groupbys", "graph_measure", "pivot_measures", "pivot_column_groupby", "pivot_row_groupby"}
EXPRESSIONS = re.compile(
    r"^(invisible|column_invisible|readonly|required|domain|context|filter_domain|default_order|decoration-.*|t-.*)$"
)


# the model of a record that belongs to another record
MODEL_OF_RECORD = SQL("(SELECT model FROM ir_model WHERE ir_model.id = model_id)")


def table_of(model):
    return model.replace(".", "_")


@dataclass
class Renames:
    """What a release renames; all keys are the old names."""

    models: dict[str, str] = field(default_factory=dict)
    dropped: tuple[str, ...] = ()  # renamed wizards, whose tables are created again
    fields: dict[tuple[str, str], str] = field(default_factory=dict)  # (model, field)
    values: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)  # (model, field)
    methods: dict[str, str] = field(default_factory=dict)  # of buttons
    filters: dict[str, str] = field(default_factory=dict)  # of search views


class Renaming:
    """Carries out the renames of a release, in one database."""

    def __init__(self, cr, module, renames):
        self.cr = cr
        self.module = module
        self.renames = renames
        cr.execute("SELECT model, name, relation FROM ir_model_fields")
        self._relations = {(model, name): relation for model, name, relation in cr.fetchall()}

    def run(self):
        """Renames in people's data first: their paths are resolved with what Odoo still knows of the old fields."""
        self._stored_expressions()
        self._stored_paths()
        self._dashboards()
        self._tell_of_code()
        self._views()
        for (model, name), values in self.renames.values.items():
            self._values(model, name, values)
        for (model, old), new in self.renames.fields.items():
            self._field(model, old, new)
        for old, new in self.renames.models.items():
            self._model(old, new)

    # Models

    def _model(self, old, new):
        if old in self.renames.dropped:
            self._drop(table_of(old))
        elif sql.table_exists(self.cr, table_of(old)):
            self._table(table_of(old), table_of(new))
        for table, column in self._model_columns():
            names = SQL.identifier(column)
            self._execute("UPDATE %s SET %s = %s WHERE %s = %s", SQL.identifier(table), names, new, names, old)
        self._names(table_of(old), table_of(new))

    def _drop(self, table):
        self.cr.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ %s", [f"_{table}_rel$"])
        for name in [*(row[0] for row in self.cr.fetchall()), table]:
            self._execute("DROP TABLE IF EXISTS %s CASCADE", SQL.identifier(name))
            self.cr.execute("DELETE FROM ir_model_relation WHERE name = %s", [name])
            self.cr.execute("DELETE FROM ir_model_constraint WHERE name ~ %s AND type = 'f'", [f"^{name}_.*_fkey$"])

    def _table(self, old, new):
        self._execute("ALTER TABLE %s RENAME TO %s", SQL.identifier(old), SQL.identifier(new))
        sequences = map(SQL.identifier, (f"{old}_id_seq", f"{new}_id_seq"))
        self._execute("ALTER SEQUENCE IF EXISTS %s RENAME TO %s", *sequences)
        self.cr.execute("SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass", [new])
        for (name,) in self.cr.fetchall():
            self._rename_constraint(new, name, self._begin_anew(name, old, new))
        self.cr.execute("SELECT indexname FROM pg_indexes WHERE tablename = %s", [new])
        for (name,) in self.cr.fetchall():
            self._rename_index(name, self._begin_anew(name, old, new))

    @staticmethod
    def _begin_anew(name, old, new):
        return new + name[len(old) :] if name.startswith(f"{old}_") else name

    def _rename_constraint(self, table, old, new):
        if old != new:
            self._execute("ALTER TABLE %s RENAME CONSTRAINT %s TO %s", *map(SQL.identifier, (table, old, new)))
            self.cr.execute("UPDATE ir_model_constraint SET name = %s WHERE name = %s", [new, old])

    def _rename_index(self, old, new):
        if old != new:
            self._execute("ALTER INDEX IF EXISTS %s RENAME TO %s", *map(SQL.identifier, (old, new)))

    def _model_columns(self):
        self.cr.execute(
            """
            SELECT table_name, column_name FROM information_schema.columns JOIN information_schema.tables
             USING (table_schema, table_name)
             WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND column_name = ANY(%s)
               AND data_type IN ('character varying', 'text')
            """,
            [list(MODEL_COLUMNS)],
        )
        return self.cr.fetchall()

    def _names(self, old, new):
        """External ids: of the model itself, and of the addon's views, actions, menus, access rights, rules and data about it."""
        self.cr.execute(
            r"""
            UPDATE ir_model_data SET name = regexp_replace(name, %(place)s, %(name)s)
             WHERE name ~ %(place)s
               AND (module = %(module)s OR model IN ('ir.model', 'ir.model.fields', 'ir.model.fields.selection'))
            """,
            {"place": f"(^|_){old}(_|$)", "name": rf"\1{new}\2", "module": self.module},
        )
        self.cr.execute(
            "UPDATE ir_model_constraint SET name = regexp_replace(name, %s, %s) WHERE name ~ %s",
            [f"^{old}_", f"{new}_", f"^{old}_"],
        )

    # Fields and values

    def _field(self, model, old, new):
        table = table_of(model)
        if sql.table_exists(self.cr, table) and sql.column_exists(self.cr, table, old):
            sql.rename_column(self.cr, table, old, new)
            self.cr.execute("SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass", [table])
            if (f"{table}_{old}_fkey",) in self.cr.fetchall():
                self._rename_constraint(table, f"{table}_{old}_fkey", f"{table}_{new}_fkey")
            self._rename_index(f"{table}__{old}_index", f"{table}__{new}_index")
        self.cr.execute("UPDATE ir_model_fields SET name = %s WHERE model = %s AND name = %s", [new, model, old])
        self.cr.execute(
            "UPDATE ir_model_fields SET relation_field = %s WHERE relation = %s AND relation_field = %s", [new, model, old]
        )
        for kind in ("field_{}__{}", "selection__{}__{}__"):
            begin, anew = kind.format(table, old), kind.format(table, new)
            whole = not begin.endswith("__")
            self.cr.execute(
                "UPDATE ir_model_data SET name = %s || substr(name, %s) WHERE model ~ '^ir.model.fields' AND name ~ %s",
                [anew, len(begin) + 1, f"^{begin}{'$' if whole else ''}"],
            )

    def _values(self, model, name, values):
        table = table_of(model)
        for old, new in values.items():
            if sql.table_exists(self.cr, table) and sql.column_exists(self.cr, table, name):
                column = SQL.identifier(name)
                self._execute("UPDATE %s SET %s = %s WHERE %s = %s", SQL.identifier(table), column, new, column, old)
            self.cr.execute(
                """
                UPDATE ir_model_fields_selection value SET value = %s FROM ir_model_fields field
                 WHERE field.id = value.field_id AND field.model = %s AND field.name = %s AND value.value = %s
                """,
                [new, model, name, old],
            )
            self.cr.execute(
                """
                UPDATE ir_default SET json_value = %s FROM ir_model_fields field
                 WHERE field.id = field_id AND field.model = %s AND field.name = %s AND json_value = %s
                """,
                [json.dumps(new), model, name, json.dumps(old)],
            )
            begin = f"selection__{table}__{name}__"
            self.cr.execute("UPDATE ir_model_data SET name = %s WHERE name = %s", [begin + new, begin + old])

    # What people stored: filters, actions, rules, exports, custom fields

    def _stored_expressions(self):
        for table, model, columns in (
            ("ir_filters", SQL("model_id"), ("domain", "context", "sort")),
            ("ir_act_window", SQL("res_model"), ("domain", "context")),
            ("ir_rule", MODEL_OF_RECORD, ("domain_force",)),
            ("base_automation", MODEL_OF_RECORD, ("filter_domain", "filter_pre_domain")),
        ):
            if not sql.table_exists(self.cr, table):  # of an app that is not installed
                continue
            names = SQL(", ").join(map(SQL.identifier, columns))
            self._execute("SELECT id, %s, %s FROM %s", model, names, SQL.identifier(table))
            for record, of_model, *texts in self.cr.fetchall():
                for column, text in zip(columns, texts, strict=True):
                    self._store(table, record, column, text, self._of_column(column)(of_model, text))
        self.cr.execute(
            """
            SELECT action.id, opened.res_model, action.domain, action.context
              FROM ir_embedded_actions action JOIN ir_act_window opened ON opened.id = action.action_id
            """
        )
        for record, model, domain, context in self.cr.fetchall():
            self._store("ir_embedded_actions", record, "domain", domain, self.domain(model, domain))
            self._store("ir_embedded_actions", record, "context", context, self.context(model, context))

    def _of_column(self, column):
        return {"context": self.context, "sort": self.sort}.get(column, self.domain)

    def _stored_paths(self):
        self.cr.execute(
            "SELECT line.id, resource, line.name FROM ir_exports_line line JOIN ir_exports export ON export.id = export_id"
        )
        for record, model, path in self.cr.fetchall():
            self._store("ir_exports_line", record, "name", path, path and self.path(model, path, "/"))
        self._execute("SELECT id, %s, update_path FROM ir_act_server", MODEL_OF_RECORD)
        for record, model, path in self.cr.fetchall():
            self._store("ir_act_server", record, "update_path", path, path and self.path(model, path))
        self.cr.execute("SELECT id, model, related, depends FROM ir_model_fields WHERE state = 'manual'")
        for record, model, related, depends in self.cr.fetchall():
            self._store("ir_model_fields", record, "related", related, related and self.path(model, related))
            anew = depends and ", ".join(self.path(model, path.strip()) for path in depends.split(","))
            self._store("ir_model_fields", record, "depends", depends, anew)

    def _dashboards(self):
        """Keep the domain and the groups of what people put on their own dashboards."""
        self.cr.execute("SELECT id, res_model FROM ir_act_window")
        opened = {str(action): model for action, model in self.cr.fetchall()}
        self.cr.execute("SELECT id, arch FROM ir_ui_view_custom")
        for record, arch in self.cr.fetchall():
            self._store("ir_ui_view_custom", record, "arch", arch, self._dashboard(opened, arch))

    def _dashboard(self, opened, arch):
        """
        :param opened: id of an action, as text -> the model that it opens
        """
        try:
            tree = etree.fromstring(arch)
        except (etree.XMLSyntaxError, ValueError):
            return arch
        before = etree.tostring(tree)
        for action in tree.iter("action"):
            model = opened.get(action.get("name"))
            for attribute in ("domain", "context"):
                if action.get(attribute):
                    action.set(attribute, self._of_column(attribute)(model, action.get(attribute)))
        return arch if etree.tostring(tree) == before else etree.tostring(tree, encoding="unicode")

    def _tell_of_code(self):
        """Code and rendered templates cannot be rewritten safely: log those that mention a renamed thing."""
        names = self._pattern(self.renames.models)
        of_ours = self._pattern([*self.renames.methods, *(name for _model, name in self.renames.fields)])
        ours = list({model for model, _name in self.renames.fields} | set(self.renames.models))
        for table, text, model, name in (
            ("ir_act_server", SQL("code"), MODEL_OF_RECORD, SQL("name->>'en_US'")),
            ("ir_model_fields", SQL("compute"), SQL("model"), SQL("name")),
            ("mail_template", SQL("concat(subject, body_html)"), SQL("model"), SQL("name->>'en_US'")),
        ):
            self._execute(
                "SELECT id, %s FROM %s WHERE %s ~ %s OR %s ~ %s AND %s = ANY(%s) ORDER BY id",
                *(name, SQL.identifier(table), text, names, text, of_ours, model, ours),
            )
            for record, called in self.cr.fetchall():
                _logger.warning("%s %s (%s) may use a renamed name: see the changelog and adapt it", table, record, called)

    @staticmethod
    def _pattern(names):
        return rf"\m({'|'.join(map(re.escape, names))})\M" if names else "^(?!)"

    def _store(self, table, record, column, old, new):
        if old != new:
            self._execute("UPDATE %s SET %s = %s WHERE id = %s", SQL.identifier(table), SQL.identifier(column), new, record)

    def path(self, model, path, separator="."):
        """The current name of a path of fields, e.g. ``controller_id.map_id`` or ``date:month``.

        :param model: the model that it starts from, by its old name
        """
        names = []
        for part in path.split(separator):
            name, colon, rest = part.partition(":")
            names.append(self.renames.fields.get((model, name), name) + colon + rest)
            model = self._relations.get((model, name))
        return separator.join(names)

    def _end(self, model, path):
        """(model, field) at the end of a path, by their old names."""
        *way, last = path.split(".")
        for name in way:
            model = self._relations.get((model, name))
        return model, last

    def domain(self, model, text):
        """The text of a domain on a model, which may contain expressions such as ``uid``; unchanged if it is not a domain."""
        return self._rewritten(text, lambda tree: self._domain(model, tree))

    def context(self, model, text):
        """The text of a context: fields to group by and to measure, defaults, searched fields."""
        return self._rewritten(text, lambda tree: self._context(model, tree))

    def sort(self, model, text):
        """The JSON of a filter's sort order."""
        try:
            terms = [term.split(" ") for term in json.loads(text)]
        except (AttributeError, TypeError, ValueError):
            return text
        anew = [[self.path(model, path), *direction] for path, *direction in terms]
        return text if anew == terms else json.dumps([" ".join(term) for term in anew])

    def _rewritten(self, text, rewrite):
        if not text:
            return text
        try:
            tree = ast.parse(text.strip(), mode="eval").body
        except SyntaxError:
            _logger.info("unreadable, left unchanged: %s", text)
            return text
        before = ast.dump(tree)
        rewrite(tree)
        return text if ast.dump(tree) == before else ast.unparse(tree)

    def _domain(self, model, tree):
        for leaf in getattr(tree, "elts", ()):
            parts = getattr(leaf, "elts", ())
            if len(parts) == 3 and isinstance(parts[0], ast.Constant) and isinstance(parts[0].value, str):
                self._leaf(model, *parts)

    def _leaf(self, model, path, operator, value):
        end = self._end(model, path.value)
        path.value = self.path(model, path.value)
        if getattr(operator, "value", "") in ("any", "not any"):
            self._domain(self._relations.get(end), value)
            return
        values = self.renames.values.get(end, {})
        for item in [value, *getattr(value, "elts", ())]:
            if isinstance(item, ast.Constant):
                item.value = values.get(item.value, item.value)

    def _context(self, model, tree):
        for key, value in zip(getattr(tree, "keys", ()), getattr(tree, "values", ()), strict=True):
            name = getattr(key, "value", None)
            if name in GROUPED:
                for item in [value, *getattr(value, "elts", ())]:
                    if isinstance(item, ast.Constant) and isinstance(item.value, str):
                        item.value = self.path(model, item.value)
            elif isinstance(name, str) and (prefix := re.match(r"(search_)?default_", name)):
                named = name[prefix.end() :]
                key.value = prefix[0] + self.renames.filters.get(named, self.path(model, named))

    # Views: also other people's, as a view that names a missing field would stop the upgrade

    def _views(self):
        models = {model for model, _name in self.renames.fields} | set(self.renames.models)
        self.cr.execute("SELECT id, model, arch_db FROM ir_ui_view WHERE model = ANY(%s)", [list(models)])
        for record, model, archs in self.cr.fetchall():
            anew = {lang: self.arch(model, text) for lang, text in archs.items()}
            if anew != archs:
                self.cr.execute("UPDATE ir_ui_view SET arch_db = %s WHERE id = %s", [Json(anew), record])

    def arch(self, model, text):
        """The XML of a view on a model, which may inherit from another view."""
        try:
            tree = etree.fromstring(text)
        except (etree.XMLSyntaxError, ValueError):
            return text
        before = etree.tostring(tree)
        self._element(model, tree)
        return text if etree.tostring(tree) == before else etree.tostring(tree, encoding="unicode")

    def _element(self, model, element):
        inside = model
        if element.tag == "xpath":
            inside = self._xpath(model, element)
        if element.tag in ("field", "label", "groupby"):
            inside = self._named_field(model, element)
        named = {"button": self.renames.methods, "filter": self.renames.filters}.get(element.tag, {})
        if element.get("name") in named:
            element.set("name", named[element.get("name")])
        for attribute, expression in element.attrib.items():
            if element.tag == "filter" and attribute in ("domain", "context"):
                element.set(attribute, self._of_column(attribute)(model, expression))
            elif EXPRESSIONS.match(attribute):
                element.set(attribute, self._expression(model, expression))
        for child in element:
            self._element(inside, child)

    def _named_field(self, model, element):
        """The model of what is inside the element. For a field that only marks a position, that is the same model."""
        attribute = "for" if element.tag == "label" else "name"
        name = element.get(attribute, "")
        if (model, name) in self.renames.fields:
            element.set(attribute, self.renames.fields[model, name])
        return self._relations.get((model, name)) or model if element.get("position", "inside") == "inside" else model

    def _xpath(self, model, element):
        """Rename the fields on an xpath's way; return the model of what it inserts, beside the last field or inside it."""
        *way, end = re.split(r"(?<=\])", element.get("expr", ""))
        parts = []
        for part in way:
            field_name = re.search(r"field\[@name=[\"'](\w+)[\"']\]$", part)
            name = field_name and field_name[1]
            parts.append(self._renamed_part(part, name, self.renames.fields.get((model, name))))
            if part is not way[-1] or end or element.get("position", "inside") == "inside":
                model = self._relations.get((model, name)) or model
        element.set("expr", "".join([*parts, end]))
        return model

    def _renamed_part(self, part, name, anew):
        if anew:
            return part.replace(f"'{name}'", f"'{anew}'").replace(f'"{name}"', f'"{anew}"')
        for tag, renamed in (("button", self.renames.methods), ("filter", self.renames.filters)):
            for old, new in renamed.items():
                part = re.sub(rf"({tag}\[@name=[\"']){old}([\"'])", rf"\g<1>{new}\2", part)
        return part

    def _expression(self, model, text):
        for (of_model, name), values in self.renames.values.items():
            for old, new in values.items() if of_model == model else ():
                text = re.sub(rf"(\b{name}\s*[!=]=\s*)(['\"]){old}\2", rf"\1\2{new}\2", text)
        for (of_model, old), new in self.renames.fields.items():
            if of_model == model:
                text = re.sub(rf"(?<![\w.'\"]){old}\b|(?<=['\"]){old}(?=['\"]\s*,)|(?<=record\.){old}\b", new, text)
        return text

    def _execute(self, query, *parts):
        self.cr.execute(SQL(query, *parts))
