from . import (
    decimal_precision,
    plc_connection,
    plc_controller,
    plc_controller_actions,
    plc_controller_booking,
    plc_controller_clock,
    plc_controller_commissioned,
    plc_controller_events,
    plc_controller_look,
    plc_controller_manners,
    plc_controller_refusals,
    plc_equipment,
)
