from . import (
    mo_batch_frozen,
    pictures,
    plc_controller_shifts,
    plc_output,
    plc_papers,
    plc_shift_mail,
)
