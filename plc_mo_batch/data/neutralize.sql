-- a copy of the database never talks to a PLC, has no key to one, and gives nobody its figures
UPDATE plc_controller SET enabled = false;
DELETE FROM ir_config_parameter WHERE key IN ('plc_mo_batch.enabled', 'plc_mo_batch.metrics_key');
UPDATE plc_controller SET login_password = NULL;
DELETE FROM ir_attachment WHERE res_model = 'plc.controller' AND res_field IN ('tls_certificate', 'tls_key');
