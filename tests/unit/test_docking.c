// SPDX-License-Identifier: LGPL-2.1-or-later
/* A docking hears its worker's words, without the worker: a real station with its catalogue, no store, no
 * bus. */
#include "scratch.h"
#include "base/cleanup.h"
#include "base/message.h"
#include "catalogue/item.h"
#include "catalogue/registry.h"
#include "daemon/bay.h"
#include "daemon/config.h"
#include "daemon/docking.h"
#include "daemon/station_internal.h"
#include "recorder/offload_messages.h"

#include <check.h>
#include <string.h>

static struct station *station;
static struct docking *docking;

static void setup(void)
{
        _cleanup_free_ char *path = NULL;
        sd_event *event;

        (void)scratch_make();
        path = scratch_path("catalogue.sqlite");
        ck_assert_int_ge(sd_event_new(&event), 0);
        ck_assert_int_eq(station_new(&station, NULL, event), 0);
        sd_event_unref(event);
        station->config = calloc(1, sizeof(*station->config));
        ck_assert_ptr_nonnull(station->config);
        ck_assert_int_eq(catalogue_open(&station->catalogue, path, false), CATALOGUE_OK);
        docking = calloc(1, sizeof(*docking));
        ck_assert_ptr_nonnull(docking);
        docking->station = station;
        docking->row.plugged_at = clock_now();
        station_begin(station);
        ck_assert_int_eq(docking_insert(station->catalogue, "test", &docking->row), CATALOGUE_OK);
        station_commit(station);
        docking->next = station->dockings;
        station->dockings = docking;
}

static void teardown(void)
{
        station_free(station);
        scratch_remove();
}

/* In one burst, as the worker's socket brings it. */
static void say(uint32_t type, const void *payload, size_t size)
{
        struct message m = {.type = type, .size = (uint32_t)size, .fd = -EBADF};

        memcpy(m.payload, payload, size);
        station_begin(station);
        docking_on_message(docking, &m);
        station_commit(station);
        ck_assert(!station->failed);
}

static enum docking_state state_on_record(void)
{
        struct docking_row row;

        ck_assert_int_eq(docking_by_id(station->catalogue, docking->row.id, &row), CATALOGUE_OK);
        return row.state;
}

/* What the worker had said before the recorder was taken out is read after it: the docking is over all the
 * same. */
static void over(enum docking_task task)
{
        docking->row.state = DOCKING_UNPLUGGED;
        docking->task = task;
        docking->finished = docking->closing = true;
        docking_save(docking, true);
}

START_TEST(identity_after_the_unplug_changes_nothing)
{
        struct recorder_identity identity = {.serial = "X7", .clock_station = INSTANT_NONE};

        over(TASK_IDENTIFY);
        say(OFFLOAD_IDENTITY, &identity, sizeof(identity));
        ck_assert_int_eq(docking->row.state, DOCKING_UNPLUGGED);
        ck_assert_int_eq(state_on_record(), DOCKING_UNPLUGGED);
}
END_TEST

START_TEST(end_of_the_list_after_the_unplug_changes_nothing)
{
        struct offload_listed listed = {.complete = 1};

        over(TASK_LIST);
        say(OFFLOAD_LISTED, &listed, sizeof(listed));
        ck_assert_int_eq(docking->row.state, DOCKING_UNPLUGGED);
        ck_assert_int_eq(state_on_record(), DOCKING_UNPLUGGED);
}
END_TEST

/* A text of the device, cut where half a character is left. */
START_TEST(half_a_character_in_a_reason_does_not_end_the_station)
{
        char text[600] = "";

        for (size_t i = 0; i < 190; i++)
                (void)strcat(text, "警");
        docking_fail(docking, "xx%s", text);
        ck_assert(!station->failed);
        ck_assert_int_eq(state_on_record(), DOCKING_FAILED);
}
END_TEST

static void recorder_make(void)
{
        struct recorder_row recorder = {.number = "R1", .retired_at = INSTANT_NONE};

        station_begin(station);
        ck_assert_int_eq(recorder_register(station->catalogue, "test", &recorder, &docking->row.recorder),
                         CATALOGUE_OK);
        station_commit(station);
}

/* An item of an earlier listing that is footage. */
static void held_make(const char *path)
{
        struct item item = {.recorder = docking->row.recorder, .docking = docking->row.id, .size = 7};
        bool is_new;

        (void)snprintf(item.path, sizeof(item.path), "%s", path);
        (void)snprintf(item.time_text, sizeof(item.time_text), "20261101T080000");
        station_begin(station);
        ck_assert_int_eq(item_note(station->catalogue, &item, &is_new), CATALOGUE_OK);
        item.state = ITEM_FOOTAGE;
        ck_assert_int_eq(item_update(station->catalogue, &item), CATALOGUE_OK);
        station_commit(station);
}

/* Of two files of one name, size and time the first was filed and removed; what is listed under its name now
 * is the other one, which must be neither taken for it nor removed in its place. */
START_TEST(an_item_that_could_be_its_namesake_is_pulled_again)
{
        struct recorder_item listed = {.size = 7, .time_text = "20261101T080000"};

        station->config->release = RELEASE_CLEAR;
        station->config->attempts = 3;
        recorder_make();
        held_make("DCIM/x.mp4");
        if (_i)
                held_make("DCIM/x~2.mp4");
        docking->task = TASK_LIST;
        (void)snprintf(listed.path, sizeof(listed.path), "DCIM/x.mp4");
        say(OFFLOAD_ITEM, &listed, sizeof(listed));
        ck_assert_uint_eq(docking->plan.n, 1);
        ck_assert_int_eq(docking->plan.order[0]->state, _i ? PLAN_WAITING : PLAN_HELD);
        ck_assert(!docking->plan.order[0]->removable);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("docking");
        TCase *t = tcase_create("docking");
        SRunner *r = srunner_create(s);
        int failed;

        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, identity_after_the_unplug_changes_nothing);
        tcase_add_test(t, end_of_the_list_after_the_unplug_changes_nothing);
        tcase_add_test(t, half_a_character_in_a_reason_does_not_end_the_station);
        tcase_add_loop_test(t, an_item_that_could_be_its_namesake_is_pulled_again, 0, 2);
        suite_add_tcase(s, t);
        srunner_run_all(r, CK_ENV);
        failed = srunner_ntests_failed(r);
        srunner_free(r);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
