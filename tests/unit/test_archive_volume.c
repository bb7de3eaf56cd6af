// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Volumes in a folder: written, proved, gone on with, verified; and each thing that can be wrong with a
 * source, a medium or what is on it has its own name. The medium is a folder of the test's disk; errors of
 * reading are put in below the library, since no disk here gives them.
 */
#include "archive/folder_volume.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "scratch.h"

#include <check.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>

enum { FILES = 6, BIG = 3 << 20 };

static struct archive_file files[FILES];
static char names[FILES][64];
static struct archive_volume *volume;
static int medium;

/* What the tests want to go wrong, and what they saw. */
static struct {
        int64_t source_error_of;
        const char *unreadable; /* end of the path of a file whose reads fail */
        int64_t cancel_at;
        enum archive_phase cancel_in;
        size_t opened;
        char told[4096]; /* "path result\n" of all that is not good */
        int64_t written, proved;
} stage;

ssize_t __real_pread64(int fd, void *buf, size_t size, off_t offset);
ssize_t __wrap_pread64(int fd, void *buf, size_t size, off_t offset);

ssize_t __wrap_pread64(int fd, void *buf, size_t size, off_t offset)
{
        char link[64], path[PATH_MAX];
        ssize_t n;

        if (!stage.unreadable)
                return __real_pread64(fd, buf, size, offset);
        (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
        n = readlink(link, path, sizeof(path) - 1);
        path[MAX(n, (ssize_t)0)] = '\0';
        if (n > (ssize_t)strlen(stage.unreadable) &&
            strcmp(path + n - strlen(stage.unreadable), stage.unreadable) == 0 && offset == 0) {
                errno = EIO;
                return -1;
        }
        return __real_pread64(fd, buf, size, offset);
}

static const char *here(const char *name)
{
        static char path[PATH_MAX];
        _cleanup_free_ char *text = scratch_path(name);

        (void)snprintf(path, sizeof(path), "%s", text);
        return path;
}

static int open_source(void *userdata, const struct archive_entry *e)
{
        char name[32];
        int fd;

        (void)userdata;
        stage.opened++;
        if (e->id == stage.source_error_of)
                return -EACCES;
        (void)snprintf(name, sizeof(name), "src/%" PRId64, e->id);
        fd = open(here(name), O_RDONLY | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

static void on_result(void *userdata, const char *path, enum proof_result result)
{
        size_t n = strlen(stage.told);

        (void)userdata;
        if (result != PROOF_GOOD && result != PROOF_CACHED)
                (void)snprintf(stage.told + n, sizeof(stage.told) - n, "%s %s\n", path,
                               proof_result_text(result));
}

static int on_progress(void *userdata, enum archive_phase phase, int64_t done, int64_t total)
{
        (void)userdata;
        *(phase == ARCHIVE_WRITING ? &stage.written : &stage.proved) = done;
        ck_assert_int_le(done, total);
        return stage.cancel_at > 0 && phase == stage.cancel_in && done >= stage.cancel_at;
}

/* Where the test's folder is in memory nothing comes from a disk. */
static const struct archive_work work = {.open_source = open_source,
                                         .on_result = on_result,
                                         .on_progress = on_progress,
                                         .cached_is_enough = true};

static const struct archive_imprint imprint = {.number = "37-2026-0001",
                                               .station = "37",
                                               .organization = "历下区消防救援大队",
                                               .custodian = "王强",
                                               .made_at = INT64_C(1796000000000000),
                                               .version = "recdock 0.1.0"};

static const char row[] =
                "{\"id\":1,\"unit\":\"370102000001\",\"officer\":\"200401\",\"recorder\":\"3700102\","
                "\"started_at\":\"2026-11-19T18:20:00+08:00\",\"ended_at\":\"2026-11-19T18:50:00+08:00\","
                "\"duration_s\":1800.5,\"kind\":\"video\",\"verdict\":\"complete\",\"clock_offset_s\":-2.5,"
                "\"time_doubts\":[]}";

static void sources_make(void)
{
        for (size_t i = 0; i < FILES; i++) {
                size_t size = i == 0 ? 0 : i == 1 ? BIG + 1 : 1000 * i + 7;
                _cleanup_free_ char *text = malloc(size + 1);
                char name[32];

                memset(text, 'a' + (int)i, size);
                text[size] = '\0';
                (void)snprintf(name, sizeof(name), "src/%zu", i + 1);
                scratch_write(name, text);
                (void)snprintf(names[i], sizeof(names[i]), i % 2 ? "录像%zu.MP4" : "%zu:%zu?.mp4", i, i);
                files[i] = (struct archive_file){.id = (int64_t)i + 1,
                                                 .case_number = i < 3   ? "案〔2026〕1号"
                                                                : i < 5 ? "B"
                                                                        : NULL,
                                                 .name = names[i],
                                                 .size = (int64_t)size,
                                                 .row = row};
                ck_assert_int_eq(digest_sha256(text, size, files[i].digests.sha256), 0);
        }
}

static void setup(void)
{
        memset(&stage, 0, sizeof(stage));
        (void)scratch_make();
        sources_make();
        ck_assert_int_eq(mkdir(here("medium"), 0755), 0);
        medium = open(here("medium"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        ck_assert_int_ge(medium, 0);
        ck_assert_int_eq(archive_volume_new(&volume, &imprint, NULL, 0, files, FILES), 0);
}

/* A medium that is quick: for all that is not about reading past the cache. */
static void setup_memory(void)
{
        if (access("/dev/shm", W_OK) == 0)
                (void)setenv("TMPDIR", "/dev/shm", 1);
        setup();
}

static void teardown(void)
{
        archive_volume_free(volume);
        (void)fd_close(medium);
        scratch_remove();
}

static void write_as(enum archive_outcome outcome, struct archive_report *ret)
{
        stage.told[0] = '\0';
        ck_assert_int_eq(folder_volume_write(medium, volume, &work, ret), (int)outcome);
}

static void verify_as(enum archive_outcome outcome, struct archive_report *ret)
{
        stage.told[0] = '\0';
        ck_assert_int_eq(archive_verify(medium, &work, ret), (int)outcome);
}

static bool is_there(const char *path)
{
        return faccessat(medium, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* The path of a footage on the volume. */
static const char *path_of(int64_t id)
{
        for (size_t i = 0; i < archive_volume_size(volume); i++)
                if (archive_volume_entry(volume, i)->id == id)
                        return archive_volume_entry(volume, i)->path;
        ck_abort_msg("no such footage");
}

static void medium_write(const char *path, const char *bytes, off_t at)
{
        int fd;

        ck_assert(fchmodat(medium, path, 0644, 0) == 0 || errno == ENOENT);
        fd = openat(medium, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(pwrite(fd, bytes, strlen(bytes), at), (ssize_t)strlen(bytes));
        (void)fd_close(fd);
}

START_TEST(is_written_and_proved)
{
        struct archive_report report;
        struct statfs fs;
        struct stat st;

        write_as(ARCHIVE_DONE, &report);
        ck_assert_uint_eq(report.n_files, archive_volume_size(volume));
        ck_assert_int_eq(report.bytes, archive_volume_bytes(volume));
        ck_assert_int_eq(stage.written, archive_volume_bytes(volume));
        ck_assert_int_eq(stage.proved, archive_volume_bytes(volume));
        ck_assert_mem_eq(report.seal, archive_volume_seal(volume), DIGEST_SIZE);
        ck_assert_int_eq(fstatfs(medium, &fs), 0);
        if (fs.f_type != 0x01021994 /* tmpfs */)
                ck_assert_uint_eq(report.counts[PROOF_GOOD], report.n_files);
        ck_assert_str_eq(stage.told, "");
        ck_assert_int_eq(fstatat(medium, path_of(2), &st, 0), 0);
        ck_assert_int_eq(st.st_size, BIG + 1);
        ck_assert_int_eq(st.st_mode & 0777, 0444);
        verify_as(ARCHIVE_DONE, &report);
        ck_assert_uint_eq(report.n_files, archive_volume_size(volume));
        ck_assert_mem_eq(report.seal, archive_volume_seal(volume), DIGEST_SIZE);
        ck_assert_str_eq(report.path, "");
}
END_TEST

/* Its digests are told by whoever reads the footage; until then what hangs on them is not to be written. */
START_TEST(with_a_hash_list)
{
        struct archive_imprint listing = imprint;
        struct archive_report report;
        const struct archive_entry *empty, *footage, *seal;
        uint8_t sha512[SHA512_SIZE] = {0};

        archive_volume_free(volume);
        listing.hash_list = true;
        ck_assert_int_eq(archive_volume_new(&volume, &listing, NULL, 0, files, FILES), 0);
        empty = archive_volume_find(volume, path_of(1));
        footage = archive_volume_find(volume, path_of(2));
        seal = archive_volume_find(volume, "tagmanifest-sha256.txt");
        ck_assert(!archive_volume_wants_sha512(volume, empty));
        ck_assert(!archive_volume_wants_sha512(volume, seal));
        ck_assert(archive_volume_wants_sha512(volume, footage));
        ck_assert_int_eq(archive_volume_tell_sha512(volume, seal, sha512), -EINVAL);
        ck_assert(!archive_volume_is_final(volume, seal));
        ck_assert(!archive_volume_is_final(volume, archive_volume_find(volume, "ascmhl/ascmhl_chain.xml")));
        ck_assert(archive_volume_is_final(volume, footage));
        ck_assert(archive_volume_is_final(volume, archive_volume_find(volume, "bagit.txt")));
        write_as(ARCHIVE_DONE, &report);
        ck_assert_uint_eq(report.n_files, archive_volume_size(volume));
        ck_assert_mem_eq(report.seal, archive_volume_seal(volume), DIGEST_SIZE);
        ck_assert(archive_volume_is_final(volume, seal));
        ck_assert(!archive_volume_wants_sha512(volume, footage));
        ck_assert_int_eq(archive_volume_tell_sha512(volume, footage, sha512), -EINVAL);
        verify_as(ARCHIVE_DONE, &report);
        ck_assert_mem_eq(report.seal, archive_volume_seal(volume), DIGEST_SIZE);
}
END_TEST

/* A memory of the medium is no proof of it. */
START_TEST(memory_proves_nothing)
{
        struct archive_work strict = work;
        struct archive_report report;

        strict.cached_is_enough = false;
        if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
                return; /* not allowed here */
        ck_assert_int_eq(mount("none", here("medium"), "tmpfs", 0, "size=16m"), 0);
        (void)fd_close(medium);
        medium = open(here("medium"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        ck_assert_int_eq(folder_volume_write(medium, volume, &strict, &report), ARCHIVE_NOT_PROVED);
        ck_assert_uint_gt(report.counts[PROOF_CACHED], 5);
        ck_assert_uint_eq(report.counts[PROOF_CACHED] + report.counts[PROOF_GOOD], report.n_files);
        write_as(ARCHIVE_DONE, &report);
        ck_assert_int_eq(umount2(here("medium"), MNT_DETACH), 0);
}
END_TEST

START_TEST(full_medium)
{
        struct archive_report report;

        if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
                return;
        ck_assert_int_eq(mount("none", here("medium"), "tmpfs", 0, "size=2m"), 0);
        (void)fd_close(medium);
        medium = open(here("medium"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        write_as(ARCHIVE_FULL, &report);
        ck_assert_str_eq(report.path, path_of(2));
        ck_assert_int_eq(report.error, -ENOSPC);
        ck_assert(!is_there("bagit.txt") && !is_there("recdock-writing.tmp"));
        ck_assert_int_eq(umount2(here("medium"), MNT_DETACH), 0);
}
END_TEST

/* A limit of this process stands for a file system whose files end before its room does. */
START_TEST(file_too_large_for_the_medium)
{
        const struct rlimit limit = {1 << 20, 1 << 20};
        struct archive_report report;

        (void)signal(SIGXFSZ, SIG_IGN);
        ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
        write_as(ARCHIVE_FULL, &report);
        ck_assert_int_eq(report.error, -EFBIG);
        ck_assert_str_eq(report.path, path_of(2));
        ck_assert(!is_there(path_of(2)) && !is_there("recdock-writing.tmp"));
}
END_TEST

START_TEST(source_differs)
{
        struct archive_report report;

        scratch_write("src/4", "other bytes");
        write_as(ARCHIVE_SOURCE_DIFFERS, &report);
        ck_assert_str_eq(report.path, path_of(4));
        ck_assert(!is_there(path_of(4)) && !is_there("recdock-writing.tmp") && !is_there("bagit.txt"));
        verify_as(ARCHIVE_NO_VOLUME, &report);
}
END_TEST

START_TEST(source_of_the_same_size_differs)
{
        _cleanup_free_ char *text = scratch_read("src/4");
        struct archive_report report;

        text[100]++;
        scratch_write("src/4", text);
        write_as(ARCHIVE_SOURCE_DIFFERS, &report);
        ck_assert(!is_there(path_of(4)));
}
END_TEST

START_TEST(source_unreadable)
{
        struct archive_report report;

        stage.source_error_of = 3;
        write_as(ARCHIVE_SOURCE_UNREADABLE, &report);
        ck_assert_str_eq(report.path, path_of(3));
        ck_assert_int_eq(report.error, -EACCES);
        stage.source_error_of = 0;
        stage.unreadable = "/src/3";
        write_as(ARCHIVE_SOURCE_UNREADABLE, &report);
        ck_assert_int_eq(report.error, -EIO);
        ck_assert(!is_there(path_of(3)) && !is_there("recdock-writing.tmp"));
}
END_TEST

START_TEST(cancelled_and_gone_on_with)
{
        struct archive_report report;
        size_t opened;

        stage.cancel_at = BIG;
        write_as(ARCHIVE_CANCELLED, &report);
        ck_assert(!is_there("bagit.txt") && !is_there("recdock-writing.tmp"));
        verify_as(ARCHIVE_NO_VOLUME, &report);
        stage.cancel_at = 0;
        /* What a power cut leaves beside. */
        medium_write("recdock-writing.tmp", "half", 0);
        write_as(ARCHIVE_DONE, &report);
        ck_assert(!is_there("recdock-writing.tmp"));
        /* A whole volume is only read. */
        opened = stage.opened;
        write_as(ARCHIVE_DONE, &report);
        ck_assert_uint_eq(stage.opened, opened);
        stage.cancel_at = 100;
        stage.cancel_in = ARCHIVE_PROVING;
        write_as(ARCHIVE_CANCELLED, &report);
        verify_as(ARCHIVE_CANCELLED, &report);
}
END_TEST

START_TEST(wrong_bytes_of_a_half_written_volume_are_replaced)
{
        struct archive_report report;
        size_t opened;

        write_as(ARCHIVE_DONE, &report);
        ck_assert_int_eq(unlinkat(medium, "bagit.txt", 0), 0);
        medium_write(path_of(4), "Z", 50);
        opened = stage.opened;
        write_as(ARCHIVE_DONE, &report);
        ck_assert_uint_eq(stage.opened, opened + 1);
        verify_as(ARCHIVE_DONE, &report);
}
END_TEST

START_TEST(foreign_folder_is_left_alone)
{
        struct archive_report report;

        medium_write("photo.jpg", "mine", 0);
        write_as(ARCHIVE_FOREIGN, &report);
        ck_assert(!is_there("bag-info.txt") && !is_there("data"));
        ck_assert_uint_eq(stage.opened, 0);
        /* Another volume, whose number begins as ours. */
        medium_write("bag-info.txt", "External-Identifier: 37-2026-00012\n", 0);
        write_as(ARCHIVE_FOREIGN, &report);
        ck_assert(!is_there("data"));
}
END_TEST

START_TEST(links_on_the_medium_lead_nowhere)
{
        struct archive_report report;

        medium_write("bag-info.txt", "External-Identifier: 37-2026-0001\n", 0);
        ck_assert_int_eq(symlinkat(here("src"), medium, "data"), 0);
        write_as(ARCHIVE_MEDIUM_FAILED, &report);
        ck_assert_int_eq(report.error, -ELOOP);
}
END_TEST

/* After it was written: one thing wrong, and what both proofs say of it. 'path' NULL: of footage 4. */
enum harm { CHANGE, SHORTEN, REMOVE, ADD, LINK, FOLDER, PIPE, UNREADABLE, DEEP };

static const struct {
        enum harm harm;
        const char *path, *proved, *verified;
} harms[] = {
                {CHANGE, NULL, "differs", "differs"},
                {SHORTEN, NULL, "size", "differs"},
                {REMOVE, NULL, "missing", "missing"},
                {LINK, NULL, "not-a-file", "not-a-file"},
                {FOLDER, NULL, "not-a-file", "not-a-file"},
                {PIPE, NULL, "not-a-file", "not-a-file"},
                {UNREADABLE, NULL, "unreadable", "unreadable"},
                {ADD, "data/B/more.mp4", "extra", "extra"},
                {ADD, "autorun.inf", "extra", "extra"},
                {DEEP, "a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r/s", "extra", "extra"},
                {CHANGE, "index.html", "differs", "differs"},
                {REMOVE, "label.svg", "missing", "missing"},
                {REMOVE, "tagmanifest-sha256.txt", "missing", "missing"},
                {CHANGE, "tagmanifest-sha256.txt", "differs", NULL},
                {CHANGE, "manifest-sha256.txt", "differs", "differs"},
                {ADD, "manifest-sm3.txt", "extra", "bad-list"},
};

static void harm_do(enum harm harm, const char *path)
{
        char *at;

        switch (harm) {
        case CHANGE:
                medium_write(path, "Z", 50);
                break;
        case SHORTEN:
                ck_assert_int_eq(truncate(here("medium/data/B/录像3.MP4"), 5), 0);
                break;
        case REMOVE:
        case LINK:
        case FOLDER:
        case PIPE:
                ck_assert_int_eq(unlinkat(medium, path, 0), 0);
                if (harm == LINK)
                        ck_assert_int_eq(symlinkat(here("src/4"), medium, path), 0);
                if (harm == FOLDER)
                        ck_assert_int_eq(mkdirat(medium, path, 0755), 0);
                if (harm == PIPE)
                        ck_assert_int_eq(mkfifoat(medium, path, 0644), 0);
                break;
        case ADD:
                medium_write(path, "xx", 0);
                break;
        case DEEP:
                at = strdup(path);
                for (char *s = strchr(at, '/'); s; s = strchr(s + 1, '/')) {
                        *s = '\0';
                        ck_assert_int_eq(mkdirat(medium, at, 0755), 0);
                        *s = '/';
                }
                free(at);
                break;
        case UNREADABLE:
                stage.unreadable = "/录像3.MP4";
        }
}

static bool was_told(const char *path, const char *result)
{
        char line[512];

        (void)snprintf(line, sizeof(line), "%s %s\n", path, result);
        return strstr(stage.told, line) != NULL;
}

START_TEST(each_harm_has_its_name)
{
        const char *path = harms[_i].path ? harms[_i].path : path_of(4), *expected = path;
        struct archive_report report;

        write_as(ARCHIVE_DONE, &report);
        harm_do(harms[_i].harm, path);
        if (harms[_i].harm == DEEP)
                expected = "a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q";
        stage.told[0] = '\0';
        ck_assert_int_eq(archive_prove(medium, volume, &work, &report), ARCHIVE_NOT_PROVED);
        ck_assert_msg(was_told(expected, harms[_i].proved), "%s", stage.told);
        ck_assert_uint_eq(report.n_files, archive_volume_size(volume));
        verify_as(ARCHIVE_NOT_PROVED, &report);
        if (harms[_i].verified)
                ck_assert_msg(was_told(expected, harms[_i].verified), "%s", stage.told);
        /* All else is good, and is told so. */
        if (!harms[_i].path)
                ck_assert_uint_eq(report.counts[PROOF_GOOD] + report.counts[PROOF_CACHED],
                                  archive_volume_size(volume) - 1);
}
END_TEST

/* The seal tells a volume that was forged as a whole. */
START_TEST(seal_tells_another_volume)
{
        struct archive_report report;

        write_as(ARCHIVE_DONE, &report);
        medium_write("tagmanifest-sha256.txt", "\n", 0);
        verify_as(ARCHIVE_NOT_PROVED, &report);
        ck_assert(memcmp(report.seal, archive_volume_seal(volume), DIGEST_SIZE) != 0);
}
END_TEST

START_TEST(sm3_is_proved_too)
{
        struct archive_volume *second = NULL;
        struct archive_report report;
        struct archive_file with[FILES];

        for (size_t i = 0; i < FILES; i++) {
                struct digest *d;
                _cleanup_free_ char *text = NULL;
                char name[32];

                with[i] = files[i];
                (void)snprintf(name, sizeof(name), "src/%zu", i + 1);
                text = scratch_read(name);
                ck_assert_int_eq(digest_new(&d, true), 0);
                ck_assert_int_eq(digest_update(d, text, (size_t)files[i].size), 0);
                ck_assert_int_eq(digest_peek(d, &with[i].digests), 0);
                digest_free(d);
        }
        with[3].digests.sm3[7]++; /* as a catalogue that lies, or a forger who can collide the other one */
        ck_assert_int_eq(archive_volume_new(&second, &imprint, NULL, 0, with, FILES), 0);
        ck_assert_ptr_nonnull(archive_volume_find(second, "manifest-sm3.txt"));
        ck_assert_int_eq(folder_volume_write(medium, second, &work, &report), ARCHIVE_DONE);
        verify_as(ARCHIVE_NOT_PROVED, &report);
        ck_assert(was_told(path_of(4), "differs"));
        ck_assert_uint_eq(report.counts[PROOF_DIFFERS], 1);
        archive_volume_free(second);
}
END_TEST

START_TEST(nonsense_makes_no_volume)
{
        struct archive_imprint nameless = imprint;
        struct archive_volume *none = NULL;
        struct archive_file bad = files[1];

        nameless.number = "";
        ck_assert_int_eq(archive_volume_new(&none, &nameless, NULL, 0, files, FILES), -EINVAL);
        bad.row = "[]";
        ck_assert_int_eq(archive_volume_new(&none, &imprint, NULL, 0, &bad, 1), -EINVAL);
        bad.row = "{\"id\":";
        ck_assert_int_eq(archive_volume_new(&none, &imprint, NULL, 0, &bad, 1), -EINVAL);
        bad.row = row;
        bad.size = -1;
        ck_assert_int_eq(archive_volume_new(&none, &imprint, NULL, 0, &bad, 1), -EINVAL);
        ck_assert_ptr_null(none);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("archive_volume");
        TCase *disk = tcase_create("disk"), *t = tcase_create("volume");
        SRunner *runner;
        int failed;

        tcase_set_timeout(t, 60);
        tcase_add_checked_fixture(disk, setup, teardown);
        tcase_add_test(disk, is_written_and_proved);
        tcase_add_test(disk, with_a_hash_list);
        tcase_add_checked_fixture(t, setup_memory, teardown);
        tcase_add_test(t, memory_proves_nothing);
        tcase_add_test(t, full_medium);
        tcase_add_test(t, file_too_large_for_the_medium);
        tcase_add_test(t, source_differs);
        tcase_add_test(t, source_of_the_same_size_differs);
        tcase_add_test(t, source_unreadable);
        tcase_add_test(t, cancelled_and_gone_on_with);
        tcase_add_test(t, wrong_bytes_of_a_half_written_volume_are_replaced);
        tcase_add_test(t, foreign_folder_is_left_alone);
        tcase_add_test(t, links_on_the_medium_lead_nowhere);
        tcase_add_loop_test(t, each_harm_has_its_name, 0, (int)ELEMENTSOF(harms));
        tcase_add_test(t, seal_tells_another_volume);
        tcase_add_test(t, sm3_is_proved_too);
        tcase_add_test(t, nonsense_makes_no_volume);
        suite_add_tcase(s, disk);
        suite_add_tcase(s, t);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
