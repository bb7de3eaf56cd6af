// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * recdock-inspect: reads back what was written, digests it and walks the container. Normally started by
 * recdockd with a socket as descriptor 3; with --check it does the same to files named on the command line.
 */
#include "base/cleanup.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/text.h"
#include "daemon/inspect/check_command.h"
#include "daemon/inspect/inspect_service.h"
#include "media/demux_walk.h"
#include "media/inspect_messages.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static bool arg_check;
static const char *arg_log = "auto";
static struct check_options arg_options = {.parallel = 2};

static void help(void)
{
        (void)printf("recdock-inspect [OPTIONS...] --check FILE...\n"
                     "recdock-inspect [--parallel=N]\n\n"
                     "Check recordings in sandboxed processes; without --check, serve recdockd on "
                     "descriptor %d.\n\n"
                     "      --check           Check the files and print a line each\n"
                     "      --json            Print a JSON object a line\n"
                     "      --sm3             Compute SM3 beside SHA-256\n"
                     "      --sync            Write back first, then read from the disk, not from memory\n"
                     "      --digest-only     No container check\n"
                     "      --parallel=N      Processes at once (1 to %d, default 2)\n"
                     "      --timeout=SECONDS Time for each file (default: by size)\n"
                     "      --log=TARGET      auto, journal, console or json\n"
                     "  -h, --help            Show this help\n"
                     "      --version         Show the version\n",
                     INSPECT_SOCKET_FD, INSPECT_JOBS_MAX);
}

static int parse_number(const char *option, const char *value, int64_t low, int64_t high, uint32_t *ret)
{
        int64_t n = 0;

        if (text_to_int64(value, &n) < 0 || n < low || n > high) {
                (void)fprintf(stderr, "recdock-inspect: --%s='%s': expected a number from %d to %d\n",
                              option, value, (int)low, (int)high);
                return -EINVAL;
        }
        *ret = (uint32_t)n;
        return 0;
}

enum {
        ARG_CHECK = 256,
        ARG_JSON,
        ARG_SM3,
        ARG_SYNC,
        ARG_DIGEST_ONLY,
        ARG_PARALLEL,
        ARG_TIMEOUT,
        ARG_LOG,
        ARG_VERSION,
};

/* Returns 1 to go on, 0 when all is done (help, version), or -EINVAL. */
static int parse_option(int c)
{
        switch (c) {
        case 'h':
                help();
                return 0;
        case ARG_VERSION:
                (void)puts(PACKAGE_VERSION);
                return 0;
        case ARG_CHECK:
                arg_check = true;
                return 1;
        case ARG_JSON:
                arg_options.json = true;
                return 1;
        case ARG_SM3:
                arg_options.flags |= INSPECT_WITH_SM3;
                return 1;
        case ARG_SYNC:
                arg_options.flags |= INSPECT_SYNC;
                return 1;
        case ARG_DIGEST_ONLY:
                arg_options.flags |= INSPECT_DIGEST_ONLY;
                return 1;
        case ARG_PARALLEL:
                return parse_number("parallel", optarg, 1, INSPECT_JOBS_MAX, &arg_options.parallel) < 0
                                       ? -EINVAL
                                       : 1;
        case ARG_TIMEOUT:
                return parse_number("timeout", optarg, 1, 86400, &arg_options.timeout_s) < 0 ? -EINVAL : 1;
        case ARG_LOG:
                arg_log = optarg;
                return 1;
        default:
                return -EINVAL;
        }
}

static int parse_argv(int argc, char *argv[])
{
        static const struct option options[] = {
                        {"check", no_argument, NULL, ARG_CHECK},
                        {"digest-only", no_argument, NULL, ARG_DIGEST_ONLY},
                        {"help", no_argument, NULL, 'h'},
                        {"json", no_argument, NULL, ARG_JSON},
                        {"log", required_argument, NULL, ARG_LOG},
                        {"parallel", required_argument, NULL, ARG_PARALLEL},
                        {"sm3", no_argument, NULL, ARG_SM3},
                        {"sync", no_argument, NULL, ARG_SYNC},
                        {"timeout", required_argument, NULL, ARG_TIMEOUT},
                        {"version", no_argument, NULL, ARG_VERSION},
                        {0},
        };
        int c;

        while ((c = getopt_long(argc, argv, "h", options, NULL)) >= 0) {
                int r = parse_option(c);

                if (r <= 0)
                        return r;
        }
        if (arg_check && optind == argc) {
                (void)fprintf(stderr, "recdock-inspect: --check: expected at least one file\n");
                return -EINVAL;
        }
        if (!arg_check && optind < argc) {
                (void)fprintf(stderr, "recdock-inspect: unexpected argument '%s', did you mean --check?\n",
                              argv[optind]);
                return -EINVAL;
        }
        return 1;
}

/* libcrypto and libavformat look for files and processors when first used: not in a child that may open
 * nothing. */
static int libraries_load(void)
{
        struct digest *digest = NULL;
        struct digest_values values;
        int r = digest_new(&digest, true);

        if (r >= 0)
                r = digest_peek(digest, &values);
        digest_free(digest);
        demux_prepare();
        return r;
}

static int serve(void)
{
        int type = 0, r;
        socklen_t size = sizeof(type);

        if (getsockopt(INSPECT_SOCKET_FD, SOL_SOCKET, SO_TYPE, &type, &size) < 0 || type != SOCK_SEQPACKET) {
                (void)fprintf(stderr,
                              "recdock-inspect: descriptor %d is no message socket; recdockd starts this "
                              "program, "
                              "see --check for use by hand\n",
                              INSPECT_SOCKET_FD);
                return EXIT_FAILURE;
        }
        r = inspect_service_run(INSPECT_SOCKET_FD, arg_options.parallel);
        if (r < 0)
                log_error("could not serve recdockd: %s, ending", log_errno_text(r));
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char *argv[])
{
        int r = parse_argv(argc, argv);

        if (r <= 0)
                return r < 0 ? 2 : EXIT_SUCCESS;
        if (log_open("recdock-inspect", arg_log) < 0) {
                (void)fprintf(stderr,
                              "recdock-inspect: --log='%s': expected auto, journal, console or json\n",
                              arg_log);
                return 2;
        }
        r = libraries_load();
        if (r < 0) {
                log_error("could not load the digests: %s, ending", log_errno_text(r));
                return EXIT_FAILURE;
        }
        if (arg_check)
                return check_command(&arg_options, argv + optind, (size_t)(argc - optind));
        return serve();
}
