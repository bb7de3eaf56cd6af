// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The mender's thread and the loop: one at a time, a file that never answers, a pause of the station, a copy
 * that cannot have its name. Real catalogue, store and thread; reading a source may be held up. What a
 * mending does to the store is in tests/integration/test_mend.py.
 */
#include "daemon/mender.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "daemon/config.h"
#include "daemon/station_internal.h"
#include "scratch.h"
#include "test_catalogue_fixture.h"

#include <check.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define PATH  "store/u/r/o/2026-10-31/a.mp4"
#define BYTES "bytes of evidence"

static struct station *station;
static int64_t footage;
static int answers;
static char answered[512];
static int held[2] = {-EBADF, -EBADF}; /* reads of the source wait until [0] can be read */
static int entered[2] = {-EBADF, -EBADF};
static bool hold, no_link;

ssize_t __real_pread64(int fd, void *buf, size_t size, off_t offset);
ssize_t __wrap_pread64(int fd, void *buf, size_t size, off_t offset);
int __real_linkat(int from, const char *path, int to, const char *name, int flags);
int __wrap_linkat(int from, const char *path, int to, const char *name, int flags);

ssize_t __wrap_pread64(int fd, void *buf, size_t size, off_t offset)
{
        char link[64], path[PATH_MAX];
        ssize_t n;

        if (!hold)
                return __real_pread64(fd, buf, size, offset);
        (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
        n = readlink(link, path, sizeof(path) - 1);
        path[MAX(n, (ssize_t)0)] = '\0';
        if (strstr(path, "/source")) {
                char c = 0;

                ck_assert_int_eq(write(entered[1], "x", 1), 1);
                ck_assert_int_eq(read(held[0], &c, 1), 1);
        }
        return __real_pread64(fd, buf, size, offset);
}

int __wrap_linkat(int from, const char *path, int to, const char *name, int flags)
{
        if (no_link) {
                errno = EIO;
                return -1;
        }
        return __real_linkat(from, path, to, name, flags);
}

static void footage_make(struct catalogue *c)
{
        int64_t recorder, docking;
        struct footage f;

        fixture_begin(c);
        recorder = fixture_recorder(c, "R1", 0);
        docking = fixture_docking(c, recorder);
        fixture_footage(&f, fixture_item(c, recorder, docking, "a.mp4"), "a.mp4");
        f.size = (int64_t)strlen(BYTES);
        f.digests = (struct digest_values){.has_sm3 = 0};
        ck_assert_int_eq(digest_sha256(BYTES, strlen(BYTES), f.digests.sha256), 0);
        (void)snprintf(f.path, sizeof(f.path), PATH);
        footage = fixture_file(c, &f);
        fixture_commit(c);
}

static void setup(void)
{
        const char *folder = scratch_make();
        _cleanup_free_ char *path = scratch_path("catalogue.sqlite"), *root = scratch_path("root"),
                            *text = NULL;
        struct config *config = NULL;
        sd_event *event;

        log_set_max_priority(LOG_EMERG);
        ck_assert_int_eq(setenv("CONFIGURATION_DIRECTORY", folder, 1), 0);
        ck_assert_int_ge(asprintf(&text,
                                  "[Station]\nNumber=1\nCustodian=Wang\n[Store]\nPath=%s\nKeepFree=0\n",
                                  root),
                         0);
        scratch_write("recdock.conf", text);
        ck_assert_int_eq(config_load(&config, false, NULL, NULL), 0);
        ck_assert_int_ge(sd_event_new(&event), 0);
        ck_assert_int_eq(station_new(&station, config, event), 0);
        sd_event_unref(event);
        station->catalogue_path = strdup(path);
        ck_assert_int_eq(store_open(&station->store, root, "1", true), STORE_OK);
        ck_assert_int_eq(catalogue_open(&station->catalogue, path, false), CATALOGUE_OK);
        ck_assert_int_eq(mender_new(&station->mender, station), 0);
        footage_make(station->catalogue);
        scratch_write("root/" PATH, "bytes of evidencf");
        scratch_write("source", BYTES);
        answers = 0;
        hold = no_link = false;
        ck_assert_int_eq(pipe2(held, O_CLOEXEC), 0);
        ck_assert_int_eq(pipe2(entered, O_CLOEXEC), 0);
}

static void teardown(void)
{
        station_free(station);
        scratch_remove();
}

static void on_done(void *userdata, const struct mend_answer *a)
{
        answers++;
        (void)snprintf(answered, sizeof(answered), "%s", a->error ? a->error : a->found);
}

static int begin(int64_t id)
{
        _cleanup_free_ char *path = scratch_path("source");
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);

        ck_assert_int_ge(fd, 0);
        return mender_begin(station->mender,
                            &(struct mend_request){.footage = id, .fd = fd, .source = path, .actor = "test"},
                            on_done, NULL);
}

static void wait_answer(void)
{
        while (answers == 0)
                ck_assert_int_ge(sd_event_run(station->event, UINT64_MAX), 0);
}

static void wait_entered(void)
{
        char c;

        ck_assert_int_eq(read(entered[0], &c, 1), 1);
}

static void assert_bad_is_there(void)
{
        _cleanup_free_ char *text = scratch_read("root/" PATH);

        ck_assert_ptr_nonnull(text);
        ck_assert_str_eq(text, "bytes of evidencf");
}

static int64_t ledger_entries(void)
{
        int64_t bad, n;

        ck_assert_int_eq(catalogue_ledger_verify(station->catalogue, &bad, &n), CATALOGUE_OK);
        return n;
}

START_TEST(test_one_at_a_time)
{
        hold = true;
        ck_assert_int_eq(begin(footage), 0);
        wait_entered();
        ck_assert_int_eq(begin(footage), -EBUSY);
        hold = false;
        ck_assert_int_eq(write(held[1], "x", 1), 1);
        wait_answer();
        ck_assert_str_eq(answered, "mismatch");
        ck_assert_int_eq(begin(footage), 0);
        answers = 0;
        wait_answer();
        ck_assert_str_eq(answered, "ok");
}
END_TEST

START_TEST(test_no_such_footage)
{
        ck_assert_int_eq(begin(footage + 1), -ENOENT);
        ck_assert_int_eq(answers, 0);
}
END_TEST

/* The file is never waited for, and what is left behind changes nothing, whenever it comes to. */
START_TEST(test_a_file_that_never_answers_holds_up_no_stop)
{
        int64_t before = ledger_entries(), begun = clock_monotonic();

        hold = true;
        ck_assert_int_eq(begin(footage), 0);
        wait_entered();
        mender_drop(station->mender);
        ck_assert_int_eq(answers, 1);
        ck_assert_ptr_nonnull(strstr(answered, "does not answer"));
        ck_assert_int_lt(clock_monotonic() - begun, 30 * USEC_PER_SEC);
        assert_bad_is_there();
        ck_assert_int_eq(ledger_entries(), before);
}
END_TEST

START_TEST(test_what_is_dropped_changes_nothing)
{
        int64_t before = ledger_entries();

        ck_assert_int_eq(begin(footage), 0);
        mender_drop(station->mender);
        ck_assert_int_eq(answers, 1);
        ck_assert_ptr_nonnull(strstr(answered, "nothing was changed"));
        mender_drop(station->mender);
        ck_assert_int_eq(answers, 1);
        assert_bad_is_there();
        ck_assert_int_eq(ledger_entries(), before);
}
END_TEST

START_TEST(test_not_while_the_station_is_paused)
{
        station->suspended = true;
        ck_assert_int_eq(begin(footage), -ESHUTDOWN);
        station->suspended = false;
        ck_assert_int_eq(begin(footage), 0);
        station->suspended = true; /* since then */
        wait_answer();
        ck_assert_ptr_nonnull(strstr(answered, "paused; nothing was changed"));
        assert_bad_is_there();
}
END_TEST

/* The bad file has its name again, and both entries are in the ledger: asked, and failed. */
START_TEST(test_a_copy_that_cannot_have_its_name)
{
        int64_t before = ledger_entries();
        _cleanup_free_ char *good = NULL;

        no_link = true;
        ck_assert_int_eq(begin(footage), 0);
        wait_answer();
        ck_assert_ptr_nonnull(strstr(answered, "cannot be put in place"));
        assert_bad_is_there();
        ck_assert_int_eq(ledger_entries(), before + 2);
        ck_assert(!station->failed);
        good = scratch_read("root/mending/1.good");
        ck_assert_ptr_null(good);
        ck_assert_int_eq(mender_recover(station), 0);
        assert_bad_is_there();
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("mender");
        TCase *thread = tcase_create("thread");
        SRunner *runner;
        int failed;

        tcase_add_checked_fixture(thread, setup, teardown);
        tcase_set_timeout(thread, 60);
        tcase_add_test(thread, test_one_at_a_time);
        tcase_add_test(thread, test_no_such_footage);
        tcase_add_test(thread, test_a_file_that_never_answers_holds_up_no_stop);
        tcase_add_test(thread, test_what_is_dropped_changes_nothing);
        tcase_add_test(thread, test_not_while_the_station_is_paused);
        tcase_add_test(thread, test_a_copy_that_cannot_have_its_name);
        suite_add_tcase(suite, thread);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
