from . import (
    mo_batch_order,
    mrp_bom_line,
    mrp_production,
    mrp_production_banner,
    mrp_production_doors,
    mrp_production_line,
    mrp_production_share,
    plc_equipment_level,
    plc_task_fill,
    product_product,
    product_template,
    stock_move,
)
