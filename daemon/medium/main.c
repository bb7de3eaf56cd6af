// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * recdock-medium: makes, mounts and releases one removable medium of the archive for recdockd, and ends.
 * Started by its socket, the connection as standard input. It is apart from recdockd because that may not
 * mount, and from recdock-clear because that has a recorder's disk and nothing else in its hands.
 */
#include "base/cleanup.h"
#include "base/log.h"
#include "daemon/disk/peer.h"
#include "daemon/medium/serve.h"

#include <getopt.h>

enum { EXIT_USAGE = 2 };

static void help(void)
{
        (void)puts("Usage: recdock-medium\n"
                   "Make, mount and release a removable medium of the archive for recdockd(8); started by\n"
                   "recdock-medium.socket, with the connection as standard input.\n\n"
                   "  -h, --help      print this help\n"
                   "      --version   print the version");
}

/* Returns 1 to go on, 0 when everything is done, -EINVAL after a word on what is wrong. */
static int parse_arguments(int argc, char *argv[])
{
        enum { OPT_VERSION = 256 };
        static const struct option options[] = {
                        {"help", no_argument, NULL, 'h'},
                        {"version", no_argument, NULL, OPT_VERSION},
                        {0},
        };
        int c;

        while ((c = getopt_long(argc, argv, "h", options, NULL)) >= 0) {
                switch (c) {
                case 'h':
                        help();
                        return 0;
                case OPT_VERSION:
                        (void)puts("recdock-medium " PACKAGE_VERSION);
                        return 0;
                default:
                        return -EINVAL; /* getopt_long() has said what */
                }
        }
        if (optind == argc)
                return 1;
        log_error("unexpected argument '%s'; see recdock-medium --help", argv[optind]);
        return -EINVAL;
}

static int serve(void)
{
        _cleanup_close_ int signals = -EBADF;
        int r = peer_check(STDIN_FILENO);

        if (r < 0) {
                log_error("only recdockd may ask: %s", log_errno_text(r));
                return r;
        }
        r = signals = peer_signals();
        return r < 0 ? r : medium_serve(STDIN_FILENO, signals);
}

int main(int argc, char *argv[])
{
        int r;

        (void)log_open("recdock-medium", "auto");
        r = parse_arguments(argc, argv);
        if (r <= 0)
                return r < 0 ? EXIT_USAGE : EXIT_SUCCESS;
        return serve() < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
