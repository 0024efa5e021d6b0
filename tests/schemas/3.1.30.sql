-- What 3.2.3 has (3.2.3.sql), taken down to 3.1.30: attachments in tincidents.img1 to img5, no log, deletion
-- by tincidents.disable.
DROP TABLE tattachments;
DROP TABLE tlogs;
DROP TABLE ttypes_answer;
DROP TABLE tprojects_task;
DROP TABLE tprojects;
ALTER TABLE tincidents DROP COLUMN type_answer,
  DROP KEY asset_id, DROP KEY category, DROP KEY creator, DROP KEY criticality, DROP KEY place, DROP KEY priority,
  DROP KEY sender_service, DROP KEY subcat, DROP KEY `type`, DROP KEY t_group, DROP KEY u_agency, DROP KEY u_group,
  DROP KEY u_service;
ALTER TABLE tthreads DROP COLUMN dest_mail,
  DROP KEY author, DROP KEY group1, DROP KEY group2, DROP KEY tech1, DROP KEY tech2, DROP KEY `user`;
ALTER TABLE tusers DROP COLUMN mobile, DROP COLUMN ip, DROP COLUMN auth_attempt, DROP COLUMN last_pwd_chg;
ALTER TABLE tcompany DROP COLUMN SIRET, DROP COLUMN TVA, DROP COLUMN limit_hour_number, DROP COLUMN limit_hour_days,
  DROP COLUMN limit_hour_date_start;
ALTER TABLE tstates DROP COLUMN meta;
ALTER TABLE tcategory DROP COLUMN technician, DROP COLUMN technician_group;
ALTER TABLE tsubcat DROP COLUMN technician, DROP COLUMN technician_group;
ALTER TABLE tevents DROP COLUMN title, DROP COLUMN allday, DROP COLUMN classname;
ALTER TABLE tparameters DROP COLUMN log, DROP COLUMN ticket_autoclose, DROP COLUMN ticket_autoclose_delay,
  DROP COLUMN ticket_autoclose_state, DROP COLUMN project;
UPDATE tstates SET name = 'Attente Retour' WHERE id = 6;
UPDATE tparameters SET version = '3.1.30';
