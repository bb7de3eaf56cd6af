// SPDX-License-Identifier: LGPL-2.1-or-later
/* Catalogues of tests; see test_catalogue_fixture.h. */
#include "test_catalogue_fixture.h"
#include "base/cleanup.h"
#include "catalogue/docking.h"
#include "catalogue/item.h"
#include "catalogue/registry.h"
#include "scratch.h"

#include <check.h>
#include <sqlite3.h>
#include <string.h>

static instant_t fixture_now(void *userdata)
{
        (void)userdata;
        return FIXTURE_NOW;
}

char *fixture_path(void)
{
        return scratch_path("catalogue.db");
}

struct catalogue *fixture_open(void)
{
        _cleanup_free_ char *path = NULL;
        struct catalogue *c = NULL;

        (void)scratch_make();
        ck_assert_int_eq(zone_set("Asia/Shanghai"), 0);
        clock_set_source(fixture_now, NULL);
        path = fixture_path();
        ck_assert_int_eq(catalogue_open(&c, path, false), CATALOGUE_OK);
        return c;
}

void fixture_close(struct catalogue *c)
{
        catalogue_close(c);
        clock_set_source(NULL, NULL);
        scratch_remove();
}

int fixture_tamper(const char *sql)
{
        _cleanup_free_ char *path = fixture_path();
        sqlite3 *db = NULL;
        int r;

        ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
        r = sqlite3_exec(db, sql, NULL, NULL, NULL);
        ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
        return r;
}

int64_t fixture_ask(const char *sql)
{
        _cleanup_free_ char *path = fixture_path();
        sqlite3_stmt *s = NULL;
        sqlite3 *db = NULL;
        int64_t value;

        ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
        ck_assert_int_eq(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
        ck_assert_int_eq(sqlite3_step(s), SQLITE_ROW);
        value = sqlite3_column_int64(s, 0);
        (void)sqlite3_finalize(s);
        ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
        return value;
}

void fixture_begin(struct catalogue *c)
{
        ck_assert_int_eq(catalogue_begin(c), 0);
}

void fixture_commit(struct catalogue *c)
{
        ck_assert_int_eq(catalogue_commit(c), 0);
}

int64_t fixture_unit(struct catalogue *c, const char *number)
{
        struct unit u = {0};
        int64_t id = 0;

        (void)snprintf(u.number, sizeof(u.number), "%s", number);
        (void)snprintf(u.name, sizeof(u.name), "unit %s", number);
        ck_assert_int_eq(unit_add(c, FIXTURE_ACTOR, &u, &id), CATALOGUE_OK);
        return id;
}

int64_t fixture_officer(struct catalogue *c, const char *number, int64_t unit)
{
        struct officer o = {.unit = unit};
        int64_t id = 0;

        (void)snprintf(o.number, sizeof(o.number), "%s", number);
        (void)snprintf(o.name, sizeof(o.name), "officer %s", number);
        ck_assert_int_eq(officer_add(c, FIXTURE_ACTOR, &o, &id), CATALOGUE_OK);
        return id;
}

int64_t fixture_recorder(struct catalogue *c, const char *number, int64_t unit)
{
        struct recorder_row r = {.unit = unit,
                                 .vendor_id = 0x18d1,
                                 .product_id = 0x4ee1,
                                 .registered_at = FIXTURE_NOW};
        int64_t id = 0;

        (void)snprintf(r.number, sizeof(r.number), "%s", number);
        (void)snprintf(r.usb_serial, sizeof(r.usb_serial), "usb-%s", number);
        (void)snprintf(r.serial, sizeof(r.serial), "own-%s", number);
        ck_assert_int_eq(recorder_register(c, FIXTURE_ACTOR, &r, &id), CATALOGUE_OK);
        return id;
}

int64_t fixture_docking(struct catalogue *c, int64_t recorder)
{
        struct docking_row d = {
                        .bay = "3",
                        .port = "3-1.4",
                        .recorder = recorder,
                        .plugged_at = FIXTURE_NOW,
                        .identified_at = INSTANT_NONE,
                        .listed_at = INSTANT_NONE,
                        .released_at = INSTANT_NONE,
                        .unplugged_at = INSTANT_NONE,
                        .battery_percent = -1,
                        .free_bytes = -1,
                        .total_bytes = -1,
        };

        ck_assert_int_eq(docking_insert(c, FIXTURE_ACTOR, &d), CATALOGUE_OK);
        return d.id;
}

int64_t fixture_item(struct catalogue *c, int64_t recorder, int64_t docking, const char *name)
{
        struct item item = {.recorder = recorder,
                            .docking = docking,
                            .size = 1000,
                            .time_text = "20261031T100000"};
        bool is_new = false;

        (void)snprintf(item.path, sizeof(item.path), "card/DCIM/%s", name);
        ck_assert_int_eq(item_note(c, &item, &is_new), CATALOGUE_OK);
        item.state = ITEM_PULLED;
        ck_assert_int_eq(item_update(c, &item), CATALOGUE_OK);
        return item.id;
}

void fixture_footage(struct footage *f, int64_t item, const char *name)
{
        *f = (struct footage){
                        .item = item,
                        .bay = "3",
                        .started_at = FIXTURE_NOW - 22 * USEC_PER_HOUR,
                        .ended_at = FIXTURE_NOW - 22 * USEC_PER_HOUR + 90 * USEC_PER_SEC,
                        .time_source = "name",
                        .name_time = FIXTURE_NOW - 22 * USEC_PER_HOUR,
                        .container_time = INSTANT_NONE,
                        .device_time = INSTANT_NONE,
                        .duration = 90 * USEC_PER_SEC,
                        .size = 1000,
                        .verdict = VERDICT_COMPLETE,
                        .container = "mp4",
                        .kind = MEDIA_VIDEO,
                        .offloaded_at = FIXTURE_NOW,
                        .deadline = FIXTURE_NOW + USEC_PER_HOUR,
        };
        (void)snprintf(f->name, sizeof(f->name), "%s", name);
        (void)snprintf(f->source_path, sizeof(f->source_path), "card/DCIM/%s", name);
        (void)snprintf(f->path, sizeof(f->path), "unit/recorder/officer/%s", name);
        ck_assert_int_eq(digest_sha256(name, strlen(name), f->digests.sha256), 0);
}

int64_t fixture_file(struct catalogue *c, const struct footage *f)
{
        int64_t id = 0;

        ck_assert_msg(footage_intent(c, f) == 0, "%s", catalogue_error(c));
        ck_assert_msg(footage_commit(c, FIXTURE_ACTOR, f->item, &id) == CATALOGUE_OK, "%s",
                      catalogue_error(c));
        return id;
}
