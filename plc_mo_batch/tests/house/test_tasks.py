"""One list of tasks: whatever else is said of them agrees with it, and nothing else lists them."""

import ast
import re
from pathlib import Path

from lxml import etree

from odoo.tests import TransactionCase, new_test_user, tagged

from ...models.common.tasks import BY_MODEL, TASKS

ADDON = Path(__file__).resolve().parents[2]
CODE = [path for path in sorted(ADDON.rglob("*.py")) if not {"tests", "migrations"} & set(path.relative_to(ADDON).parts)]
MODELS = {task.model for task in TASKS}
NAMES = MODELS | {model.removeprefix("plc.task.") for model in MODELS} | {task.name for task in TASKS}
NUMBERS = [task.number for task in TASKS]
FIRST = (1, 2, 3)  # those of the first release: what came later is switched on by a migration


def lists_of_tasks(source):
    """The lines on which a list, a tuple, a set or a dict has two tasks or more in it, by model, name, cron or number."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.List | ast.Tuple | ast.Set | ast.Dict):
            members = [*node.keys, *node.values] if isinstance(node, ast.Dict) else node.elts
            values = [member.value for member in members if isinstance(member, ast.Constant)]
            named = [value for value in values if value in NAMES or "ir_cron_task" in str(value)]
            if len(named) > 1 or values == NUMBERS:
                yield node.lineno


@tagged("post_install", "-at_install")
class TestTasks(TransactionCase):
    def records(self, path):
        """External id -> field -> its value or reference, of a data file."""
        tree = etree.parse(str(ADDON / path))
        return {
            record.get("id"): {field.get("name"): field.get("ref") or field.text for field in record.iter("field")}
            for record in tree.iter("record")
        }

    def test_each_task_is_a_model_and_each_model_is_listed(self):
        models = {name for name in self.env.registry if name.startswith("plc.task.")}
        self.assertEqual(models, MODELS)
        self.assertEqual(NUMBERS, sorted(set(NUMBERS)))
        self.assertEqual([task._name for task in self.env["plc.task"]._all()], [task.model for task in TASKS])
        for task in TASKS:
            self.assertTrue(self.env[task.model]._description.startswith(f"Task {task.number} - "))

    def test_scheduled_actions(self):
        crons = self.records("data/ir_cron_data.xml")
        self.assertEqual(list(crons), [task.cron.partition(".")[2] for task in TASKS])
        for task, cron in zip(TASKS, crons.values(), strict=True):
            with self.subTest(task.model):
                self.assertTrue(cron["name"].startswith(f"PLC Task {task.number}: "))
                self.assertEqual(cron["model_id"], f"model_{task.model.replace('.', '_')}")
                self.assertEqual((cron["interval_number"], cron["interval_type"]), (str(task.minutes), "minutes"))
                self.assertEqual(cron["code"], "model._run()")

    def test_switches(self):
        parameters = [record["key"] for record in self.records("data/ir_config_parameter_data.xml").values()]
        switches = [key for key in parameters if re.search(r"task_.*_enabled$", key)]
        self.assertEqual(switches, [f"plc_mo_batch.{task.switch}" for task in TASKS])

    def test_an_upgrade_switches_a_new_one_on(self):
        """Odoo does not: the switches are not created by an upgrade (``forcecreate``)."""
        scripts = "".join(path.read_text("utf-8") for path in ADDON.glob("migrations/*/*.py"))
        for task in TASKS:
            if task.number not in FIRST:
                with self.subTest(task.model):
                    self.assertIn(f'"plc_mo_batch.{task.switch}"', scripts, "as post-switch_on_task_4.py does")

    def test_settings(self):
        settings = self.env["res.config.settings"]
        found = {name for name in settings._fields if re.match(r"plc_task_\d", name)}
        self.assertEqual(found, {f"plc_task_{number}_{what}" for number in NUMBERS for what in ("enabled", "minutes")})
        arch = etree.fromstring(self.env.ref("plc_mo_batch.res_config_settings_view_form").arch_db)
        rows = arch.findall(".//block[@name='plc_tasks']/setting")[: len(TASKS)]
        for task, row in zip(TASKS, rows, strict=True):
            with self.subTest(task.model):
                names = [field.get("name") for field in row.iter("field")]
                self.assertEqual(names, [f"plc_task_{task.number}_enabled", f"plc_task_{task.number}_minutes"])
                self.assertEqual(row.get("string"), task.title)
                self.assertIn(f"Task {task.number}:", row.get("help"))

    def test_metrics_health_and_board_have_them_all(self):
        self.env["ir.config_parameter"].search([("key", "=like", "plc_mo_batch.task%")]).unlink()
        [hindrance] = [item for item in self.env["plc.controller"].get_board()["attention"] if item["key"] == "tasks"]
        for task in TASKS:
            self.assertIn(f"Task {task.number}", hindrance["message"])
        enabled, _last = self.env["plc.metrics"]._of_tasks()
        self.assertEqual([labels["task"] for labels, _value in enabled.samples], [str(number) for number in NUMBERS])

    def test_health_watches_the_others(self):
        for task in TASKS:
            self.env["ir.config_parameter"].set_param(f"plc_mo_batch.{task.switch}", "True")
        monitor = BY_MODEL["plc.task.health"]
        others = [task for task in TASKS if task != monitor]
        self.env.ref(monitor.cron).lastcall = "2126-01-01 00:00:00"
        for task in others:
            self.env.ref(task.cron).active = False
        keys = [condition.key for condition in self.env["plc.task.health"]._tasks()]
        self.assertEqual(keys, [str(task.number) for task in others])

    def test_wakes(self):
        """A button of the board and one of the form, of the method and the flag that the list says."""
        operator = new_test_user(self.env, "tasks_operator", groups="plc_mo_batch.group_operator")
        arch = etree.fromstring(self.env.ref("plc_mo_batch.plc_controller_view_form").arch_db)
        controller = self.env["plc.controller"].new({"enabled": True}).with_user(operator)
        wakes = [task.wake_method for task in TASKS if task.wake]
        self.assertEqual([offer["method"] for offer in controller._offers()][: len(wakes)], wakes)
        for task in TASKS:
            with self.subTest(task.model):
                nodes = arch.findall(f".//button[@name='{task.wake_method}']")
                self.assertEqual(bool(nodes), bool(task.wake))
                for node in nodes:
                    self.assertEqual(node.get("string"), str(task.wake.label))
                    self.assertIn(f"not {task.flag}", node.get("invisible"))

    def test_nothing_else_lists_them(self):
        for path in CODE:
            if path.name != "tasks.py":
                with self.subTest(path.relative_to(ADDON)):
                    self.assertEqual(list(lists_of_tasks(path.read_text("utf-8"))), [])

    def test_another_list_is_found(self):
        for source in (
            'X = ("plc.task.fill", "plc.task.exchange")',
            f"for number in {tuple(NUMBERS)}: pass",
            'X = {"fill": 1, "write_back": 3}',
            'X = ["plc_mo_batch.ir_cron_task_1", "plc_mo_batch.ir_cron_task_2"]',
        ):
            self.assertEqual(list(lists_of_tasks(source)), [1], source)
