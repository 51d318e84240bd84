from . import plc_task_write_back
