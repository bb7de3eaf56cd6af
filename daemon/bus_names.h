/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The bus contract between recdockd and recdockctl (org.recdock1). Objects: one, /org/recdock1.
 * Interface org.recdock1.Station.
 *
 * Descriptors ("h out") are connected stream sockets: only there a write can neither block recdockd nor
 * end it.
 *
 *   GetStatus() → s
 *           JSON object: {"station":{…},"bays":[…],"dockings":[…],"alerts_open":n,"store":{…},"backup":{…},
 *           "archive":{…}}
 *   Query(s noun, a(ss) filters, h out) → t rows
 *           rows of catalogue/query.h as JSON objects, one a line, into 'out'; replies when the last is
 *           written
 *   Verify(a(ss) filters, h out) → tt checked bad
 *           re-digests filed footage (filters of noun footage); one JSON object a line:
 *           {"id","path","size","result":"ok"|"missing"|"mismatch"|"unreadable"|…,"sha256","expected"},
 *           without filters then what lies in the store and is not in the catalogue, with "result":"foreign"
 *           and null for all that is not known, then the ledger's chain as {"ledger":…}
 *   GetHealth(s recorder) → s
 *           JSON object of what its last docking measured, and of the check before it is issued:
 *           {"recorder","docking","measured_at","firmware","battery","free","total","clock_offset_s",
 *           "clock_set_at","clock_set_offset_s","drift_s_per_day","drift_readings",
 *           "ready":true|false|null,
 *           "checks":[{"check","state":"ok"|"not-ok"|"unknown","reason","value"},…]}; what is not known is
 *           null, and the words of checks and reasons are those of rules/readiness.c
 *   Report(a(ss) filters, h out)
 *           filters: month (2026-11), or from and to, and unit (with those below it); without any, this
 *           month. One JSON object on one line into 'out', described below
 *   RegisterRecorder(a{ss} fields) → t id
 *           number, and usb_serial | serial | docking; optional unit model vendor_id product_id
 *   RetireRecorder(s number, s reason)
 *   AssignRecorder(s recorder, s officer, s from, s until)
 *           until "" is open; officer "" ends the open one
 *   CheckOutRecorder(s recorder, s officer, s until, s override) → t duty
 *           until "": no roster; override: why it goes out though a check of GetHealth() is not-ok, "" to be
 *           refused then
 *   ReturnRecorder(s recorder, s at) → t duty
 *           at "": now
 *   ExtendDeadline(s subject, s until, s reason, s approver)
 *           subject: a recorder's number, "recorder/NUMBER" or "docking/ID"; reason: continuous-duty,
 *           remote-area or no-transport
 *   ExplainGap(s recorder, s from, s to, s reason, s reporter, s approver, s text) → t id, t gaps
 *           why it did not record from 'from' to 'to'; reason: a word of noun reason; 'gaps' is how many
 *           gaps in that time are explained now
 *   Hold(s case, s unit, t footage, s reason, s text) → t hold
 *           of a case (by its number, and its unit where several have one), or of a footage when case is "";
 *           reason: litigation, complaint, transfer or other, which needs the text
 *   ReleaseHold(t hold, s reason, s approver)
 *   AddOfficer(a{ss} fields) → t id          number name unit
 *   AddUnit(a{ss} fields) → t id             number name parent
 *   EnterTable(s noun, as columns, a(uas) lines) → t entered, t unchanged, a(us) refused
 *           lines of a table, each with its number in the file: all of them, or none when one is refused,
 *           and then each refused one with the reason. noun: unit, officer, recorder, assignment, duty or
 *           case; "case,update" changes cases that are there otherwise, ",also-elsewhere" lets a number be
 *           one of another unit's, too
 *   OpenCase(a{ss} fields) → t id
 *           number and unit; optional opened, the fields of SetCase() and closed, and also_elsewhere (yes)
 *           for a number that another unit has
 *   SetCase(s number, s unit, a{ss} fields, as clear, s reason, s approver) → t id, t changes
 *           unit "": the only one that has this number; so in all methods of cases. fields: those of
 *           catalogue/case_file.h but closed; clear: those that become unknown. What lets footage go earlier
 *           needs a reason and an approver, else both may be ""
 *   CloseCase(s number, s unit, s at, s file_until, s reason, s approver) → t id
 *           at "": now; file_until "": as it was
 *   ReopenCase(s number, s unit, s reason, s approver) → t id
 *   TagFootage(s number, s unit, at footage, a(ss) filters, b move, s reason, s approver)
 *           → t tagged, t already, t moved
 *           footage by its numbers, or by filters: from, to and recorder, officer or unit of noun footage.
 *           All of it, or none. move: out of other cases, with a reason and an approver
 *   UntagFootage(s number, s unit, at footage, s reason, s approver) → t n
 *   Import(s recorder, s officer, s reason, h giver) → t docking
 *           brings in what cannot dock; 'giver' is a connected SOCK_SEQPACKET socket whose other end lists
 *           and opens files as recorder/folder/folder_messages.h says. Replies when it has begun;
 *           DockingChanged tells how it goes, and closing the other end before it is "released" or "failed"
 *           cuts it off
 *   Recover(t docking, at findings) → t n   deleted files of a docked recorder, all that can be recovered
 *           when the array is empty
 *   MendFootage(t footage, s path, h source) → s json
 *           puts what is in 'source', a regular file with the digests of the footage, in place of its file
 * in the store, when that is lost or damaged; path: what the ledger says of where it is. Replies when it has
 * ended: {"footage","outcome":"mended"|"sound" (the store's was good and stays),"found":"missing"
 *           |"mismatch"|"unreadable"|"ok","kept" (where that is now, null: nowhere)}
 *   InitBackup(s path) → s uuid
 *           makes and registers a target for backups; path: that of [Backup] Target=, or "" for it. One that
 *           is registered already is left as it is
 *   StartBackup(b full_check, b wait) → s json
 *           begins one now; full_check: what is there already is read again. With 'wait' it replies when it
 *           has ended: {"id","outcome":"good"|"incomplete"|"failed","generation","footage","copied","bytes",
 *           "lacking","displaced","error"}, else at once with {}
 *   VerifyBackup(a(ss) filters, h out) → tt checked bad
 *           no filters yet. Reads the backup again: lines of Verify(), then the newest generation of the
 *           catalogue as {"generation","result":"ok"|"damaged","reason"}
 *   PlanArchive(a(ss) filters, h out) → t rows
 *           no filters yet. What would go to which medium, a line each: {"medium" (null: what no medium
 *           takes),"path","files","bytes","cost","free","cases","reason"}
 *   StartArchive(s case, s unit, s drive, b wait) → s json
 *           begins a volume of what is due; case: what is in it is due from now on although it is open, "":
 *           none; drive: only a disc in this one of [Archive] Drive=, "": any medium. With 'wait' it replies
 * when the volume has ended: a row of noun volume but for what follows from others, else at once with {}
 *   StartArchiveFrom(t footage, s path, h source, s drive, b wait) → s json
 *           the same, with this footage among it and read from 'source', a regular file, instead of from
 *           the store; path: what the ledger says of where that is. It must be due
 *   InitMedium(s path, s number, s place) → s medium
 *           makes and registers a medium in a folder of [Archive] Folder=; path "": the only one that is
 *           configured, number "": the next one. One that failed is put back into use
 *   MakeMedium(s port, u major, u minor, s format, s label, s force, s number, s place) → s medium
 *           makes a file system ("ext4" or "exfat") on a disk, by its USB port, or "" and its number as a
 *           block device, and registers it; what it holds is lost when 'force' is its serial or the UUID
 *           on it, else it is refused. Replies when that is done. On a port with a medium that failed: it
 *           is put back into use as it is
 *   VerifyVolume(s number) → s json
 *           reads a written volume again, and replies when it has:
 * {"volume","medium","check_result","files", "bad","others":[{"path","result"}]}; what became of each file
 * is in noun copy RetireVolume(s number, s reason) its copies do not count any more LabelVolume(a(ss)
 * filters, h out) filter: volume. Its label as SVG, into 'out' AcknowledgeAlert(at ids, s note)
 *   ClearAlert(at ids, s reason)
 *           all of them, or none when one is refused
 *   Reload()
 * Signals
 *   DockingChanged(t docking, s json)
 *           the same object as in GetStatus()'s "dockings"; at most 5 a second per docking
 *   AlertChanged(t id, s state, s kind, s severity, s subject, s text, t count, s since, s by, s note)
 *           state: raised, escalated, acknowledged or cleared; 'by' and 'note' of the last two, else "";
 *           id 0: there was no room to put it on record
 * Properties (const or emitting): Version s, Number s, Custodian s, Bays u, Dockings u, AlertsOpen t
 *
 * A docking in GetStatus():
 *   {"docking","bay","port","state","recorder","model","serial","officer",
 *    "items":{"seen","pulled","held","failed","waiting"},"bytes","bytes_total","rate",
 *    "current":{"name","bytes","size","phase"},"battery","free","total","clock_offset_s","plugged_at",
 *    "reason","source":"dock"|"import"}; of an import "bay" and "port" are null
 * A bay: {"bay","port","docking"} with docking null when empty.
 * The backup: {"path" (null: none is configured),"registered","target","good_at" (null: there is none),
 *   "due_at","overdue_at","overdue","last":{"begun_at","outcome","generation","error"} or null,
 *   "running":{"files","files_total","bytes","bytes_total","held" (recorders are offloaded)} or null}
 * The archive: {"due_files","due_bytes","due_cases","copies" (that are wanted),"auto",
 *   "running":{"volume","medium","phase":"writing"|"proving"|"verifying","bytes","bytes_total","held"} or
 *   null}
 *
 * A report; what a row of an array has is told in catalogue/report.h, daemon/report.h and
 * daemon/report_duty.c:
 *   {"station":{"number","custodian"},
 *    "period":{"month" (null: not a whole month),"from","to","complete" (it has ended),"generated_at"},
 *    "unit":{"number","name"} (null: all),
 *    "rules":{"limit_minutes","day_ends_minute","days_off_wait","clock_tolerance_s","gap_s",
 *     "activity_gap_s"},
 *    "footage":{…},"dockings":{…},
 *    "duties":{"total",
 *     "same_day","in_time" (after the day's work, by the deadline),"late",
 *     "overdue" (not exported, the deadline has passed),"open" (not exported, it has not),
 *     "extended","extended_afterwards" (granted when the deadline had passed),
 *     "on_time_rate" (same_day and in_time, of all that are not open)},
 *    "days":[…],
 *    "units":[…],"officers":[…],"recorders":[…] (each with "duties","duties_late","duties_overdue" and
 *     "duties_open" too),
 *    "annotations":[…] (by unit),"late":[…] (footage),"duties_late":[…] (late, overdue and open ones),
 *    "missing":[…] (duties overdue at the end of the period, or now when that lies ahead, whenever begun,
 *     and those whose recorder was missing then: "missing_since", else null, as rules/missing.h says it),
 *    "extensions":[…],"unseen":[…],"verdicts":[…],"bad_files":[…],
 *    "continuity":{"gaps","length_s","explained","unexplained","unexplained_s","uncertain"},
 *    "gaps":[…] (as noun gap has them, those that begin in the period),
 *    "gap_units":[…],"gap_officers":[…],"gap_recorders":[…] (who has any: "number","name" and the figures of
 *     "continuity"),
 *    "sequence_gaps":[…],"deleted":[…],
 *    "clocks":[…] (with "drift_s_per_day" and "drift_readings" of GetHealth(), as of the period's end)}
 *
 * Errors: org.recdock1.Error.{InvalidArgument,NotFound,Exists,Conflict,Denied,Failed}; the message names
 * thing, value and what was expected, and is for people: recdockctl prints it as it is.
 */

#define RECDOCK_BUS_NAME      "org.recdock1"
#define RECDOCK_BUS_PATH      "/org/recdock1"
#define RECDOCK_BUS_INTERFACE "org.recdock1.Station"

#define RECDOCK_ERROR_INVALID   "org.recdock1.Error.InvalidArgument"
#define RECDOCK_ERROR_NOT_FOUND "org.recdock1.Error.NotFound"
#define RECDOCK_ERROR_EXISTS    "org.recdock1.Error.Exists"
#define RECDOCK_ERROR_CONFLICT  "org.recdock1.Error.Conflict"
#define RECDOCK_ERROR_DENIED    "org.recdock1.Error.Denied"
#define RECDOCK_ERROR_FAILED    "org.recdock1.Error.Failed"
