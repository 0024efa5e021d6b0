-- What 3.2.27 has (3.2.27.sql), taken down to 3.2.3.
ALTER TABLE tincidents DROP COLUMN billable, DROP COLUMN observer1, DROP COLUMN observer2, DROP COLUMN observer3,
  DROP COLUMN user_validation, DROP COLUMN user_validation_date, DROP COLUMN userread;
ALTER TABLE tthreads DROP COLUMN `time`;
ALTER TABLE tcompany DROP COLUMN legal_status;
ALTER TABLE tusers DROP COLUMN planning_color;
ALTER TABLE ttypes DROP COLUMN user_validation;
ALTER TABLE tparameters DROP COLUMN ticket_time_response_element, DROP COLUMN ticket_observer,
  DROP COLUMN api, DROP COLUMN api_key, DROP COLUMN api_client_ip;
UPDATE tparameters SET version = '3.2.3';
