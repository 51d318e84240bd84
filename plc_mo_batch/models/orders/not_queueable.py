class NotQueueable(Exception):
    """An order that cannot be queued now; the message says why in the words of the plant."""
