// SPDX-License-Identifier: LGPL-2.1-or-later
/* The verbs of recdockctl. An option whose key is set is a filter of the query, or a field of the call, of
 * that name; adding one that the station knows is one line here. */
#include "cli/translate.h"
#include "cli/verb_functions.h"
#include "base/cleanup.h"

#define FILTER_LIMIT                                            \
        {                                                       \
                "limit", N_("N"), "limit", N_("at most N rows") \
        }
#define FILTER_FROM                                                                                       \
        {                                                                                                 \
                "from", N_("TIME"), "from",                                                               \
                                N_("at this time or later: 2026-11-01, \"2026-11-01 08:00\", yesterday, " \
                                   "-7d")                                                                 \
        }
#define FILTER_TO                                              \
        {                                                      \
                "to", N_("TIME"), "to", N_("before this time") \
        }

#define FOOTAGE_FILTERS                                                                                    \
        {"unit", N_("NUMBER"), "unit", N_("of this unit")},                                                \
                        {"officer", N_("NUMBER"), "officer", N_("of this officer")},                       \
                        {"recorder", N_("NUMBER"), "recorder", N_("of this recorder")}, FILTER_FROM,       \
                        FILTER_TO, {"on", N_("DATE"), "on", N_("recorded on this day")},                   \
                        {"verdict", N_("WORD"), "verdict",                                                 \
                         N_("complete, truncated, damaged, encrypted, unreadable, not-media")},            \
                        {"sha256", N_("DIGITS"), "sha256", N_("with this digest, or one that begins so")}, \
                        {"name", N_("PATTERN"), "name",                                                    \
                         N_("with a name like this; * and ? stand for anything")},                         \
                        {"kind", N_("WORD"), "kind", N_("video, audio, photo, other")},                    \
                        {"bay", N_("BAY"), "bay", N_("that came through this bay")},                       \
                        {"docking", N_("ID"), "docking", N_("of this docking")},                           \
                        {"case", N_("NUMBER"), "case", N_("of this case")},                                \
                        {"annotated", "yes|no", "annotated",                                               \
                         N_("in a case that has number, party and handler, or not")},                      \
                        {"source", N_("WORD"), "source", N_("dock, import, recovered")}, FILTER_LIMIT,     \
        {                                                                                                  \
                "order", N_("WORD"), "order", N_("time, -time, size, -size, name, id, -id")                \
        }

static const struct verb_option footage_options[] = {FOOTAGE_FILTERS, {NULL}};

static const struct verb_option import_options[] = {
                {"recorder", N_("NUMBER"), NULL, N_("the recorder they are of; required")},
                {"officer", N_("NUMBER"), NULL, N_("whose they are; required")},
                {"reason", N_("TEXT"), NULL,
                 N_("why they do not come by docking; required, goes into the ledger")},
                {NULL},
};

static const struct verb_option docking_options[] = {
                {"recorder", N_("NUMBER"), "recorder", N_("of this recorder")},
                {"bay", N_("BAY"), "bay", N_("in this bay")},
                {"state", N_("WORD"), "state",
                 N_("plugged, identified, listed, offloading, released, failed, unplugged")},
                FILTER_FROM,
                FILTER_TO,
                FILTER_LIMIT,
                {NULL},
};

static const struct verb_option finding_options[] = {
                {"docking", N_("ID"), "docking", N_("of this docking")},
                {"recorder", N_("NUMBER"), "recorder", N_("of this recorder")},
                {"kind", N_("WORD"), "kind", N_("deleted, sequence-gap, medium")},
                {"state", N_("WORD"), "state", N_("open, recovering, recovered, failed")},
                FILTER_FROM,
                FILTER_TO,
                FILTER_LIMIT,
                {NULL},
};

static const struct verb_option recorder_options[] = {
                {"unit", N_("NUMBER"), "unit", N_("of this unit")},
                {"retired", "yes|no", "retired", N_("out of service, or in it")},
                FILTER_LIMIT,
                {NULL},
};

static const struct verb_option history_options[] = {
                {"since", N_("TIME"), "from", N_("docked at this time or later")},
                FILTER_LIMIT,
                {NULL},
};

static const struct verb_option ready_options[] = {
                {"unit", N_("NUMBER"), NULL, N_("all recorders in service of this unit")},
                {"accept-unknown", NULL, NULL,
                 N_("what a recorder does not tell does not count against it")},
                {NULL},
};

static const struct verb_option register_options[] = {
                {"docking", N_("ID"), "docking",
                 N_("take what the recorder of this docking told of itself")},
                {"usb-serial", N_("TEXT"), "usb_serial", N_("serial of the USB device")},
                {"serial", N_("TEXT"), "serial", N_("serial the recorder tells")},
                {"vendor-id", N_("HEX"), "vendor_id", N_("USB vendor, four digits")},
                {"product-id", N_("HEX"), "product_id", N_("USB product, four digits")},
                {"unit", N_("NUMBER"), "unit", N_("the unit it belongs to")},
                {"model", N_("TEXT"), "model", N_("its model")},
                {NULL},
};

static const struct verb_option retire_options[] = {
                {"reason", N_("TEXT"), NULL, N_("why; goes into the ledger")},
                {NULL},
};

static const struct verb_option assign_options[] = {
                {"from", N_("TIME"), NULL, N_("since when; now, if not given")},
                {"until", N_("TIME"), NULL, N_("until when; open, if not given")},
                {"end", NULL, NULL, N_("end the open assignment; no officer is given")},
                {NULL},
};

static const struct verb_option duty_options[] = {
                {"recorder", N_("NUMBER"), "recorder", N_("of this recorder")},
                {"officer", N_("NUMBER"), "officer", N_("of this officer")},
                {"out", "yes|no", "out", N_("not come back yet, or come back")},
                {"waiting", "yes|no", "waiting", N_("not wholly exported yet, or exported")},
                FILTER_FROM,
                FILTER_TO,
                FILTER_LIMIT,
                {NULL},
};

static const struct verb_option checkout_options[] = {
                {"officer", N_("NUMBER"), NULL, N_("who takes it")},
                {"until", N_("TIME"), NULL, N_("until when the duty is to last")},
                {"override", N_("TEXT"), NULL,
                 N_("why it is issued though it is not ready; goes into the ledger")},
                {NULL},
};

static const struct verb_option return_options[] = {
                {"at", N_("TIME"), NULL, N_("when it came back; now, if not given")},
                {NULL},
};

static const struct verb_option extend_options[] = {
                {"until", N_("TIME"), NULL, N_("by when it has to be exported now")},
                {"reason", N_("WORD"), NULL, N_("continuous-duty, remote-area, no-transport")},
                {"approver", N_("NAME"), NULL, N_("who approved it; goes into the ledger")},
                {NULL},
};

#define OWNER_FILTERS                                                                \
        {"recorder", N_("NUMBER"), "recorder", N_("of this recorder")},              \
                        {"officer", N_("NUMBER"), "officer", N_("of this officer")}, \
                        {"unit", N_("NUMBER"), "unit", N_("of this unit")}, FILTER_FROM, FILTER_TO

static const struct verb_option recording_options[] = {OWNER_FILTERS, FILTER_LIMIT, {NULL}};

static const struct verb_option gap_options[] = {
                OWNER_FILTERS,
                {"unexplained", NULL, "unexplained", N_("that nobody has explained")},
                {"min", N_("SPAN"), "min", N_("at least so long: 90s, 5min, 1h")},
                FILTER_LIMIT,
                {NULL},
};

static const struct verb_option explain_options[] = {
                {"from", N_("TIME"), NULL, N_("since when it did not record; required")},
                {"to", N_("TIME"), NULL, N_("until when; required")},
                {"reason", N_("WORD"), NULL, N_("a word of 'recdockctl gap reasons'; required")},
                {"reporter", N_("NAME"), NULL, N_("who reported it; required, goes into the ledger")},
                {"approver", N_("NAME"), NULL, N_("who approved it; required, goes into the ledger")},
                {"text", N_("TEXT"), NULL, N_("what happened; required for the reason other")},
                {NULL},
};

static const struct verb_option explanation_options[] = {
                {"recorder", N_("NUMBER"), "recorder", N_("of this recorder")},
                {"reason", N_("WORD"), "reason", N_("for this reason")},
                FILTER_FROM,
                FILTER_TO,
                FILTER_LIMIT,
                {NULL},
};

static const struct verb_option coverage_options[] = {
                {"from", N_("TIME"), "from", N_("since when; required")},
                {"to", N_("TIME"), "to", N_("until when; required")},
                {"unit", N_("NUMBER"), "unit", N_("what this unit recorded")},
                {"officer", N_("NUMBER"), "officer",
                 N_("what these officers recorded: given twice or more")},
                {"all", NULL, NULL, N_("list moments with two recorders and more, too")},
                {NULL},
};

static const struct verb_option officer_options[] = {
                {"unit", N_("NUMBER"), "unit", N_("of this unit")},
                FILTER_LIMIT,
                {NULL},
};
static const struct verb_option officer_add_options[] = {
                {"unit", N_("NUMBER"), "unit", N_("the officer's unit")},
                {NULL},
};
static const struct verb_option unit_options[] = {FILTER_LIMIT, {NULL}};
static const struct verb_option unit_add_options[] = {
                {"parent", N_("NUMBER"), "parent", N_("the unit above it")},
                {NULL},
};

static const struct verb_option retention_options[] = {
                {"due", N_("[DATE]"), NULL,
                 N_("whose destruction may be asked for by then, today when no date is given")},
                {"unit", N_("NUMBER"), "unit", N_("of this unit")},
                {"case", N_("NUMBER"), "case", N_("of this case")},
                {"basis", N_("WORD"), "basis", N_("premises, category, evidence, unknown, hold or profile")},
                {"held", "[yes|no]", "held", N_("that somebody holds, or nobody does")},
                FILTER_LIMIT,
                {"after", N_("FOOTAGE"), "after", N_("go on behind this one, the last of the page before")},
                {NULL},
};

static const struct verb_option retention_show_options[] = {
                {"case", N_("NUMBER"), NULL, N_("all footage of this case instead")},
                {"unit", N_("NUMBER"), NULL, N_("the case's unit, where several have one of this number")},
                {NULL},
};

static const struct verb_option hold_options[] = {
                {"case", N_("NUMBER"), NULL, N_("a case, with all that is or will be in it")},
                {"unit", N_("NUMBER"), NULL, N_("the case's unit, where several have one of this number")},
                {"reason", "litigation|complaint|transfer|other", NULL,
                 N_("why; required, goes into the ledger")},
                {"text", N_("TEXT"), NULL, N_("more about it; required for the reason other")},
                {NULL},
};

static const struct verb_option release_options[] = {
                {"reason", N_("TEXT"), NULL, N_("why it is done with; required, goes into the ledger")},
                {"approver", N_("NAME"), NULL, N_("who approved it; required, goes into the ledger")},
                {NULL},
};

static const struct verb_option holds_options[] = {
                {"case", N_("NUMBER"), "case", N_("of this case")},
                {"footage", N_("NUMBER"), "footage", N_("of this footage itself")},
                {"reason", N_("WORD"), "reason", N_("for this reason")},
                {"all", NULL, NULL, N_("released ones too")},
                FILTER_LIMIT,
                {NULL},
};

static const struct verb_option alert_options[] = {
                {"open", "[yes|no]", "open",
                 N_("still open, which is what is listed if nothing is said, or cleared")},
                {"all", NULL, NULL, N_("open and cleared ones")},
                {"kind", N_("WORD"), "kind", N_("of this kind, such as unknown-recorder")},
                {"subject", N_("TEXT"), "subject", N_("about this, such as recorder/3700123")},
                {"severity", N_("WORD"), "severity", N_("notice, warning, error, critical")},
                {"since", N_("TIME"), "from", N_("raised at this time or later")},
                FILTER_LIMIT,
                {NULL},
};

static const struct verb_option alert_ack_options[] = {
                {"note", N_("TEXT"), NULL, N_("what is being done; goes into the ledger")},
                {NULL},
};

static const struct verb_option alert_clear_options[] = {
                {"reason", N_("TEXT"), NULL, N_("why it is done with; required, goes into the ledger")},
                {NULL},
};

static const struct verb_option archive_start_options[] = {
                {"case", N_("NUMBER"), NULL, N_("what is in this case is due though the case is open")},
                {"unit", N_("NUMBER"), NULL, N_("the case's unit, where several have one of this number")},
                {"drive", N_("DRIVE"), NULL, N_("to the blank disc in this drive, and to nothing else")},
                {"footage", N_("ID"), NULL, N_("this footage is on it, read from the file of --source")},
                {"source", N_("FILE"), NULL, N_("a good copy of it, on another volume or in a backup")},
                {"wait", NULL, NULL, N_("until the volume has ended, and tell how")},
                {NULL},
};

static const struct verb_option archive_options[] = {
                {"medium", N_("NUMBER"), "medium", N_("on this medium")},
                {"state", N_("WORD"), "state", N_("planned, writing, written, failed, retired")},
                FILTER_FROM,
                FILTER_TO,
                FILTER_LIMIT,
                {NULL},
};

static const struct verb_option archive_media_options[] = {
                {"kind", N_("WORD"), "kind", N_("folder, removable, disc")},
                {"state", N_("WORD"), "state", N_("active, failed, retired")},
                FILTER_LIMIT,
                {NULL},
};

static const struct verb_option archive_init_options[] = {
                {"port", N_("PORT"), NULL, N_("make the disk on this USB port a medium")},
                {"device", N_("NODE"), NULL, N_("make this disk a medium")},
                {"format", N_("WORD"), NULL, N_("its file system: ext4 (default) or exfat")},
                {"label", N_("TEXT"), NULL, N_("of its file system, eleven characters at most")},
                {"force", N_("SERIAL-OR-UUID"), NULL, N_("lose what is on the disk that has this")},
                {"number", N_("NUMBER"), NULL, N_("what stands on its label; the next one, if not given")},
                {"place", N_("TEXT"), NULL, N_("where the medium is kept")},
                {NULL},
};

static const struct verb_option archive_label_options[] = {
                {"output", N_("FILE"), NULL, N_("write it to this file, whole or not at all")},
                {"force", NULL, NULL, N_("replace a file that is there already")},
                {NULL},
};

static const struct verb_option archive_retire_options[] = {
                {"reason", N_("TEXT"), NULL,
                 N_("why it does not count any more; required, goes into the ledger")},
                {NULL},
};

static const struct verb_option backup_options[] = {
                {"outcome", N_("WORD"), "outcome", N_("good, incomplete, failed")},
                {"kept", "yes|no", "kept", N_("whose generation is in the target still, or is not")},
                FILTER_FROM,
                FILTER_TO,
                FILTER_LIMIT,
                {NULL},
};

static const struct verb_option backup_start_options[] = {
                {"full-check", NULL, NULL, N_("read again all that was copied before")},
                {"wait", NULL, NULL, N_("until it has ended, and tell how")},
                {NULL},
};

static const struct verb_option ledger_options[] = {
                FILTER_FROM,
                FILTER_TO,
                {"act", N_("WORD"), "act", N_("of this act, such as footage.filed")},
                {"subject", N_("TEXT"), "subject", N_("of this subject, such as footage/17")},
                FILTER_LIMIT,
                {NULL},
};

static const struct verb_option report_options[] = {
                {"month", N_("MONTH"), "month",
                 N_("of this month: 2026-11; the present one, if no period is given")},
                FILTER_FROM,
                FILTER_TO,
                {"unit", N_("NUMBER"), "unit", N_("of this unit and those below it")},
                {"format", N_("WORD"), NULL, N_("text, csv, json, html")},
                {"table", N_("WORD"), NULL,
                 N_("only this table, for csv: units, officers, recorders, days, late…")},
                {"output", N_("FILE"), NULL, N_("write it to this file, whole or not at all")},
                {"force", NULL, NULL, N_("replace a file that is there already")},
                {NULL},
};

#define CASE_UNIT                                                                                          \
        {                                                                                                  \
                "unit", N_("NUMBER"), NULL, N_("of which unit the case is, where several have the number") \
        }
#define CASE_WHY                                                                          \
        {"reason", N_("TEXT"), NULL, N_("why; goes into the ledger")},                    \
        {                                                                                 \
                "approver", N_("NAME"), NULL, N_("who approved it; goes into the ledger") \
        }
#define CASE_FIELDS                                                                                         \
        {"supervision-number", N_("TEXT"), "supervision_number",                                            \
         N_("its number in the supervision system")},                                                       \
                        {"file-number", N_("TEXT"), "file_number", N_("the number of its case file")},      \
                        {"party", N_("NAME"), "party", N_("the party")},                                    \
                        {"handler", N_("NAME"), "handler", N_("who handles it")},                           \
                        {"activity", N_("WORD"), "activity", N_("a word of 'recdockctl case activities'")}, \
                        {"premises", N_("TEXT"), "premises", N_("what was inspected")},                     \
                        {"premises-class", N_("WORD"), "premises_class", N_("the class of the premises")},  \
                        {"long-term", N_("WORD"), "long_term",                                              \
                         N_("the long-term category: L1, L2, L3, L4")},                                     \
                        {"secrecy", N_("WORD"), "secrecy", N_("none, state, commercial, privacy")},         \
                        {"evidence", "yes|no", "evidence", N_("whether its footage is evidence")},          \
                        {"from", N_("TIME"), "from", N_("when they arrived")},                              \
                        {"to", N_("TIME"), "to", N_("when they left")},                                     \
        {                                                                                                   \
                "file-until", N_("DATE"), "file_until", N_("the last day on which the case file is kept")   \
        }

static const struct verb_option case_options[] = {
                {"unit", N_("NUMBER"), "unit", N_("of this unit")},
                {"supervision-number", N_("TEXT"), "supervision_number",
                 N_("with this number in the supervision system")},
                {"file-number", N_("TEXT"), "file_number", N_("with this number of the case file")},
                {"party", N_("PATTERN"), "party", N_("with a party like this; * and ? stand for anything")},
                {"handler", N_("PATTERN"), "handler", N_("with a handler like this")},
                {"activity", N_("WORD"), "activity", N_("of this activity")},
                {"premises-class", N_("WORD"), "premises_class", N_("of this class of premises")},
                {"long-term", N_("WORD"), "long_term", N_("of this long-term category")},
                {"secrecy", N_("WORD"), "secrecy", N_("none, state, commercial, privacy")},
                {"evidence", "yes|no", "evidence", N_("whose footage is evidence, or not")},
                {"open", "[yes|no]", "open", N_("still open, or closed")},
                FILTER_FROM,
                FILTER_TO,
                FILTER_LIMIT,
                {NULL},
};
static const struct verb_option case_show_options[] = {CASE_UNIT, {NULL}};
static const struct verb_option case_open_options[] = {
                {"unit", N_("NUMBER"), "unit", N_("the unit whose case it is; required")},
                CASE_FIELDS,
                {"opened", N_("TIME"), "opened", N_("when it was opened; now, if not given")},
                {"also-elsewhere", NULL, "also_elsewhere", N_("another unit has a case of the same number")},
                {NULL},
};
static const struct verb_option case_set_options[] = {
                CASE_UNIT,
                CASE_FIELDS,
                {"clear", N_("FIELD"), NULL, N_("make this field unknown: --clear=party")},
                CASE_WHY,
                {NULL},
};
static const struct verb_option case_close_options[] = {
                CASE_UNIT,
                {"at", N_("TIME"), NULL, N_("when it was closed; now, if not given")},
                {"file-until", N_("DATE"), NULL, N_("the last day on which the case file is kept")},
                CASE_WHY,
                {NULL},
};
static const struct verb_option case_reopen_options[] = {CASE_UNIT, CASE_WHY, {NULL}};
static const struct verb_option case_tag_options[] = {
                CASE_UNIT,
                {"recorder", N_("NUMBER"), "recorder", N_("all of this recorder; with --from and --to")},
                {"officer", N_("NUMBER"), "officer", N_("all of this officer; with --from and --to")},
                {"footage-unit", N_("NUMBER"), "unit", N_("all of this unit; with --from and --to")},
                {"from", N_("TIME"), "from", N_("that was begun at this time or later")},
                {"to", N_("TIME"), "to", N_("that was begun before this time")},
                {"move", NULL, NULL, N_("take it out of other cases; with --reason and --approver")},
                CASE_WHY,
                {NULL},
};
static const struct verb_option case_untag_options[] = {CASE_UNIT, CASE_WHY, {NULL}};
static const struct verb_option case_import_options[] = {
                {"update", NULL, NULL, N_("change cases that are there otherwise")},
                {"also-elsewhere", NULL, NULL, N_("numbers may be those of cases of other units")},
                {NULL},
};
static const struct verb_option case_reconcile_options[] = {
                {"tolerance", N_("SPAN"), NULL, N_("by how much times may differ; 30min, if not given")},
                {"unit", N_("NUMBER"), NULL, N_("only cases of this unit")},
                {"from", N_("TIME"), NULL, N_("the file has cases of this time or later")},
                {"to", N_("TIME"), NULL, N_("the file has cases before this time")},
                {NULL},
};

static const struct verb_option metrics_options[] = {
                {"output", N_("FILE"), NULL, N_("write or replace this file, whole or not at all")},
                {NULL},
};

static const struct verb verbs[] = {
                {NULL, "status", NULL, 0, 0, NULL, verb_status,
                 N_("Show the station and what is in its bays")},
                {NULL, "watch", NULL, 0, 0, NULL, verb_watch, N_("Show the bays while they change")},
                {NULL, "list", NULL, 0, 0, footage_options, verb_list, N_("List footage")},
                {NULL, "show", N_("ID"), 1, 1, NULL, verb_show, N_("Show one footage")},
                {NULL, "verify", N_("[ID…]"), 0, -1, footage_options, verb_verify,
                 N_("Read filed footage again and compare it with its digest, and check the ledger")},
                {NULL, "mend", N_("FOOTAGE FILE"), 2, 2, NULL, verb_mend,
                 N_("Put a good copy in place of a file that the store has lost or that is damaged")},
                {NULL, "import", N_("DIR|FILE…"), 1, -1, import_options, verb_import,
                 N_("Bring in by hand what cannot dock: a card in a reader, a camera, a telephone")},
                {"docking", "list", NULL, 0, 0, docking_options, verb_docking_list, N_("List dockings")},
                {"docking", "show", N_("ID"), 1, 1, NULL, verb_docking_show,
                 N_("Show the receipt of a docking, its files and its findings")},
                {NULL, "recover", N_("DOCKING [FINDING…]"), 1, -1, NULL, verb_recover,
                 N_("Pull deleted files of a recorder that is docked, or all that can be recovered")},
                {"finding", "list", NULL, 0, 0, finding_options, verb_finding_list,
                 N_("List what dockings came across besides files")},
                {"recorder", "list", NULL, 0, 0, recorder_options, verb_recorder_list, N_("List recorders")},
                {"recorder", "show", N_("NUMBER"), 1, 1, NULL, verb_recorder_show,
                 N_("Show a recorder and who had it")},
                {"recorder", "history", N_("RECORDER"), 1, 1, history_options, verb_recorder_history,
                 N_("Show clock, battery, storage and firmware of its dockings")},
                {"recorder", "ready", N_("[RECORDER…]"), 0, -1, ready_options, verb_recorder_ready,
                 N_("Check recorders before they are issued")},
                {"recorder", "register", N_("NUMBER"), 1, 1, register_options, verb_recorder_register,
                 N_("Admit a recorder, or put a retired one back")},
                {"recorder", "retire", N_("NUMBER"), 1, 1, retire_options, verb_recorder_retire,
                 N_("Take a recorder out of service")},
                {"recorder", "assign", N_("NUMBER [OFFICER]"), 1, 2, assign_options, verb_recorder_assign,
                 N_("Say who has a recorder, from when until when")},
                {"recorder", "import", N_("FILE"), 1, 1, NULL, verb_recorder_import,
                 N_("Enter recorders from a CSV file, all of it or nothing")},
                {"recorder", "export", NULL, 0, 0, NULL, verb_recorder_export,
                 N_("Write recorders as CSV that can be imported")},
                {"assignment", "import", N_("FILE"), 1, 1, NULL, verb_assignment_import,
                 N_("Enter who has which recorder from a CSV file, all of it or nothing")},
                {"assignment", "export", NULL, 0, 0, NULL, verb_assignment_export,
                 N_("Write who has which recorder as CSV that can be imported")},
                {NULL, "checkout", N_("RECORDER"), 1, 1, checkout_options, verb_checkout,
                 N_("Record that an officer takes a recorder")},
                {NULL, "return", N_("RECORDER"), 1, 1, return_options, verb_return,
                 N_("Record that a recorder came back to the unit")},
                {NULL, "extend", N_("RECORDER|docking/ID"), 1, 1, extend_options, verb_extend,
                 N_("Record that more time was approved for the export")},
                {"duty", "list", NULL, 0, 0, duty_options, verb_duty_list,
                 N_("List who had which recorder, and what still has to be exported")},
                {"duty", "import", N_("FILE"), 1, 1, NULL, verb_duty_import,
                 N_("Enter who had which recorder when from a CSV file, all of it or nothing")},
                {"duty", "export", NULL, 0, 0, NULL, verb_duty_export,
                 N_("Write who had which recorder when as CSV that can be imported")},
                {"recording", "list", NULL, 0, 0, recording_options, verb_recording_list,
                 N_("List recordings: consecutive files of a recorder as one")},
                {"gap", "list", NULL, 0, 0, gap_options, verb_gap_list,
                 N_("List interruptions of recording within one activity")},
                {"gap", "explain", N_("RECORDER"), 1, 1, explain_options, verb_gap_explain,
                 N_("Record why a recorder did not record, who reported it and who approved it")},
                {"gap", "reasons", NULL, 0, 0, NULL, verb_gap_reasons,
                 N_("List the reasons that the regulation knows")},
                {"explanation", "list", NULL, 0, 0, explanation_options, verb_explanation_list,
                 N_("List what was recorded by 'gap explain'")},
                {NULL, "coverage", NULL, 0, 0, coverage_options, verb_coverage,
                 N_("List when fewer than two recorders recorded")},
                {"retention", "list", NULL, 0, 0, retention_options, verb_retention_list,
                 N_("List until when footage is kept, and what awaits screening")},
                {"retention", "show", N_("[FOOTAGE]"), 0, 1, retention_show_options, verb_retention_show,
                 N_("Explain until when footage, or that of a case, is kept and why")},
                {"retention", "hold", N_("[FOOTAGE]"), 0, 1, hold_options, verb_retention_hold,
                 N_("Keep footage or a case whatever its term")},
                {"retention", "release", N_("HOLD"), 1, 1, release_options, verb_retention_release,
                 N_("End a hold, with a reason and an approver")},
                {"retention", "holds", NULL, 0, 0, holds_options, verb_retention_holds,
                 N_("List what is held, since when, by whom and why")},
                {"officer", "list", NULL, 0, 0, officer_options, verb_officer_list, N_("List officers")},
                {"officer", "add", N_("NUMBER NAME"), 2, 2, officer_add_options, verb_officer_add,
                 N_("Add an officer")},
                {"officer", "import", N_("FILE"), 1, 1, NULL, verb_officer_import,
                 N_("Enter officers from a CSV file, all of it or nothing")},
                {"officer", "export", NULL, 0, 0, NULL, verb_officer_export,
                 N_("Write officers as CSV that can be imported")},
                {"unit", "list", NULL, 0, 0, unit_options, verb_unit_list, N_("List units")},
                {"unit", "add", N_("NUMBER NAME"), 2, 2, unit_add_options, verb_unit_add, N_("Add a unit")},
                {"unit", "import", N_("FILE"), 1, 1, NULL, verb_unit_import,
                 N_("Enter units from a CSV file, all of it or nothing")},
                {"unit", "export", NULL, 0, 0, NULL, verb_unit_export,
                 N_("Write units as CSV that can be imported")},
                {"case", "list", NULL, 0, 0, case_options, verb_case_list, N_("List cases")},
                {"case", "show", N_("NUMBER"), 1, 1, case_show_options, verb_case_show,
                 N_("Show a case, how much of it was recorded, and its history")},
                {"case", "open", N_("NUMBER"), 1, 1, case_open_options, verb_case_open, N_("Open a case")},
                {"case", "set", N_("NUMBER"), 1, 1, case_set_options, verb_case_set,
                 N_("Change what is known of a case")},
                {"case", "close", N_("NUMBER"), 1, 1, case_close_options, verb_case_close,
                 N_("Say that a case is closed, and how long its file is kept")},
                {"case", "reopen", N_("NUMBER"), 1, 1, case_reopen_options, verb_case_reopen,
                 N_("Say that a closed case goes on")},
                {"case", "tag", N_("NUMBER [FOOTAGE…]"), 1, -1, case_tag_options, verb_case_tag,
                 N_("Put footage into a case: by its numbers, or all of somebody and a time")},
                {"case", "untag", N_("NUMBER FOOTAGE…"), 2, -1, case_untag_options, verb_case_untag,
                 N_("Take footage out of a case")},
                {"case", "activities", NULL, 0, 0, NULL, verb_case_activities,
                 N_("List the activities that the regulation knows")},
                {"case", "import", N_("FILE"), 1, 1, case_import_options, verb_case_import,
                 N_("Enter cases from a CSV file, all of it or nothing")},
                {"case", "export", NULL, 0, 0, NULL, verb_case_export,
                 N_("Write cases as CSV that can be imported")},
                {"case", "reconcile", N_("FILE"), 1, 1, case_reconcile_options, verb_case_reconcile,
                 N_("Compare the cases of the case system, as a CSV file, with footage")},
                {NULL, "report", NULL, 0, 0, report_options, verb_report,
                 N_("Report what came in time, late or not at all, of a month or any other period")},
                {NULL, "metrics", NULL, 0, 0, metrics_options, verb_metrics,
                 N_("Print the station's figures as OpenMetrics text for a monitoring system")},
                {"alert", "list", NULL, 0, 0, alert_options, verb_alert_list,
                 N_("List alerts that are open, or all of them")},
                {"alert", "show", N_("ID"), 1, 1, NULL, verb_alert_show,
                 N_("Show an alert and who has answered it")},
                {"alert", "ack", N_("ID…"), 1, -1, alert_ack_options, verb_alert_ack,
                 N_("Say that somebody knows of alerts: they are not told again")},
                {"alert", "clear", N_("ID…"), 1, -1, alert_clear_options, verb_alert_clear,
                 N_("Say that alerts are done with")},
                {"alert", "watch", NULL, 0, 0, NULL, verb_alert_watch,
                 N_("Show open alerts, and every change as it comes")},
                {"backup", "init", N_("[PATH]"), 0, 1, NULL, verb_backup_init,
                 N_("Make the configured folder a target for backups, and register it")},
                {"backup", "start", NULL, 0, 0, backup_start_options, verb_backup_start,
                 N_("Begin a backup now")},
                {"backup", "status", NULL, 0, 0, NULL, verb_backup_status,
                 N_("Show the last good backup, the next one, and one that is under way")},
                {"backup", "list", NULL, 0, 0, backup_options, verb_backup_list, N_("List backups")},
                {"backup", "verify", NULL, 0, 0, NULL, verb_backup_verify,
                 N_("Read the backup again and compare it with the digests of the footage")},
                {"archive", "plan", NULL, 0, 0, NULL, verb_archive_plan,
                 N_("Show what is due for long-term copies, and which medium would take it")},
                {"archive", "start", NULL, 0, 0, archive_start_options, verb_archive_start,
                 N_("Begin a volume of what is due")},
                {"archive", "status", NULL, 0, 0, NULL, verb_archive_status,
                 N_("Show how much is due, and the volume that is under way")},
                {"archive", "list", NULL, 0, 0, archive_options, verb_archive_list, N_("List volumes")},
                {"archive", "show", N_("VOLUME"), 1, 1, NULL, verb_archive_show,
                 N_("Show a volume and what is on it")},
                {"archive", "verify", N_("VOLUME"), 1, 1, NULL, verb_archive_verify,
                 N_("Read a volume again, and report each of its files")},
                {"archive", "label", N_("VOLUME"), 1, 1, archive_label_options, verb_archive_label,
                 N_("Write the label of a volume as SVG, to be printed")},
                {"archive", "retire", N_("VOLUME"), 1, 1, archive_retire_options, verb_archive_retire,
                 N_("Say that the copies of a volume do not count any more")},
                {"archive", "media", NULL, 0, 0, archive_media_options, verb_archive_media,
                 N_("List media, and when they are to be checked")},
                {"archive", "init", N_("[PATH]"), 0, 1, archive_init_options, verb_archive_init,
                 N_("Make a disk or a configured folder a medium, and register it")},
                {"ledger", "list", NULL, 0, 0, ledger_options, verb_ledger_list,
                 N_("List acts in the ledger")},
                {NULL, "reload", NULL, 0, 0, NULL, verb_reload,
                 N_("Let recdockd read its configuration again")},
};

const struct verb_table recdockctl_verbs = {verbs, ELEMENTSOF(verbs), "status"};
