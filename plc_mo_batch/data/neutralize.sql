-- a copy of the database never talks to a PLC
UPDATE plc_controller SET enabled = false;
DELETE FROM ir_config_parameter WHERE key = 'plc_mo_batch.enabled';
-- and gives nobody its figures
DELETE FROM ir_config_parameter WHERE key = 'plc_mo_batch.metrics_key';
