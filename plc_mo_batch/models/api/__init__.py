# What the models of this package inherit comes first.
from . import plc_api, plc_feed

# isort: split
from . import (
    mo_batch_api,
    mo_batch_feed,
    mo_batch_journal_api,
    mo_batch_recall_api,
    plc_alarm_api,
    plc_api_answer,
    plc_controller_api,
    plc_equipment_api,
)
