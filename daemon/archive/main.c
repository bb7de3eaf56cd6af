// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * recdock-archive: writes one volume, or reads one again. recdockd starts it with a socket; it opens the
 * volume's folder, locks itself in, and from then on speaks to recdockd only.
 */
#include "base/cleanup.h"
#include "base/log.h"
#include "base/message.h"
#include "daemon/archive/archive_messages.h"
#include "daemon/archive/archive_serve.h"

#include <getopt.h>
#include <signal.h>

enum { EXIT_USAGE = 2 };

static void help(void)
{
        (void)printf("Usage: recdock-archive [OPTION...]\n"
                     "Write a volume of footage to a medium and read it back, or read one again; started "
                     "by\n"
                     "recdockd(8) with a socket as descriptor %d.\n\n"
                     "  -h, --help     print this help\n"
                     "      --version  print the version\n",
                     ARCHIVE_SOCKET_FD);
}

/* Returns 1 to go on, 0 when everything is done, -EINVAL after a word on what is wrong. */
static int parse_arguments(int argc, char *argv[])
{
        enum { OPT_VERSION = 256 };
        static const struct option options[] = {
                        {"help", no_argument, NULL, 'h'}, {"version", no_argument, NULL, OPT_VERSION}, {0}};
        int c;

        while ((c = getopt_long(argc, argv, "h", options, NULL)) >= 0) {
                if (c == 'h')
                        help();
                else if (c == OPT_VERSION)
                        (void)puts("recdock-archive " PACKAGE_VERSION);
                else
                        return -EINVAL; /* getopt_long() has said what */
                return 0;
        }
        if (optind < argc) {
                log_error("unexpected argument '%s'; see recdock-archive --help", argv[optind]);
                return -EINVAL;
        }
        return 1;
}

int main(int argc, char *argv[])
{
        int r;

        (void)log_open("recdock-archive", "console");
        r = parse_arguments(argc, argv);
        if (r <= 0)
                return r < 0 ? EXIT_USAGE : EXIT_SUCCESS;
        r = message_parent_check(ARCHIVE_SOCKET_FD, "recdock-archive");
        if (r < 0)
                return r == -EINVAL ? EXIT_USAGE : EXIT_FAILURE;
        (void)signal(SIGPIPE, SIG_IGN);
        (void)signal(SIGXFSZ, SIG_IGN); /* a file beyond a limit is EFBIG, as on FAT */
        r = archive_serve(ARCHIVE_SOCKET_FD);
        if (r < 0 && r != -EPIPE)
                log_error("cannot serve recdockd: %s, leaving", log_errno_text(r));
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
