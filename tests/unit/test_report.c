// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Reports of a catalogue made by hand, in which every number is counted by hand: what belongs to a month and
 * to a unit, what is in time, late, overdue and open. It is 2026-11-01 08:00 in Shanghai, and reports are
 * mostly of October.
 */
#include "daemon/report.h"
#include "base/cleanup.h"
#include "catalogue/case_file.h"
#include "catalogue/docking.h"
#include "catalogue/finding.h"
#include "catalogue/item.h"
#include "daemon/clock_history.h"
#include "report_rows.h"
#include "test_catalogue_fixture.h"

#include <check.h>
#include <string.h>

#define MINUTE (60 * USEC_PER_SEC)

DEFINE_CLEANUP(json_object *, json_object_put);

static struct catalogue *c;
static int64_t a1, b, li, han, r1, r2, r3, r4;
static atomic_bool cancelled;

static instant_t at(const char *text)
{
        instant_t t;

        ck_assert_msg(instant_parse(text, FIXTURE_NOW, &t) == 0, "'%s'", text);
        return t;
}

static int64_t add_unit(const char *number, int64_t parent)
{
        struct unit u = {.parent = parent};
        int64_t id;

        (void)snprintf(u.number, sizeof(u.number), "%s", number);
        ck_assert_int_eq(unit_add(c, FIXTURE_ACTOR, &u, &id), CATALOGUE_OK);
        return id;
}

static int64_t add_recorder(const char *number, int64_t unit, const char *registered)
{
        struct recorder_row r = {.unit = unit, .registered_at = at(registered), .retired_at = INSTANT_NONE};
        int64_t id;

        (void)snprintf(r.number, sizeof(r.number), "%s", number);
        ck_assert_int_eq(recorder_register(c, FIXTURE_ACTOR, &r, &id), CATALOGUE_OK);
        return id;
}

/* offset: microseconds, INSTANT_NONE none was measured. */
static int64_t add_docking(int64_t recorder, const char *plugged, int64_t offset, bool set)
{
        struct docking_row d = {.recorder = recorder,
                                .state = DOCKING_RELEASED,
                                .plugged_at = at(plugged),
                                .identified_at = INSTANT_NONE,
                                .listed_at = INSTANT_NONE,
                                .released_at = INSTANT_NONE,
                                .unplugged_at = INSTANT_NONE,
                                .battery_percent = offset == INSTANT_NONE ? -1 : 40,
                                .free_bytes = -1,
                                .total_bytes = -1,
                                .has_clock_offset = offset != INSTANT_NONE,
                                .clock_offset = offset == INSTANT_NONE ? 0 : offset};

        if (set)
                (void)snprintf(d.clock_set_to, sizeof(d.clock_set_to), "20261006T080000");
        ck_assert_int_eq(docking_insert(c, FIXTURE_ACTOR, &d), CATALOGUE_OK);
        return d.id;
}

struct row {
        const char *name;
        int64_t docking, recorder, officer, unit;
        const char *started; /* NULL: not known, filed 2026-10-20 */
        int64_t late_us;
        enum media_verdict verdict;
        enum footage_source source;
        int64_t size;
        int64_t duration;
};

static void file(const struct row *row)
{
        struct footage f;

        fixture_footage(&f, fixture_item(c, row->recorder, row->docking, row->name), row->name);
        f.docking = row->docking;
        f.recorder = row->recorder;
        f.officer = row->officer;
        f.unit = row->unit;
        f.started_at = row->started ? at(row->started) : INSTANT_NONE;
        f.ended_at = row->started ? f.started_at + MINUTE : INSTANT_NONE;
        f.offloaded_at = at("2026-10-20 12:00");
        f.deadline = row->late_us < 0 ? INSTANT_NONE : f.offloaded_at - row->late_us;
        f.late_us = row->late_us;
        f.verdict = row->verdict;
        f.source = row->source;
        f.size = row->size;
        f.duration = row->duration;
        (void)fixture_file(c, &f);
}

static int64_t add_duty(int64_t recorder, int64_t officer, const char *out, const char *roster,
                        const char *returned, const char *offloaded)
{
        struct duty d = {.recorder = recorder,
                         .officer = officer,
                         .out_at = out ? at(out) : INSTANT_NONE,
                         .roster_end = roster ? at(roster) : INSTANT_NONE,
                         .returned_at = returned ? at(returned) : INSTANT_NONE,
                         .offloaded_at = offloaded ? at(offloaded) : INSTANT_NONE};
        int64_t id;

        ck_assert_msg(duty_enter(c, FIXTURE_ACTOR, &d, &id) == CATALOGUE_OK, "%s %s", out,
                      catalogue_error(c));
        return id;
}

static void add_finding(int64_t docking, enum finding_kind kind, const char *path, enum finding_state state)
{
        struct finding f = {.docking = docking,
                            .recorder = r1,
                            .kind = kind,
                            .size = -1,
                            .count = 2,
                            .state = state,
                            .found_at = at("2026-10-06 08:00") + docking};
        bool is_new;

        (void)snprintf(f.path, sizeof(f.path), "%s", path);
        (void)snprintf(f.text, sizeof(f.text), "0042 to 0043 missing");
        ck_assert_int_eq(finding_note(c, &f, &is_new), CATALOGUE_OK);
}

static void add_footage(int64_t d1, int64_t d2)
{
        const struct row rows[] = {
                        {"1.mp4", d1, r1, li, a1, "2026-10-01 00:00", 0, VERDICT_COMPLETE, FOOTAGE_DOCK, 1,
                         MINUTE},
                        {"2.mp4", d1, r1, li, a1, "2026-10-05 09:00", 61 * USEC_PER_SEC, VERDICT_COMPLETE,
                         FOOTAGE_DOCK, 2, MINUTE},
                        {"3.mp4", d1, r1, li, a1, "2026-10-05 10:00", 60 * MINUTE, VERDICT_COMPLETE,
                         FOOTAGE_DOCK, 4, MINUTE},
                        {"4.mp4", d2, r2, han, b, "2026-10-05 11:00", 1, VERDICT_TRUNCATED, FOOTAGE_DOCK, 8,
                         MINUTE},
                        {"5.log", d2, r2, 0, 0, "2026-10-31 23:59:59", -1, VERDICT_NOT_MEDIA, FOOTAGE_IMPORT,
                         16, -1},
                        {"6.mp4", d2, r2, han, b, "2026-11-01 00:00", 0, VERDICT_COMPLETE, FOOTAGE_DOCK, 32,
                         MINUTE},
                        {"7.mp4", d2, r2, han, b, "2026-09-30 23:59:59", 0, VERDICT_COMPLETE, FOOTAGE_DOCK,
                         64, MINUTE},
                        {"8.mp4", d1, r1, li, a1, NULL, -1, VERDICT_COMPLETE, FOOTAGE_RECOVERED, 128,
                         MINUTE},
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                file(&rows[i]);
        (void)fixture_item(c, r1, d1, "seen and never pulled.mp4");
}

static void add_duties(int64_t docking)
{
        struct extension of_docking = {.docking = docking,
                                       .until = at("2026-10-06 12:00"),
                                       .reason = "no-transport",
                                       .approver = "Wang"};
        struct extension e = {.until = at("2026-10-24"), .reason = "remote-area", .approver = "Zhao"};

        (void)add_duty(r1, li, "2026-10-05 08:00", NULL, "2026-10-05 18:00",
                       "2026-10-05 20:00"); /* same day */
        (void)add_duty(r1, li, "2026-10-07 08:00", NULL, "2026-10-07 18:00",
                       "2026-10-08 12:00"); /* in time */
        (void)add_duty(r1, li, "2026-10-10 08:00", NULL, "2026-10-10 18:00",
                       "2026-10-11 18:00"); /* its last second */
        (void)add_duty(r1, li, "2026-10-13 08:00", NULL, "2026-10-13 18:00",
                       "2026-10-14 18:00:01"); /* late */
        e.duty = add_duty(r1, li, "2026-10-20 08:00", NULL, "2026-10-20 18:00",
                          "2026-10-23 12:00"); /* extended */
        ck_assert_int_eq(extension_grant(c, FIXTURE_ACTOR, &e), CATALOGUE_OK);
        ck_assert_int_eq(extension_grant(c, FIXTURE_ACTOR, &of_docking), CATALOGUE_OK);
        (void)add_duty(r2, han, "2026-10-29 08:00", "2026-10-29 18:00", NULL, NULL); /* overdue */
        (void)add_duty(r3, 0, NULL, NULL, "2026-10-31 20:00", NULL);                 /* open */
        (void)add_duty(r4, han, "2026-09-10 08:00", NULL, "2026-09-10 18:00",
                       "2026-11-01 07:00"); /* of September */
}

static struct missing_rules missing; /* never, if a test does not say otherwise */

static void set_up(void)
{
        int64_t a, d1, d2, d3;

        c = fixture_open();
        fixture_begin(c);
        a = add_unit("A", 0);
        a1 = add_unit("A1", a);
        b = add_unit("B", 0);
        li = fixture_officer(c, "000001", a1);
        han = fixture_officer(c, "000002", b);
        ck_assert_int_eq(officer_move(c, FIXTURE_ACTOR, li, a1, at("2026-01-01")), CATALOGUE_OK);
        ck_assert_int_eq(officer_move(c, FIXTURE_ACTOR, han, b, at("2026-01-01")), CATALOGUE_OK);
        r1 = add_recorder("R1", a1, "2026-01-01");
        r2 = add_recorder("R2", b, "2026-01-01");
        r3 = add_recorder("R3", 0, "2026-01-01");
        r4 = add_recorder("R4", b, "2026-01-01");
        (void)add_recorder("R5", b, "2026-10-02"); /* came to the station in the month */
        ck_assert_int_eq(recorder_retire(c, FIXTURE_ACTOR, add_recorder("R6", b, "2026-01-01"), "lost"),
                         CATALOGUE_OK);
        (void)add_docking(r1, "2026-10-01 00:00", 2 * USEC_PER_SEC, false);
        d1 = add_docking(r1, "2026-10-06 08:00", 11 * USEC_PER_SEC / 2, true);
        d2 = add_docking(r2, "2026-10-06 09:00", INSTANT_NONE, false);
        d3 = add_docking(r1, "2026-10-20 08:00", -USEC_PER_SEC, false);
        (void)add_docking(r1, "2026-11-01 00:00", -USEC_PER_HOUR, false);
        (void)add_docking(r4, "2026-09-30 23:59:59", USEC_PER_HOUR, false);
        add_footage(d1, d2);
        add_duties(d2);
        add_finding(d1, FINDING_SEQUENCE_GAP, "A/0041.mp4", FINDING_OPEN);
        add_finding(d3, FINDING_SEQUENCE_GAP, "A/0041.mp4", FINDING_OPEN); /* the same hole */
        add_finding(d1, FINDING_DELETED, "A/x.mp4", FINDING_OPEN);
        add_finding(d3, FINDING_DELETED, "A/x.mp4", FINDING_RECOVERED); /* the same file */
        add_finding(d1, FINDING_DELETED, "A/y.mp4", FINDING_OPEN);
        fixture_commit(c);
}

static void tear_down(void)
{
        fixture_close(c);
        atomic_store(&cancelled, false);
        missing = (struct missing_rules){.grace = 0};
}

static json_object *report_of(const char *from, const char *to, int64_t unit)
{
        struct report_request q = {.scope = {.from = at(from), .to = at(to), .unit = unit},
                                   .now = FIXTURE_NOW,
                                   .number = "37-01",
                                   .custodian = "王强",
                                   .clock_tolerance = 3 * USEC_PER_SEC,
                                   .continuity = CONTINUITY_DEFAULTS,
                                   .rules = {.limit = USEC_PER_DAY, .same_day = MINUTES_PER_DAY - 1},
                                   .missing = missing,
                                   .calendar = CALENDAR_WEEK,
                                   .cancelled = &cancelled};
        json_object *report = NULL;
        int r;

        q.rules.calendar = &q.calendar;
        r = report_make(c, &q, &report);
        ck_assert_msg(r == 0, "%d: %s", r, catalogue_error(c));
        return report;
}

START_TEST(test_counts_footage)
{
        _cleanup_(json_object_putp) json_object *r = report_of("2026-10-01", "2026-11-01", 0);

        assert_has(member(r, "footage"),
                   "{'files':6,'bytes':159,'seconds':300,'on_time':1,'late':3,'undetermined':2,'late_"
                   "minutes':60,"
                   "'on_time_rate':0.25,'bad':1,'recorders':2,'officers':2,'imported':1,'recovered':1}");
        ASSERT_ROWS(r, "units",
                    "{'number':'A1','files':4,'bytes':135,'seconds':240,'on_time':1,'late':2,'undetermined':"
                    "1,"
                    "'late_minutes':60,'bad':0,'duties':5,'duties_late':1,'duties_overdue':0,'duties_open':"
                    "0}",
                    "{'number':'B','files':1,'on_time':0,'late':1,'undetermined':0,'late_minutes':1,'on_"
                    "time_rate':0.0,"
                    "'bad':1,'duties':1,'duties_overdue':1}",
                    "{'number':null,'files':1,'seconds':0,'on_time':0,'late':0,'undetermined':1,'late_"
                    "minutes':null,"
                    "'on_time_rate':null,'duties':1,'duties_open':1}");
        ASSERT_ROWS(r, "officers",
                    "{'number':'000001','name':'officer "
                    "000001','files':4,'late':2,'duties':5,'duties_late':1}",
                    "{'number':'000002','files':1,'late':1,'duties':1,'duties_overdue':1}",
                    "{'number':null,'name':null,'files':1,'late':0,'duties':1,'duties_open':1}");
        ASSERT_ROWS(r, "recorders", "{'number':'R1','files':4,'duties':5}",
                    "{'number':'R2','files':2,'duties':1}",
                    "{'number':'R3','files':0,'on_time':0,'late_minutes':null,'on_time_rate':null,'duties_"
                    "open':1}");
        ASSERT_ROWS(r, "verdicts", "{'verdict':'complete','files':4,'bytes':135}",
                    "{'verdict':'truncated','files':1,'bytes':8}", "{'verdict':'not-media','files':1}");
        ASSERT_ROWS(r, "bad_files",
                    "{'name':'4.mp4','recorder':'R2','officer':'000002','unit':'B','unit_name':'B'}");
}
END_TEST

START_TEST(test_lists_late)
{
        _cleanup_(json_object_putp) json_object *r = report_of("2026-10-01", "2026-11-01", 0);

        ASSERT_ROWS(r, "late",
                    "{'recorder':'R1','officer':'000001','unit':'A1','files':2,'minutes':60,"
                    "'recorded_from':'2026-10-05T09:00:00+08:00','recorded_to':'2026-10-05T10:01:00+08:00',"
                    "'deadline':'2026-10-20T11:00:00+08:00','offloaded_at':'2026-10-20T12:00:00+08:00',"
                    "'reason':null}",
                    "{'recorder':'R2','officer':'000002','files':1,'minutes':1,'reason':'no-transport',"
                    "'approver':'Wang','until':'2026-10-06T12:00:00+08:00'}");
}
END_TEST

START_TEST(test_days)
{
        _cleanup_(json_object_putp) json_object *r = report_of("2026-10-01", "2026-11-01", 0);
        json_object *days = member(r, "days");

        ck_assert_uint_eq(json_object_array_length(days), 31);
        assert_has(json_object_array_get_idx(days, 0), "{'day':'2026-10-01','files':1,'on_time':1}");
        assert_has(json_object_array_get_idx(days, 1),
                   "{'day':'2026-10-02','files':0,'bytes':0,'on_time_rate':null}");
        assert_has(json_object_array_get_idx(days, 4),
                   "{'day':'2026-10-05','files':3,'on_time':0,'late':3}");
        assert_has(json_object_array_get_idx(days, 19), "{'day':'2026-10-20','files':1,'undetermined':1}");
        assert_has(json_object_array_get_idx(days, 30), "{'day':'2026-10-31','files':1,'undetermined':1}");
}
END_TEST

/* Berlin: the clocks go back on 25 October, so that day has 25 hours and October ends an hour later. */
START_TEST(test_days_of_another_zone)
{
        _cleanup_(json_object_putp) json_object *r = NULL;
        json_object *days;
        struct row row = {"dst.mp4",    0, r1,    li, a1, "2026-10-25T02:30:00+01:00", 0, VERDICT_COMPLETE,
                          FOOTAGE_DOCK, 1, MINUTE};

        ck_assert_int_eq(zone_set("Europe/Berlin"), 0);
        fixture_begin(c);
        row.docking = add_docking(r1, "2026-10-26", INSTANT_NONE, false);
        file(&row);
        row.name = "end.mp4";
        row.started = "2026-10-25T23:59:59+01:00";
        file(&row);
        row.name = "last.mp4";
        row.started = "2026-10-31T23:59:59+01:00";
        file(&row);
        fixture_commit(c);
        r = report_of("2026-10-01", "2026-11-01", 0);
        days = member(r, "days");
        ck_assert_uint_eq(json_object_array_length(days), 31);
        assert_has(json_object_array_get_idx(days, 24), "{'day':'2026-10-25','files':2}");
        assert_has(json_object_array_get_idx(days, 25), "{'day':'2026-10-26','files':0}");
        /* 5.log and 6.mp4 of Shanghai's midnight are of 31 October here, 1.mp4 is of September. */
        assert_has(json_object_array_get_idx(days, 30), "{'day':'2026-10-31','files':3}");
        assert_has(member(r, "footage"), "{'files':9}");
        assert_has(member(r, "period"),
                   "{'from':'2026-10-01T00:00:00+02:00','to':'2026-11-01T00:00:00+01:00'}");
}
END_TEST

START_TEST(test_judges_duties)
{
        _cleanup_(json_object_putp) json_object *r = report_of("2026-10-01", "2026-11-01", 0);

        assert_has(member(r, "duties"),
                   "{'total':7,'same_day':1,'in_time':3,'late':1,'overdue':1,'open':1,'extended':1,"
                   "'extended_afterwards':1}");
        ck_assert_double_eq_tol(json_object_get_double(member(member(r, "duties"), "on_time_rate")), 4.0 / 6,
                                1e-9);
        ASSERT_ROWS(r, "duties_late",
                    "{'recorder':'R1','result':'late','minutes':1,'deadline':'2026-10-14T18:00:00+08:00',"
                    "'basis':'return','exported_at':'2026-10-14T18:00:01+08:00','extended':false}",
                    "{'recorder':'R2','officer':'000002','name':'officer "
                    "000002','unit':'B','result':'overdue',"
                    "'minutes':2280,'returned_at':null,'basis':'roster','exported_at':null}",
                    "{'recorder':'R3','officer':null,'unit':null,'result':'open','minutes':0,"
                    "'deadline':'2026-11-01T20:00:00+08:00'}");
        ASSERT_ROWS(r, "missing",
                    "{'recorder':'R2','deadline':'2026-10-30T18:00:00+08:00','minutes':1800,'exported_at':"
                    "null}",
                    "{'recorder':'R4','out_at':'2026-09-10T08:00:00+08:00','minutes':72360,"
                    "'exported_at':'2026-11-01T07:00:00+08:00'}");
        ASSERT_ROWS(r, "extensions");
}
END_TEST

/* The month that has begun: what is open yet is so as of now; nothing of it counts as in time. */
START_TEST(test_month_under_way)
{
        _cleanup_(json_object_putp) json_object *r = report_of("2026-11-01", "2026-12-01", 0);

        assert_has(member(r, "period"),
                   "{'complete':false,'month':null,'generated_at':'2026-11-01T08:00:00+08:00'}");
        assert_has(member(r, "footage"),
                   "{'files':1,'on_time':1,'late':0,'late_minutes':0,'on_time_rate':1.0}");
        assert_has(member(r, "duties"), "{'total':0,'on_time_rate':null}");
        ASSERT_ROWS(r, "missing", "{'recorder':'R2','minutes':2280}");
        ASSERT_ROWS(r, "extensions",
                    "{'recorder':'R1','docking':null,'until':'2026-10-24T00:00:00+08:00','reason':'remote-"
                    "area',"
                    "'approver':'Zhao','granted_at':'2026-11-01T08:00:00+08:00'}",
                    "{'recorder':'R2','approver':'Wang'}");
        ASSERT_ROWS(r, "clocks", "{'recorder':'R1','measured':1,'last_s':-3600.0}");
        ASSERT_ROWS(r, "unseen", "{'recorder':'R2'}", "{'recorder':'R3'}", "{'recorder':'R4'}",
                    "{'recorder':'R5'}");
}
END_TEST

START_TEST(test_dockings_clocks_and_gaps)
{
        _cleanup_(json_object_putp) json_object *r = report_of("2026-10-01", "2026-11-01", 0);

        assert_has(member(r, "dockings"), "{'dockings':4,'recorders':2,'failed':0,'items':9,'waiting':1}");
        ASSERT_ROWS(r, "clocks",
                    "{'recorder':'R1','unit':'A1','measured':3,'first_s':2.0,'last_s':-1.0,'min_s':-1.0,'"
                    "max_s':5.5,"
                    "'set':1,'battery_min':40}");
        ASSERT_ROWS(r, "sequence_gaps",
                    "{'kind':'sequence-gap','recorder':'R1','unit':'A1','after':'A/0041.mp4','missing':2,"
                    "'text':'0042 to 0043 missing'}");
        ASSERT_ROWS(r, "deleted", "{'recorder':'R1','files':2,'recovered':1}");
        ASSERT_ROWS(r, "unseen", "{'recorder':'R3','unit':null,'last_docked':null}",
                    "{'recorder':'R4','unit':'B','last_docked':'2026-09-30T23:59:59+08:00'}",
                    "{'recorder':'R6','unit':'B'}"); /* retired in November */
}
END_TEST

/* A docking of the day of October at which the clock was looked at. */
static void measure(int64_t recorder, int day, int64_t offset)
{
        struct docking_row d = {.recorder = recorder,
                                .state = DOCKING_RELEASED,
                                .plugged_at = at("2026-10-01 09:00") + (day - 1) * USEC_PER_DAY,
                                .listed_at = INSTANT_NONE,
                                .released_at = INSTANT_NONE,
                                .unplugged_at = INSTANT_NONE,
                                .clock_set_at = INSTANT_NONE,
                                .battery_percent = -1,
                                .free_bytes = -1,
                                .total_bytes = -1,
                                .has_clock_offset = true,
                                .clock_offset = offset};

        d.identified_at = d.plugged_at;
        ck_assert_int_eq(docking_insert(c, FIXTURE_ACTOR, &d), CATALOGUE_OK);
}

/* By the whole history up to the end of the period, and what comes after it changes nothing any more. */
START_TEST(test_drift_is_of_the_history)
{
        _cleanup_(json_object_putp) json_object *first = NULL, *october = NULL, *all = NULL, *none = NULL;
        struct clock_drift shown;

        fixture_begin(c);
        measure(r2, 3, 0);
        measure(r2, 5, 3 * USEC_PER_SEC);
        measure(r2, 7, 8 * USEC_PER_SEC);
        measure(r2, 33, 112 * USEC_PER_SEC); /* 2 November */
        measure(r4, 4, USEC_PER_SEC);
        fixture_commit(c);
        first = report_of("2026-10-05", "2026-10-06", b);
        ASSERT_ROWS(first, "clocks",
                    "{'recorder':'R2','measured':1,'drift_s_per_day':1.5,'drift_readings':2}");
        october = report_of("2026-10-01", "2026-11-01", b);
        ASSERT_ROWS(october, "clocks", "{'recorder':'R2','drift_s_per_day':2.0,'drift_readings':3}",
                    "{'recorder':'R4','drift_s_per_day':null,'drift_readings':0}");
        all = report_of("2026-10-01", "2026-12-01", b);
        ck_assert_int_eq(clock_history_drift(c, r2, INT64_MAX, &shown), 0);
        ck_assert_double_eq(
                        json_object_get_double(member(json_object_array_get_idx(member(all, "clocks"), 0),
                                                      "drift_s_per_day")),
                        (double)shown.per_day / USEC_PER_SEC);
        assert_has(json_object_array_get_idx(member(all, "clocks"), 0), "{'drift_readings':4}");
        none = report_of("2026-09-01", "2026-10-01", b);
        ASSERT_ROWS(none, "clocks", "{'recorder':'R4','measured':1,'drift_s_per_day':null}");
}
END_TEST

/* Overdue is what was not exported, missing is who did not come back. */
START_TEST(test_missing_recorders)
{
        json_object *r;

        missing = (struct missing_rules){.grace = 2 * USEC_PER_DAY, .after = 3 * USEC_PER_DAY};
        r = report_of("2026-10-01", "2026-11-01", 0);
        ASSERT_ROWS(r, "missing",
                    "{'recorder':'R2','minutes':1800,'missing_since':'2026-10-31T18:00:00+08:00'}",
                    "{'recorder':'R4','missing_since':null}"); /* back, and late */
        json_object_put(r);
        r = report_of("2026-10-01", "2026-10-31", 0); /* not yet, at its end */
        ASSERT_ROWS(r, "missing", "{'recorder':'R2','missing_since':null}",
                    "{'recorder':'R4','missing_since':null}");
        json_object_put(r);
        missing.grace = USEC_PER_HOUR;
        r = report_of("2026-10-01", "2026-10-30 12:00", 0); /* missing, and not overdue yet */
        ASSERT_ROWS(r, "missing",
                    "{'recorder':'R2','minutes':0,'missing_since':'2026-10-29T19:00:00+08:00'}",
                    "{'recorder':'R4'}");
        json_object_put(r);
}
END_TEST

/* Since when nobody looks for it is since when it is not missing; before, it was. */
START_TEST(test_retired_is_not_missing)
{
        struct recorder_row row;
        json_object *r;

        missing = (struct missing_rules){.grace = USEC_PER_HOUR};
        fixture_begin(c);
        ck_assert_int_eq(recorder_by_number(c, "R2", &row), CATALOGUE_OK);
        ck_assert_int_eq(recorder_retire(c, FIXTURE_ACTOR, row.id, "lost"), CATALOGUE_OK);
        fixture_commit(c);
        r = report_of("2026-11-01", "2026-12-01", 0);
        ASSERT_ROWS(r, "missing", "{'recorder':'R2','missing_since':null}");
        json_object_put(r);
        r = report_of("2026-10-01", "2026-11-01", 0);
        ASSERT_ROWS(r, "missing", "{'recorder':'R2','missing_since':'2026-10-29T19:00:00+08:00'}",
                    "{'recorder':'R4'}");
        json_object_put(r);
}
END_TEST

/* A unit has what is of the units below it, and nothing of others. */
START_TEST(test_of_one_unit)
{
        _cleanup_(json_object_putp) json_object *of_a = report_of("2026-10-01", "2026-11-01", 1);
        _cleanup_(json_object_putp) json_object *of_b = report_of("2026-10-01", "2026-11-01", b);

        assert_has(member(of_a, "footage"), "{'files':4,'on_time':1,'late':2,'undetermined':1,'bad':0}");
        assert_has(member(of_a, "duties"), "{'total':5,'overdue':0,'open':0}");
        ASSERT_ROWS(of_a, "units", "{'number':'A1'}");
        ASSERT_ROWS(of_a, "missing");
        ASSERT_ROWS(of_a, "unseen");
        ASSERT_ROWS(of_a, "sequence_gaps", "{'recorder':'R1'}");
        assert_has(member(of_b, "footage"), "{'files':1,'late':1}");
        assert_has(member(of_b, "dockings"), "{'dockings':1}");
        ASSERT_ROWS(of_b, "recorders", "{'number':'R2'}");
        ASSERT_ROWS(of_b, "clocks");
        ASSERT_ROWS(of_b, "sequence_gaps");
        ASSERT_ROWS(of_b, "deleted");
        ASSERT_ROWS(of_b, "missing", "{'recorder':'R2'}", "{'recorder':'R4'}");
        ASSERT_ROWS(of_b, "unseen", "{'recorder':'R4'}", "{'recorder':'R6'}");
}
END_TEST

static void annotate(int64_t footage)
{
        const struct case_act act = {FIXTURE_ACTOR, "", ""};
        struct case_file f = {.number = "1",
                              .unit = a1,
                              .party = "p",
                              .handler = "h",
                              .secrecy = "none",
                              .from = INSTANT_NONE,
                              .to = INSTANT_NONE,
                              .opened_at = FIXTURE_NOW,
                              .closed_at = INSTANT_NONE,
                              .file_until = INSTANT_NONE};
        struct case_tagging t;

        fixture_begin(c);
        ck_assert_int_eq(case_open(c, &act, &f, false, &f.id), CATALOGUE_OK);
        ck_assert_int_eq(case_tag(c, &act, f.id, &footage, 1, false, &t), CATALOGUE_OK);
        fixture_commit(c);
}

/* R-35-1: of the same footage as all the rest. */
START_TEST(test_counts_annotations)
{
        _cleanup_(json_object_putp) json_object *r = NULL, *of_b = NULL;

        annotate(fixture_ask("SELECT min(id) FROM footage WHERE unit = (SELECT id FROM unit WHERE number ="
                             " 'A1') AND ordered_at BETWEEN 1790784000000000 AND 1793462400000000"));
        r = report_of("2026-10-01", "2026-11-01", 0);
        ASSERT_ROWS(r, "annotations",
                    "{'number':'A1','files':4,'annotated':1,'unannotated':3,'annotation_rate':0.25}",
                    "{'number':'B','files':1,'annotated':0,'annotation_rate':0.0}",
                    "{'number':null,'name':null,'files':1,'annotated':0}");
        of_b = report_of("2026-10-01", "2026-11-01", b);
        ASSERT_ROWS(of_b, "annotations", "{'number':'B','files':1}");
}
END_TEST

/* Units that were made each other's parents by a table of nonsense do not hang the station. */
START_TEST(test_circle_of_units)
{
        _cleanup_(json_object_putp) json_object *r = NULL;

        ck_assert_int_eq(fixture_tamper("UPDATE unit SET parent = 2 WHERE number = 'A'"), 0);
        r = report_of("2026-10-01", "2026-11-01", a1);
        assert_has(member(r, "footage"), "{'files':4}");
}
END_TEST

START_TEST(test_empty_month)
{
        static const char *const sections[] = {
                        "units",  "officers",  "recorders",    "late",          "duties_late",   "missing",
                        "gaps",   "gap_units", "gap_officers", "gap_recorders", "sequence_gaps", "deleted",
                        "clocks", "bad_files", "verdicts",     "extensions",    "annotations"};
        _cleanup_(json_object_putp) json_object *r = report_of("2026-02-01", "2026-03-01", 0);

        assert_has(member(r, "footage"), "{'files':0,'bytes':0,'seconds':0,'on_time':0,'late':0,'"
                                         "undetermined':0,'late_minutes':null,"
                                         "'on_time_rate':null,'bad':0,'recorders':0}");
        assert_has(member(r, "duties"), "{'total':0,'same_day':0,'open':0,'on_time_rate':null}");
        assert_has(member(r, "dockings"), "{'dockings':0,'items':0,'waiting':0}");
        assert_has(member(r, "continuity"), "{'gaps':0,'length_s':0.0,'explained':0,'unexplained':0}");
        ck_assert_uint_eq(json_object_array_length(member(r, "days")), 28);
        for (size_t i = 0; i < ELEMENTSOF(sections); i++)
                ck_assert_msg(json_object_array_length(member(r, sections[i])) == 0, "%s", sections[i]);
        ck_assert_uint_eq(json_object_array_length(member(r, "unseen")), 5);
}
END_TEST

START_TEST(test_is_cancelled)
{
        struct report_request q = {.scope = {.from = at("2026-10-01"), .to = at("2026-11-01")},
                                   .cancelled = &cancelled};
        json_object *report = NULL;

        atomic_store(&cancelled, true);
        ck_assert_int_eq(report_make(c, &q, &report), -ECANCELED);
        ck_assert_ptr_null(report);
        fixture_begin(c); /* no transaction is left open */
        fixture_commit(c);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("report");
        TCase *t = tcase_create("report");
        SRunner *runner;
        int failed;

        tcase_add_checked_fixture(t, set_up, tear_down);
        tcase_add_test(t, test_counts_footage);
        tcase_add_test(t, test_lists_late);
        tcase_add_test(t, test_days);
        tcase_add_test(t, test_days_of_another_zone);
        tcase_add_test(t, test_judges_duties);
        tcase_add_test(t, test_month_under_way);
        tcase_add_test(t, test_dockings_clocks_and_gaps);
        tcase_add_test(t, test_drift_is_of_the_history);
        tcase_add_test(t, test_missing_recorders);
        tcase_add_test(t, test_retired_is_not_missing);
        tcase_add_test(t, test_of_one_unit);
        tcase_add_test(t, test_counts_annotations);
        tcase_add_test(t, test_circle_of_units);
        tcase_add_test(t, test_empty_month);
        tcase_add_test(t, test_is_cancelled);
        suite_add_tcase(s, t);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
