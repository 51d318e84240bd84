"""What is in the silo is what was dosed, before what an order reserved. PLCs in service book as before until a person decides."""


def migrate(cr, version):
    cr.execute("UPDATE plc_controller SET lot_policy = 'reserved'")
