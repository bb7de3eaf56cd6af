// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * recdock-alert: runs the hooks of the site for each alert that recdockd tells. Started by its socket, which
 * it finds as its first descriptor of sd_listen_fds(3), as a user that owns nothing: recdockd itself runs
 * nothing but its workers. It ends when it is idle, and its end at any instant costs at most the alert that
 * it has in its hands.
 */
#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "daemon/alert/serve.h"

#include <getopt.h>
#include <systemd/sd-daemon.h>

enum {
        EXIT_USAGE = 2,
        SECONDS_MAX = 3600,
};

static struct alert_service service = {
                .folders = RECDOCK_CONFDIR "/alert.d:" RECDOCK_HOOKDIR,
                .hook_ms = 30 * 1000,
                .idle_ms = 30 * 1000,
};

static void help(void)
{
        (void)puts("Usage: recdock-alert [OPTION...]\n"
                   "Run the hooks of the site for each alert of recdockd(8); started by "
                   "recdock-alert.socket.\n\n"
                   "      --hooks=DIR:DIR  where hooks are, the first one wins; by default\n"
                   "                       " RECDOCK_CONFDIR "/alert.d:" RECDOCK_HOOKDIR "\n"
                   "      --timeout=SEC    time that a hook has, 30 by default\n"
                   "      --idle=SEC       end when nothing has come for so long, 30 by default\n"
                   "  -h, --help           print this help\n"
                   "      --version        print the version");
}

static int parse_seconds(const char *option, const char *value, int *ret_ms)
{
        int64_t seconds;

        if (text_to_int64(value, &seconds) < 0 || seconds < 1 || seconds > SECONDS_MAX) {
                log_error("%s='%s': expected a number of seconds from 1 to %d", option, value, SECONDS_MAX);
                return -EINVAL;
        }
        *ret_ms = (int)seconds * 1000;
        return 0;
}

/* Returns 1 to go on, 0 when everything is done, -EINVAL after a word on what is wrong. */
static int parse_arguments(int argc, char *argv[])
{
        enum { OPT_VERSION = 256, OPT_HOOKS, OPT_TIMEOUT, OPT_IDLE };
        static const struct option options[] = {
                        {"help", no_argument, NULL, 'h'},
                        {"version", no_argument, NULL, OPT_VERSION},
                        {"hooks", required_argument, NULL, OPT_HOOKS},
                        {"timeout", required_argument, NULL, OPT_TIMEOUT},
                        {"idle", required_argument, NULL, OPT_IDLE},
                        {0},
        };
        int c, r = 0;

        while (r == 0 && (c = getopt_long(argc, argv, "h", options, NULL)) >= 0) {
                switch (c) {
                case 'h':
                        help();
                        return 0;
                case OPT_VERSION:
                        (void)puts("recdock-alert " PACKAGE_VERSION);
                        return 0;
                case OPT_HOOKS:
                        service.folders = optarg;
                        break;
                case OPT_TIMEOUT:
                        r = parse_seconds("--timeout", optarg, &service.hook_ms);
                        break;
                case OPT_IDLE:
                        r = parse_seconds("--idle", optarg, &service.idle_ms);
                        break;
                default:
                        return -EINVAL; /* getopt_long() has said what */
                }
        }
        if (r < 0 || optind == argc)
                return r < 0 ? r : 1;
        log_error("unexpected argument '%s'; see recdock-alert --help", argv[optind]);
        return -EINVAL;
}

int main(int argc, char *argv[])
{
        int r;

        (void)log_open("recdock-alert", "auto");
        r = parse_arguments(argc, argv);
        if (r <= 0)
                return r < 0 ? EXIT_USAGE : EXIT_SUCCESS;
        if (sd_listen_fds(true) != 1) {
                log_error("no socket was passed, expected to be started by recdock-alert.socket");
                return EXIT_USAGE;
        }
        r = alert_serve(&service, SD_LISTEN_FDS_START);
        if (r < 0)
                log_error("the socket cannot be listened to: %s", log_errno_text(r));
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
