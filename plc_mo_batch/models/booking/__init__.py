from . import (
    mo_batch_booking,
    mo_batch_line_booking,
    mo_batch_share_booking,
    plc_task_write_back,
)
