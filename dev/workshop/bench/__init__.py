"""``make bench`` and ``make load``: what it costs, beside a peer that is measured in the same run."""
