"""Recipes are compared with the levels of silos. PLCs in service queue orders as before until a person decides."""


def migrate(cr, version):
    cr.execute("UPDATE plc_controller SET level_policy = 'ignore'")
