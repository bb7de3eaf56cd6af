// SPDX-License-Identifier: LGPL-2.1-or-later
/* Answers in files; see output.h. */
#include "cli/output.h"
#include "cli/client.h"
#include "cli/translate.h"
#include "base/cleanup.h"
#include "base/durable.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static int tell_exists(const char *path)
{
        complain(_("'%s' is there already, expected a new name, or --force to replace it"), path);
        return EXIT_USAGE;
}

static int tell_failed(const char *path, int r)
{
        complain(_("'%s' cannot be written: %s"), path, strerror(-r));
        return EXIT_OTHER;
}

/* The folder that holds 'path', which may be reached by links: it is whoever's asks. */
static int folder_open(const char *path, const char **ret_name)
{
        const char *slash = strrchr(path, '/');
        _cleanup_free_ char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
        int fd;

        if (!folder)
                return -ENOMEM;
        *ret_name = slash ? slash + 1 : path;
        if (!**ret_name)
                return -EISDIR;
        fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

int output_check(const char *path, bool force)
{
        _cleanup_close_ int folder = -EBADF;
        const char *name;
        struct stat st;

        if (!path)
                return EXIT_OK;
        folder = folder_open(path, &name);
        if (folder < 0)
                return tell_failed(path, folder);
        if (faccessat(folder, ".", W_OK, AT_EACCESS) < 0)
                return tell_failed(path, -errno);
        if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? EXIT_OK : tell_failed(path, -errno);
        if (S_ISDIR(st.st_mode))
                return tell_failed(path, -EISDIR);
        return force ? EXIT_OK : tell_exists(path);
}

static int output_publish(const char *path, bool force, const char *text, size_t size)
{
        const char *name = "";
        _cleanup_close_ int folder = folder_open(path, &name);
        int r = folder < 0 ? folder : durable_publish(folder, name, text, size, 0666, force);

        if (r == DURABLE_EXISTS)
                return tell_exists(path);
        return r < 0 ? tell_failed(path, r) : EXIT_OK;
}

int output_write(const char *path, bool force, void (*write)(FILE *out, const void *userdata),
                 const void *userdata)
{
        _cleanup_free_ char *text = NULL;
        size_t size = 0;
        FILE *out;

        if (!path) {
                write(stdout, userdata); /* main() looks at its errors */
                return EXIT_OK;
        }
        out = open_memstream(&text, &size);
        if (!out)
                return tell_failed(path, -errno);
        write(out, userdata);
        if (ferror(out) != 0) {
                (void)fclose(out);
                return tell_failed(path, -ENOMEM);
        }
        if (fclose(out) != 0)
                return tell_failed(path, -ENOMEM);
        return output_publish(path, force, text, size);
}
