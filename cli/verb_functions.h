/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The functions behind the verbs, one file per family; all return exit codes. */

#include "cli/verbs.h"

extern const struct verb_table recdockctl_verbs;

int verb_status(const struct invocation *invocation);
int verb_watch(const struct invocation *invocation);
int verb_list(const struct invocation *invocation);
int verb_show(const struct invocation *invocation);
int verb_import(const struct invocation *invocation);
int verb_verify(const struct invocation *invocation);
int verb_docking_list(const struct invocation *invocation);
int verb_docking_show(const struct invocation *invocation);
int verb_finding_list(const struct invocation *invocation);
int verb_recover(const struct invocation *invocation);
int verb_recorder_list(const struct invocation *invocation);
int verb_recorder_show(const struct invocation *invocation);
int verb_recorder_history(const struct invocation *invocation);
int verb_recorder_ready(const struct invocation *invocation);
int verb_recorder_register(const struct invocation *invocation);
int verb_recorder_retire(const struct invocation *invocation);
int verb_recorder_assign(const struct invocation *invocation);
int verb_duty_list(const struct invocation *invocation);
int verb_checkout(const struct invocation *invocation);
int verb_return(const struct invocation *invocation);
int verb_extend(const struct invocation *invocation);
int verb_officer_list(const struct invocation *invocation);
int verb_officer_add(const struct invocation *invocation);
int verb_unit_list(const struct invocation *invocation);
int verb_unit_add(const struct invocation *invocation);
int verb_unit_import(const struct invocation *invocation);
int verb_unit_export(const struct invocation *invocation);
int verb_officer_import(const struct invocation *invocation);
int verb_officer_export(const struct invocation *invocation);
int verb_recorder_import(const struct invocation *invocation);
int verb_recorder_export(const struct invocation *invocation);
int verb_assignment_import(const struct invocation *invocation);
int verb_assignment_export(const struct invocation *invocation);
int verb_duty_import(const struct invocation *invocation);
int verb_duty_export(const struct invocation *invocation);
int verb_recording_list(const struct invocation *invocation);
int verb_gap_list(const struct invocation *invocation);
int verb_gap_explain(const struct invocation *invocation);
int verb_gap_reasons(const struct invocation *invocation);
int verb_explanation_list(const struct invocation *invocation);
int verb_coverage(const struct invocation *invocation);
int verb_case_list(const struct invocation *invocation);
int verb_case_show(const struct invocation *invocation);
int verb_case_open(const struct invocation *invocation);
int verb_case_set(const struct invocation *invocation);
int verb_case_close(const struct invocation *invocation);
int verb_case_reopen(const struct invocation *invocation);
int verb_case_tag(const struct invocation *invocation);
int verb_case_untag(const struct invocation *invocation);
int verb_case_activities(const struct invocation *invocation);
int verb_case_import(const struct invocation *invocation);
int verb_case_export(const struct invocation *invocation);
int verb_case_reconcile(const struct invocation *invocation);
int verb_retention_list(const struct invocation *invocation);
int verb_retention_show(const struct invocation *invocation);
int verb_retention_hold(const struct invocation *invocation);
int verb_retention_release(const struct invocation *invocation);
int verb_retention_holds(const struct invocation *invocation);
int verb_report(const struct invocation *invocation);
int verb_metrics(const struct invocation *invocation);
int verb_alert_list(const struct invocation *invocation);
int verb_alert_show(const struct invocation *invocation);
int verb_alert_ack(const struct invocation *invocation);
int verb_alert_clear(const struct invocation *invocation);
int verb_alert_watch(const struct invocation *invocation);
int verb_ledger_list(const struct invocation *invocation);
int verb_backup_init(const struct invocation *invocation);
int verb_backup_start(const struct invocation *invocation);
int verb_backup_status(const struct invocation *invocation);
int verb_backup_list(const struct invocation *invocation);
int verb_backup_verify(const struct invocation *invocation);
int verb_reload(const struct invocation *invocation);
