"""What is in no silo is a hand-add only if somebody said so. PLCs in service queue as before until a person sets a limit."""


def migrate(cr, version):
    cr.execute("UPDATE plc_controller SET unsaid_percent = 0")
