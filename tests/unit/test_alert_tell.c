// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What is told of alerts, and when: a real station and catalogue by a fake clock, no store, no bus. The test
 * stands where recdock-alert does: it reads what would go to the hooks.
 */
#include "base/cleanup.h"
#include "base/log.h"
#include "base/message.h"
#include "base/text.h"
#include "catalogue/alert.h"
#include "daemon/alert/alert_message.h"
#include "daemon/config.h"
#include "daemon/deadline_clock.h"
#include "daemon/station_internal.h"
#include "scratch.h"

#include <check.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define CONFIGURATION "[Station]\nNumber=S7\nCustodian=Wang\n"

static struct station *station;
static instant_t now;
static int64_t since_boot;
static int hooks = -EBADF;

static instant_t fake_now(void *userdata)
{
        return now;
}

static void station_make(void)
{
        _cleanup_free_ char *path = scratch_path("catalogue.sqlite");
        struct config *config = NULL;
        sd_event *event;

        ck_assert_int_eq(config_load(&config, false, NULL, NULL), 0);
        ck_assert_int_ge(sd_event_new(&event), 0);
        ck_assert_int_eq(station_new(&station, config, event), 0);
        sd_event_unref(event);
        ck_assert_int_eq(catalogue_open(&station->catalogue, path, false), CATALOGUE_OK);
        ck_assert_int_eq(deadline_clock_start(&station->deadline_clock, station), 0);
}

static void hooks_listen(int backlog)
{
        _cleanup_free_ char *path = scratch_path("hooks");
        struct sockaddr_un address = {.sun_family = AF_UNIX};

        ck_assert(text_copy(address.sun_path, sizeof(address.sun_path), path));
        hooks = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        ck_assert_int_ge(hooks, 0);
        ck_assert_int_eq(bind(hooks, (struct sockaddr *)&address, sizeof(address)), 0);
        ck_assert_int_eq(listen(hooks, backlog), 0);
        ck_assert_int_eq(setenv("RECDOCK_ALERT_SOCKET", path, 1), 0);
}

static void setup(void)
{
        log_set_max_priority(LOG_EMERG);
        ck_assert_int_eq(setenv("CONFIGURATION_DIRECTORY", scratch_make(), 1), 0);
        scratch_write("recdock.conf", CONFIGURATION);
        ck_assert_int_eq(zone_set("Asia/Shanghai"), 0);
        ck_assert_int_eq(instant_parse("2026-11-02 08:00", 0, &now), 0);
        since_boot = USEC_PER_HOUR;
        clock_set_source(fake_now, NULL);
        station_make();
        hooks_listen(100);
}

static void teardown(void)
{
        hooks = fd_close(hooks);
        station_free(station);
        clock_set_source(NULL, NULL);
        scratch_remove();
}

/* The next thing that was told, false when there is none. */
static bool told(struct alert_message *ret)
{
        _cleanup_close_ int fd = accept4(hooks, NULL, NULL, SOCK_CLOEXEC);
        const struct alert_message *m;
        struct message message;

        if (fd < 0)
                return false;
        ck_assert_int_eq(message_receive(fd, &message, -1), MESSAGE_RECEIVED);
        ck_assert_uint_eq(message.type, ALERT_TOLD);
        m = message_payload(&message, sizeof(*m));
        ck_assert_ptr_nonnull(m);
        *ret = *m;
        return true;
}

static void expect_told(const char *state, const char *kind, const char *subject)
{
        struct alert_message m;

        ck_assert_msg(told(&m), "'%s' of %s was not told", state, kind);
        ck_assert_str_eq(m.state, state);
        ck_assert_str_eq(m.kind, kind);
        ck_assert_str_eq(m.subject, subject);
}

static void expect_silence(void)
{
        struct alert_message m;

        ck_assert_msg(!told(&m), "%s was told of %s on %s", m.state, m.kind, m.subject);
}

static void look(void)
{
        deadline_clock_look(station->deadline_clock, since_boot);
        ck_assert(!station->failed);
}

/* So much time goes by, and there is a look. */
static void go(int64_t seconds)
{
        now += seconds * USEC_PER_SEC;
        since_boot += seconds * USEC_PER_SEC;
        look();
}

static void restart(void)
{
        since_boot = USEC_PER_SEC;
        station_free(station);
        station_make();
        look();
}

static void acknowledge(const char *kind, const char *subject)
{
        struct alert a;

        ck_assert_int_eq(alert_find_open(station->catalogue, kind, subject, &a), CATALOGUE_OK);
        ck_assert_int_eq(catalogue_begin(station->catalogue), 0);
        ck_assert_int_eq(alert_acknowledge(station->catalogue, "test", a.id, ""), CATALOGUE_OK);
        ck_assert_int_eq(catalogue_commit(station->catalogue), 0);
}

START_TEST(once_whole_and_clean)
{
        struct alert_message m;

        station_alert(station, "verdict-bad", LOG_WARNING, "footage/7", "%s", "cut\x1b[2J off");
        ck_assert(told(&m));
        ck_assert_str_eq(m.id, "1");
        ck_assert_str_eq(m.kind, "verdict-bad");
        ck_assert_str_eq(m.severity, "warning");
        ck_assert_str_eq(m.state, "raised");
        ck_assert_str_eq(m.subject, "footage/7");
        ck_assert_str_eq(m.since, "2026-11-02T08:00:00+08:00");
        ck_assert_str_eq(m.count, "1");
        ck_assert_str_eq(m.text, "cut?[2J off");
        ck_assert_str_eq(m.by, "");
        ck_assert_str_eq(m.station, "S7");
        for (int i = 0; i < 3; i++)
                station_alert(station, "verdict-bad", LOG_WARNING, "footage/7", "again");
        expect_silence();
        station_alert_clear(station, "verdict-bad", "footage/7");
        ck_assert(told(&m));
        ck_assert_str_eq(m.state, "cleared");
        ck_assert_str_eq(m.count, "4");
        ck_assert_str_eq(m.by, "recdockd");
        ck_assert_str_eq(m.note, "its cause is gone");
        station_alert_clear(station, "verdict-bad", "footage/7");
        expect_silence();
        station_alert(station, "verdict-bad", LOG_WARNING, "footage/7", "anew");
        expect_told("raised", "verdict-bad", "footage/7");
}
END_TEST

START_TEST(escalated_to_the_second_and_once)
{
        station_alert(station, "docking-failed", LOG_ERR, "bay/1", "x");
        expect_told("raised", "docking-failed", "bay/1");
        look();
        go(4 * 3600 - 1);
        expect_silence();
        station_alert(station, "docking-failed", LOG_ERR, "bay/1", "counted, which changes nothing");
        go(1);
        expect_told("escalated", "docking-failed", "bay/1");
        go(1);
        go(40 * 3600);
        for (int i = 0; i < 20; i++)
                restart();
        expect_silence();
}
END_TEST

/* It comes due while the station is off. */
START_TEST(escalated_at_start)
{
        station_alert(station, "docking-failed", LOG_ERR, "bay/1", "x");
        expect_told("raised", "docking-failed", "bay/1");
        now += 5 * USEC_PER_HOUR;
        restart();
        expect_told("escalated", "docking-failed", "bay/1");
        restart();
        expect_silence();
}
END_TEST

START_TEST(answered_ones_are_not_escalated)
{
        station_alert(station, "docking-failed", LOG_ERR, "bay/1", "x");
        station_alert(station, "docking-failed", LOG_ERR, "bay/2", "x");
        station_alert(station, "docking-failed", LOG_ERR, "bay/3", "x");
        acknowledge("docking-failed", "bay/1");
        station_alert_clear(station, "docking-failed", "bay/2");
        for (int i = 1; i <= 3; i++)
                expect_told("raised", "docking-failed", (char[]){'b', 'a', 'y', '/', (char)('0' + i), 0});
        expect_told("cleared", "docking-failed", "bay/2");
        go(5 * 3600);
        expect_told("escalated", "docking-failed", "bay/3");
        expect_silence();
}
END_TEST

START_TEST(zero_is_never)
{
        scratch_write("recdock.conf", CONFIGURATION "[Alert]\nEscalateAfter=0\n");
        restart();
        station_alert(station, "docking-failed", LOG_ERR, "bay/1", "x");
        expect_told("raised", "docking-failed", "bay/1");
        go(400 * 86400);
        expect_silence();
        scratch_write("recdock.conf", CONFIGURATION "[Alert]\nEscalateAfter=365d\n");
        restart();
        expect_told("escalated", "docking-failed", "bay/1");
}
END_TEST

/* More than are told at one look: the rest comes at the next ones, each once. */
START_TEST(many_at_once)
{
        struct alert_message m;
        char subject[32];
        int n = 0;

        for (int i = 0; i < 50; i++) {
                (void)snprintf(subject, sizeof(subject), "footage/%d", i);
                station_alert(station, "verdict-bad", LOG_WARNING, subject, "x");
                ck_assert(told(&m));
        }
        go(5 * 3600);
        for (int i = 0; i < 4; i++)
                look();
        while (told(&m)) {
                ck_assert_str_eq(m.state, "escalated");
                n++;
        }
        ck_assert_int_eq(n, 50);
}
END_TEST

/* Its own timer on the real loop wakes for it: nobody looks. */
START_TEST(wakes_by_itself)
{
        int64_t began = clock_monotonic();
        struct alert_message m;

        scratch_write("recdock.conf", CONFIGURATION "[Alert]\nEscalateAfter=200ms\n");
        clock_set_source(NULL, NULL);
        station_free(station);
        station_make();
        ck_assert_int_ge(sd_event_run(station->event, 0), 0); /* the first look */
        station_alert(station, "docking-failed", LOG_ERR, "bay/1", "x");
        expect_told("raised", "docking-failed", "bay/1");
        while (!told(&m) && clock_monotonic() - began < 20 * USEC_PER_SEC)
                ck_assert_int_ge(sd_event_run(station->event, 20 * USEC_PER_SEC), 0);
        ck_assert_str_eq(m.state, "escalated");
}
END_TEST

/* Nobody takes what is told: the station goes on, and keeps what it knows. */
START_TEST(full_queue_holds_nobody_up)
{
        struct alert_message m;
        char subject[32];
        int64_t open;
        int n = 0;

        hooks = fd_close(hooks);
        ck_assert_int_eq(unlink(getenv("RECDOCK_ALERT_SOCKET")), 0);
        hooks_listen(2);
        for (int i = 0; i < 20; i++) {
                (void)snprintf(subject, sizeof(subject), "footage/%d", i);
                station_alert(station, "verdict-bad", LOG_WARNING, subject, "x");
        }
        while (told(&m))
                n++;
        ck_assert_int_ge(n, 2);
        ck_assert_int_lt(n, 20);
        ck_assert_int_eq(alert_count_open(station->catalogue, &open), 0);
        ck_assert_int_eq(open, 20);
}
END_TEST

START_TEST(no_hooks_at_all)
{
        int64_t open;

        ck_assert_int_eq(setenv("RECDOCK_ALERT_SOCKET", "/nowhere/hooks", 1), 0);
        station_alert(station, "verdict-bad", LOG_WARNING, "footage/1", "x");
        ck_assert_int_eq(alert_count_open(station->catalogue, &open), 0);
        ck_assert_int_eq(open, 1);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("alert tell");
        TCase *t = tcase_create("alert tell");
        SRunner *runner;
        int failed;

        tcase_set_timeout(t, 120);
        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, once_whole_and_clean);
        tcase_add_test(t, escalated_to_the_second_and_once);
        tcase_add_test(t, escalated_at_start);
        tcase_add_test(t, answered_ones_are_not_escalated);
        tcase_add_test(t, zero_is_never);
        tcase_add_test(t, many_at_once);
        tcase_add_test(t, wakes_by_itself);
        tcase_add_test(t, full_queue_holds_nobody_up);
        tcase_add_test(t, no_hooks_at_all);
        suite_add_tcase(s, t);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
