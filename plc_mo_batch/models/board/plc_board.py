import logging
from datetime import timedelta

from odoo import SUPERUSER_ID, api, fields, models
from odoo.fields import Domain

_logger = logging.getLogger(__name__)

CHANNEL = "plc_board"  # what a browser subscribes to, and the type of the messages
PENDING = "plc_mo_batch.board"  # in the transaction's data: what is to be told once it is committed
KEEP_MINUTES = 5  # a browser that was away for longer loads the board anew
# of what needs attention and has no record of its own, or none yet
NO_RECORD = {"model": "", "id": 0, "seen_by": "", "buttons": []}


def button(method, label, icon, question="", first=False):
    """A button of the board as JSON values.

    :param question: asked before the method is called, unless empty
    :param first: it stands out
    """
    kind = "primary" if first else "secondary"
    return {"method": method, "label": label, "icon": f"fa-{icon}", "kind": kind, "question": question}


class PlcBoard(models.AbstractModel):
    """What the boards that are open are told, over Odoo's bus, while they are looked at.

    A message says that a PLC's lane changed, and is then fetched by those who may see it; or, since a live PLC tells new
    quantities every second, these quantities themselves. It is sent after the commit, at most one for each PLC and transaction,
    on a transaction of its own: whatever is wrong with the bus must not keep a PLC from being served.
    """

    _name = "plc.board"
    _description = "PLC Board"

    # Collecting

    @api.model
    def _mark_lanes(self, controller_ids, lane=True, line_ids=()):
        """Have the boards told after the commit.

        :param lane: the lane has to be loaded anew; else only its last contact and the quantities of ``line_ids`` changed
        :param line_ids: components whose actual quantity changed
        """
        pending = self._pending()
        for controller_id in controller_ids:
            news = pending.setdefault(controller_id, {"lane": False, "lines": set()})
            news["lane"] = news["lane"] or lane
            news["lines"].update(line_ids)

    @api.model
    def _mark_companies(self, company_ids):
        """PLCs were added or taken away."""
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
        except Exception as error:  # what was committed is committed; a board that misses a message shows older figures
            _logger.warning("the boards could not be told: %s", error)

    @api.model
    def _send(self, pending):
        bus = self.env["bus.bus"]
        for company in self.env["res.company"].browse(pending.pop("companies", ())):
            bus._sendone((company, CHANNEL), CHANNEL, {"at": self._at()})
        for controller in self.env["plc.controller"].browse(pending).exists():
            bus._sendone(controller, CHANNEL, self._message(controller, pending[controller.id]))

    @api.model
    def _message(self, controller, news):
        message = {"plc": controller.id, "at": self._at()}
        if not news["lane"]:
            lines = self.env["mo.batch.line"].browse(news["lines"]).exists()
            contact = fields.Datetime.to_string(controller.last_contact) or ""
            message |= {"contact": contact, "actual": [[line.id, line.actual_qty] for line in lines]}
        return message

    @api.model
    def _at(self):
        """When the transaction began, by the database's clock: what was read earlier never replaces what was read later."""
        return self.env.cr.now().isoformat(sep=" ", timespec="microseconds")

    @api.model
    def _echo(self):
        """A sign of life for the boards of the user, over the bus."""
        self.env["bus.bus"]._sendone((self.env.user, CHANNEL), CHANNEL, {"echo": True})

    # Who is told

    @api.model
    def _channels(self):
        """The PLCs that the user may see, in all of the user's companies, the companies themselves, and the user."""
        companies = self.env.user.company_ids
        controllers = self.env["plc.controller"].with_context(allowed_company_ids=companies.ids)
        if not controllers.has_access("read"):
            return []
        visible = controllers.search([("company_id", "in", companies.ids)])
        return [*visible, *((company, CHANNEL) for company in companies), (self.env.user, CHANNEL)]

    @api.model
    def _vacuum(self):
        """Messages of a live PLC come every second, and the bus keeps its own for a day."""
        kinds = ['"plc.controller",%', f'"res.company",%,"{CHANNEL}"]', f'"res.users",%,"{CHANNEL}"]']
        ours = Domain.OR(Domain("channel", "=like", f'["{self.env.cr.dbname}",{kind}') for kind in kinds)
        before = fields.Datetime.now() - timedelta(minutes=KEEP_MINUTES)
        self.env["bus.bus"].sudo().search(ours & Domain("create_date", "<", before)).unlink()
