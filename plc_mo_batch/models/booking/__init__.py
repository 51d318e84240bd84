from . import mo_overview, order_value, plc_equipment_acts, plc_task_write_back, silo_counts, silo_moves
