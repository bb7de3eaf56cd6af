// SPDX-License-Identifier: LGPL-2.1-or-later
/* Files that a client opens and passes on. Their file system is not asked, which may hang: what the client's
 * own look has left in memory is enough here. */
#include "base/cleanup.h"
#include "catalogue/footage.h"
#include "daemon/bus.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>

static int size_accept(int fd, const char *path, const struct footage *f, sd_bus_error *error)
{
        struct statx st;
        int mode = fcntl(fd, F_GETFL);

        if (mode < 0 || (mode & O_PATH) || (mode & O_ACCMODE) == O_WRONLY ||
            statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE | STATX_SIZE, &st) < 0 ||
            !S_ISREG(st.stx_mode))
                return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID,
                                         "'%s' cannot be read from, expected a regular file", path);
        if (st.stx_size != (uint64_t)f->size)
                return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID,
                                         "'%s' has %llu bytes, expected the %" PRId64 " of footage '%" PRId64
                                         "'",
                                         path, (unsigned long long)st.stx_size, f->size, f->id);
        return 0;
}

int bus_file_accept(struct catalogue *c, int fd, const char *path, int64_t footage, sd_bus_error *error)
{
        struct footage f;
        int r = footage_by_id(c, footage, &f);

        if (r == CATALOGUE_ABSENT)
                return sd_bus_error_setf(error, RECDOCK_ERROR_NOT_FOUND,
                                         "there is no footage '%" PRId64
                                         "', expected one of 'recdockctl list'",
                                         footage);
        return r < 0 ? r : size_accept(fd, path, &f, error);
}
