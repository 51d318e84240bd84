"""PLCs now get orders only once they are commissioned. Those that were in service before are."""


def migrate(cr, version):
    """What has worked so far goes on."""
    cr.execute("UPDATE plc_controller SET commissioned = TRUE")
