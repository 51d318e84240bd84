from odoo import fields


def pull_back_future_moments(record, *names):
    """Set those moments of a record that lie in the future to now. They date from before the clock was set back: a wait that
    started then starts again now, and does not last until that moment."""
    now = fields.Datetime.now()
    if ahead := [name for name in names if record[name] and record[name] > now]:
        record.write(dict.fromkeys(ahead, now))
