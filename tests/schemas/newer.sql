-- A GestSup after 3.2.55 as far as one can guess: columns and tables that nobody knows yet, NOT NULL and without
-- a default as GestSup's always are. Nothing is renamed.
ALTER TABLE tincidents ADD COLUMN sla int(5) NOT NULL FIRST, ADD COLUMN external_ref varchar(64) NOT NULL AFTER title,
  ADD COLUMN sla_date datetime NOT NULL;
ALTER TABLE tthreads ADD COLUMN edited_by int(10) NOT NULL AFTER author, ADD COLUMN edited_date datetime NOT NULL;
ALTER TABLE tusers ADD COLUMN pronoun varchar(20) NOT NULL AFTER lastname;
ALTER TABLE tcompany ADD COLUMN contract_end date NOT NULL AFTER name;
ALTER TABLE tstates ADD COLUMN sla_pause int(1) NOT NULL;
ALTER TABLE tevents ADD COLUMN room varchar(50) NOT NULL;
ALTER TABLE tattachments ADD COLUMN size bigint NOT NULL;
ALTER TABLE tlogs ADD COLUMN severity int(1) NOT NULL;
CREATE TABLE tsla (`id` int(5) NOT NULL AUTO_INCREMENT, `name` varchar(50) NOT NULL, `state` int(1) NOT NULL, PRIMARY KEY (`id`)) ENGINE=InnoDB;
UPDATE tparameters SET version = '3.3.1';
