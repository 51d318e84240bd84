"""Who may act (rule 11): operators on what they may see; managers also set up PLCs. One check and one sentence per role."""

from odoo.exceptions import AccessError

OPERATOR = "plc_mo_batch.group_operator"
MANAGER = "plc_mo_batch.group_manager"  # implies the operator


def check_operator(records):
    """
    :raise AccessError: unless the user is an operator or a manager who may read ``records``
    """
    records.check_access("read")
    if not records.env.user.has_group(OPERATOR):
        raise AccessError(records.env._("Only PLC operators can do this."))


def check_manager(records):
    """
    :raise AccessError: unless the user is a manager who may read ``records``
    """
    check_operator(records)
    if not records.env.user.has_group(MANAGER):
        raise AccessError(records.env._("Only PLC managers can do this."))
