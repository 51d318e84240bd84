from odoo import fields


def future_moments(record, *names):
    """Which of those moments of a record lie in the future: they date from before the clock was set back."""
    now = fields.Datetime.now()
    return [name for name in names if record[name] and record[name] > now]


def pull_back_future_moments(record, *names):
    """Set those moments of a record that lie in the future to now. A wait that started then starts again now, and does not last
    until that moment."""
    if ahead := future_moments(record, *names):
        record.write(dict.fromkeys(ahead, fields.Datetime.now()))
