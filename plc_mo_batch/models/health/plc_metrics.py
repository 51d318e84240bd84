import secrets

from odoo import api, fields, models
from odoo.modules.module import Manifest

from ...plc.reconcile import OPEN, RUNNING
from ...tools.exposition import Metric
from ...tools.odoo_edge import get_parameter, is_neutralized, set_parameter
from .plc_alarm import PRIORITIES

KEY = "plc_mo_batch.metrics_key"
PREFIX = "plc_mo_batch_"
RANKS = {"unknown": -1, "ok": 0, "warning": 1, "error": 2}  # above 0 somebody should look
CLOSED = ("done", "cancelled")
COUNTERS = {
    "requests": ("requests_total", "Requests to the PLC that were answered or given up"),
    "link_errors": ("link_errors_total", "Contacts with the PLC that failed"),
    "rejected": ("rejected_snapshots_total", "Times that what a slot reports was not believed"),
    "write_back_failures": ("write_back_failures_total", "Failed write-backs"),
}


class PlcMetrics(models.AbstractModel):
    """The figures of all PLCs of all companies, each series labelled with its company. A handful of grouped queries."""

    _name = "plc.metrics"
    _description = "Figures for Prometheus"

    # The key

    @api.model
    def _key(self):
        """The key that a scrape needs; False if the endpoint is switched off, and on a neutralized copy."""
        return not is_neutralized(self.env) and get_parameter(self.env, KEY)

    @api.model
    def _new_key(self):
        set_parameter(self.env, KEY, secrets.token_urlsafe(32))

    # The figures

    @api.model
    def _collect(self):
        """A list of :class:`~...tools.exposition.Metric`; the caller has sudo."""
        controllers = self.env["plc.controller"].search([("id", "!=", False)])
        labels = {
            controller.id: {"plc_id": controller.id, "plc": controller.name, "company": controller.company_id.name}
            for controller in controllers
        }
        return [
            *self._of_addon(),
            *self._of_controllers(controllers, labels),
            *self._of_batches(controllers, labels),
            *self._of_counters(controllers, labels),
            *self._of_alarms(labels),
            *self._of_tasks(),
        ]

    @api.model
    def _metric(self, name, explained, kind="gauge"):
        return Metric(PREFIX + name, "counter" if name.endswith("_total") else kind, explained)

    @api.model
    def _of_addon(self):
        info = self._metric("info", "Version of the addon")
        info.add(1, version=Manifest.for_addon("plc_mo_batch")["version"])
        return [info]

    @api.model
    def _of_controllers(self, controllers, labels):
        enabled = self._metric("plc_enabled", "Whether the PLC is switched on in Odoo")
        online = self._metric("plc_online", "Whether the PLC answered when it was talked to last")
        contact = self._metric("plc_last_contact_timestamp_seconds", "When the PLC answered last")
        health = self._metric("plc_health", "0: ok, 1: warning, 2: error, -1: never contacted")
        drift = self._metric("plc_clock_drift_seconds", "How far the PLC's clock is ahead of Odoo's, as it was noted last")
        for controller in controllers:
            label = labels[controller.id]
            enabled.add(controller.enabled, **label)
            online.add(controller.online, **label)
            health.add(RANKS[controller.health], **label)
            if controller.last_contact:
                contact.add(self._seconds(controller.last_contact), **label)
            if controller.clock_read_at:
                drift.add(controller.clock_drift, **label)
        return [enabled, online, contact, health, drift]

    @api.model
    def _of_batches(self, controllers, labels):
        gauge = self._metric("batches", "Batches that the PLC owes, by state")
        closed = self._metric("batches_closed_total", "Batches in the history, by state")
        dosed = self._metric("dosed_kilograms_total", "What the PLC dosed: of ended batches and of the running one")
        attention = self._metric("batches_attention", "Batches in the queue that a person should look at")
        oldest = self._metric("queue_oldest_timestamp_seconds", "When the oldest batch of the queue was queued")
        groups = self._batch_groups()
        weights, kilogram = self._running_weights(), self.env.ref("uom.product_uom_kgm")
        for controller in controllers:
            label, mine = labels[controller.id], groups.get(controller.id, {})
            for state in OPEN:
                gauge.add(mine.get(state, {}).get("count", 0), state=state, **label)
            for state in CLOSED:
                closed.add(mine.get(state, {}).get("count", 0), state=state, **label)
            weight = sum(group["dosed"] for group in mine.values()) + weights.get(controller.id, 0.0)
            if controller.uom_id._has_common_reference(kilogram):
                dosed.add(controller.uom_id._compute_quantity(weight, kilogram, round=False), **label)
            waiting = [mine[state] for state in OPEN if state in mine]
            attention.add(sum(group["attention"] for group in waiting), **label)
            if waiting:
                oldest.add(self._seconds(min(group["oldest"] for group in waiting)), **label)
        return [gauge, closed, dosed, attention, oldest]

    @api.model
    def _batch_groups(self):
        """controller id -> state -> count, dosed (in the PLC's unit), attention, oldest"""
        batches = self.env["mo.batch"].with_context(active_test=False)
        found = {}
        for controller, state, count, dosed, attention, oldest in batches._read_group(
            [], ["controller_id", "state"], ["__count", "dosed_qty:sum", "attention:count", "create_date:min"]
        ):
            group = {"count": count, "dosed": dosed, "attention": attention, "oldest": oldest}
            found.setdefault(controller.id, {})[state] = group
        return found

    @api.model
    def _running_weights(self):
        """controller id -> what the running batches have dosed so far, in the PLC's unit"""
        running = [("batch_id.state", "=", RUNNING), ("code", "!=", 0)]
        groups = self.env["mo.batch.line"]._read_group(running, ["controller_id"], ["actual_qty:sum"])
        return {controller.id: weight for controller, weight in groups}

    @api.model
    def _of_counters(self, controllers, labels):
        rows = self.env["plc.counter"].search([("id", "!=", False)])
        values = {(row.controller_id.id, row.name): row.value for row in rows}
        metrics = []
        for name, (suffix, explained) in COUNTERS.items():
            metric = self._metric(suffix, explained)
            for controller in controllers:
                metric.add(values.get((controller.id, name), 0), **labels[controller.id])
            metrics.append(metric)
        return metrics

    @api.model
    def _of_alarms(self, labels):
        metric = self._metric("alarms", "Alarms that are open, by priority; those without PLC concern all of them")
        alarms = self.env["plc.alarm"]
        groups = alarms._read_group(alarms._open_domain(), ["controller_id", "priority"], ["__count"])
        counts = {(controller.id, priority): count for controller, priority, count in groups}
        for controller_id, label in {False: {"plc_id": "", "plc": "", "company": ""}, **labels}.items():
            for priority, _label in PRIORITIES:
                metric.add(counts.get((controller_id, priority), 0), priority=priority, **label)
        return [metric]

    @api.model
    def _of_tasks(self):
        enabled = self._metric("task_enabled", "Whether the task is switched on, and its scheduled action active")
        last = self._metric("task_last_run_timestamp_seconds", "When the task ran last")
        for task in self.env["plc.task"]._all():
            label = {"task": task._number, "name": task._name.removeprefix("plc.task.")}
            enabled.add(task._is_enabled() and task._scheduled_action().active, **label)
            if moment := task._scheduled_action().lastcall:
                last.add(self._seconds(moment), **label)
        return [enabled, last]

    @api.model
    def _seconds(self, moment):
        """Unix time of a moment of the database, which is UTC."""
        return (moment - fields.Datetime.from_string("1970-01-01 00:00:00")).total_seconds()
