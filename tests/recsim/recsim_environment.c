// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What has to be there before a test bed can be: the preload libraries in the environment (before the
 * program starts, hence the re-execution), and a private message bus for a daemon that wants the system's.
 */

#include "recsim_environment.h"

#include "recsim_buffer.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#define MARKER "RECSIM_UNDER_PRELOAD"

bool recsim_environment_is_set(void)
{
        return getenv(MARKER) != NULL;
}

static int append_env(const char *name, const char *value, const char *separator)
{
        const char *old = getenv(name);
        _cleanup_free_ char *joined = NULL;

        if (old && strstr(old, value))
                return 0;
        if (asprintf(&joined, "%s%s%s", value, old && *old ? separator : "", old ? old : "") < 0)
                return -ENOMEM;
        return setenv(name, joined, 1) < 0 ? -errno : 0;
}

int recsim_environment_set(void)
{
        const char *library = getenv("RECSIM_PRELOAD");
        _cleanup_free_ char *preload = NULL;
        int r;

        if (!library)
                library = RECSIM_PRELOAD_PATH;
        if (access(library, R_OK) < 0)
                return -errno;
        if (asprintf(&preload, "%s:libumockdev-preload.so.0", library) < 0)
                return -ENOMEM;
        r = append_env("LD_PRELOAD", preload, ":");
        /* A program with the shared runtime of gcc's sanitizer wants it first; it works in second place. */
        if (r == 0)
                r = append_env("ASAN_OPTIONS", "verify_asan_link_order=0", ":");
        if (r == 0 && setenv(MARKER, "1", 1) < 0)
                r = -errno;
        return r;
}

static int bus_config(const char *run_dir, const char *path)
{
        _cleanup_fclose_ FILE *f = fopen(path, "we");

        if (!f)
                return -errno;
        (void)fprintf(f,
                      "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\"\n"
                      " \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n"
                      "<busconfig>\n"
                      "  <type>system</type>\n"
                      "  <listen>unix:path=%s/bus</listen>\n"
                      "  <auth>EXTERNAL</auth>\n"
                      "  <policy context=\"default\">\n"
                      "    <allow user=\"*\"/>\n"
                      "    <allow own=\"*\"/>\n"
                      "    <allow send_type=\"method_call\"/>\n"
                      "    <allow send_destination=\"*\" eavesdrop=\"true\"/>\n"
                      "    <allow receive_sender=\"*\"/>\n"
                      "  </policy>\n"
                      "</busconfig>\n",
                      run_dir);
        return ferror(f) ? -EIO : 0;
}

static void bus_exec(const char *config, int address_fd)
{
        char print[32];

        (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
        (void)unsetenv("LD_PRELOAD");
        (void)unsetenv("UMOCKDEV_DIR");
        (void)snprintf(print, sizeof(print), "--print-address=%d", address_fd);
        (void)execlp("dbus-daemon", "dbus-daemon", "--config-file", config, "--nofork", "--nopidfile", print,
                     (char *)NULL);
        (void)fprintf(stderr, "recsim: dbus-daemon: %s\n", strerror(errno));
        _exit(127);
}

int recsim_bus_start(const char *run_dir, pid_t *ret_pid, char *ret_address, size_t room)
{
        _cleanup_free_ char *config = NULL;
        int pipe_fds[2];
        ssize_t n;
        pid_t pid;
        int r;

        if (asprintf(&config, "%s/bus.conf", run_dir) < 0)
                return -ENOMEM;
        r = bus_config(run_dir, config);
        if (r < 0)
                return r;
        if (pipe(pipe_fds) < 0)
                return -errno;
        pid = fork();
        if (pid == 0) {
                (void)close(pipe_fds[0]);
                bus_exec(config, pipe_fds[1]);
        }
        (void)close(pipe_fds[1]);
        /* The address comes when the bus listens; its end means that it never will. */
        n = pid < 0 ? -1 : read(pipe_fds[0], ret_address, room - 1);
        (void)close(pipe_fds[0]);
        if (n <= 0)
                return -EIO;
        ret_address[n] = '\0';
        ret_address[strcspn(ret_address, ",\n")] = '\0'; /* without the guid */
        *ret_pid = pid;
        return 0;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
        (void)st;
        (void)type;
        (void)ftw;
        (void)remove(path);
        return 0;
}

void recsim_remove_tree(const char *path)
{
        (void)nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}
