// SPDX-License-Identifier: LGPL-2.1-or-later
/* Stations with backups; see backup_fixture.h. */
#include "backup_fixture.h"
#include "backup/target.h"
#include "base/text.h"
#include "scratch.h"

#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

struct catalogue *backup_catalogue;
struct store *backup_store;
static int64_t recorder, docking, target;
static char catalogue_path[PATH_MAX], store_root[PATH_MAX], target_path[PATH_MAX], new_catalogue[PATH_MAX],
                new_root[PATH_MAX];

static void path_set(char ret[PATH_MAX], const char *name)
{
        _cleanup_free_ char *path = scratch_path(name);

        (void)snprintf(ret, PATH_MAX, "%s", path);
}

void backup_fixture_open(void)
{
        struct backup_target_row row = {.registered_at = FIXTURE_NOW, .path = "/backup"};

        backup_catalogue = fixture_open();
        path_set(catalogue_path, "catalogue.db");
        path_set(store_root, "root");
        path_set(target_path, "disk");
        path_set(new_catalogue, "new/catalogue.sqlite");
        path_set(new_root, "new/root");
        ck_assert_int_eq(store_open(&backup_store, store_root, BACKUP_STATION, true), STORE_OK);
        ck_assert_int_eq(mkdir(target_path, 0750), 0);
        ck_assert_int_eq(target_init(target_path, BACKUP_STATION, row.uuid), TARGET_OK);
        fixture_begin(backup_catalogue);
        recorder = fixture_recorder(backup_catalogue, "R1", 0);
        docking = fixture_docking(backup_catalogue, recorder);
        ck_assert_int_eq(backup_target_add(backup_catalogue, FIXTURE_ACTOR, &row, &target), CATALOGUE_OK);
        fixture_commit(backup_catalogue);
}

void backup_fixture_close(void)
{
        store_close(backup_store);
        fixture_close(backup_catalogue);
        backup_store = NULL;
}

static void part_file(int64_t item, const struct footage *f, const char *text)
{
        struct store_batch *batch;
        int64_t size;
        int fd;

        ck_assert_int_eq(store_part_open(backup_store, docking, item, -1, &fd, &size), STORE_OK);
        ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
        (void)close(fd);
        ck_assert_int_eq(store_batch_new(backup_store, &batch), 0);
        ck_assert_int_eq(store_batch_link(batch, docking, item, f->path, f->started_at), STORE_OK);
        ck_assert_int_eq(store_batch_sync(batch), 0);
        store_batch_free(batch);
        ck_assert_int_eq(store_part_remove(backup_store, docking, item), STORE_OK);
}

int64_t backup_fixture_file(const char *name, const char *text)
{
        struct footage f;
        int64_t item, id;

        fixture_begin(backup_catalogue);
        item = fixture_item(backup_catalogue, recorder, docking, name);
        fixture_footage(&f, item, name);
        f.docking = docking;
        f.recorder = recorder;
        f.size = (int64_t)strlen(text);
        ck_assert_int_eq(digest_sha256(text, strlen(text), f.digests.sha256), 0);
        (void)snprintf(f.path, sizeof(f.path), BACKUP_FOOTAGE("%s"), name);
        part_file(item, &f, text);
        id = fixture_file(backup_catalogue, &f);
        fixture_commit(backup_catalogue);
        return id;
}

/* --- as recdockd does it --- */

static void on_begin(void *userdata, const struct backup_target_row *t, int64_t files, int64_t bytes)
{
        ck_assert_int_eq(t->id, target);
}

static void on_footage(void *userdata, int64_t footage, int64_t bytes, const char *lacking, bool before)
{
        fixture_begin(backup_catalogue);
        ck_assert_int_eq(backup_copied(backup_catalogue, target, footage), 0);
        if (lacking)
                ck_assert_int_eq(backup_lack(backup_catalogue, target, footage, lacking), 0);
        else if (before)
                ck_assert_int_eq(backup_lack_end(backup_catalogue, target, footage), 0);
        fixture_commit(backup_catalogue);
}

static void on_pruned(void *userdata, const char *generation)
{
        fixture_begin(backup_catalogue);
        ck_assert_int_eq(backup_pruned(backup_catalogue, target, generation), 0);
        fixture_commit(backup_catalogue);
}

struct backup_order backup_fixture_order(void)
{
        return (struct backup_order){.path = target_path,
                                     .station = BACKUP_STATION,
                                     .catalogue = catalogue_path,
                                     .store_root = store_root,
                                     .store = backup_store,
                                     .allow_same_disk = true,
                                     .keep = 7,
                                     .on_begin = on_begin,
                                     .on_footage = on_footage,
                                     .on_pruned = on_pruned};
}

struct backup_row backup_fixture_run(const struct backup_order *order)
{
        struct backup_row row;
        int64_t id;

        ck_assert_int_eq(backup_run(order, &row), 0);
        fixture_begin(backup_catalogue);
        ck_assert_int_eq(backup_end(backup_catalogue, FIXTURE_ACTOR, &row, &id), CATALOGUE_OK);
        fixture_commit(backup_catalogue);
        return row;
}

struct backup_row backup_fixture_good(void)
{
        struct backup_order order = backup_fixture_order();
        struct backup_row row = backup_fixture_run(&order);

        ck_assert_msg(row.outcome == BACKUP_GOOD, "%s", row.error);
        return row;
}

static void child_wait(pid_t pid)
{
        int status;

        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "it did not come to the point");
}

void backup_fixture_crash(const char *point)
{
        pid_t pid = fork();

        ck_assert_int_ge(pid, 0);
        if (pid == 0) {
                struct backup_order order = backup_fixture_order();
                struct backup_row row;

                /* A connection of its own: one must not go through a fork. */
                (void)setenv("RECDOCK_CRASH_AT", point, 1);
                if (catalogue_open(&backup_catalogue, catalogue_path, false) == CATALOGUE_OK)
                        (void)backup_run(&order, &row);
                _exit(1);
        }
        child_wait(pid);
}

static void on_plan(void *userdata, const struct generation *g, int64_t files, int64_t bytes)
{
}

static void on_file(void *userdata, const struct footage_file *f, const char *lacking)
{
}

static int restore(const char *generation, bool incomplete, char error[RESTORE_ERROR_MAX])
{
        const struct restore_order order = {.path = target_path,
                                            .generation = generation,
                                            .station = BACKUP_STATION,
                                            .store_root = new_root,
                                            .catalogue = new_catalogue,
                                            .actor = FIXTURE_ACTOR,
                                            .incomplete = incomplete,
                                            .on_plan = on_plan,
                                            .on_file = on_file};
        _cleanup_free_ char *state = scratch_path("new");

        (void)mkdir(state, 0750);
        return restore_run(&order, error);
}

int backup_fixture_restore(const char *generation, bool incomplete, char error[RESTORE_ERROR_MAX])
{
        return restore(generation, incomplete, error);
}

void backup_fixture_restore_crash(const char *point)
{
        pid_t pid = fork();

        ck_assert_int_ge(pid, 0);
        if (pid == 0) {
                char error[RESTORE_ERROR_MAX];

                (void)setenv("RECDOCK_CRASH_AT", point, 1);
                (void)restore(NULL, false, error);
                _exit(1);
        }
        child_wait(pid);
}

/* --- files --- */

bool backup_fixture_exists(const char *name)
{
        _cleanup_free_ char *path = scratch_path(name);
        struct stat st;

        return lstat(path, &st) == 0;
}

void backup_fixture_remove(const char *name)
{
        _cleanup_free_ char *path = scratch_path(name);

        ck_assert_msg(unlink(path) == 0, "no '%s'", name);
}

void backup_fixture_flip(const char *name)
{
        _cleanup_free_ char *path = scratch_path(name);
        _cleanup_close_ int fd = -EBADF;
        struct stat st;
        uint8_t byte;

        ck_assert_int_eq(chmod(path, 0640), 0);
        fd = open(path, O_RDWR | O_CLOEXEC);
        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(fstat(fd, &st), 0);
        ck_assert_int_eq(pread(fd, &byte, 1, st.st_size / 2), 1);
        byte ^= 1;
        ck_assert_int_eq(pwrite(fd, &byte, 1, st.st_size / 2), 1);
}

int64_t backup_fixture_inode(const char *name)
{
        _cleanup_free_ char *path = scratch_path(name);
        struct stat st;

        ck_assert_msg(lstat(path, &st) == 0, "no '%s'", name);
        return (int64_t)st.st_ino;
}
