import json
from datetime import timedelta
from hashlib import sha256

from odoo import api, fields, models

from .refusals import KEY_REUSED, refused

KEPT = timedelta(days=7)
TOGETHER = 1000  # in one transaction of Odoo's vacuum


class PlcApiAnswer(models.Model):
    """What a command answered that was sent with a key. A program that got no answer sends it again, and gets this one.

    Keys are each user's own. A refused command leaves nothing behind, so its key may be used again.
    """

    _name = "plc.api.answer"
    _description = "Answer of the External API"
    _log_access = False

    user_id = fields.Many2one("res.users", required=True, readonly=True, ondelete="cascade")
    key = fields.Char(required=True, readonly=True)
    digest = fields.Char(required=True, readonly=True, help="Of the method and its arguments.")
    answer = fields.Text(readonly=True, help="JSON. Empty only while the command is carried out.")
    date = fields.Datetime(required=True, readonly=True, index=True)

    _key_uniq = models.UniqueIndex("(user_id, key)", "The key has already been used.")

    @api.autovacuum
    def _gc_answers(self):
        old = self.search([("date", "<", fields.Datetime.now() - KEPT)], order="id", limit=TOGETHER)
        old.unlink()
        return len(old), len(old) == TOGETHER

    # Business methods

    @api.model
    def _once(self, key, call, act):
        """Act, unless the user already did so with this key.

        :param call: method and arguments, as JSON has them
        :return: what ``act`` answered, now or then
        :raise UserError: if the key was used for another call
        """
        digest = sha256(json.dumps(call, sort_keys=True, default=repr).encode()).hexdigest()
        claimed = self._claim(key, digest)
        if not claimed:
            return self._stored(key, digest)
        answer = act()
        claimed.answer = json.dumps(answer)
        return answer

    @api.model
    def _claim(self, key, digest):
        """Take the key. Of two at the same moment, one waits here for the other's end: it then fails, as it began before, and
        Odoo repeats it.

        :return: the new record, with all rights; empty if the key is taken
        """
        self.env.cr.execute(
            """
            INSERT INTO plc_api_answer (user_id, key, digest, date) VALUES (%s, %s, %s, %s)
            ON CONFLICT (user_id, key) DO NOTHING RETURNING id
            """,
            [self.env.uid, key, digest, fields.Datetime.now()],
        )
        return self.sudo().browse(row[0] for row in self.env.cr.fetchall())

    @api.model
    def _stored(self, key, digest):
        stored = self.sudo().search([("user_id", "=", self.env.uid), ("key", "=", key)])
        if stored.digest != digest:
            raise refused(KEY_REUSED, self.env._("The key %s was already used for another call.", key))
        return json.loads(stored.answer)
