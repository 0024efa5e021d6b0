-- Tables of a GestSup 3.2.55 base, as far as the connector can meet them: written from its column list,
-- with the rows that its lists start with. Loaded with sql_mode '' as GestSup's own sessions have it.
SET @mode = @@sql_mode;
SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO';
CREATE TABLE `tagencies` (
  `id` int(5) NOT NULL AUTO_INCREMENT,
  `name` varchar(250) NOT NULL,
  `mail` varchar(100) NOT NULL,
  `ldap_guid` varchar(50) NOT NULL,
  `disable` int(1) NOT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 COLLATE=utf8mb3_general_ci;
CREATE TABLE `tassets` (
  `id` int(15) NOT NULL AUTO_INCREMENT,
  `sn_internal` varchar(128) NOT NULL,
  `sn_manufacturer` varchar(128) NOT NULL,
  `sn_indent` varchar(128) NOT NULL,
  `netbios` varchar(128) NOT NULL,
  `description` varchar(500) NOT NULL,
  `type` int(5) NOT NULL,
  `manufacturer` int(5) NOT NULL,
  `model` int(5) NOT NULL,
  `user` int(5) NOT NULL,
  `state` int(5) NOT NULL,
  `department` int(5) NOT NULL,
  `date_install` date NOT NULL,
  `date_stock` date NOT NULL,
  `date_standbye` date NOT NULL,
  `date_recycle` date NOT NULL,
  `date_end_warranty` date NOT NULL,
  `date_last_ping` date NOT NULL,
  `location` int(5) NOT NULL,
  `socket` varchar(50) NOT NULL,
  `technician` int(5) NOT NULL,
  `maintenance` int(10) NOT NULL,
  `virtualization` int(1) NOT NULL,
  `net_scan` int(1) NOT NULL DEFAULT 1,
  `discover_net_scan` int(1) NOT NULL,
  `discover_import_csv` int(1) NOT NULL,
  `uuid` varchar(128) NOT NULL,
  `entra_id` varchar(256) NOT NULL,
  `entra_id_tenant_id` varchar(256) NOT NULL,
  `disable` int(1) NOT NULL,
  KEY `department` (`department`),
  KEY `location` (`location`),
  KEY `maintenance` (`maintenance`),
  KEY `manufacturer` (`manufacturer`),
  KEY `model` (`model`),
  PRIMARY KEY (`id`),
  KEY `state` (`state`),
  KEY `technician` (`technician`),
  KEY `type` (`type`),
  KEY `user` (`user`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 COLLATE=utf8mb3_general_ci;
CREATE TABLE `tassets_location` (
  `id` int(5) NOT NULL AUTO_INCREMENT,
  `name` varchar(200) NOT NULL,
  `disable` int(1) NOT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 COLLATE=utf8mb3_general_ci;
CREATE TABLE `tassets_manufacturer` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `name` varchar(50) NOT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 COLLATE=utf8mb3_general_ci;
CREATE TABLE `tassets_model` (
  `id` int(5) NOT NULL AUTO_INCREMENT,
  `type` int(5) NOT NULL,
  `manufacturer` int(5) NOT NULL,
  `image` varchar(50) NOT NULL,
  `name` varchar(50) NOT NULL,
  `ip` int(1) NOT NULL,
  `wifi` int(1) NOT NULL,
  `warranty` int(2) NOT NULL,
  KEY `manufacturer` (`manufacturer`),
  PRIMARY KEY (`id`),
  KEY `type` (`type`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 COLLATE=utf8mb3_general_ci;
CREATE TABLE `tassets_state` (
  `id` int(5) NOT NULL AUTO_INCREMENT,
  `order` int(3) NOT NULL,
  `name` varchar(20) NOT NULL,
  `description` varchar(50) NOT NULL,
  `block_ip_search` int(1) NOT NULL,
  `disable` int(1) NOT NULL,
  `display` varchar(100) NOT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 COLLATE=utf8mb3_general_ci;
CREATE TABLE `tassets_type` (
  `id` int(5) NOT NULL AUTO_INCREMENT,
  `name` varchar(50) NOT NULL,
  `virtualization` int(1) NOT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 COLLATE=utf8mb3_general_ci;
CREATE TABLE `tattachments` (
  `id` int(10) NOT NULL AUTO_INCREMENT,
  `uid` varchar(255) NOT NULL,
  `ticket_id` int(10) NOT NULL,
  `procedure_id` int(10) NOT NULL,
  `asset_id` int(10) NOT NULL,
  `storage_filename` varchar(255) NOT NULL,
  `real_filename` varchar(255) NOT NULL,
  KEY `asset_id` (`asset_id`),
  PRIMARY KEY (`id`),
  KEY `procedure_id` (`procedure_id`),
  KEY `ticket_id` (`ticket_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 COLLATE=utf8mb3_general_ci;
CREATE TABLE `tcategory` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `number` int(2) NOT NULL,
  `name` varchar(50) NOT NULL,
  `service` int(5) NOT NULL,
  `technician` int(10) NOT NULL,
  `technician_group` int(3) NOT NULL,
  `type` int(10) NOT NULL,
  PRIMARY KEY (`id`),
  KEY `service` (`service`),
  KEY `technician` (`technician`),
  KEY `technician_group` (`technician_group`),
  KEY `type` (`type`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 COLLATE=utf8mb3_general_ci;
CREATE TABLE `tcompany` (
  `id` int(5) NOT NULL AUTO_INCREMENT,
  `name` varchar(150) NOT NULL,
  `address` varchar(256) NOT NULL,
  `zip` varchar(10) NOT NULL,
  `city` varchar(50) NOT NULL,
  `country` varchar(100) NOT NULL,
  `legal_status` varchar(256) NOT NULL,
  `SIRET` varchar(20) NOT NULL,
  `TVA` varchar(20) NOT NULL,
  `limit_ticket_number` int(5) NOT NULL DEFAULT 0,
  `limit_ticket_days` int(5) NOT NULL,
  `limit_ticket_date_start` date NOT NULL,
  `limit_hour_number` int(5) NOT NULL,
  `limit_hour_days` int(5) NOT NULL,
  `limit_hour_date_start` date NOT NULL,
  `comment` varchar(512) NOT NULL,
  `information_message` varchar(2048) NOT NULL,
  `disable` int(1) NOT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 COLLATE=utf8mb3_general_ci;
CREATE TABLE `tcriticality` (
  `id` int(2) NOT NULL AUTO_INCREMENT,
  `number` int(2) NOT NULL,
  `name` varchar(50) NOT NULL,
  `color` varchar(10) NOT NULL,
  `service` int(5) NOT NULL,
  PRIMARY KEY (`id`),
  KEY `service` (`service`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 COLLATE=utf8mb3_general_ci;
CREATE TABLE `tevents` (
  `id` int(10) NOT NULL AUTO_INCREMENT,
  `technician` int(10) NOT NULL,
  `incident` int(10) NOT NULL,
  `date_start` datetime NOT NULL,
  `date_end` datetime NOT NULL,
  `allday` varchar(10) NOT NULL,
  `type` int(1) NOT NULL,
  `title` varchar(150) NOT NULL,
  `classname` varchar(50) NOT NULL,
  `disable` int(1) NOT NULL,
  KEY `incident` (`incident`),
  PRIMARY KEY (`id`),
  KEY `technician` (`technician`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 COLLATE=utf8mb3_general_ci;
CREATE TABLE `tgroups` (
  `id` int(3) NOT NULL AUTO_INCREMENT,
  `name` varchar(50) NOT NULL,
  `type` int(1) NOT NULL,
  `service` int(5) NOT NULL,
  `disable` int(11) NOT NULL,
  PRIMARY KEY (`id`),
  KEY `service` (`service`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 COLLATE=utf8mb3_general_ci;
CREATE TABLE `tgroups_assoc` (
  `id` int(10) NOT NULL AUTO_INCREMENT,
  `group` int(5) NOT NULL,
  `user` int(10) NOT NULL,
  KEY `group` (`group`),
  PRIMARY KEY (`id`),
  KEY `user` (`user`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 COLLATE=utf8mb3_general_ci;
CREATE TABLE `tincidents` (
  `id` int(10) NOT NULL AUTO_INCREMENT,
  `type` int(3) NOT NULL DEFAULT 0,
  `type_answer` int(10) NOT NULL,
  `technician` int(10) NOT NULL,
  `t_group` int(5) NOT NULL,
  `title` varchar(100) NOT NULL,
  `description` longtext NOT NULL,
  `user` int(10) NOT NULL,
  `observer1` int(10) NOT NULL,
  `observer2` int(10) NOT NULL,
  `observer3` int(10) NOT NULL,
  `u_group` int(5) NOT NULL,
  `u_service` int(5) NOT NULL,
  `u_agency` int(5) NOT NULL,
  `sender_service` int(5) NOT NULL,
  `date_create` datetime NOT NULL,
  `date_hope` date NOT NULL,
  `date_res` datetime NOT NULL,
  `date_modif` datetime NOT NULL,
  `billable` int(1) NOT NULL,
  `state` int(1) NOT NULL,
  `user_validation` int(1) NOT NULL,
  `user_validation_date` date NOT NULL,
  `priority` int(2) NOT NULL,
  `criticality` int(2) NOT NULL,
  `img1` varchar(500) NOT NULL,
  `img2` varchar(500) NOT NULL,
  `img3` varchar(500) NOT NULL,
  `img4` varchar(500) NOT NULL,
  `img5` varchar(500) NOT NULL,
  `time` int(10) NOT NULL,
  `time_hope` int(10) NOT NULL,
  `creator` int(3) NOT NULL,
  `category` int(3) NOT NULL,
  `subcat` int(3) NOT NULL,
  `techread` int(1) NOT NULL DEFAULT 1,
  `techread_date` datetime NOT NULL,
  `userread` int(1) NOT NULL DEFAULT 1,
  `template` int(1) NOT NULL,
  `disable` int(1) NOT NULL,
  `notify` int(1) NOT NULL,
  `place` int(5) NOT NULL,
  `asset_id` int(8) NOT NULL,
  `start_availability` datetime NOT NULL,
  `end_availability` datetime NOT NULL,
  `availability_planned` int(1) NOT NULL,
  KEY `asset_id` (`asset_id`),
  KEY `category` (`category`),
  KEY `creator` (`creator`),
  KEY `criticality` (`criticality`),
  KEY `observer1` (`observer1`),
  KEY `observer2` (`observer2`),
  KEY `observer3` (`observer3`),
  KEY `place` (`place`),
  PRIMARY KEY (`id`),
  KEY `priority` (`priority`),
  KEY `sender_service` (`sender_service`),
  KEY `state` (`state`),
  KEY `subcat` (`subcat`),
  KEY `technician` (`technician`),
  KEY `type` (`type`),
  KEY `type_answer` (`type_answer`),
  KEY `t_group` (`t_group`),
  KEY `user` (`user`),
  KEY `u_agency` (`u_agency`),
  KEY `u_group` (`u_group`),
  KEY `u_service` (`u_service`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 COLLATE=utf8mb3_general_ci;
CREATE TABLE `tlogs` (
  `id` int(10) NOT NULL AUTO_INCREMENT,
  `type` varchar(20) NOT NULL,
  `date` datetime NOT NULL,
  `message` varchar(1024) NOT NULL,
  `user` int(10) NOT NULL,
  `ip` varchar(45) NOT NULL,
  PRIMARY KEY (`id`),
  KEY `user` (`user`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 COLLATE=utf8mb3_general_ci;
CREATE TABLE `tmails` (
  `id` int(10) NOT NULL AUTO_INCREMENT,
  `incident` int(10) NOT NULL,
  `open` int(1) NOT NULL,
  `close` int(1) NOT NULL,
  KEY `incident` (`incident`),
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 COLLATE=utf8mb3_general_ci;
CREATE TABLE `tparameters` (
  `id` int(1) NOT NULL AUTO_INCREMENT,
  `company` varchar(100),
  `server_url` varchar(200),
  `server_private_key` varchar(40) NOT NULL,
  `server_timezone` varchar(100) NOT NULL,
  `server_language` varchar(10) NOT NULL,
  `server_date_install` date NOT NULL,
  `server_proxy_url` varchar(200) NOT NULL,
  `restrict_ip` varchar(255) NOT NULL,
  `log` int(1) NOT NULL,
  `version` varchar(10) NOT NULL,
  `last_version` varchar(16) NOT NULL,
  `system_error` int(1) NOT NULL,
  `system_warning` int(1) NOT NULL,
  `update_menu` int(1) NOT NULL DEFAULT 1,
  `update_channel` varchar(10) NOT NULL,
  `telemetry` int(11) NOT NULL,
  `timeout` int(5) NOT NULL,
  `cron_daily` date NOT NULL,
  `cron_weekly` int(2) NOT NULL,
  `cron_monthly` int(2) NOT NULL,
  `maxline` int(4) NOT NULL,
  `mail` int(1) NOT NULL,
  `mail_smtp` varchar(100),
  `mail_smtp_class` varchar(15) NOT NULL DEFAULT 'isSMTP()',
  `mail_port` int(4) NOT NULL,
  `mail_ssl_check` int(1) NOT NULL,
  `mail_auth` varchar(10),
  `mail_auth_type` varchar(32) NOT NULL,
  `mail_oauth_client_id` varchar(128) NOT NULL,
  `mail_oauth_tenant_id` varchar(128) NOT NULL,
  `mail_oauth_client_secret` varchar(128) NOT NULL,
  `mail_oauth_refresh_token` longtext NOT NULL,
  `mail_secure` varchar(10),
  `mail_username` varchar(150),
  `mail_password` varchar(150),
  `mail_txt` varchar(300) NOT NULL,
  `mail_txt_end` varchar(500) NOT NULL,
  `mail_cc` varchar(150) NOT NULL,
  `mail_cc_tech` int(1) NOT NULL,
  `mail_cci` int(1) NOT NULL,
  `mail_from_name` varchar(60) NOT NULL,
  `mail_from_adr` varchar(200) NOT NULL,
  `mail_reply` varchar(16) NOT NULL,
  `mail_auto` int(1) NOT NULL,
  `mail_auto_user_modify` int(1) NOT NULL DEFAULT 0,
  `mail_auto_user_newticket` int(1) NOT NULL,
  `mail_auto_tech_modify` int(1) NOT NULL DEFAULT 0,
  `mail_auto_tech_attribution` int(1) NOT NULL,
  `mail_auto_type` int(1) NOT NULL,
  `mail_newticket` int(1) NOT NULL,
  `mail_newticket_address` varchar(200) NOT NULL,
  `mail_template` varchar(50) NOT NULL,
  `mail_color_title` varchar(6) NOT NULL,
  `mail_color_bg` varchar(6) NOT NULL,
  `mail_color_text` varchar(6) NOT NULL,
  `mail_link` int(1) NOT NULL,
  `mail_link_redirect_url` varchar(200) NOT NULL,
  `mail_order` int(1) NOT NULL,
  `logo` varchar(100) NOT NULL,
  `user_advanced` int(1) NOT NULL,
  `user_register` int(1) NOT NULL,
  `user_limit_ticket` int(1) NOT NULL DEFAULT 0,
  `user_company_view` int(1) DEFAULT 0,
  `user_agency` int(1) NOT NULL,
  `user_limit_service` int(1) NOT NULL,
  `user_disable_attempt` int(1) NOT NULL,
  `user_disable_attempt_number` int(2) NOT NULL,
  `user_password_policy` int(1) NOT NULL,
  `user_password_policy_min_lenght` int(2) NOT NULL,
  `user_password_policy_special_char` int(1) NOT NULL,
  `user_password_policy_min_maj` int(1) NOT NULL,
  `user_password_policy_expiration` int(1) NOT NULL,
  `user_forgot_pwd` int(1) NOT NULL,
  `user_admin_ip` int(1) NOT NULL,
  `user_mfa` int(1) NOT NULL,
  `time_display_msg` int(5) NOT NULL,
  `auto_refresh` int(5) NOT NULL,
  `login_state` varchar(10) NOT NULL,
  `default_skin` varchar(10) NOT NULL,
  `login_message` int(1) NOT NULL,
  `login_message_info` longtext NOT NULL,
  `login_message_warning` longtext NOT NULL,
  `login_message_alert` longtext NOT NULL,
  `login_background` varchar(128) NOT NULL,
  `tab_name` varchar(256) NOT NULL,
  `admin_message_alert` varchar(256) NOT NULL,
  `company_message` int(1) NOT NULL,
  `notify` int(1) NOT NULL,
  `ldap` int(1) NOT NULL,
  `ldap_auth` int(1) NOT NULL,
  `ldap_sso` int(1) NOT NULL,
  `ldap_type` int(1) NOT NULL,
  `ldap_service` int(1) NOT NULL,
  `ldap_service_url` varchar(500) NOT NULL,
  `ldap_agency` int(1) NOT NULL,
  `ldap_agency_url` varchar(500) NOT NULL,
  `ldap_server` varchar(100) NOT NULL,
  `ldap_port` int(5) NOT NULL,
  `ldap_domain` varchar(200) NOT NULL,
  `ldap_url` varchar(2000) NOT NULL,
  `ldap_login_field` varchar(20) NOT NULL,
  `ldap_user` varchar(100) NOT NULL,
  `ldap_password` varchar(150) NOT NULL,
  `ldap_disable_user` int(1) NOT NULL,
  `azure_ad` int(1) NOT NULL,
  `azure_ad_tenant_number` int(5) NOT NULL,
  `azure_ad_client_id` varchar(128) NOT NULL,
  `azure_ad_name` varchar(128) NOT NULL,
  `azure_ad_tenant_id` varchar(128) NOT NULL,
  `azure_ad_client_secret` varchar(128) NOT NULL,
  `azure_ad_group_filter` varchar(1024) NOT NULL,
  `azure_ad_name_2` varchar(128) NOT NULL,
  `azure_ad_client_id_2` varchar(128) NOT NULL,
  `azure_ad_tenant_id_2` varchar(128) NOT NULL,
  `azure_ad_client_secret_2` varchar(128) NOT NULL,
  `azure_ad_group_filter_2` varchar(1024) NOT NULL,
  `azure_ad_login_field` varchar(32) NOT NULL,
  `azure_ad_disable_user` int(1) NOT NULL,
  `azure_ad_sso` int(1) NOT NULL,
  `azure_ad_sso_hide_login` int(1) NOT NULL,
  `ocs` int(1) NOT NULL,
  `ocs_server_url` varchar(256) NOT NULL,
  `planning` int(1) NOT NULL,
  `planning_ics` int(1) NOT NULL,
  `debug` int(1) NOT NULL,
  `imap` int(1) NOT NULL,
  `imap_server` varchar(50) NOT NULL,
  `imap_auth_type` varchar(24) NOT NULL,
  `imap_port` varchar(50) NOT NULL,
  `imap_ssl_check` int(1) NOT NULL,
  `imap_user` varchar(50) NOT NULL,
  `imap_password` varchar(150) NOT NULL,
  `imap_date_create` varchar(32) NOT NULL,
  `imap_oauth_client_id` varchar(128) NOT NULL,
  `imap_oauth_tenant_id` varchar(128) NOT NULL,
  `imap_oauth_client_secret` varchar(128) NOT NULL,
  `imap_oauth_refresh_token` longtext NOT NULL,
  `imap_reply` int(1) NOT NULL,
  `imap_inbox` varchar(20) NOT NULL,
  `imap_blacklist` varchar(1000) NOT NULL,
  `imap_post_treatment` varchar(100) NOT NULL,
  `imap_post_treatment_folder` varchar(100) NOT NULL,
  `imap_mailbox_service` int(1) NOT NULL,
  `imap_from_adr_service` int(11) NOT NULL,
  `imap_auto_create_user` int(1) NOT NULL,
  `api` int(1) NOT NULL,
  `api_client_ip` varchar(512) NOT NULL,
  `api_key` varchar(1024) NOT NULL,
  `order` varchar(100) NOT NULL,
  `procedure` int(1) NOT NULL,
  `survey` int(1) NOT NULL,
  `survey_mail_text` varchar(500) NOT NULL,
  `survey_ticket_state` int(2) NOT NULL,
  `survey_auto_close_ticket` int(1) NOT NULL,
  `project` int(1) NOT NULL,
  `ticket_places` int(1) NOT NULL,
  `ticket_type` int(1) NOT NULL,
  `ticket_observer` int(1) NOT NULL,
  `ticket_default_state` int(1) NOT NULL,
  `ticket_autoclose` int(1) NOT NULL,
  `ticket_autoclose_delay` int(3) NOT NULL,
  `ticket_autoclose_state` int(1) NOT NULL,
  `user_validation` int(1) NOT NULL,
  `user_validation_delay` int(3) NOT NULL,
  `user_validation_perimeter` varchar(10) NOT NULL,
  `ticket_cat_auto_attribute` int(1) NOT NULL,
  `ticket_time_response_element` int(1) NOT NULL,
  `ticket_open_message` int(1) NOT NULL,
  `ticket_open_message_text` longtext NOT NULL,
  `ticket_recurrent_create` int(1) NOT NULL,
  `ticket_filter_type` int(1) NOT NULL,
  `availability` int(1) NOT NULL,
  `availability_all_cat` int(1) NOT NULL,
  `availability_dep` int(1) NOT NULL,
  `availability_condition_type` varchar(20) NOT NULL,
  `availability_condition_value` int(4) NOT NULL,
  `asset` int(1) NOT NULL,
  `asset_ip` int(1) NOT NULL,
  `asset_warranty` int(1) NOT NULL,
  `asset_vnc_link` int(1) NOT NULL,
  `meta_state` int(1) NOT NULL,
  `company_limit_ticket` int(1) NOT NULL DEFAULT 0,
  `company_limit_hour` int(1) NOT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 COLLATE=utf8mb3_general_ci;
CREATE TABLE `tplaces` (
  `id` int(5) NOT NULL AUTO_INCREMENT,
  `name` varchar(60) NOT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 COLLATE=utf8mb3_general_ci;
CREATE TABLE `tpriority` (
  `id` int(2) NOT NULL AUTO_INCREMENT,
  `number` int(2) NOT NULL,
  `name` varchar(50) NOT NULL,
  `color` varchar(15) NOT NULL,
  `service` int(5) NOT NULL,
  PRIMARY KEY (`id`),
  KEY `service` (`service`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 COLLATE=utf8mb3_general_ci;
CREATE TABLE `tprofiles` (
  `id` int(10) NOT NULL AUTO_INCREMENT,
  `name` varchar(50) NOT NULL,
  `level` int(10) NOT NULL,
  `img` varchar(20) NOT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 COLLATE=utf8mb3_general_ci;
CREATE TABLE `tprojects` (
  `id` int(5) NOT NULL AUTO_INCREMENT,
  `name` varchar(50) NOT NULL,
  `disable` int(1) NOT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 COLLATE=utf8mb3_general_ci;
CREATE TABLE `tprojects_task` (
  `id` int(5) NOT NULL AUTO_INCREMENT,
  `number` int(3) NOT NULL,
  `project_id` int(5) NOT NULL,
  `ticket_id` int(10) NOT NULL,
  PRIMARY KEY (`id`),
  KEY `project_id` (`project_id`),
  KEY `ticket_id` (`ticket_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 COLLATE=utf8mb3_general_ci;
CREATE TABLE `tservices` (
  `id` int(5) NOT NULL AUTO_INCREMENT,
  `name` varchar(100) NOT NULL,
  `ldap_guid` varchar(50) NOT NULL,
  `disable` int(1) NOT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 COLLATE=utf8mb3_general_ci;
CREATE TABLE `tstates` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `number` int(2) NOT NULL,
  `name` varchar(50) NOT NULL,
  `description` varchar(200) NOT NULL,
  `mail_object` varchar(200) NOT NULL,
  `display` varchar(100) NOT NULL,
  `icon` varchar(512) NOT NULL,
  `meta` int(11) NOT NULL,
  `hide` int(1) NOT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 COLLATE=utf8mb3_general_ci;
CREATE TABLE `tsubcat` (
  `id` int(10) NOT NULL AUTO_INCREMENT,
  `cat` int(10) NOT NULL,
  `name` varchar(100) NOT NULL,
  `technician` int(10) NOT NULL,
  `technician_group` int(3) NOT NULL,
  KEY `cat` (`cat`),
  PRIMARY KEY (`id`),
  KEY `technician` (`technician`),
  KEY `technician_group` (`technician_group`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 COLLATE=utf8mb3_general_ci;
CREATE TABLE `tsurvey_answers` (
  `id` int(5) NOT NULL AUTO_INCREMENT,
  `date` datetime NOT NULL,
  `ticket_id` int(10) NOT NULL,
  `question_id` int(5) NOT NULL,
  `answer` varchar(500) NOT NULL,
  PRIMARY KEY (`id`),
  KEY `question_id` (`question_id`),
  KEY `ticket_id` (`ticket_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 COLLATE=utf8mb3_general_ci;
CREATE TABLE `tsurvey_questions` (
  `id` int(5) NOT NULL AUTO_INCREMENT,
  `number` int(5) NOT NULL,
  `type` int(5) NOT NULL,
  `text` varchar(250) NOT NULL,
  `scale` int(2) NOT NULL,
  `select_1` varchar(100) NOT NULL,
  `select_2` varchar(100) NOT NULL,
  `select_3` varchar(100) NOT NULL,
  `select_4` varchar(100) NOT NULL,
  `select_5` varchar(100) NOT NULL,
  `disable` int(1) NOT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 COLLATE=utf8mb3_general_ci;
CREATE TABLE `ttemplates` (
  `id` int(10) NOT NULL AUTO_INCREMENT,
  `name` varchar(50) NOT NULL,
  `incident` int(10) NOT NULL,
  `date_start` date NOT NULL,
  `frequency` varchar(32) NOT NULL,
  `last_execution_date` date NOT NULL,
  KEY `incident` (`incident`),
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 COLLATE=utf8mb3_general_ci;
CREATE TABLE `tthreads` (
  `id` int(10) NOT NULL AUTO_INCREMENT,
  `ticket` int(10) NOT NULL,
  `date` datetime NOT NULL,
  `author` int(10) NOT NULL,
  `text` longtext NOT NULL,
  `type` int(1) NOT NULL,
  `tech1` int(5) NOT NULL,
  `tech2` int(5) NOT NULL,
  `group1` int(5) NOT NULL,
  `group2` int(5) NOT NULL,
  `user` int(5) NOT NULL,
  `state` int(1) NOT NULL,
  `private` tinyint(1) NOT NULL DEFAULT 0,
  `dest_mail` varchar(150) NOT NULL,
  `time` int(10) NOT NULL,
  KEY `author` (`author`),
  KEY `group1` (`group1`),
  KEY `group2` (`group2`),
  PRIMARY KEY (`id`),
  KEY `tech1` (`tech1`),
  KEY `tech2` (`tech2`),
  KEY `ticket` (`ticket`),
  KEY `user` (`user`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 COLLATE=utf8mb3_general_ci;
CREATE TABLE `ttime` (
  `id` int(2) NOT NULL AUTO_INCREMENT,
  `min` int(100) NOT NULL,
  `name` varchar(50) NOT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 COLLATE=utf8mb3_general_ci;
CREATE TABLE `ttoken` (
  `id` int(100) NOT NULL AUTO_INCREMENT,
  `date` datetime NOT NULL,
  `token` varchar(64) NOT NULL,
  `action` varchar(50) NOT NULL,
  `ticket_id` int(10) NOT NULL,
  `procedure_id` int(10) NOT NULL,
  `user_id` int(10) NOT NULL,
  `ip` varchar(45) NOT NULL,
  PRIMARY KEY (`id`),
  KEY `procedure_id` (`procedure_id`),
  KEY `ticket_id` (`ticket_id`),
  KEY `user_id` (`user_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 COLLATE=utf8mb3_general_ci;
CREATE TABLE `ttypes` (
  `id` int(5) NOT NULL AUTO_INCREMENT,
  `name` varchar(50) NOT NULL,
  `service` int(5) NOT NULL,
  `user_validation` int(1) NOT NULL,
  `mail` varchar(512) NOT NULL,
  PRIMARY KEY (`id`),
  KEY `service` (`service`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 COLLATE=utf8mb3_general_ci;
CREATE TABLE `ttypes_answer` (
  `id` int(10) NOT NULL AUTO_INCREMENT,
  `name` varchar(50) NOT NULL,
  `disable` int(1) NOT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 COLLATE=utf8mb3_general_ci;
CREATE TABLE `tusers` (
  `id` int(10) NOT NULL AUTO_INCREMENT,
  `login` varchar(255) NOT NULL,
  `password` varchar(255) NOT NULL,
  `salt` varchar(50) NOT NULL,
  `firstname` varchar(40) NOT NULL,
  `lastname` varchar(40) NOT NULL,
  `profile` int(10) NOT NULL,
  `mail` varchar(100) NOT NULL,
  `phone` varchar(100) NOT NULL,
  `mobile` varchar(100) NOT NULL,
  `fax` varchar(100) NOT NULL,
  `function` varchar(100) NOT NULL,
  `company` int(5) NOT NULL,
  `address1` varchar(100) NOT NULL,
  `address2` varchar(100) NOT NULL,
  `zip` varchar(20) NOT NULL,
  `city` varchar(100) NOT NULL,
  `custom1` varchar(100) NOT NULL,
  `custom2` varchar(100) NOT NULL,
  `disable` int(1) NOT NULL,
  `chgpwd` int(1) NOT NULL,
  `last_login` datetime NOT NULL,
  `last_pwd_chg` date NOT NULL,
  `auth_attempt` int(2) NOT NULL,
  `ip` varchar(45) NOT NULL,
  `skin` varchar(10) NOT NULL,
  `default_ticket_state` varchar(10) NOT NULL,
  `dashboard_ticket_order` varchar(200) NOT NULL,
  `limit_ticket_number` int(5) NOT NULL,
  `limit_ticket_days` int(5) NOT NULL,
  `limit_ticket_date_start` date NOT NULL,
  `language` varchar(10) NOT NULL DEFAULT 'fr_FR',
  `ldap_guid` varchar(50) NOT NULL,
  `ldap_sid` varchar(64) NOT NULL,
  `azure_ad_id` varchar(64) NOT NULL,
  `azure_ad_tenant_id` varchar(128) NOT NULL,
  `planning_color` varchar(7) NOT NULL,
  KEY `company` (`company`),
  PRIMARY KEY (`id`),
  KEY `profile` (`profile`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 COLLATE=utf8mb3_general_ci;
CREATE TABLE `tusers_services` (
  `id` int(5) NOT NULL AUTO_INCREMENT,
  `user_id` int(10) NOT NULL,
  `service_id` int(5) NOT NULL,
  PRIMARY KEY (`id`),
  KEY `service_id` (`service_id`),
  KEY `user_id` (`user_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 COLLATE=utf8mb3_general_ci;
CREATE TABLE `tusers_tech` (
  `id` int(5) NOT NULL AUTO_INCREMENT,
  `user` int(10) NOT NULL,
  `user_group` int(5) NOT NULL,
  `tech` int(10) NOT NULL,
  PRIMARY KEY (`id`),
  KEY `tech` (`tech`),
  KEY `user` (`user`),
  KEY `user_group` (`user_group`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 COLLATE=utf8mb3_general_ci;
INSERT INTO `tstates` (`id`, `number`, `name`, `meta`, `hide`) VALUES
  (1, 2, 'Attente PEC', 1, 0),
  (2, 3, 'En cours', 1, 0),
  (3, 5, 'Résolu', 0, 0),
  (4, 6, 'Rejeté', 0, 0),
  (5, 1, 'Non attribué', 0, 0),
  (6, 4, 'Attente retour', 1, 0);
INSERT INTO `tpriority` (`id`, `number`, `name`, `color`, `service`) VALUES
  (0, 0, 'Aucune', '#B0B0B0', 0),
  (1, 0, 'Urgent', '#d15b47', 0),
  (2, 1, 'Très haute', '#f89406', 0),
  (3, 2, 'Haute', '#f8c806', 0),
  (4, 3, 'Moyenne', '#e7ef20', 0),
  (5, 4, 'Basse', '#c2c921', 0),
  (6, 5, 'Très basse', '#82af6f', 0);
INSERT INTO `tcriticality` (`id`, `number`, `name`, `color`, `service`) VALUES
  (0, 0, 'Aucune', '#B0B0B0', 0),
  (1, 0, 'Critique', '#d15b47', 0),
  (2, 1, 'Grave', '#f89406', 0),
  (3, 2, 'Moyenne', '#f8c806', 0),
  (4, 3, 'Basse', '#82af6f', 0);
INSERT INTO `ttypes` (`id`, `name`, `service`, `user_validation`, `mail`) VALUES
  (0, 'Aucun', 0, 0, ''),
  (1, 'Demande', 0, 0, ''),
  (2, 'Incident', 0, 0, '');
INSERT INTO `ttypes_answer` (`id`, `name`, `disable`) VALUES
  (0, 'Aucune', 0);
INSERT INTO `tprofiles` (`id`, `name`, `level`, `img`) VALUES
  (1, 'technicien', 0, 'technician.png'),
  (2, 'utilisateur avec pouvoir', 1, 'poweruser.png'),
  (3, 'utilisateur', 2, 'user.png'),
  (4, 'superviseur', 3, 'supervisor.png'),
  (5, 'administrateur', 4, 'admin.png');
INSERT INTO `tassets_state` (`id`, `order`, `name`, `description`, `block_ip_search`, `disable`, `display`) VALUES
  (1, 1, 'Stock', 'Équipement en stock', 0, 0, 'badge text-75 border-l-3 brc-black-tp8 bgc-info text-white'),
  (2, 2, 'Installé', 'Équipement installé en production', 1, 0, 'badge text-75 border-l-3 brc-black-tp8 bgc-success text-white'),
  (3, 3, 'Standbye', 'Équipement de coté', 0, 0, 'badge text-75 border-l-3 brc-black-tp8 bgc-warning text-white'),
  (4, 4, 'Recyclé', 'Équipement recyclé, jeté', 0, 0, 'badge text-75 border-l-3 brc-black-tp8 bgc-dark text-white');
INSERT INTO `tassets_type` (`id`, `name`, `virtualization`) VALUES
  (1, 'PC', 0);
INSERT INTO `tassets_manufacturer` (`id`, `name`) VALUES
  (1, 'Dell');
INSERT INTO `tassets_model` (`id`, `type`, `manufacturer`, `image`, `name`, `ip`, `wifi`, `warranty`) VALUES
  (1, 1, 1, '3020.jpg', 'Optiplex 3020', 1, 0, 3);
INSERT INTO `ttime` (`id`, `min`, `name`) VALUES
  (1, 1, '1m'),
  (2, 5, '5m'),
  (3, 10, '10m'),
  (4, 30, '30m'),
  (5, 60, '1h'),
  (6, 180, '3h'),
  (7, 300, '5h'),
  (8, 480, '1j'),
  (9, 960, '2j'),
  (10, 2400, '1s');
INSERT INTO `tcategory` (`id`, `number`, `name`, `service`, `technician`, `technician_group`, `type`) VALUES
  (0, 0, 'Aucune', 0, 0, 0, 0),
  (1, 0, 'Application', 0, 0, 0, 0),
  (2, 0, 'Materiel', 0, 0, 0, 0);
INSERT INTO `tsubcat` (`id`, `cat`, `name`, `technician`, `technician_group`) VALUES
  (0, 0, 'Aucune', 0, 0),
  (1, 1, 'Office', 0, 0),
  (2, 2, 'PC', 0, 0);
INSERT INTO `tcompany` (`id`, `name`, `address`, `zip`, `city`, `country`, `legal_status`, `SIRET`, `TVA`, `limit_ticket_number`, `limit_ticket_days`, `limit_ticket_date_start`, `limit_hour_number`, `limit_hour_days`, `limit_hour_date_start`, `comment`, `information_message`, `disable`) VALUES
  (0, 'Aucune', '', '', '', '', '', '', '', 0, 0, '0000-00-00', 0, 0, '0000-00-00', '', '', 0);
INSERT INTO `tservices` (`id`, `name`, `ldap_guid`, `disable`) VALUES
  (0, 'Aucun', '', 0);
INSERT INTO `tagencies` (`id`, `name`, `mail`, `ldap_guid`, `disable`) VALUES
  (0, 'Aucune', '', '', 0);
INSERT INTO `tgroups` (`id`, `name`, `type`, `service`, `disable`) VALUES
  (0, 'Aucun', 0, 0, 1);
INSERT INTO `tplaces` (`id`, `name`) VALUES
  (0, 'Aucun');
INSERT INTO `tparameters` (`id`, `company`, `server_timezone`, `server_language`, `restrict_ip`, `log`, `version`, `last_version`, `system_error`, `system_warning`, `update_menu`, `update_channel`, `telemetry`, `timeout`, `cron_daily`, `cron_weekly`, `cron_monthly`, `maxline`, `mail`, `mail_port`, `mail_ssl_check`, `mail_auth`, `mail_auth_type`, `mail_secure`, `mail_username`, `mail_txt`, `mail_txt_end`, `mail_cc`, `mail_cc_tech`, `mail_cci`, `mail_from_name`, `mail_from_adr`, `mail_reply`, `mail_auto`, `mail_auto_user_modify`, `mail_auto_user_newticket`, `mail_auto_tech_modify`, `mail_auto_tech_attribution`, `mail_auto_type`, `mail_newticket`, `mail_newticket_address`, `mail_link`, `mail_link_redirect_url`, `mail_order`, `user_advanced`, `user_register`, `user_limit_ticket`, `user_company_view`, `user_agency`, `user_limit_service`, `user_disable_attempt`, `user_disable_attempt_number`, `user_forgot_pwd`, `user_admin_ip`, `user_mfa`, `time_display_msg`, `auto_refresh`, `login_state`, `default_skin`, `admin_message_alert`, `company_message`, `notify`, `ocs`, `planning`, `planning_ics`, `debug`, `imap`, `imap_server`, `imap_auth_type`, `imap_port`, `imap_ssl_check`, `imap_user`, `imap_date_create`, `imap_reply`, `imap_inbox`, `imap_blacklist`, `imap_post_treatment`, `imap_post_treatment_folder`, `imap_mailbox_service`, `imap_from_adr_service`, `imap_auto_create_user`, `api`, `order`, `procedure`, `survey`, `survey_mail_text`, `survey_ticket_state`, `survey_auto_close_ticket`, `project`, `ticket_places`, `ticket_type`, `ticket_observer`, `ticket_default_state`, `ticket_autoclose`, `ticket_autoclose_delay`, `ticket_autoclose_state`, `user_validation`, `user_validation_delay`, `user_validation_perimeter`, `ticket_cat_auto_attribute`, `ticket_time_response_element`, `ticket_open_message`, `ticket_open_message_text`, `ticket_recurrent_create`, `ticket_filter_type`, `availability`, `availability_all_cat`, `availability_dep`, `availability_condition_type`, `availability_condition_value`, `asset`, `asset_ip`, `asset_warranty`, `asset_vnc_link`, `meta_state`, `company_limit_ticket`, `company_limit_hour`) VALUES
  (1, 'Société', 'Europe/Paris', 'fr_FR', '', 1, '3.2.55', '', 0, 0, 0, 'stable', 0, 240, '2026-11-24', 48, 11, 10, 0, 25, 1, '0', 'login', '0', '', 'Bonjour, <br />Vous avez fait la demande suivante auprès du support :', '', '', 1, 0, 'Support exemple', '', 'sender', 0, 0, 0, 0, 0, 0, 0, '', 1, '', 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 250, 0, '1', '', '', 0, 0, 0, 1, 0, 0, 0, '', '', '', 0, '', 'date_mail', 1, 'INBOX', '', '', '', 0, 0, 0, 0, 'tstates.number, tincidents.priority, tincidents.criticality, tincidents.date_create', 0, 0, 'Dans le cadre de l’amélioration de notre support merci de répondre au sondage suivant:', 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, '', 0, 0, 0, '', 0, 0, 0, 1, 0, 'criticality', 0, 0, 1, 0, 0, 0, 0, 0);
INSERT INTO `tusers` (`id`, `login`, `firstname`, `lastname`, `profile`, `disable`, `company`) VALUES
  (0, 'aucun', '', 'Aucun', 2, 1, 0),
  (1, 'admin', 'admin', '', 4, 0, 0),
  (2, 'user', 'user', '', 2, 0, 0),
  (3, 'poweruser', 'poweruser', '', 1, 0, 0),
  (4, 'super', 'supervisor', '', 3, 0, 0),
  (5, 'tech', 'tech', '', 0, 0, 0),
  (6, 'delete_user_gs', 'Utilisateur', 'Supprimé', 2, 1, 0);
UPDATE `tparameters` SET `log` = 1, `asset` = 1, `company` = 'Services Informatiques du Val';
SET sql_mode = @mode;
