// SPDX-License-Identifier: LGPL-2.1-or-later
/* Media that come and go, told once each; and the copy of their register that udev's rule goes by. */
#include "base/cleanup.h"
#include "base/log.h"
#include "daemon/known.h"
#include "daemon/medium_presence.h"
#include "daemon/watch.h"
#include "scratch.h"

#include <check.h>
#include <string.h>

#define SDA "/sys/devices/usb2/2-1/block/sda"
#define SDB "/sys/devices/usb2/2-2/block/sdb"

static struct station s;
static char told[256]; /* "+UUID" came, "-UUID" went */

static void setup(void)
{
        ck_assert_int_eq(setenv("STATE_DIRECTORY", scratch_make(), 1), 0);
        log_set_max_priority(LOG_EMERG);
        memset(&s, 0, sizeof(s));
        told[0] = '\0';
}

static void teardown(void)
{
        media_free(&s);
        scratch_remove();
        ck_assert_int_eq(unsetenv("STATE_DIRECTORY"), 0);
}

static void on_medium(void *userdata, const struct medium_present *m, bool here)
{
        ck_assert_ptr_eq(userdata, told);
        ck_assert_str_eq(m->type, "ext4");
        ck_assert_uint_eq(m->capacity, 512);
        (void)strcat(told, here ? "+" : "-");
        (void)strcat(told, m->uuid);
}

static void appear(const char *syspath, const char *uuid)
{
        const struct watch_medium medium = {.syspath = syspath,
                                            .uuid = uuid,
                                            .fs_type = "ext4",
                                            .port = strcmp(syspath, SDA) == 0 ? "2-1" : "2-2",
                                            .capacity = 512};

        station_medium_appeared(&s, &medium);
}

static void expect_told(const char *expected)
{
        ck_assert_str_eq(told, expected);
        told[0] = '\0';
}

START_TEST(test_told_once)
{
        station_on_medium(&s, on_medium, told);
        expect_told("");
        appear(SDA, "A");
        appear(SDA, "A");
        expect_told("+A");
        appear(SDB, "B");
        expect_told("+B");
        ck_assert(medium_is_at(&s, "2-1"));
        ck_assert(medium_is_at(&s, "2-2"));
        ck_assert(!medium_is_at(&s, "2-3"));
        station_medium_gone(&s, SDA);
        station_medium_gone(&s, SDA);
        station_medium_gone(&s, "/sys/devices/other");
        expect_told("-A");
        ck_assert(!medium_is_at(&s, "2-1"));
        appear(SDA, "A");
        expect_told("+A");
}
END_TEST

/* It was made anew. */
START_TEST(test_another_on_the_same_disk)
{
        station_on_medium(&s, on_medium, told);
        appear(SDA, "A");
        appear(SDA, "C");
        expect_told("+A-A+C");
        station_medium_gone(&s, SDA);
        expect_told("-C");
}
END_TEST

START_TEST(test_who_comes_later_is_told)
{
        appear(SDA, "A");
        station_on_medium(&s, on_medium, told);
        expect_told("+A");
        station_on_medium(&s, NULL, NULL);
        station_medium_gone(&s, SDA);
        expect_told("");
}
END_TEST

static bool is_sdb(void *userdata, const char *syspath)
{
        return strcmp(syspath, SDB) == 0;
}

/* Events were lost. */
START_TEST(test_reconcile)
{
        station_on_medium(&s, on_medium, told);
        appear(SDA, "A");
        appear(SDB, "B");
        expect_told("+A+B");
        media_reconcile(&s, is_sdb, NULL);
        expect_told("-A");
        media_reconcile(&s, is_sdb, NULL);
        expect_told("");
}
END_TEST

/* A name that could not be a UUID's is nobody's, and is not cut to one. */
START_TEST(test_overlong_uuid)
{
        char uuid[MEDIUM_UUID_MAX + 2];

        memset(uuid, 'a', sizeof(uuid));
        uuid[sizeof(uuid) - 1] = '\0';
        station_on_medium(&s, on_medium, told);
        appear(SDA, uuid);
        expect_told("");
        ck_assert(!medium_is_at(&s, "2-1"));
}
END_TEST

static bool is_known(const char *uuid)
{
        _cleanup_free_ char *name = NULL, *path = NULL;

        ck_assert_int_ge(asprintf(&name, "media/%s", uuid), 0);
        path = scratch_path(name);
        return access(path, F_OK) == 0;
}

START_TEST(test_register_is_copied)
{
        static const char *const both[] = {"B-2", "A-1"}, *const one[] = {"B-2"},
                                 *const wrong[][1] = {{""}, {"../x"}, {"."}, {"a b"}};
        _cleanup_free_ char *recorder = scratch_path("registered/1");

        scratch_write("registered/1", "");
        ck_assert_int_eq(known_media_sync(both, 2), 0);
        ck_assert(is_known("A-1") && is_known("B-2"));
        for (size_t i = 0; i < ELEMENTSOF(wrong); i++)
                ck_assert_int_eq(known_media_sync(wrong[i], 1), -EINVAL);
        ck_assert(is_known("A-1") && is_known("B-2"));
        ck_assert_int_eq(known_media_sync(one, 1), 0);
        ck_assert(!is_known("A-1") && is_known("B-2"));
        ck_assert_int_eq(known_media_sync(NULL, 0), 0);
        ck_assert(!is_known("B-2"));
        ck_assert_int_eq(access(recorder, F_OK), 0);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("medium_presence");
        TCase *c = tcase_create("medium_presence");
        SRunner *r;
        int failed;

        tcase_add_checked_fixture(c, setup, teardown);
        tcase_add_test(c, test_told_once);
        tcase_add_test(c, test_another_on_the_same_disk);
        tcase_add_test(c, test_who_comes_later_is_told);
        tcase_add_test(c, test_reconcile);
        tcase_add_test(c, test_overlong_uuid);
        tcase_add_test(c, test_register_is_copied);
        suite_add_tcase(suite, c);
        r = srunner_create(suite);
        srunner_run_all(r, CK_ENV);
        failed = srunner_ntests_failed(r);
        srunner_free(r);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
