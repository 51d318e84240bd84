import logging
from datetime import timedelta

from odoo import SUPERUSER_ID, api, fields, models
from odoo.fields import Domain

_logger = logging.getLogger(__name__)

CHANNEL = "plc_board"  # the channel that a browser subscribes to, and the type of the messages
PENDING = "plc_mo_batch.board"  # in the transaction's data: the messages to send after its commit
KEEP_MINUTES = 5  # a browser that was away for longer reloads the board


def button(method, label, icon, question="", first=False):
    """A button of the board as JSON values.

    :param question: asked before the method is called, unless empty
    :param first: highlighted
    """
    kind = "primary" if first else "secondary"
    return {"method": method, "label": label, "icon": f"fa-{icon}", "kind": kind, "question": question}


class PlcBoard(models.AbstractModel):
    """Messages to open boards over Odoo's bus, so that they stay live.

    A message says that a PLC's lane changed; each board that may see it fetches it. For a live PLC, whose quantities change every
    second, it carries the quantities themselves. It is sent after the commit, at most one for each PLC and transaction, in its
    own transaction: a fault of the bus must not keep a PLC from being served.
    """

    _name = "plc.board"
    _description = "PLC Board"

    # Collecting

    @api.model
    def _mark_lanes(self, controller_ids, lane=True, line_ids=()):
        """Notify the boards after the commit.

        :param lane: the lane must be reloaded; False: only its last contact and the quantities of ``line_ids`` changed
        :param line_ids: components whose actual quantity changed
        """
        pending = self._pending()
        for controller_id in controller_ids:
            news = pending.setdefault(controller_id, {"lane": False, "lines": set(), "fill": {}})
            news["lane"] = news["lane"] or lane
            news["lines"].update(line_ids)

    @api.model
    def _mark_filled(self, controller, **fill):
        """Tell the boards what came of a fill: its lane has to be reloaded, and who asked for the fill hears of it.

        :param fill: ``queued`` and ``refused`` orders, or ``busy``: batches because of which nothing was filled
        """
        self._mark_lanes(controller.ids)
        self._pending()[controller.id]["fill"] = fill

    @api.model
    def _mark_companies(self, company_ids):
        """PLCs were added or removed."""
        self._pending().setdefault("companies", set()).update(company_ids)

    @api.model
    def _pending(self):
        postcommit = self.env.cr.postcommit
        if PENDING not in postcommit.data:
            postcommit.data[PENDING] = {}
            registry = self.env.registry
            postcommit.add(lambda: self._send_pending(registry, postcommit.data.pop(PENDING, {})))
        return postcommit.data[PENDING]

    # Sending

    @staticmethod
    def _send_pending(registry, pending):
        try:
            with registry.cursor() as cr:
                api.Environment(cr, SUPERUSER_ID, {})["plc.board"]._send(pending)
        except Exception as error:  # what was committed stays; a board that misses a message shows older figures
            _logger.warning("the boards could not be notified: %s", error)

    @api.model
    def _send(self, pending):
        bus = self.env["bus.bus"]
        for company in self.env["res.company"].browse(pending.pop("companies", ())):
            bus._sendone((company, CHANNEL), CHANNEL, {"at": self._at()})
        lines = self.env["mo.batch.line"].browse(set().union(*(news["lines"] for news in pending.values()))).exists()
        changed = lines.grouped("controller_id")
        for controller in self.env["plc.controller"].browse(pending).exists():
            message = self._message(controller, pending[controller.id], changed.get(controller, lines.browse()))
            bus._sendone(controller, CHANNEL, message)

    @api.model
    def _message(self, controller, news, lines):
        """
        :param lines: components of it whose actual quantity changed
        """
        message = {"plc": controller.id, "at": self._at()}
        if news.get("fill"):
            message["fill"] = {**news["fill"], "first": self._first_refused(controller) if news["fill"].get("refused") else ""}
        if not news["lane"]:
            contact = fields.Datetime.to_string(controller.last_contact) or ""
            dosings = lines.browse().union(*(line._dosing() for line in lines))._dosings()
            actual = [[dosing[:1].id, sum(dosing.mapped("actual_qty"))] for dosing in dosings]
            message |= {"contact": contact, "actual": actual}
        return message

    @api.model
    def _first_refused(self, controller):
        """The first of the orders that a fill refused, with its reason."""
        [order] = self.env["mrp.production"].search(self.env["plc.task.fill"]._refused_domain(controller), limit=1) or [None]
        return f"{order.name}: {order.plc_reason}" if order else ""

    @api.model
    def _at(self):
        """When the transaction began, by the database's clock: an earlier reading must never replace a later one."""
        return self.env.cr.now().isoformat(sep=" ", timespec="microseconds")

    @api.model
    def _echo(self):
        """A sign of life for the boards of the user, over the bus."""
        self.env["bus.bus"]._sendone((self.env.user, CHANNEL), CHANNEL, {"echo": True})

    # Who is notified

    @api.model
    def _channels(self):
        """The PLCs that the user may see, in all of the user's companies, these companies, and the user."""
        companies = self.env.user.company_ids
        controllers = self.env["plc.controller"].with_context(allowed_company_ids=companies.ids)
        if not controllers.has_access("read"):
            return []
        visible = controllers.search([("company_id", "in", companies.ids)])
        return [*visible, *((company, CHANNEL) for company in companies), (self.env.user, CHANNEL)]

    @api.model
    def _vacuum(self):
        """A live PLC sends a message every second, and the bus would keep them for a day."""
        kinds = ['"plc.controller",%', f'"res.company",%,"{CHANNEL}"]', f'"res.users",%,"{CHANNEL}"]']
        ours = Domain.OR(Domain("channel", "=like", f'["{self.env.cr.dbname}",{kind}') for kind in kinds)
        before = fields.Datetime.now() - timedelta(minutes=KEEP_MINUTES)
        self.env["bus.bus"].sudo().search(ours & Domain("create_date", "<", before)).unlink()
