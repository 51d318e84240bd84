from . import mo_overview, order_value, plc_task_write_back
