// SPDX-License-Identifier: LGPL-2.1-or-later
/* See known.h. */
#include "daemon/known.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "catalogue/registry.h"
#include "daemon/station_internal.h"
#include "rules/usb_kind.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

struct names {
        char (*at)[KNOWN_NAME_MAX];
        size_t n, allocated;
};

/* Makes room for one more. */
static int names_grow(struct names *names)
{
        if (names->n == names->allocated) {
                size_t n = names->allocated ? 2 * names->allocated : 64;
                void *grown = realloc(names->at, n * sizeof(names->at[0]));

                if (!grown)
                        return -ENOMEM;
                names->at = grown;
                names->allocated = n;
        }
        return 0;
}

static int on_recorder(void *userdata, const struct recorder_row *r)
{
        struct names *names = userdata;
        int q;

        if (r->retired_at != INSTANT_NONE)
                return 0;
        q = names_grow(names);
        if (q < 0)
                return q;
        if (known_name(r->vendor_id, r->product_id, r->usb_serial, names->at[names->n]))
                names->n++;
        return 0;
}

static int name_compare(const void *a, const void *b)
{
        return strcmp(a, b);
}

static bool names_have(const struct names *names, const char *name)
{
        return names->n > 0 && bsearch(name, names->at, names->n, sizeof(names->at[0]), name_compare);
}

/* What is there and should not be. */
static int folder_prune(int folder, const struct names *names)
{
        _cleanup_(closedirp) DIR *dir = NULL;
        int fd = fcntl(folder, F_DUPFD_CLOEXEC, 3);
        const struct dirent *entry;

        if (fd < 0)
                return -errno;
        dir = fdopendir(fd);
        if (!dir) {
                (void)fd_close(fd);
                return -errno;
        }
        while ((entry = readdir(dir)) != NULL) {
                if (entry->d_name[0] == '.' || names_have(names, entry->d_name))
                        continue;
                if (unlinkat(folder, entry->d_name, 0) < 0 && errno != ENOENT)
                        return -errno;
        }
        return 0;
}

static int folder_fill(int folder, const struct names *names)
{
        for (size_t i = 0; i < names->n; i++) {
                int fd = openat(folder, names->at[i], O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);

                if (fd < 0)
                        return -errno;
                (void)fd_close(fd);
        }
        return 0;
}

static int names_write(struct names *names, const char *folder_name)
{
        const char *state = getenv("STATE_DIRECTORY");
        _cleanup_free_ char *path = NULL;
        _cleanup_close_ int folder = -EBADF;
        int r;

        if (names->n > 0)
                qsort(names->at, names->n, sizeof(names->at[0]), name_compare);
        if (asprintf(&path, "%s/%s", state ? state : RECDOCK_STATEDIR, folder_name) < 0)
                return -ENOMEM;
        if (mkdir(path, 0750) < 0 && errno != EEXIST)
                return -errno;
        folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (folder < 0)
                return -errno;
        r = folder_fill(folder, names);
        return r < 0 ? r : folder_prune(folder, names);
}

void known_sync(struct station *s)
{
        struct names names = {0};
        int r = station_check(s, recorder_each(s->catalogue, on_recorder, &names), "read the registry");

        if (r >= 0) {
                r = names_write(&names, KNOWN_RECORDERS);
                if (r < 0)
                        log_error("cannot tell udev which recorders are registered: %s, disks of new ones "
                                  "are not recognised",
                                  log_errno_text(r));
        }
        free(names.at);
}

/* It becomes a file's name. Letters, digits and '-': libblkid's UUIDs of file systems have nothing else. */
static bool uuid_is_name(const char *uuid)
{
        size_t n = strspn(uuid, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-");

        return n > 0 && n < KNOWN_NAME_MAX && uuid[n] == '\0';
}

int known_media_sync(const char *const *uuids, size_t n)
{
        struct names names = {0};
        int r = 0;

        for (size_t i = 0; r == 0 && i < n; i++) {
                r = uuid_is_name(uuids[i]) ? names_grow(&names) : -EINVAL;
                if (r == 0)
                        (void)text_copy(names.at[names.n++], sizeof(names.at[0]), uuids[i]);
        }
        if (r == 0)
                r = names_write(&names, KNOWN_MEDIA);
        free(names.at);
        return r;
}
