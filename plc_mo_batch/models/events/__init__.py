from . import (
    mo_batch_fits,
    mo_batch_scale,
    plc_event,
    plc_failure,
    plc_weighing,
    plc_weighing_scale,
)
