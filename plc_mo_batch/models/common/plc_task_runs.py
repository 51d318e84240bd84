from odoo import api, models

RUNS = "parallel_runs"  # the setting
MOST_RUNS = 16  # of a task at the same time: more would wait for PostgreSQL, not for PLCs


class PlcTask(models.AbstractModel):
    """Several scheduled actions of a task, which Odoo's cron workers run at the same time, on one server or on several."""

    _inherit = "plc.task"

    @api.model
    def _remove_surplus(self):
        """What was asked for while one that is to go was running."""
        number = self._setting_int(RUNS, MOST_RUNS)
        for task in self._all():
            if len(task._scheduled_actions()) > number:
                task._share_among(number)

    @api.model
    def _share_among(self, number):
        """Have so many scheduled actions share the PLCs, if the task can be shared. One that is to go and runs just now goes when
        the monitor runs next."""
        if not self._task.is_shared:
            return
        first, actions = self._scheduled_action(), self._scheduled_actions()
        names = actions.get_external_id()
        added = (actions - first).filtered(lambda cron: names[cron.id].startswith(f"{self._task.cron}_"))
        added[number - 1 :].try_lock_for_update(allow_referencing=True).unlink()
        for _missing in range(number - 1 - len(added)):
            self._add_scheduled_action(first)

    @api.model
    def _add_scheduled_action(self, first):
        """One more like the first. Its external id has it removed with the addon."""
        number = 2
        while self.env.ref(name := f"{self._task.cron}_{number}", raise_if_not_found=False):
            number += 1
        same = first.read(["model_id", "state", "code", "user_id", "interval_number", "interval_type", "priority"], load=False)[0]
        same.pop("id")
        cron = first.create({**same, "name": f"{first.name} ({number})"})
        self.env["ir.model.data"]._update_xmlids([{"xml_id": name, "record": cron, "noupdate": True}])
