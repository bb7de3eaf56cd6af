// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * recdock-clear: removes from a recorder's disk what recdockd names, once, and ends. Started by its socket,
 * the connection as standard input. It is apart from everything else because it is the only program of
 * recdock that may mount.
 */
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "daemon/clear/clear_flag.h"
#include "daemon/clear/serve.h"
#include "daemon/disk/peer.h"

#include <getopt.h>

enum { EXIT_USAGE = 2 };

static void help(void)
{
        (void)puts("Usage: recdock-clear [--put-back]\n"
                   "Remove from a recorder's disk what recdockd(8) asks for; started by "
                   "recdock-clear.socket, with\n"
                   "the connection as standard input.\n\n"
                   "      --put-back  set the read-only flags again that one that was killed had lifted, "
                   "and\n"
                   "                  do nothing else; for the unit's ExecStopPost=\n"
                   "  -h, --help      print this help\n"
                   "      --version   print the version");
}

/* Returns 1 to go on, 0 when everything is done, -EINVAL after a word on what is wrong. */
static int parse_arguments(int argc, char *argv[], bool *ret_put_back)
{
        enum { OPT_VERSION = 256, OPT_PUT_BACK };
        static const struct option options[] = {
                        {"help", no_argument, NULL, 'h'},
                        {"version", no_argument, NULL, OPT_VERSION},
                        {"put-back", no_argument, NULL, OPT_PUT_BACK},
                        {0},
        };
        int c;

        while ((c = getopt_long(argc, argv, "h", options, NULL)) >= 0) {
                switch (c) {
                case 'h':
                        help();
                        return 0;
                case OPT_VERSION:
                        (void)puts("recdock-clear " PACKAGE_VERSION);
                        return 0;
                case OPT_PUT_BACK:
                        *ret_put_back = true;
                        break;
                default:
                        return -EINVAL; /* getopt_long() has said what */
                }
        }
        if (optind == argc)
                return 1;
        log_error("unexpected argument '%s'; see recdock-clear --help", argv[optind]);
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
        if (r >= 0)
                r = zone_set("UTC");
        return r < 0 ? r : clear_serve(STDIN_FILENO, signals);
}

int main(int argc, char *argv[])
{
        bool put_back = false;
        int r;

        (void)log_open("recdock-clear", "auto");
        r = parse_arguments(argc, argv, &put_back);
        if (r <= 0)
                return r < 0 ? EXIT_USAGE : EXIT_SUCCESS;
        r = put_back ? clear_flag_put_back() : serve();
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
