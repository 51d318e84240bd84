from odoo import fields


def pull_back_future_moments(record, *names):
    """Have these moments of a record, where they lie in the future, be now. They are of before the clock was set back: what is
    waited for since then is waited for from now on, and not until then."""
    now = fields.Datetime.now()
    if ahead := [name for name in names if record[name] and record[name] > now]:
        record.write(dict.fromkeys(ahead, now))
