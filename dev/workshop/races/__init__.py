"""``make races``: what must not happen twice, asked for at the same moment."""
