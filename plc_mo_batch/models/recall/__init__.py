from . import mo_batch_recall, plc_equipment_recall, stock_lot, stock_picking
