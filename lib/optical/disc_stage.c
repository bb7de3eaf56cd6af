// SPDX-License-Identifier: GPL-2.0-or-later
/* Staging; see disc_stage.h. The image is read in a thread: its sources are opened in the caller's. */
#include "optical/disc_stage.h"
#include "optical/burner.h"
#include "archive/pack.h"
#include "base/cleanup.h"
#include "base/durable.h"
#include "base/log.h"

#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

enum {
        BLOCK_SECTORS = 512,
        IMAGE_FD = 9, /* of the child */
        NOT_FOUND = 127,
};

struct copying {
        const struct disc_stage *stage;
        int fd, error;
        _Atomic int64_t done;
        _Atomic bool stop, ended;
};

/* Sectors that the source gave: fewer at its end. -EIO when it failed. */
static int64_t block_read(struct burn_source *source, uint8_t *block, int64_t wanted)
{
        int64_t n = 0;

        while (n < wanted) {
                int got = source->read_xt(source, block + n * BURNER_SECTOR, (int)BURNER_SECTOR);

                if (got != (int)BURNER_SECTOR)
                        return got < 0 ? -EIO : n;
                n++;
        }
        return n;
}

static int image_copy(struct copying *c)
{
        _cleanup_free_ uint8_t *block = malloc(BLOCK_SECTORS * BURNER_SECTOR);
        int r = block ? 0 : -ENOMEM;

        while (r >= 0 && c->done < c->stage->sectors && !c->stop) {
                int64_t wanted = MIN(c->stage->sectors - c->done, (int64_t)BLOCK_SECTORS);

                if (block_read(c->stage->source, block, wanted) != wanted)
                        return -EPIPE;
                r = durable_write_all(c->fd, block, (size_t)(wanted * BURNER_SECTOR));
                c->done += wanted;
        }
        return r;
}

static void *copy_thread(void *userdata)
{
        struct copying *c = userdata;

        c->error = image_copy(c);
        c->ended = true;
        return NULL;
}

/* The source is let go of by whoever cancels: on_turn. */
static int image_stage(const struct disc_stage *s, int fd)
{
        struct copying c = {.stage = s, .fd = fd};
        pthread_t thread;
        int r = pthread_create(&thread, NULL, copy_thread, &c), turn = 0;

        if (r != 0)
                return -r;
        while (!c.ended && turn == 0)
                turn = s->on_turn(s->userdata, c.done);
        c.stop = turn != 0;
        (void)pthread_join(thread, NULL);
        return turn != 0 ? -ECANCELED : c.error;
}

static int64_t total_size(const struct disc_stage *s)
{
        return pack_size_with_recovery(s->sectors * BURNER_SECTOR, s->percent);
}

static int dvdisaster_start(const struct disc_stage *s, int fd, pid_t *ret)
{
        char path[32], total[24];
        const char *const args[] = {"dvdisaster", "-i", path, "-mRS02", "-n", total, "-c", NULL};
        const char *const environment[] = {"PATH=/usr/bin:/bin", "LC_ALL=C", "HOME=/nonexistent", NULL};
        posix_spawn_file_actions_t actions;
        int r;

        (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", IMAGE_FD);
        (void)snprintf(total, sizeof(total), "%" PRId64, total_size(s) / BURNER_SECTOR);
        r = posix_spawn_file_actions_init(&actions);
        if (r != 0)
                return -r;
        r = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        /* It prints a line for each sector. */
        if (r == 0)
                r = posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
        if (r == 0)
                r = posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
        if (r == 0)
                r = posix_spawn_file_actions_adddup2(&actions, fd, IMAGE_FD);
        if (r == 0)
                r = posix_spawnp(ret, args[0], &actions, NULL, (char *const *)args,
                                 (char *const *)environment);
        (void)posix_spawn_file_actions_destroy(&actions);
        return r == ENOENT ? -ENOPKG : -r;
}

static int dvdisaster_follow(const struct disc_stage *s, pid_t pid)
{
        const struct timespec tenth = {.tv_nsec = 100000000};
        bool cancelled = false;
        int status = 0;
        pid_t r;

        while ((r = waitpid(pid, &status, WNOHANG)) == 0 || (r < 0 && errno == EINTR)) {
                if (!cancelled && s->on_turn(s->userdata, s->sectors) != 0) {
                        cancelled = true;
                        (void)kill(pid, SIGKILL);
                }
                (void)nanosleep(&tenth, NULL);
        }
        if (r < 0)
                return -errno;
        if (cancelled)
                return -ECANCELED;
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
                return 0;
        log_debug("dvdisaster ended with status %d", status);
        return WIFEXITED(status) && WEXITSTATUS(status) == NOT_FOUND ? -ENOPKG : -EIO;
}

/* Its success counts only when there is more in the file than before. */
static int recovery_add(const struct disc_stage *s, int fd)
{
        rlim_t most = (rlim_t)total_size(s);
        struct stat st;
        pid_t pid = 0;
        int r = dvdisaster_start(s, fd, &pid);

        if (r < 0)
                return r;
        /* Whatever it makes of that, it does not fill the disk. */
        (void)prlimit(pid, RLIMIT_FSIZE, &(struct rlimit){most, most}, NULL);
        r = dvdisaster_follow(s, pid);
        if (r < 0)
                return r;
        if (fstat(fd, &st) < 0)
                return -errno;
        return st.st_size > s->sectors * BURNER_SECTOR && st.st_size % BURNER_SECTOR == 0 ? 0 : -EIO;
}

int disc_stage_make(const struct disc_stage *s)
{
        _cleanup_close_ int fd = openat(s->scratch, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
        int r;

        if (fd < 0)
                return -errno;
        r = image_stage(s, fd);
        if (r >= 0)
                r = recovery_add(s, fd);
        return r < 0 ? r : TAKE_FD(fd);
}
