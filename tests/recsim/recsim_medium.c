// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Image files and the account of what was read of them. The account is a sorted array of runs: a host that
 * reads a volume in some order of its own leaves few of them, and a test that reads single sectors can
 * afford the rest.
 */

#include "recsim_medium.h"

#include "recsim_buffer.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

int recsim_medium_open(struct recsim_medium *m, const char *path, uint32_t sector, bool writable)
{
        struct stat st;

        *m = (struct recsim_medium){.fd = -EBADF, .sector = sector};
        if (strcmp(path, "none") == 0)
                return 0;
        m->fd = open(path, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC);
        if (m->fd < 0)
                return -errno;
        if (fstat(m->fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size < (off_t)sector) {
                m->fd = fd_close(m->fd);
                return -EINVAL;
        }
        m->sectors = (uint64_t)st.st_size / sector;
        return 0;
}

void recsim_medium_close(struct recsim_medium *m)
{
        m->fd = fd_close(m->fd);
        free(m->runs);
        *m = (struct recsim_medium){.fd = -EBADF};
}

/* The first run that ends at or behind this sector. */
static size_t run_find(const struct recsim_medium *m, uint64_t sector)
{
        size_t low = 0, high = m->n_runs;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (m->runs[middle].end < sector)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

static void run_insert(struct recsim_medium *m, size_t at, struct recsim_run run)
{
        if (m->n_runs == m->room) {
                size_t room = m->room ? 2 * m->room : 64;
                struct recsim_run *runs = recsim_alloc(room * sizeof(*runs));

                if (m->n_runs > 0)
                        memcpy(runs, m->runs, m->n_runs * sizeof(*runs));
                free(m->runs);
                m->runs = runs;
                m->room = room;
        }
        memmove(m->runs + at + 1, m->runs + at, (m->n_runs - at) * sizeof(*m->runs));
        m->runs[at] = run;
        m->n_runs++;
}

void recsim_medium_note(struct recsim_medium *m, uint64_t first, uint64_t sectors)
{
        struct recsim_run run = {first, first + sectors};
        size_t from = run_find(m, first);
        size_t to = from;

        if (sectors == 0)
                return;
        for (; to < m->n_runs && m->runs[to].first <= run.end; to++) {
                run.first = MIN(run.first, m->runs[to].first);
                run.end = MAX(run.end, m->runs[to].end);
        }
        if (to == from) {
                run_insert(m, from, run);
                return;
        }
        m->runs[from] = run;
        memmove(m->runs + from + 1, m->runs + to, (m->n_runs - to) * sizeof(*m->runs));
        m->n_runs -= to - from - 1;
}

uint64_t recsim_medium_covered(const struct recsim_medium *m)
{
        uint64_t n = 0;

        for (size_t i = 0; i < m->n_runs; i++)
                n += m->runs[i].end - m->runs[i].first;
        return n;
}
