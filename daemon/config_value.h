/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The values of recdock.conf that are more than a number, a path or a word: each function reads the text of
 * a key into the member of struct config that the table of keys (config.c) names, as a conf_parse_fn.
 */

#include "base/conf.h"

conf_parse_fn config_parse_archive_drive;
conf_parse_fn config_parse_archive_folder;
conf_parse_fn config_parse_attempts;
conf_parse_fn config_parse_backup_at;
conf_parse_fn config_parse_backup_span;
conf_parse_fn config_parse_battery_low;
conf_parse_fn config_parse_burn;
conf_parse_fn config_parse_check_span;
conf_parse_fn config_parse_copies;
conf_parse_fn config_parse_day_end;
conf_parse_fn config_parse_days_off;
conf_parse_fn config_parse_escalation;
conf_parse_fn config_parse_gap;
conf_parse_fn config_parse_generations;
conf_parse_fn config_parse_grace;
conf_parse_fn config_parse_inspectors;
conf_parse_fn config_parse_join;
conf_parse_fn config_parse_match;
conf_parse_fn config_parse_missing;
conf_parse_fn config_parse_port;
conf_parse_fn config_parse_recovery;
conf_parse_fn config_parse_register;
conf_parse_fn config_parse_release;
conf_parse_fn config_parse_station_text;
conf_parse_fn config_parse_storage_low;
conf_parse_fn config_parse_time_order;
conf_parse_fn config_parse_timeout;
conf_parse_fn config_parse_workers;
conf_parse_fn config_parse_zone;
