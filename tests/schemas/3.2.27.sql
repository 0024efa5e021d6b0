-- What 3.2.43 has (3.2.43.sql), taken down to 3.2.27.
ALTER TABLE tassets DROP COLUMN uuid,
  MODIFY sn_internal varchar(20) NOT NULL, MODIFY sn_manufacturer varchar(40) NOT NULL, MODIFY netbios varchar(60) NOT NULL;
ALTER TABLE tcompany DROP COLUMN comment;
ALTER TABLE tusers DROP COLUMN ldap_sid, DROP COLUMN azure_ad_id;
ALTER TABLE ttypes DROP COLUMN mail;
ALTER TABLE ttemplates DROP COLUMN date_start, DROP COLUMN frequency, DROP COLUMN last_execution_date;
ALTER TABLE tparameters DROP COLUMN ticket_recurrent_create, DROP COLUMN imap_date_create;
UPDATE tparameters SET version = '3.2.27';
