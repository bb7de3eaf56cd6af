// SPDX-License-Identifier: LGPL-2.1-or-later
/* The nouns of queries: their filters, and the rows they give. Footage has its rows and its plan in
 * query_footage.c. */
#include "catalogue/alert_kind.h"
#include "catalogue/backup.h"
#include "catalogue/case_word.h"
#include "catalogue/query_noun.h"
#include "catalogue/retention_sql.h"
#include "catalogue/volume.h"

#define LIMIT_FILTER                                    \
        {                                               \
                "limit", NULL, NULL, FILTER_LIMIT, true \
        }

static const struct filter footage_filters[] = {
                [FOOTAGE_BY_UNIT] = {"unit", "f.unit = ?", NULL, FILTER_TEXT, false},
                [FOOTAGE_BY_OFFICER] = {"officer", "f.officer = ?", NULL, FILTER_TEXT, false},
                [FOOTAGE_BY_RECORDER] = {"recorder", "f.recorder = ?", NULL, FILTER_TEXT, false},
                [FOOTAGE_BY_KIND] = {"kind", "f.kind = ?", &kind_words, FILTER_WORDS, false},
                [FOOTAGE_BY_VERDICT] = {"verdict", "f.verdict = ?", &verdict_words, FILTER_WORDS, false},
                [FOOTAGE_BY_SOURCE] = {"source", "f.source = ?", &source_words, FILTER_WORDS, false},
                [FOOTAGE_BY_BAY] = {"bay", "f.bay = ?", NULL, FILTER_TEXT, false},
                [FOOTAGE_BY_NAME] = {"name", "f.name GLOB ?", NULL, FILTER_GLOB, false},
                [FOOTAGE_BY_SHA256] = {"sha256", "f.sha256 BETWEEN ? AND ?", NULL, FILTER_SHA256, false},
                [FOOTAGE_BY_DOCKING] = {"docking", "f.docking = ?", NULL, FILTER_ID, false},
                [FOOTAGE_BY_ID] = {"id", "f.id = ?", NULL, FILTER_ID, false},
                [FOOTAGE_BY_ANNOTATED] = {"annotated", "f.annotated = ?", NULL, FILTER_YES_NO, true},
                [FOOTAGE_BY_CASE] = {"case", "f.case_id = ?", NULL, FILTER_TEXT, false},
                [FOOTAGE_FROM] = {"from", "f.ordered_at >= ?", NULL, FILTER_INSTANT, true},
                [FOOTAGE_TO] = {"to", "f.ordered_at < ?", NULL, FILTER_INSTANT, true},
                [FOOTAGE_ON] = {"on", "(f.ordered_at >= ? AND f.ordered_at < ?)", NULL, FILTER_DAY, false},
                LIMIT_FILTER,
                {"order", NULL, NULL, FILTER_ORDER, true},
                {"after", NULL, NULL, FILTER_AFTER, true},
};

static const struct filter docking_filters[] = {
                {"recorder", "d.recorder = (SELECT id FROM recorder WHERE number = ?)", NULL, FILTER_TEXT,
                 false},
                {"bay", "d.bay = ?", NULL, FILTER_TEXT, false},
                {"from", "d.plugged_at >= ?", NULL, FILTER_INSTANT, true},
                {"to", "d.plugged_at < ?", NULL, FILTER_INSTANT, true},
                {"state", "d.state = ?", &docking_state_words, FILTER_WORDS, false},
                {"source", "d.source = ?", &source_words, FILTER_WORDS, false},
                {"id", "d.id = ?", NULL, FILTER_ID, false},
                LIMIT_FILTER,
};

static const struct filter item_filters[] = {
                {"docking", "i.docking = ?", NULL, FILTER_ID, false},
                {"state", "i.state = ?", &item_state_words, FILTER_WORDS, false},
                LIMIT_FILTER,
};

static const struct filter finding_filters[] = {
                {"docking", "f.docking = ?", NULL, FILTER_ID, false},
                {"recorder", "f.recorder = (SELECT id FROM recorder WHERE number = ?)", NULL, FILTER_TEXT,
                 false},
                {"kind", "f.kind = ?", &finding_kind_words, FILTER_WORDS, false},
                {"state", "f.state = ?", &finding_state_words, FILTER_WORDS, false},
                {"from", "f.found_at >= ?", NULL, FILTER_INSTANT, true},
                {"to", "f.found_at < ?", NULL, FILTER_INSTANT, true},
                LIMIT_FILTER,
};

static const struct filter recorder_filters[] = {
                {"number", "r.number = ?", NULL, FILTER_TEXT, false},
                {"unit", "r.unit = (SELECT id FROM unit WHERE number = ?)", NULL, FILTER_TEXT, false},
                {"retired", "(r.retired_at IS NOT NULL) = ?", NULL, FILTER_YES_NO, true},
                LIMIT_FILTER,
};

static const struct filter officer_filters[] = {
                {"number", "o.number = ?", NULL, FILTER_TEXT, false},
                {"unit", "o.unit = (SELECT id FROM unit WHERE number = ?)", NULL, FILTER_TEXT, false},
                LIMIT_FILTER,
};

static const struct filter unit_filters[] = {
                {"number", "u.number = ?", NULL, FILTER_TEXT, false},
                LIMIT_FILTER,
};

static const struct filter assignment_filters[] = {
                {"recorder", "r.number = ?", NULL, FILTER_TEXT, false},
                {"officer", "o.number = ?", NULL, FILTER_TEXT, false},
                {"at", "? BETWEEN a.from_at AND ifnull(a.until_at - 1, 9223372036854775807)", NULL,
                 FILTER_INSTANT, true},
                LIMIT_FILTER,
};

static const struct filter duty_filters[] = {
                {"recorder", "d.recorder = (SELECT id FROM recorder WHERE number = ?)", NULL, FILTER_TEXT,
                 false},
                {"officer", "d.officer = (SELECT id FROM officer WHERE number = ?)", NULL, FILTER_TEXT,
                 false},
                {"out", "(d.returned_at IS NULL) = ?", NULL, FILTER_YES_NO, true},
                {"waiting", "(d.offloaded_at IS NULL) = ?", NULL, FILTER_YES_NO, true},
                {"from", "ifnull(d.out_at, d.returned_at) >= ?", NULL, FILTER_INSTANT, true},
                {"to", "ifnull(d.out_at, d.returned_at) < ?", NULL, FILTER_INSTANT, true},
                LIMIT_FILTER,
};

static const struct filter alert_filters[] = {
                {"id", "a.id = ?", NULL, FILTER_ID, false},
                {"kind", "a.kind = ?", &alert_kind_words, FILTER_TEXT, false},
                {"subject", "a.subject = ?", NULL, FILTER_TEXT, false},
                {"severity", "a.severity = ?", &alert_severity_words, FILTER_WORDS, false},
                {"open", "(a.cleared_at IS NULL) = ?", NULL, FILTER_YES_NO, true},
                {"from", "a.since >= ?", NULL, FILTER_INSTANT, true},
                {"to", "a.since < ?", NULL, FILTER_INSTANT, true},
                LIMIT_FILTER,
};

static const struct filter backup_filters[] = {
                {"outcome", "b.outcome = ?", &backup_outcome_words, FILTER_WORDS, false},
                {"kept", "b.kept = ?", NULL, FILTER_YES_NO, true},
                {"from", "b.begun_at >= ?", NULL, FILTER_INSTANT, true},
                {"to", "b.begun_at < ?", NULL, FILTER_INSTANT, true},
                LIMIT_FILTER,
};

static const struct filter medium_filters[] = {
                {"number", "m.number = ?", NULL, FILTER_TEXT, false},
                {"kind", "m.kind = ?", &medium_kind_words, FILTER_WORDS, false},
                {"state", "m.state = ?", &medium_state_words, FILTER_WORDS, false},
                LIMIT_FILTER,
};

static const struct filter volume_filters[] = {
                {"number", "v.number = ?", NULL, FILTER_TEXT, false},
                {"medium", "m.number = ?", NULL, FILTER_TEXT, false},
                {"state", "v.state = ?", &volume_state_words, FILTER_WORDS, false},
                {"from", "v.made_at >= ?", NULL, FILTER_INSTANT, true},
                {"to", "v.made_at < ?", NULL, FILTER_INSTANT, true},
                LIMIT_FILTER,
};

static const struct filter copy_filters[] = {
                {"volume", "x.volume = (SELECT id FROM volume WHERE number = ?)", NULL, FILTER_TEXT, false},
                {"footage", "x.footage = ?", NULL, FILTER_ID, false},
                {"result", "x.result = ?", &copy_result_words, FILTER_WORDS, false},
                LIMIT_FILTER,
};

static const struct filter ledger_filters[] = {
                {"from", "l.at >= ?", NULL, FILTER_INSTANT, true},
                {"to", "l.at < ?", NULL, FILTER_INSTANT, true},
                {"act", "l.act = ?", NULL, FILTER_TEXT, false},
                {"subject", "l.subject = ?", NULL, FILTER_TEXT, false},
                LIMIT_FILTER,
};

#define RECORDING_FILTERS(begin)                                                                            \
        [RECORDING_BY_RECORDER] = {"recorder", "g.recorder = (SELECT id FROM recorder WHERE number = ?)",   \
                                   NULL, FILTER_TEXT, false},                                               \
        [RECORDING_BY_OFFICER] = {"officer", "g.officer = (SELECT id FROM officer WHERE number = ?)", NULL, \
                                  FILTER_TEXT, false},                                                      \
        [RECORDING_BY_UNIT] = {"unit", "g.unit = (SELECT id FROM unit WHERE number = ?)", NULL,             \
                               FILTER_TEXT, false},                                                         \
        [RECORDING_FROM] = {"from", "g." begin " >= ?", NULL, FILTER_INSTANT, true},                        \
        [RECORDING_TO] = {"to", "g." begin " < ?", NULL, FILTER_INSTANT, true}

static const struct filter recording_filters[] = {RECORDING_FILTERS("started_at"), LIMIT_FILTER};

static const struct filter gap_filters[] = {
                RECORDING_FILTERS("from_at"),
                [GAP_UNEXPLAINED] = {"unexplained", "NOT g.explained = ?", NULL, FILTER_YES_NO, true},
                [GAP_MIN] = {"min", NULL, NULL, FILTER_SPAN, true},
                LIMIT_FILTER,
};

static const struct filter coverage_filters[] = {
                [COVERAGE_BY_UNIT] = {"unit", "g.unit = (SELECT id FROM unit WHERE number = ?)", NULL,
                                      FILTER_TEXT, false},
                [COVERAGE_BY_OFFICER] = {"officer", "g.officer = (SELECT id FROM officer WHERE number = ?)",
                                         NULL, FILTER_TEXT, false},
                [COVERAGE_BY_CASE] = {"case_id", "g.case_id = ?", NULL, FILTER_ID, true},
                [COVERAGE_FROM] = {"from", NULL, NULL, FILTER_INSTANT, true},
                [COVERAGE_TO] = {"to", NULL, NULL, FILTER_INSTANT, true},
                [COVERAGE_FEWER] = {"fewer", NULL, NULL, FILTER_ID, true},
                LIMIT_FILTER,
};

static const struct filter reason_filters[] = {LIMIT_FILTER};

static const struct filter activity_filters[] = {LIMIT_FILTER};

static const struct filter case_filters[] = {
                {"number", "c.number = ?", NULL, FILTER_TEXT, false},
                {"unit", "c.unit = (SELECT id FROM unit WHERE number = ?)", NULL, FILTER_TEXT, false},
                {"supervision_number", "c.supervision_number = ?", NULL, FILTER_TEXT, false},
                {"file_number", "c.file_number = ?", NULL, FILTER_TEXT, false},
                {"party", "c.party GLOB ?", NULL, FILTER_GLOB, false},
                {"handler", "c.handler GLOB ?", NULL, FILTER_GLOB, false},
                {"activity", "c.activity = ?", &activity_words, FILTER_TEXT, false},
                {"premises_class", "c.premises_class = ?", NULL, FILTER_TEXT, false},
                {"long_term", "c.long_term = ?", NULL, FILTER_TEXT, false},
                {"secrecy", "c.secrecy = ?", &secrecy_words, FILTER_TEXT, false},
                {"evidence", "c.evidence = ?", NULL, FILTER_YES_NO, true},
                {"open", "(c.closed_at IS NULL) = ?", NULL, FILTER_YES_NO, true},
                {"from", "c.opened_at >= ?", NULL, FILTER_INSTANT, true},
                {"to", "c.opened_at < ?", NULL, FILTER_INSTANT, true},
                {"id", "c.id = ?", NULL, FILTER_ID, false},
                LIMIT_FILTER,
};

static const struct filter change_filters[] = {
                {"case_id", "h.case_file = ?", NULL, FILTER_ID, true},
                {"footage", "h.footage = ?", NULL, FILTER_ID, true},
                LIMIT_FILTER,
};

static const struct filter unannotated_filters[] = {
                {"unit", "f.unit = (SELECT id FROM unit WHERE number = ?)", NULL, FILTER_TEXT, false},
                LIMIT_FILTER,
};

static const struct filter explanation_filters[] = {
                {"recorder", "e.recorder = (SELECT id FROM recorder WHERE number = ?)", NULL, FILTER_TEXT,
                 false},
                {"reason", "e.reason = ?", NULL, FILTER_TEXT, false},
                {"from", "e.from_at >= ?", NULL, FILTER_INSTANT, true},
                {"to", "e.from_at < ?", NULL, FILTER_INSTANT, true},
                LIMIT_FILTER,
};

static const struct filter retention_filters[] = {
                [RETENTION_FILTER_UNIT] = {"unit", "f.unit = (SELECT id FROM unit WHERE number = ?)", NULL,
                                           FILTER_TEXT, false},
                [RETENTION_FILTER_CASE] = {"case",
                                           "f.case_id IN (SELECT id FROM case_file WHERE number = ?)", NULL,
                                           FILTER_TEXT, false},
                [RETENTION_FILTER_BASIS] = {"basis", "retain_basis(" RETENTION_FACTS ") = ?",
                                            &retention_basis_words, FILTER_TEXT, false},
                [RETENTION_FILTER_HELD] = {"held", RETENTION_HELD " = ?", NULL, FILTER_YES_NO, true},
                [RETENTION_FILTER_ID] = {"id", "f.id = ?", NULL, FILTER_ID, false},
                [RETENTION_FILTER_DUE] = {"due", NULL, NULL, FILTER_INSTANT, true},
                LIMIT_FILTER,
                {"after", NULL, NULL, FILTER_AFTER, true},
};

/* Of a footage: those that are of it itself. */
static const struct filter hold_filters[] = {
                {"id", "h.id = ?", NULL, FILTER_ID, false},
                {"case", "k.number = ?", NULL, FILTER_TEXT, false},
                {"footage", "h.footage = ?", NULL, FILTER_ID, false},
                {"open", "(h.released_at IS NULL) = ?", NULL, FILTER_YES_NO, true},
                {"reason", "h.reason = ?", &hold_reason_words, FILTER_TEXT, false},
                LIMIT_FILTER,
};

static const char docking_select[] =
                "SELECT json_object('docking', d.id, 'bay', d.bay, 'port', d.port, 'state', "
                "docking_state_word(d.state),"
                " 'recorder', r.number, 'model', d.model, 'manufacturer', d.manufacturer, 'firmware', "
                "d.firmware,"
                " 'serial', d.serial, 'usb_serial', d.usb_serial, 'reason', d.reason, 'plugged_at', "
                "rfc3339(d.plugged_at),"
                " 'identified_at', rfc3339(d.identified_at), 'listed_at', rfc3339(d.listed_at),"
                " 'released_at', rfc3339(d.released_at), 'unplugged_at', rfc3339(d.unplugged_at), "
                "'battery', d.battery,"
                " 'free', d.free, 'total', d.total, 'clock_text', d.clock_text, 'clock_offset_s', "
                "d.clock_offset / 1e6,"
                " 'clock_uncertainty_s', d.clock_uncertainty / 1e6, 'clock_set_to', d.clock_set_to,"
                " 'clock_asked', d.clock_asked, 'clock_answer', d.clock_answer, 'clock_set_at', "
                "rfc3339(d.clock_set_at),"
                " 'clock_set_offset_s', d.clock_set_offset / 1e6,"
                " 'clock_moved', json(iif(d.clock_moved, 'true', 'false')),"
                " 'freed', d.freed, 'seen', d.seen,"
                " 'pulled', d.pulled, 'already_held', d.already_held, 'failed', d.failed, 'late', d.late,"
                " 'removed', d.removed, 'bytes', d.bytes, 'bad_verdicts', d.bad_verdicts,"
                " 'listing_complete', json(iif(d.listing_complete, 'true', 'false')), 'driver', d.driver,"
                " 'source', source_word(d.source), 'actor', d.actor, 'import_reason', d.import_reason,"
                " 'import_officer', o.number, 'unreadable', d.unreadable, 'findings', d.findings)"
                " FROM docking AS d LEFT JOIN recorder AS r ON r.id = d.recorder"
                " LEFT JOIN officer AS o ON o.id = d.import_officer WHERE true";

/* flags are enum recorder_item_flags: 1 protected, 2 marked, 4 deleted. */
static const char item_select[] =
                "SELECT json_object('item', i.id, 'docking', i.docking, 'recorder', r.number, 'path', "
                "i.path,"
                " 'size', nullif(i.size, -1), 'device_time', nullif(i.time_text, ''), 'state', "
                "item_state_word(i.state),"
                " 'durable', i.durable, 'attempts', i.attempts, 'error', i.error, 'footage', i.footage,"
                " 'unreadable', (SELECT sum(size) FROM item_unreadable AS x WHERE x.item = i.id),"
                " 'deleted', json(iif(i.flags & 4, 'true', 'false')),"
                " 'protected', json(iif(i.flags & 1, 'true', 'false')), 'marked', json(iif(i.flags & 2, "
                "'true', 'false')))"
                " FROM item AS i JOIN recorder AS r ON r.id = i.recorder WHERE true";

static const char finding_select[] =
                "SELECT json_object('finding', f.id, 'docking', f.docking, 'recorder', r.number,"
                " 'kind', finding_kind_word(f.kind), 'word', nullif(f.word, ''), 'path', f.path,"
                " 'size', nullif(f.size, -1), 'device_time', iif(f.kind = 0, nullif(f.time_text, ''), "
                "NULL), 'text', f.text,"
                " 'count', f.count, 'recoverable', json(iif(f.recoverable, 'true', 'false')),"
                " 'state', finding_state_word(f.state), 'footage', i.footage,"
                " 'found_at', rfc3339(f.found_at))"
                " FROM finding AS f JOIN recorder AS r ON r.id = f.recorder"
                " LEFT JOIN item AS i ON i.id = f.item WHERE true";

static const char recorder_select[] =
                "SELECT json_object('number', r.number, 'unit', u.number, 'model', r.model, 'usb_serial', "
                "r.usb_serial,"
                " 'serial', r.serial, 'vendor_id', r.vendor_id, 'product_id', r.product_id,"
                " 'registered_at', rfc3339(r.registered_at), 'retired_at', rfc3339(r.retired_at),"
                " 'officer', (SELECT o.number FROM assignment AS a JOIN officer AS o ON o.id = a.officer"
                " WHERE a.recorder = r.id AND a.from_at <= now() AND (a.until_at IS NULL OR a.until_at > "
                "now())"
                " ORDER BY a.from_at DESC LIMIT 1),"
                " 'last_docked', rfc3339((SELECT max(d.plugged_at) FROM docking AS d WHERE d.recorder = "
                "r.id)))"
                " FROM recorder AS r LEFT JOIN unit AS u ON u.id = r.unit WHERE true";

static const char officer_select[] =
                "SELECT json_object('number', o.number, 'name', o.name, 'unit', u.number)"
                " FROM (SELECT id, number, name, (SELECT h.unit FROM officer_unit AS h WHERE h.officer = "
                "officer.id"
                " AND h.since <= now() ORDER BY h.since DESC LIMIT 1) AS unit FROM officer) AS o"
                " LEFT JOIN unit AS u ON u.id = o.unit WHERE true";

static const char unit_select[] =
                "SELECT json_object('number', u.number, 'name', u.name, 'parent', p.number)"
                " FROM unit AS u LEFT JOIN unit AS p ON p.id = u.parent WHERE true";

static const char assignment_select[] =
                "SELECT json_object('recorder', r.number, 'officer', o.number, 'from', rfc3339(a.from_at),"
                " 'until', rfc3339(a.until_at)) FROM assignment AS a JOIN recorder AS r ON r.id = a.recorder"
                " JOIN officer AS o ON o.id = a.officer WHERE true";

static const char duty_select[] =
                "SELECT json_object('duty', d.id, 'recorder', r.number, 'officer', o.number,"
                " 'out_at', rfc3339(d.out_at), 'until', rfc3339(d.roster_end),"
                " 'returned_at', rfc3339(d.returned_at), 'docking', d.return_docking,"
                " 'offloaded_at', rfc3339(d.offloaded_at), 'extended_until', rfc3339(e.until),"
                " 'reason', e.reason, 'approver', e.approver, 'undocking', k.docking)"
                " FROM duty AS d JOIN recorder AS r ON r.id = d.recorder"
                " LEFT JOIN undocking AS k ON k.duty = d.id"
                " LEFT JOIN officer AS o ON o.id = d.officer LEFT JOIN extension AS e ON e.id = (SELECT x.id"
                " FROM extension AS x WHERE x.duty = d.id OR x.docking = d.return_docking"
                " ORDER BY x.until DESC, x.granted_at LIMIT 1) WHERE true";

static const char alert_select[] =
                "SELECT json_object('id', a.id, 'kind', a.kind, 'severity', alert_severity_word(a.severity),"
                " 'priority', a.priority, 'subject', a.subject, 'text', a.text,"
                " 'since', rfc3339(a.since), 'last_raised', rfc3339(a.last_raised), 'count', a.count,"
                " 'acknowledged_at', rfc3339(a.acknowledged_at), 'acknowledged_by', a.acknowledged_by,"
                " 'note', a.acknowledged_note, 'escalated_at', rfc3339(a.escalated_at),"
                " 'cleared_at', rfc3339(a.cleared_at), 'cleared_by', a.cleared_by,"
                " 'reason', a.cleared_reason) FROM alert AS a WHERE true";

static const char backup_select[] =
                "SELECT json_object('id', b.id, 'begun_at', rfc3339(b.begun_at),"
                " 'ended_at', rfc3339(b.ended_at), 'outcome', backup_outcome_word(b.outcome),"
                " 'generation', b.generation, 'taken_at', rfc3339(b.taken_at),"
                " 'kept', json(iif(b.kept, 'true', 'false')),"
                " 'full_check', json(iif(b.full_check, 'true', 'false')), 'footage', b.footage,"
                " 'copied', b.copied, 'bytes', b.bytes, 'lacking', b.lacking, 'displaced', b.displaced,"
                " 'target', t.uuid, 'error', b.error)"
                " FROM backup AS b LEFT JOIN backup_target AS t ON t.id = b.target WHERE true";

/* The medium's next check is that of its volumes which comes first. */
static const char medium_select[] =
                "SELECT json_object('number', m.number, 'kind', medium_kind_word(m.kind), 'uuid', m.uuid,"
                " 'path', m.path, 'type', m.type, 'serial', m.serial, 'capacity', m.capacity,"
                " 'place', m.place, 'since', rfc3339(m.since), 'state', medium_state_word(m.state),"
                " 'reason', m.reason, 'volumes', count(v.id), 'files', ifnull(sum(v.files), 0),"
                " 'bytes', ifnull(sum(v.bytes), 0), 'check_at', rfc3339(min(v.check_at)))"
                " FROM medium AS m LEFT JOIN volume AS v ON v.medium = m.id AND v.state = 2 WHERE true";

static const char volume_select[] =
                "SELECT json_object('number', v.number, 'medium', m.number, 'kind', "
                "medium_kind_word(m.kind),"
                " 'place', m.place, 'state', volume_state_word(v.state), 'made_at', rfc3339(v.made_at),"
                " 'written_at', rfc3339(v.written_at), 'files', v.files, 'bytes', v.bytes,"
                " 'seal', iif(v.seal IS NULL, NULL, lower(hex(v.seal))), 'reason', v.reason,"
                " 'checked_at', rfc3339(v.checked_at), 'check_result', volume_check_word(v.check_result),"
                " 'check_at', rfc3339(v.check_at), 'bad', (SELECT count(*) FROM volume_footage AS x"
                " WHERE x.volume = v.id AND v.state = 2 AND x.result NOT IN (0, 8)))"
                " FROM volume AS v JOIN medium AS m ON m.id = v.medium WHERE true";

static const char copy_select[] =
                "SELECT json_object('volume', v.number, 'medium', m.number, 'place', m.place,"
                " 'footage', x.footage, 'name', f.name, 'size', f.size, 'case', c.number, 'path', x.path,"
                " 'proved_at', rfc3339(x.proved_at), 'result', copy_result_word(x.result),"
                " 'counts', json(iif(v.state = 2 AND x.result IN (0, 8), 'true', 'false')))"
                " FROM volume_footage AS x JOIN volume AS v ON v.id = x.volume"
                " JOIN medium AS m ON m.id = v.medium JOIN footage AS f ON f.id = x.footage"
                " LEFT JOIN case_file AS c ON c.id = f.case_id WHERE true";

static const char ledger_select[] = "SELECT json_object('sequence', l.sequence, 'at', rfc3339(l.at), "
                                    "'actor', l.actor, 'act', l.act,"
                                    " 'subject', l.subject, 'detail', json(l.detail), 'hash', "
                                    "lower(hex(l.hash))) FROM ledger AS l WHERE true";

/* Recordings and gaps are no rows of a table: what continuity finds is bound as one, for its numbers and the
 * filters. */
static const char recording_select[] =
                "SELECT json_object('recorder', r.number, 'officer', o.number, 'unit', u.number,"
                " 'kind', iif(g.audio, 'audio', 'video'), 'started_at', rfc3339(g.started_at),"
                " 'ended_at', iif(g.end_unknown, NULL, rfc3339(g.ended_at)),"
                " 'duration_s', iif(g.end_unknown OR g.start_unknown, NULL,"
                " (g.ended_at - g.started_at) / 1e6), 'segments', g.segments, 'footage', g.first,"
                " 'certain', json(iif(g.end_unknown OR g.start_unknown, 'false', 'true')))"
                " FROM (SELECT ? AS recorder, ? AS officer, ? AS unit, ? AS first, ? AS started_at,"
                " ? AS ended_at, ? AS start_unknown, ? AS end_unknown, ? AS segments, ? AS audio) AS g"
                " LEFT JOIN recorder AS r ON r.id = g.recorder LEFT JOIN officer AS o ON o.id = g.officer"
                " LEFT JOIN unit AS u ON u.id = g.unit WHERE true";

static const char gap_select[] =
                "SELECT json_object('recorder', r.number, 'officer', o.number, 'name', o.name,"
                " 'unit', u.number, 'unit_name', ifnull(u.name, u.number),"
                " 'from', rfc3339(g.from_at), 'to', rfc3339(g.to_at),"
                " 'length_s', (g.to_at - g.from_at) / 1e6, 'certain', json(iif(g.certain, 'true', 'false')),"
                " 'before', g.before, 'after', g.after,"
                " 'explained', json(iif(g.explained, 'true', 'false')), 'reason', e.reason, 'text', e.text,"
                " 'reporter', e.reporter, 'approver', e.approver, 'entered_at', rfc3339(e.entered_at),"
                " 'entered_by', e.entered_by)"
                " FROM (SELECT ? AS recorder, ? AS officer, ? AS unit, ? AS before, ? AS after,"
                " ? AS from_at, ? AS to_at, ? AS certain, ? AS explained, ? AS explanation) AS g"
                " LEFT JOIN recorder AS r ON r.id = g.recorder LEFT JOIN officer AS o ON o.id = g.officer"
                " LEFT JOIN unit AS u ON u.id = g.unit LEFT JOIN explanation AS e ON e.id = g.explanation"
                " WHERE true";

static const char explanation_select[] =
                "SELECT json_object('explanation', e.id, 'recorder', r.number, 'from', rfc3339(e.from_at),"
                " 'to', rfc3339(e.to_at), 'reason', e.reason, 'text', e.text, 'reporter', e.reporter,"
                " 'approver', e.approver, 'entered_at', rfc3339(e.entered_at), 'entered_by', e.entered_by)"
                " FROM explanation AS e JOIN recorder AS r ON r.id = e.recorder WHERE true";

/* Of the footage that has the fewest; NULL without any. */
#define CASE_COPIES \
        "(SELECT min(f.copies) FROM footage AS f INDEXED BY footage_by_copies WHERE f.case_id = c.id)"

static const char case_select[] =
                "SELECT json_object('id', c.id, 'number', c.number, 'unit', u.number,"
                " 'supervision_number', c.supervision_number, 'file_number', c.file_number,"
                " 'party', c.party, 'handler', c.handler, 'activity', c.activity, 'premises', c.premises,"
                " 'premises_class', c.premises_class, 'long_term', c.long_term, 'secrecy', c.secrecy,"
                " 'evidence', json(iif(c.evidence, 'true', 'false')),"
                " 'from', rfc3339(c.from_at), 'to', rfc3339(c.to_at), 'opened', rfc3339(c.opened_at),"
                " 'closed', rfc3339(c.closed_at), 'file_until', substr(rfc3339(c.file_until - 1), 1, 10),"
                " 'annotates', json(iif(c.party <> '' AND c.handler <> '', 'true', 'false')),"
                " 'footage', json((SELECT json_object('files', count(*), 'from', rfc3339(min(f.started_at)),"
                " 'to', rfc3339(max(f.ended_at)), 'duration_s', total(f.duration) / 1e6,"
                " 'size', ifnull(sum(f.size), 0)) FROM footage AS f INDEXED BY footage_by_case"
                " WHERE f.case_id = c.id)), 'archive_asked', rfc3339(c.archive_at),"
                " 'copies', " CASE_COPIES ", 'archived', json(iif(c.long_term IS NOT NULL AND " CASE_COPIES
                " >= ifnull((SELECT value FROM setting WHERE name = 'archive-copies'), 1), 'true', "
                "'false')))"
                " FROM case_file AS c JOIN unit AS u ON u.id = c.unit WHERE true";

/* What was done at once to many footage is one row. */
static const char change_select[] =
                "SELECT json_object('at', rfc3339(h.at), 'field', h.field, 'from', h.old, 'to', h.new,"
                " 'files', count(DISTINCT h.footage), 'footage', iif(count(DISTINCT h.footage) = 1,"
                " min(h.footage), NULL), 'by', h.actor, 'approver', h.approver, 'reason', h.reason)"
                " FROM case_change AS h WHERE true";

static const char unannotated_select[] =
                "SELECT json_object('unit', u.number, 'files', count(*), 'oldest',"
                " rfc3339(min(f.offloaded_at))) FROM footage AS f INDEXED BY footage_unannotated"
                " LEFT JOIN unit AS u ON u.id = f.unit WHERE f.annotated = 0";

static const char hold_select[] =
                "SELECT json_object('hold', h.id, 'case', k.number, 'case_unit', u.number,"
                " 'footage', h.footage, 'reason', h.reason, 'text', h.text,"
                " 'held_at', rfc3339(h.held_at), 'held_by', h.held_by,"
                " 'released_at', rfc3339(h.released_at), 'released_by', h.released_by,"
                " 'release_reason', h.release_reason, 'release_approver', h.release_approver)"
                " FROM hold AS h LEFT JOIN case_file AS k ON k.id = h.case_file"
                " LEFT JOIN unit AS u ON u.id = k.unit WHERE true";

#define NOUN(word, select, order)                                                \
        {                                                                        \
#word, word##_filters, ELEMENTSOF(word##_filters), select, order \
        }

const struct noun query_nouns[] = {
                {"footage", footage_filters, ELEMENTSOF(footage_filters), .run = query_run_footage},
                NOUN(docking, docking_select, " ORDER BY d.plugged_at DESC, d.id DESC"),
                NOUN(item, item_select, " ORDER BY i.id"),
                NOUN(finding, finding_select, " ORDER BY f.id"),
                NOUN(recorder, recorder_select, " ORDER BY r.number"),
                NOUN(officer, officer_select, " ORDER BY o.number"),
                NOUN(unit, unit_select, " ORDER BY u.number"),
                NOUN(assignment, assignment_select, " ORDER BY r.number, a.from_at"),
                NOUN(duty, duty_select, " ORDER BY ifnull(d.out_at, d.returned_at) DESC, d.id DESC"),
                NOUN(alert, alert_select, " ORDER BY a.since DESC, a.id DESC"),
                NOUN(backup, backup_select, " ORDER BY b.id DESC"),
                NOUN(medium, medium_select, " GROUP BY m.id ORDER BY m.id"),
                NOUN(volume, volume_select, " ORDER BY v.id DESC"),
                NOUN(copy, copy_select, " ORDER BY x.volume, x.path, x.footage"),
                NOUN(ledger, ledger_select, " ORDER BY l.sequence DESC"),
                {"recording", recording_filters, ELEMENTSOF(recording_filters), recording_select,
                 .run = query_run_recording},
                {"gap", gap_filters, ELEMENTSOF(gap_filters), gap_select, .run = query_run_gap},
                {"coverage", coverage_filters, ELEMENTSOF(coverage_filters), .run = query_run_coverage,
                 .check = query_check_coverage},
                {"reason", reason_filters, ELEMENTSOF(reason_filters), .run = query_run_reason},
                {"retention", retention_filters, ELEMENTSOF(retention_filters), .run = query_run_retention},
                NOUN(hold, hold_select, " ORDER BY h.id DESC"),
                NOUN(explanation, explanation_select, " ORDER BY e.from_at DESC, e.id DESC"),
                NOUN(case, case_select, " ORDER BY c.opened_at DESC, c.id DESC"),
                NOUN(change, change_select,
                     " GROUP BY h.at, h.field, h.old, h.new, h.actor, h.approver, h.reason"
                     " ORDER BY max(h.id) DESC"),
                NOUN(unannotated, unannotated_select, " GROUP BY f.unit ORDER BY u.number"),
                {"activity", activity_filters, ELEMENTSOF(activity_filters), .run = query_run_activity},
};
const size_t query_nouns_n = ELEMENTSOF(query_nouns);
