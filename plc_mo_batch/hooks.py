def uninstall_hook(env):
    """Settings that people changed belong to no module's data any more: Odoo would leave them behind."""
    env["ir.config_parameter"].search([("key", "=like", r"plc\_mo\_batch.%")]).unlink()
