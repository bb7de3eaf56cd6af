// SPDX-License-Identifier: LGPL-2.1-or-later
/* EnterTable(): all lines or none, each refused one with its number and reason, and in time. */
#include "bus_station.h"
#include "scratch.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "catalogue/duty.h"
#include "catalogue/registry.h"
#include "daemon/bus_names.h"

#include <check.h>
#include <inttypes.h>
#include <string.h>
#include <systemd/sd-bus.h>

DEFINE_CLEANUP(struct catalogue *, catalogue_close);

#define R BUS_STATION_RECORDER
#define O BUS_STATION_OFFICER
#define U BUS_STATION_UNIT

enum { ROSTER_LINES = 10000 };

static pid_t server;
static sd_bus *bus;
static uint64_t entered, unchanged, refused;
static char refusals[2048]; /* "LINE reason\n"… */

static void set_up(void)
{
        (void)scratch_make();
        bus_daemon_start();
        bus_station_furnish();
        server = bus_station_start(NULL);
        ck_assert_int_ge(sd_bus_open_system(&bus), 0);
}

static void tear_down(void)
{
        bus = sd_bus_flush_close_unref(bus);
        ck_assert_int_eq(bus_station_stop(server), 0);
        bus_daemon_stop();
        scratch_remove();
}

static struct catalogue *reader(void)
{
        _cleanup_free_ char *path = scratch_path("catalogue.db");
        struct catalogue *c;

        ck_assert_int_eq(catalogue_open(&c, path, true), CATALOGUE_OK);
        return c;
}

static int64_t ledger_entries(void)
{
        _cleanup_(catalogue_closep) struct catalogue *c = reader();
        int64_t bad, n;

        ck_assert_int_eq(catalogue_ledger_verify(c, &bad, &n), CATALOGUE_OK);
        return n;
}

static void append_fields(sd_bus_message *m, const char *line)
{
        _cleanup_free_ char *copy = strdup(line);
        char *rest = copy, *field;

        ck_assert_int_ge(sd_bus_message_open_container(m, 'a', "s"), 0);
        while ((field = strsep(&rest, ",")))
                ck_assert_int_ge(sd_bus_message_append(m, "s", field), 0);
        ck_assert_int_ge(sd_bus_message_close_container(m), 0);
}

/* The first of the lines names the columns, and is line 1. */
static sd_bus_message *table(const char *noun, const char *const *lines)
{
        sd_bus_message *m;

        ck_assert_int_ge(sd_bus_message_new_method_call(bus, &m, RECDOCK_BUS_NAME, RECDOCK_BUS_PATH,
                                                        RECDOCK_BUS_INTERFACE, "EnterTable"),
                         0);
        ck_assert_int_ge(sd_bus_message_append(m, "s", noun), 0);
        append_fields(m, lines[0]);
        ck_assert_int_ge(sd_bus_message_open_container(m, 'a', "(uas)"), 0);
        for (unsigned int i = 1; lines[i]; i++) {
                ck_assert_int_ge(sd_bus_message_open_container(m, 'r', "uas"), 0);
                ck_assert_int_ge(sd_bus_message_append(m, "u", i + 1), 0);
                append_fields(m, lines[i]);
                ck_assert_int_ge(sd_bus_message_close_container(m), 0);
        }
        ck_assert_int_ge(sd_bus_message_close_container(m), 0);
        return m;
}

static void send_table(const char *noun, const char *const *lines)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = table(noun, lines), *reply = NULL;
        unsigned int line;
        const char *why;
        size_t used = 0;

        ck_assert_msg(sd_bus_call(bus, m, UINT64_MAX, &error, &reply) >= 0, "%s", error.message);
        ck_assert_int_gt(sd_bus_message_read(reply, "tt", &entered, &unchanged), 0);
        ck_assert_int_gt(sd_bus_message_enter_container(reply, 'a', "(us)"), 0);
        refusals[0] = '\0';
        for (refused = 0; sd_bus_message_read(reply, "(us)", &line, &why) > 0; refused++)
                used += (size_t)snprintf(refusals + used, sizeof(refusals) - MIN(used, sizeof(refusals)),
                                         "%u %s\n", line, why);
}

#define TABLE(noun, ...) send_table(noun, (const char *const[]){__VA_ARGS__, NULL})

static void expect(uint64_t n_entered, uint64_t n_unchanged, uint64_t n_refused)
{
        ck_assert_msg(entered == n_entered && unchanged == n_unchanged && refused == n_refused,
                      "%" PRIu64 " entered, %" PRIu64 " unchanged, %" PRIu64 " refused: %s", entered,
                      unchanged, refused, refusals);
}

static void expect_refusal(const char *piece)
{
        expect(0, 0, 1);
        ck_assert_msg(strstr(refusals, piece), "'%s' does not say '%s'", refusals, piece);
}

START_TEST(test_registry)
{
        _cleanup_(catalogue_closep) struct catalogue *c = NULL;
        struct recorder_row recorder;
        struct unit unit, above;
        struct officer officer;
        instant_t until;
        int64_t id;

        TABLE("unit", "name,number,parent", "二中队,U2," U, "三班,U3,U2", "历下区消防救援大队," U ",");
        expect(2, 1, 0);
        TABLE("officer", "number,name,unit", "000001,王芳,U3", "000002,张三,");
        expect(2, 0, 0);
        TABLE("recorder", "number,usb_serial,unit,vendor_id,product_id,registered,retired,model",
              "R1,SER1,U2,0x1d6b,0104,2026-01-02,,M", "R0,SER0,,,,2020-01-02,2021-03-04,M");
        expect(2, 0, 0);
        TABLE("assignment", "recorder,officer,from,until", "R1,000001,2026-02-01,",
              "R0,000002,2020-02-01,2020-03-01");
        expect(2, 0, 0);
        c = reader();
        ck_assert_int_eq(unit_by_number(c, "U3", &unit), CATALOGUE_OK);
        ck_assert_int_eq(unit_by_number(c, "U2", &above), CATALOGUE_OK);
        ck_assert_int_eq(unit.parent, above.id);
        ck_assert_int_eq(officer_by_number(c, "000001", &officer), CATALOGUE_OK);
        ck_assert_str_eq(officer.name, "王芳");
        ck_assert_int_eq(officer.unit, unit.id);
        ck_assert_int_eq(recorder_by_number(c, "R0", &recorder), CATALOGUE_OK);
        ck_assert_int_ne(recorder.retired_at, INSTANT_NONE);
        ck_assert_int_lt(recorder.retired_at, recorder.registered_at + 500 * USEC_PER_DAY);
        ck_assert_int_eq(recorder_by_number(c, "R1", &recorder), CATALOGUE_OK);
        ck_assert_int_eq(recorder.vendor_id, 0x1d6b);
        ck_assert_int_eq(recorder.retired_at, INSTANT_NONE);
        ck_assert_int_eq(assignment_find(c, recorder.id, clock_now(), &id, &until), CATALOGUE_ABSENT);
        ck_assert_int_eq(officer_assigned_at(c, recorder.id, clock_now(), &id), CATALOGUE_OK);
        ck_assert_int_eq(id, officer.id);
}
END_TEST

/* The same again writes nothing. */
START_TEST(test_again)
{
        int64_t before;

        TABLE("recorder", "number,usb_serial,registered,retired", "R0,SER0,2020-01-02,2021-03-04");
        TABLE("assignment", "recorder,officer,from,until", "R0," O ",2020-02-01,2020-03-01",
              R "," O ",2020-02-01,");
        TABLE("duty", "recorder,officer,out,until,returned,docking,exported",
              R "," O ",2026-01-02 08:00,2026-01-02 18:00,2026-01-02 17:00,,2026-01-02 17:30",
              R "," O ",2026-01-03 08:00,,2026-01-03 17:00,1,");
        expect(2, 0, 0);
        before = ledger_entries();
        TABLE("recorder", "number,usb_serial,registered,retired", "R0,SER0,2020-01-02,2021-03-04");
        expect(0, 1, 0);
        TABLE("assignment", "recorder,officer,from,until", "R0," O ",2020-02-01,2020-03-01",
              R "," O ",2020-02-01,");
        expect(0, 2, 0);
        TABLE("duty", "recorder,officer,out,until,returned,docking,exported",
              R "," O ",2026-01-02 08:00,2026-01-02 18:00,2026-01-02 17:00,,2026-01-02 17:30",
              R "," O ",2026-01-03 08:00,,2026-01-03 17:00,1,");
        expect(0, 2, 0);
        ck_assert_int_eq(ledger_entries(), before);
}
END_TEST

static const struct {
        const char *noun, *columns, *line, *why;
} bad[] = {
                {"unit", "number,name", "U9,", "2 'name' is empty"},
                {"unit", "number,name", "a/b,x", "unit number 'a/b' is not valid"},
                {"unit", "number,name", "U9", "2 there are 1 fields, expected 2"},
                {"unit", "number,name", "U9,x,y", "there are 3 fields"},
                {"unit", "number,name,parent", "U9,x,none", "there is no unit 'none'"},
                {"unit", "number,name", U ",other", "there is a unit '" U "' already, with another name"},
                {"officer", "number,name", "9,a\x1b[2J", "has control characters"},
                {"officer", "number,name,unit", "9,x,none", "there is no unit 'none'"},
                {"officer", "number,name", O ",李雷", "already, with another unit"},
                {"recorder", "number", "R9", "nothing tells recorder 'R9' from another"},
                {"recorder", "number,usb_serial,vendor_id,product_id", "R9,SN-1,1d6b,0104",
                 "is recorder '" R "' already"},
                {"recorder", "number,usb_serial,vendor_id", "R9,S,12", "vendor_id '12' is not valid"},
                {"recorder", "number,usb_serial,retired", "R9,S,never", "retired 'never' is not a time"},
                {"recorder", "number,usb_serial", R ",SN-2", "already, with another usb_serial"},
                {"assignment", "recorder,officer,from", R "," O ",", "'from' is empty"},
                {"assignment", "recorder,officer,from", "none," O ",2026-01-01", "no recorder 'none'"},
                {"assignment", "recorder,officer,from", R ",none,2026-01-01", "no officer 'none'"},
                {"assignment", "recorder,officer,from,until", R "," O ",2026-01-02,2026-01-01",
                 "is not after"},
                {"duty", "recorder,officer,out", R "," O ",", "out and returned are both empty"},
                {"duty", "recorder,officer,out", R "," O ",tomorrow", "'tomorrow' is still to come"},
                {"duty", "recorder,officer,out", R ",none,2026-01-01", "no officer 'none'"},
                {"duty", "recorder,out", "none,2026-01-01", "no recorder 'none'"},
                {"duty", "recorder,out,until", R ",2026-01-02,2026-01-01",
                 "until '2026-01-01' is not after"},
                {"duty", "recorder,returned,until", R ",2026-01-02,2026-01-01",
                 "until '2026-01-01' without out"},
                {"duty", "recorder,out,returned", R ",2026-01-02,2026-01-01", "is before out"},
                {"duty", "recorder,out,exported", R ",2026-01-02,2026-01-03", "without returned"},
                {"duty", "recorder,returned,exported", R ",2026-01-02,2026-01-01", "is before returned"},
                {"duty", "recorder,returned,docking", R ",2026-01-02,99", "no docking '99' of recorder"},
                {"duty", "recorder,returned,docking", R ",2026-01-02,x", "docking 'x' is not valid"},
};

START_TEST(test_refuses)
{
        int64_t before = ledger_entries();

        TABLE(bad[_i].noun, bad[_i].columns, bad[_i].line);
        expect_refusal(bad[_i].why);
        ck_assert_int_eq(ledger_entries(), before);
}
END_TEST

/* The good lines before and behind leave nothing either. */
START_TEST(test_all_or_nothing)
{
        int64_t before = ledger_entries();
        _cleanup_(catalogue_closep) struct catalogue *c = NULL;
        struct duty d;

        TABLE("duty", "recorder,out,returned", R ",2026-01-02 08:00,2026-01-02 10:00",
              R ",2026-01-02 09:00,2026-01-02 11:00", R ",2026-01-03 08:00,2026-01-03 10:00",
              "none,2026-01-03,", R ",2026-01-04,");
        expect(0, 0, 2);
        ck_assert_msg(strncmp(refusals, "3 recorder '" R "' has a duty at that time already", 20) == 0, "%s",
                      refusals);
        ck_assert_ptr_nonnull(strstr(refusals, "\n5 there is no recorder 'none'"));
        ck_assert_int_eq(ledger_entries(), before);
        c = reader();
        ck_assert_int_eq(duty_open(c, 1, &d), CATALOGUE_ABSENT);
}
END_TEST

static const struct {
        const char *noun, *columns, *piece;
} headings[] = {
                {"camera", "number,name", "noun 'camera' has no table, expected unit"},
                {"unit", "number,name,colour", "column 'colour' is unknown"},
                {"unit", "number,name,number", "column 'number' is there twice"},
                {"unit", "number,parent", "column 'name' is missing"},
                {"duty", "officer,out", "column 'recorder' is missing"},
};

START_TEST(test_headings)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;

        m = table(headings[_i].noun, (const char *const[]){headings[_i].columns, NULL});
        ck_assert_int_lt(sd_bus_call(bus, m, 0, &error, NULL), 0);
        ck_assert_str_eq(error.name, RECDOCK_ERROR_INVALID);
        ck_assert_msg(strstr(error.message, headings[_i].piece), "'%s' does not say '%s'", error.message,
                      headings[_i].piece);
}
END_TEST

/* Ten thousand duties; of one recorder, which is the worst case for finding what is in the way. */
START_TEST(test_large_roster)
{
        static char texts[ROSTER_LINES][256];
        static const char *lines[ROSTER_LINES + 2] = {"recorder,officer,out,until,returned"};
        instant_t first = clock_now() - (int64_t)(ROSTER_LINES + 1) * 2 * USEC_PER_HOUR;
        int64_t began, took;

        for (int i = 0; i < ROSTER_LINES; i++) {
                char out[INSTANT_TEXT_MAX], until[INSTANT_TEXT_MAX];

                (void)instant_format(first + (int64_t)i * 2 * USEC_PER_HOUR, out);
                (void)instant_format(first + (int64_t)i * 2 * USEC_PER_HOUR + USEC_PER_HOUR, until);
                (void)snprintf(texts[i], sizeof(texts[i]), R "," O ",%s,%s,%s", out, until, until);
                lines[i + 1] = texts[i];
        }
        began = clock_monotonic();
        send_table("duty", lines);
        took = (clock_monotonic() - began) / 1000;
        expect(ROSTER_LINES, 0, 0);
        (void)fprintf(stderr, "# %d lines in %" PRId64 " ms\n", ROSTER_LINES, took);
        send_table("duty", lines);
        expect(0, ROSTER_LINES, 0);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("bus table");
        TCase *t = tcase_create("bus table");
        SRunner *runner;
        int failed;

        tcase_set_timeout(t, 120);
        tcase_add_checked_fixture(t, set_up, tear_down);
        tcase_add_test(t, test_registry);
        tcase_add_test(t, test_again);
        tcase_add_loop_test(t, test_refuses, 0, (int)ELEMENTSOF(bad));
        tcase_add_test(t, test_all_or_nothing);
        tcase_add_loop_test(t, test_headings, 0, (int)ELEMENTSOF(headings));
        tcase_add_test(t, test_large_roster);
        suite_add_tcase(s, t);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
