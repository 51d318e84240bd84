from . import (
    plc_layout_part,
    plc_register_area,
    plc_register_field,
    plc_register_layout,
    plc_register_layout_table,
)
