from . import (
    mo_batch_amounts,
    mo_batch_booked,
    mo_batch_cancel,
    mo_batch_disposition,
    mo_batch_review,
    mo_batch_weight,
    plc_failure_resolve,
    plc_layout_generate,
    plc_setup,
    plc_snapshot,
    plc_snapshot_line,
    plc_weighing_decide,
)
