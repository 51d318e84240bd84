def uninstall_hook(env):
    """Delete the settings that people changed: they no longer belong to a module's data, so Odoo would leave them behind."""
    env["ir.config_parameter"].search([("key", "=like", r"plc\_mo\_batch.%")]).unlink()
