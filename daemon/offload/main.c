// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * recdock-offload: one recorder of one docking. recdockd starts it with a socket and a device node; it opens
 * the node, locks itself in, and from then on talks to the recorder and to recdockd only.
 */
#include "base/cleanup.h"
#include "base/log.h"
#include "base/message.h"
#include "base/sandbox.h"
#include "base/text.h"
#include "daemon/offload/lockdown.h"
#include "daemon/offload/report.h"
#include "daemon/offload/session.h"
#include "recorder/folder/folder_recorder.h"
#include "recorder/mtp/mtp_recorder.h"
#include "recorder/quirks.h"
#include "recorder/ums/ums_recorder.h"

#include <getopt.h>
#include <glob.h>
#include <limits.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

enum { EXIT_USAGE = 2, INTERFACE_MAX = 255 };

static const char *arg_node;
static int arg_interface = -1;
static const char *arg_quirks;

/* A way to open a recorder. It fills 'why' (RECORDER_HOLDER_MAX) when there is more to say than the outcome
 * does. */
typedef int driver_open_fn(struct recorder **ret, struct session *s, const struct quirk_table *quirks,
                           char *why);

struct driver {
        const char *name;
        driver_open_fn *open;
        bool has_node; /* it talks to a device of that node; else to who imports */
        enum lockdown_kind lockdown;
};

static const struct driver *arg_driver; /* NULL: by the interfaces of the device */

DEFINE_CLEANUP(struct quirk_table *, quirks_free);

static void help(void)
{
        (void)printf("Usage: recdock-offload --node=/dev/bus/usb/BBB/DDD [OPTION...]\n"
                     "       recdock-offload --driver=folder\n"
                     "Offload one recorder; started by recdockd(8) with a socket as descriptor %d,\n"
                     "and for what is imported with the socket of who imports as descriptor %d.\n\n"
                     "      --node=PATH         device node of the recorder\n"
                     "      --driver=NAME       what the recorder speaks: mtp or ums (a disk), by default\n"
                     "                          what its interfaces say; folder: files that are imported\n"
                     "      --interface=NUMBER  interface to use, 0 to 255, instead of choosing one\n"
                     "      --quirks-dir=PATH   read PATH/*.quirks, and no other quirks\n"
                     "  -h, --help              print this help\n"
                     "      --version           print the version\n",
                     OFFLOAD_SOCKET_FD, OFFLOAD_GIVER_FD);
}

static int usage_error(const char *format, const char *value)
{
        log_error("%s '%s'; see recdock-offload --help", format, value);
        return -EINVAL;
}

static int parse_interface(const char *text)
{
        int64_t n;

        if (text_to_int64(text, &n) < 0 || n < 0 || n > INTERFACE_MAX)
                return usage_error("--interface expects a number from 0 to 255, not", text);
        arg_interface = (int)n;
        return 1;
}

static int open_mtp(struct recorder **ret, struct session *s, const struct quirk_table *quirks, char *why)
{
        const struct recorder_open how = {
                        .node = arg_node,
                        .interface = arg_interface,
                        .quirks = quirks,
                        .cancelled = session_cancelled,
                        .notice = session_notice,
                        .userdata = s,
        };

        return mtp_recorder_open(ret, &how, why);
}

static int open_ums(struct recorder **ret, struct session *s, const struct quirk_table *quirks, char *why)
{
        const struct ums_open how = {
                        .node = arg_node,
                        .interface = arg_interface,
                        .quirks = quirks,
                        .cancelled = session_cancelled,
                        .notice = session_notice,
                        .userdata = s,
        };

        return ums_recorder_open(ret, &how, why);
}

static int open_folder(struct recorder **ret, struct session *s, const struct quirk_table *quirks, char *why)
{
        const struct folder_giver giver = {
                        .socket = OFFLOAD_GIVER_FD,
                        .cancelled = session_cancelled,
                        .notice = session_notice,
                        .userdata = s,
        };
        int type;
        socklen_t size = sizeof(type);

        (void)quirks;
        (void)snprintf(why, RECORDER_HOLDER_MAX, "the socket of who imports");
        if (getsockopt(OFFLOAD_GIVER_FD, SOL_SOCKET, SO_TYPE, &type, &size) < 0 || type != SOCK_SEQPACKET)
                return -ENOTSOCK;
        return folder_recorder_open(ret, &giver);
}

/* Those with a node look for an interface of theirs in this order. */
static const struct driver drivers[] = {
                {"mtp", open_mtp, true, LOCKDOWN_USB},
                {"ums", open_ums, true, LOCKDOWN_USB},
                {"folder", open_folder, false, LOCKDOWN_FILES},
};

static int parse_driver(const char *text)
{
        for (size_t i = 0; i < ELEMENTSOF(drivers); i++)
                if (strcmp(text, drivers[i].name) == 0) {
                        arg_driver = &drivers[i];
                        return 1;
                }
        return usage_error("--driver expects mtp, ums or folder, not", text);
}

static bool needs_node(void)
{
        return !arg_driver || arg_driver->has_node;
}

/* Each driver has what it needs and nothing that it would silently leave alone. */
static int options_check(void)
{
        if (needs_node() && !arg_node)
                return usage_error("no device node given, expected", "--node=/dev/bus/usb/BBB/DDD");
        if (!needs_node() && (arg_node || arg_interface >= 0 || arg_quirks))
                return usage_error("no other option goes with", "--driver=folder");
        return 1;
}

/* Returns 1 to go on, 0 when everything is done, -EINVAL after a word on what is wrong. */
static int parse_arguments(int argc, char *argv[])
{
        enum { OPT_VERSION = 256, OPT_NODE, OPT_DRIVER, OPT_INTERFACE, OPT_QUIRKS };
        static const struct option options[] = {
                        {"help", no_argument, NULL, 'h'},
                        {"version", no_argument, NULL, OPT_VERSION},
                        {"node", required_argument, NULL, OPT_NODE},
                        {"driver", required_argument, NULL, OPT_DRIVER},
                        {"interface", required_argument, NULL, OPT_INTERFACE},
                        {"quirks-dir", required_argument, NULL, OPT_QUIRKS},
                        {0},
        };
        int c;

        while ((c = getopt_long(argc, argv, "h", options, NULL)) >= 0) {
                switch (c) {
                case 'h':
                        help();
                        return 0;
                case OPT_VERSION:
                        (void)puts("recdock-offload " PACKAGE_VERSION);
                        return 0;
                case OPT_NODE:
                        arg_node = optarg;
                        break;
                case OPT_DRIVER:
                        if (parse_driver(optarg) < 0)
                                return -EINVAL;
                        break;
                case OPT_INTERFACE:
                        if (parse_interface(optarg) < 0)
                                return -EINVAL;
                        break;
                case OPT_QUIRKS:
                        arg_quirks = optarg;
                        break;
                default:
                        return -EINVAL; /* getopt_long() has said what */
                }
        }
        if (optind < argc)
                return usage_error("unexpected argument", argv[optind]);
        return options_check();
}

/* SIGTERM is read from a descriptor, so that every wait for the recorder or for recdockd can see it. */
static int signals_prepare(int *ret_fd)
{
        sigset_t term;
        int fd;

        (void)sigemptyset(&term);
        (void)sigaddset(&term, SIGTERM);
        (void)sigaddset(&term, SIGINT);
        if (sigprocmask(SIG_BLOCK, &term, NULL) < 0)
                return -errno;
        (void)signal(SIGPIPE, SIG_IGN);
        (void)signal(SIGXFSZ, SIG_IGN); /* a part beyond a limit is EFBIG, as on a full disk */
        fd = signalfd(-1, &term, SFD_CLOEXEC | SFD_NONBLOCK);
        if (fd < 0)
                return -errno;
        *ret_fd = fd;
        return 0;
}

static void on_quirks_report(const char *text, void *userdata)
{
        (void)userdata;
        log_warning("%s, ignoring", text);
}

/* The files of one directory, in order of their names. */
static int quirks_load_dir(const char *dir, struct quirk_table **ret)
{
        _cleanup_(quirks_freep) struct quirk_table *table = NULL;
        char pattern[PATH_MAX];
        glob_t found;
        int r;

        if ((size_t)snprintf(pattern, sizeof(pattern), "%s/*.quirks", dir) >= sizeof(pattern))
                return -ENAMETOOLONG;
        r = quirks_new(&table);
        if (r < 0)
                return r;
        if (access(dir, R_OK | X_OK) < 0)
                return -errno;
        r = glob(pattern, GLOB_ERR, NULL, &found);
        if (r != 0 && r != GLOB_NOMATCH)
                return r == GLOB_NOSPACE ? -ENOMEM : -EIO;
        r = 0;
        for (size_t i = 0; i < found.gl_pathc && r == 0; i++)
                r = quirks_load_file(table, found.gl_pathv[i], on_quirks_report, NULL, NULL);
        globfree(&found);
        if (r == 0)
                *ret = TAKE_PTR(table);
        return r;
}

/* A device without an interface of the one driver may have one of the next. */
static int drivers_open(struct recorder **ret, struct session *s, const struct quirk_table *quirks,
                        char *why)
{
        int r = RECORDER_UNSUPPORTED;

        if (arg_driver)
                return arg_driver->open(ret, s, quirks, why);
        for (size_t i = 0; i < ELEMENTSOF(drivers) && r == RECORDER_UNSUPPORTED; i++)
                if (drivers[i].has_node)
                        r = drivers[i].open(ret, s, quirks, why);
        return r;
}

static int recorder_open(struct session *s, struct recorder **ret)
{
        _cleanup_(quirks_freep) struct quirk_table *quirks = NULL;
        char why[RECORDER_HOLDER_MAX] = "";
        int r = 0;

        if (needs_node())
                r = arg_quirks ? quirks_load_dir(arg_quirks, &quirks)
                               : quirks_load(&quirks, on_quirks_report, NULL, NULL);
        if (r < 0)
                log_warning("cannot read what is known of recorders%s%s: %s, going on without it",
                            arg_quirks ? " in " : "", arg_quirks ? arg_quirks : "", log_errno_text(r));
        r = drivers_open(ret, s, quirks, why);
        if (r != RECORDER_OK)
                (void)report_failed(OFFLOAD_SOCKET_FD, report_outcome(r), MIN(r, 0),
                                    r < 0 && !why[0] ? log_errno_text(r) : why);
        return r;
}

static void *warm_up(void *userdata)
{
        (void)sandbox_warm_up();
        return userdata;
}

/* Locking in begins with it, and it takes libcrypto about as long as the kernel takes to let go of the
 * recorder. */
static int recorder_open_and_warm_up(struct session *s, struct recorder **ret)
{
        pthread_t ahead;
        bool started = pthread_create(&ahead, NULL, warm_up, NULL) == 0;
        int r = recorder_open(s, ret);

        if (started)
                (void)pthread_join(ahead, NULL);
        return r;
}

/* Both halves of locking in, around the making of the threads. A worker that cannot be locked in does not
 * work. */
static int lock_in(struct session *s, struct sandbox_state *ret)
{
        int r = lockdown_paths(ret);

        if (r == 0)
                r = session_threads(s);
        if (r == 0)
                r = lockdown_calls(arg_driver ? arg_driver->lockdown : LOCKDOWN_USB, ret);
        if (r < 0)
                (void)report_failed(OFFLOAD_SOCKET_FD, report_outcome(r), r, "the sandbox of the worker");
        return r;
}

static int run(int signal_fd)
{
        _cleanup_(session_freep) struct session *s = NULL;
        /* Freed before the session, whose hooks it calls. */
        _cleanup_(recorder_freep) struct recorder *recorder = NULL;
        struct session_start start = {0};
        int r = session_new(&s, OFFLOAD_SOCKET_FD, signal_fd);

        if (r == 0)
                r = recorder_open_and_warm_up(s, &recorder);
        if (r == 0)
                r = lock_in(s, &start.sandbox);
        if (r != 0)
                return EXIT_FAILURE;
        start.recorder = recorder;
        return session_run(s, &start) == SESSION_CLOSED ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char *argv[])
{
        _cleanup_close_ int signal_fd = -EBADF;
        int r;

        (void)log_open("recdock-offload", "console");
        r = parse_arguments(argc, argv);
        if (r <= 0)
                return r < 0 ? EXIT_USAGE : EXIT_SUCCESS;
        r = message_parent_check(OFFLOAD_SOCKET_FD, "recdock-offload");
        if (r < 0)
                return r == -EINVAL ? EXIT_USAGE : EXIT_FAILURE;
        r = signals_prepare(&signal_fd);
        if (r < 0) {
                log_error("cannot set up signals: %s, leaving", log_errno_text(r));
                return EXIT_FAILURE;
        }
        /* One heap for all threads: their work is in buffers made once, not in malloc(). */
        (void)mallopt(M_ARENA_MAX, 1);
        return run(signal_fd);
}
