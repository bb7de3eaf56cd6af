// SPDX-License-Identifier: LGPL-2.1-or-later
/* Files that somebody gives; see source.h. */
#include "cli/source.h"
#include "cli/client.h"
#include "cli/translate.h"
#include "base/cleanup.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

int source_open(const char *path)
{
        struct stat st;
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

        if (fd < 0) {
                complain(_("'%s' cannot be read: %s"), path, strerror(errno));
                return -errno;
        }
        if (fstat(fd, &st) >= 0 && S_ISREG(st.st_mode))
                return fd;
        complain(_("'%s' is no regular file"), path);
        (void)fd_close(fd);
        return -EINVAL;
}
