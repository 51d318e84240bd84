from . import (
    mo_batch,
    mo_batch_actions,
    mo_batch_amounts,
    mo_batch_cancel,
    mo_batch_disposition,
    mo_batch_exchange,
    mo_batch_journal,
    mo_batch_line,
    mo_batch_rebook,
    mo_batch_review,
    mo_batch_times,
    mo_batch_watch,
)
