// SPDX-License-Identifier: LGPL-2.1-or-later
/* Restoring; see restore_mode.h. */
#include "daemon/restore_mode.h"
#include "backup/restore.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "daemon/config.h"

#include <grp.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#define TELL_INTERVAL (2 * USEC_PER_SEC)

struct progress {
        int64_t files, files_total, bytes, bytes_total, there, lacking;
        int64_t told;
};

static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
        stopped = 1;
}

static int on_piece(void *userdata, uint64_t bytes)
{
        return stopped ? -ECANCELED : 0;
}

static void on_plan(void *userdata, const struct generation *g, int64_t files, int64_t bytes)
{
        struct progress *p = userdata;

        p->files_total = files;
        p->bytes_total = bytes;
        p->there = g->state.footage - files;
        (void)printf("restoring generation %s: %" PRId64 " footage, %" PRId64 " files of %" PRId64
                     " MiB to copy\n",
                     g->name, g->state.footage, files, bytes >> 20);
        (void)fflush(stdout);
}

static void on_file(void *userdata, const struct footage_file *f, const char *lacking)
{
        struct progress *p = userdata;
        int64_t now = clock_monotonic();
        char path[sizeof(f->path)];

        p->files++;
        p->bytes += f->size;
        if (lacking) {
                p->lacking++;
                (void)text_copy(path, sizeof(path), f->path);
                text_make_printable(path);
                (void)fprintf(stderr, "recdockd: footage %" PRId64 " ('%s') is not in the backup: %s\n",
                              f->id, path, lacking);
        }
        if (now - p->told < TELL_INTERVAL)
                return;
        p->told = now;
        (void)printf("%" PRId64 " of %" PRId64 " files, %" PRId64 " MiB\n", p->files,
                     p->files_total + p->there, p->bytes >> 20);
        (void)fflush(stdout);
}

/* The daemon that will read it all is not the super user. */
static int become_owner(const char *state)
{
        struct stat st;

        if (geteuid() != 0)
                return 0;
        if (stat(state, &st) < 0)
                return -errno;
        if (st.st_uid == 0)
                return 0;
        if (setgroups(1, &st.st_gid) < 0 || setresgid(st.st_gid, st.st_gid, st.st_gid) < 0 ||
            setresuid(st.st_uid, st.st_uid, st.st_uid) < 0)
                return -errno;
        return 0;
}

static int restore(const struct config *config, const struct restore_mode *mode, const char *catalogue,
                   const char *actor)
{
        struct progress progress = {.told = clock_monotonic()};
        const struct restore_order order = {.path = mode->path,
                                            .generation = mode->generation,
                                            .station = config->number,
                                            .store_root = config->store_path,
                                            .catalogue = catalogue,
                                            .actor = actor,
                                            .incomplete = mode->incomplete,
                                            .verity = config->verity,
                                            .pace = {on_piece, &progress},
                                            .on_plan = on_plan,
                                            .on_file = on_file};
        char error[RESTORE_ERROR_MAX];
        int r = restore_run(&order, error);

        switch (r) {
        case RESTORE_DONE:
                (void)printf("restored and verified: %" PRId64 " footage\n", progress.files);
                return RESTORE_EXIT_DONE;
        case RESTORE_INCOMPLETE:
                (void)printf("restored and verified: %" PRId64 " footage, but %" PRId64
                             " of them have no file\n",
                             progress.files, progress.lacking);
                return RESTORE_EXIT_INCOMPLETE;
        default:
                (void)fprintf(stderr, "recdockd: %s%s\n", error,
                              r == RESTORE_REFUSED ? "; nothing was changed" : "");
                return RESTORE_EXIT_FAILED;
        }
}

int restore_mode_run(const struct config *config, const struct restore_mode *mode)
{
        const char *dir = getenv("STATE_DIRECTORY"), *state = dir ? dir : RECDOCK_STATEDIR;
        struct sigaction action = {.sa_handler = on_signal};
        char catalogue[PATH_MAX], actor[64];
        int r;

        /* Who asked for it, before that is forgotten. */
        (void)snprintf(actor, sizeof(actor), "uid=%u recdockd --restore", (unsigned int)getuid());
        if ((size_t)snprintf(catalogue, sizeof(catalogue), "%s/catalogue.sqlite", state) >=
            sizeof(catalogue))
                return RESTORE_EXIT_FAILED;
        r = become_owner(state);
        if (r < 0) {
                (void)fprintf(stderr, "recdockd: cannot become the owner of '%s': %s; nothing was changed\n",
                              state, log_errno_text(r));
                return RESTORE_EXIT_FAILED;
        }
        (void)sigaction(SIGINT, &action, NULL);
        (void)sigaction(SIGTERM, &action, NULL);
        (void)umask(0027);
        return restore(config, mode, catalogue, actor);
}
