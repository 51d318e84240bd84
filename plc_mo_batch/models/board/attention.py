from odoo import fields

from ...plc.reconcile import HANDED_OVER, UNDECIDED
from ...tools.translate import label_of
from ..common.roles import OPERATOR
from ..common.tasks import TASKS
from .plc_board import button

REFUSED_READ = 500  # orders that cannot be queued, of all PLCs; the list shows the others
REFUSED_TOLD = 2  # of each PLC, with their reasons
SHOWN = 20  # of each kind of event; the list shows the others
SEVERITIES = ("danger", "warning", "info")
SEVERITY = {"high": "danger", "medium": "warning", "low": "info"}  # by an alarm's priority
# kind of alarm -> the board's own item on the same matter: shown at once, while the alarm waits until the matter has lasted
SAME = {"silent": "plc", "write_back": "batch-error", "unposted": "batch-error", "waiting": "batch-attention",
        "rejected": "batch-attention", "went_back": "batch-attention"}  # fmt: skip


def order_label(batch):
    """The order's name, and which of its batches this is if it has several: ``WH/MO/00012#03``, as the PLC shows it."""
    part = f"#{batch.part:02}"
    return f"{batch.production_id.name}{part if (batch.order_name or '').endswith(part) else ''}"


class Attention:
    """What a person should look at, each matter once: items of the board as JSON values.

    An item has key (the same as long as the matter lasts), severity (danger, warning or info), plc and batch (ids, 0 for none),
    title, message, since and next_try (times, or empty), seen_by (who acknowledged it); model and id of its own record, and the
    buttons of that record.

    :param controllers: the PLCs on the board
    :param batches: the open ones of these PLCs
    """

    def __init__(self, controllers, batches):
        self.env = controllers.env
        self.controllers = controllers
        self.batches = batches

    def items(self, of_all):
        """Most urgent first.

        :param of_all: include what keeps all PLCs from being served
        """
        items = [*self._of_plcs(), *(self._of_all_plcs() if of_all else [])]
        return sorted(items, key=lambda item: SEVERITIES.index(item["severity"]))

    def _of_plcs(self):
        silent = self.controllers.filtered(lambda controller: controller.enabled and controller.last_error)
        unproven = self.controllers.filtered(lambda controller: controller.enabled and not controller.commissioned)
        items = [*map(self._of_silent_plc, silent), *map(self._of_unproven_plc, unproven), *self._of_batches()]
        items += self._of_refused_orders()
        return [*self._with_alarms(items, self.controllers.ids), *self._of_events()]

    def _of_all_plcs(self):
        return self._with_alarms(self._of_tasks(), [False])

    def _item(self, **values):
        nothing = {"batch": 0, "since": "", "next_try": "", "model": "", "id": 0, "seen_by": "", "buttons": []}
        return {**nothing, **values}

    # PLCs and batches

    def _of_silent_plc(self, controller):
        since = fields.Datetime.to_string(controller.last_contact) or ""
        test = button("action_test_connection", self.env._("Test Connection"), "plug")
        shown = {"model": controller._name, "id": controller.id, "buttons": [test] if self._is_operator() else []}
        return self._of_plc(controller, "plc", "danger", controller.last_error, since=since, **shown)

    def _of_unproven_plc(self, controller):
        return self._of_plc(controller, "commission", "warning", controller._refusal_uncommissioned())

    def _of_plc(self, controller, kind, severity, message, **values):
        return self._item(
            key=f"{kind}-{controller.id}", severity=severity, plc=controller.id, title=controller.name, message=message, **values
        )

    def _of_batches(self):
        together = self._undecided_together()
        yield from (self._of_undecided(batches) for batches in together.values())
        apart = self.batches.browse().union(*together.values())
        for batch in self.batches.filtered("attention") - apart:
            urgent = batch.state == "failed" or batch.is_action_decide_allowed
            yield self._of_batch(batch, "attention", "danger" if urgent else "warning", batch.attention)
        for batch in self.batches.filtered("last_error"):
            times, error = batch.attempts, batch.last_error
            message = self.env._("Write-back failed (%(times)s times): %(error)s", times=times, error=error)
            yield self._of_batch(batch, "error", "danger", message, until=batch.next_try)

    def _undecided_together(self):
        """By PLC, several batches of which somebody has to say whether the PLC took them: it lost its memory, and that is one
        matter."""
        undecided = self.batches.filtered(lambda batch: batch.state in HANDED_OVER and batch._case() in UNDECIDED)
        return {controller: batches for controller, batches in undecided.grouped("controller_id").items() if len(batches) > 1}

    def _of_undecided(self, batches):
        message = self.env._("%(count)s batches: %(first)s", count=len(batches), first=batches[0].attention)
        decide = button("action_open_undecided", self.env._("Decide"), "gavel", first=True)
        shown = {"model": "plc.controller", "id": batches.controller_id.id, "buttons": [decide] if self._is_operator() else []}
        since = fields.Datetime.to_string(min(filter(None, batches.mapped("waits_since")), default=None)) or ""
        return self._of_plc(batches.controller_id, "undecided", "danger", message, since=since, **shown)

    def _of_refused_orders(self):
        """An item for each PLC whose orders cannot be queued as they are, with the reasons of the first; none where an alarm
        about them is open."""
        fill, orders, alarms = self.env["plc.task.fill"], self.env["mrp.production"].sudo(), self.env["plc.alarm"]
        known = alarms.search([*alarms._open_domain(), ("kind", "=", "orders"), ("controller_id", "in", self.controllers.ids)])
        served = (self.controllers.filtered("enabled") - known.controller_id).sudo()
        refused = orders.search(fill._refused_domain(served), limit=REFUSED_READ)
        of_type = refused.grouped("picking_type_id")
        for controller in served:
            own = orders.union(*(of_type.pop(kind, orders) for kind in controller.picking_type_ids))  # of the first that could
            if own:
                show = button("action_view_refused_orders", self.env._("Show Orders"), "list")
                shown = {"model": controller._name, "id": controller.id, "buttons": [show]}
                yield self._of_plc(controller, "refused", "warning", self._refused_message(own), **shown)

    def _refused_message(self, orders):
        first = "; ".join(f"{order.name}: {order.plc_reason.rstrip('.')}" for order in orders[:REFUSED_TOLD])
        if len(orders) == 1:
            return self.env._("Not queued: %s.", first)
        return self.env._("%(count)s orders are not queued. %(first)s.", count=len(orders), first=first)

    def _of_batch(self, batch, kind, severity, message, until=None):
        return self._item(
            key=f"batch-{kind}-{batch.id}",
            severity=severity,
            plc=batch.controller_id.id,
            batch=batch.id,
            title=f"{batch.controller_id.name} · {batch.name} · {order_label(batch)}",
            message=message,
            since=fields.Datetime.to_string(batch.waits_since) or "",
            next_try=fields.Datetime.to_string(until) or "",
        )

    # Tasks

    def _of_tasks(self):
        tasks = self.env["plc.task"]._all()
        awake = tasks[0]._enabled(*TASKS)
        off = ", ".join(task._title() for task in tasks if task._name not in awake)
        if not off:
            return []
        if tasks[0]._is_neutralized():
            message = self.env._("This is a neutralized copy of the database. It does not connect to any PLC.")
        else:
            message = self.env._("%s: switched off in the settings.", off)
        return [self._item(key="tasks", severity="warning", plc=0, title=self.env._("Tasks"), message=message)]

    # Alarms

    def _with_alarms(self, items, controller_ids):
        """Add the open alarms of these PLCs: to the item on the same matter, or else as an item of their own."""
        by_key = {item["key"]: item for item in items}
        told = {f"batch-attention-{batch.id}" for batches in self._undecided_together().values() for batch in batches}
        alarms = self.env["plc.alarm"]
        for alarm in alarms.search([*alarms._open_domain(), ("controller_id", "in", controller_ids)], order="date_opened, id"):
            same = SAME.get(alarm.kind, "alarm")
            subject = {"plc": alarm.controller_id, "alarm": alarm}.get(same, alarm.batch_id)
            if f"{same}-{subject.id}" in told:
                continue
            item = by_key.setdefault(f"{same}-{subject.id}", self._of_alarm(alarm))
            item.update(self._known_by_alarm(alarm))
        return list(by_key.values())

    def _of_alarm(self, alarm):
        label = label_of(alarm.with_env(self.env), "kind")
        batch = alarm.batch_id
        names = [alarm.controller_id.name, batch.name, batch and order_label(batch), label]
        return self._item(
            key=f"alarm-{alarm.id}",
            severity=SEVERITY[alarm.priority],
            plc=alarm.controller_id.id or 0,
            batch=batch.id or 0,
            title=" · ".join(filter(None, names)),
            message=alarm.message,
        )

    def _known_by_alarm(self, alarm):
        """What only an alarm knows: since when, and who acknowledged it."""
        seen = button("action_acknowledge", self.env._("Acknowledge"), "eye")
        return {
            "since": fields.Datetime.to_string(alarm.date_opened),
            "model": alarm._name,
            "id": alarm.id,
            "seen_by": alarm.acknowledged_by_id.sudo().name or "",
            "buttons": [seen] if self._is_operator() and not alarm.date_acknowledged else [],
        }

    # Open failures, and weighings that wait for a person

    def _of_events(self):
        of_these = [("controller_id", "in", self.controllers.ids)]
        for failure in self.env["plc.failure"].search([*of_these, ("state", "=", "open")], limit=SHOWN):
            resolve = button("action_open_resolve", self.env._("Resolve"), "check", first=True)
            yield self._of_event(failure, "danger", failure.problem or failure.display_name, [resolve])
        for weighing in self.env["plc.weighing"].search([*of_these, ("needs_person", "=", True)], limit=SHOWN):
            why = self.env._("Was it weighed once or twice?") if weighing.repeated else weighing.reason
            message = ": ".join(filter(None, [weighing.display_name, why]))
            yield self._of_event(weighing, "warning", weighing.problem or message, self._weighing_buttons(weighing))

    def _of_event(self, event, severity, message, buttons):
        return self._item(
            key=f"{event._name}-{event.id}",
            severity=severity,
            plc=event.controller_id.id,
            title=event.controller_id.name,
            message=message,
            since=fields.Datetime.to_string(event.date) or "",
            model=event._name,
            id=event.id,
            buttons=buttons if self._is_operator() else [],
        )

    def _weighing_buttons(self, weighing):
        if weighing.state != "waiting":
            again = button("action_count_again", self.env._("Count Again"), "plus", first=True)
            return [again, button("action_count_once", self.env._("Count Once"), "check")]
        dismiss = button("action_open_dismiss", self.env._("Dismiss"), "trash-o")
        return [button("action_open_assign", self.env._("Assign"), "link", first=True), dismiss]

    def _is_operator(self):
        return self.env.user.has_group(OPERATOR)
