// SPDX-License-Identifier: LGPL-2.1-or-later
/* recdockd: parse, set up, run. Everything else is in the daemon library, so that tests link the real code.
 */
#include "base/cleanup.h"
#include "base/log.h"
#include "daemon/config.h"
#include "daemon/restore_mode.h"
#include "daemon/station_internal.h"

#include <getopt.h>
#include <signal.h>
#include <string.h>
#include <systemd/sd-daemon.h>

static bool arg_check_config;
static const char *arg_log = "auto";
static struct restore_mode arg_restore;

DEFINE_CLEANUP(struct config *, config_free);
DEFINE_CLEANUP(struct station *, station_free);

static void print_help(void)
{
        (void)printf("recdockd [OPTION…]\n\n"
                     "The docking station's daemon: pulls, proves, files and indexes the footage of "
                     "body-worn recorders.\n\n"
                     "  -h --help          show this help\n"
                     "     --version       show the version\n"
                     "     --check-config  check the configuration strictly and exit: 0 good, 1 not\n"
                     "     --restore=DIR   put the backup in DIR back onto this empty machine and exit\n"
                     "     --generation=TIME  …as of this generation, such as 20261129T143000Z\n"
                     "     --incomplete    …though the backup lacks files\n"
                     "     --log=TARGET    auto, journal, console or json (default: auto)\n"
                     "     --debug         log debug messages too\n\n"
                     "See recdockd(8) and recdock.conf(5).\n");
}

/* Returns 1 to go on, 0 when all is done, negative on a bad command line. */
static int parse_argv(int argc, char *argv[])
{
        enum {
                OPT_VERSION = 256,
                OPT_CHECK,
                OPT_LOG,
                OPT_DEBUG,
                OPT_RESTORE,
                OPT_GENERATION,
                OPT_INCOMPLETE
        };
        static const struct option options[] = {
                        {"help", no_argument, NULL, 'h'},
                        {"version", no_argument, NULL, OPT_VERSION},
                        {"check-config", no_argument, NULL, OPT_CHECK},
                        {"log", required_argument, NULL, OPT_LOG},
                        {"debug", no_argument, NULL, OPT_DEBUG},
                        {"restore", required_argument, NULL, OPT_RESTORE},
                        {"generation", required_argument, NULL, OPT_GENERATION},
                        {"incomplete", no_argument, NULL, OPT_INCOMPLETE},
                        {0},
        };
        int c;

        while ((c = getopt_long(argc, argv, "h", options, NULL)) >= 0) {
                switch (c) {
                case 'h':
                        print_help();
                        return 0;
                case OPT_VERSION:
                        (void)printf("recdockd %s\n", PACKAGE_VERSION);
                        return 0;
                case OPT_CHECK:
                        arg_check_config = true;
                        break;
                case OPT_LOG:
                        arg_log = optarg;
                        break;
                case OPT_DEBUG:
                        log_set_max_priority(LOG_DEBUG);
                        break;
                case OPT_RESTORE:
                        arg_restore.path = optarg;
                        break;
                case OPT_GENERATION:
                        arg_restore.generation = optarg;
                        break;
                case OPT_INCOMPLETE:
                        arg_restore.incomplete = true;
                        break;
                default:
                        return -EINVAL;
                }
        }
        if ((arg_restore.generation || arg_restore.incomplete) && !arg_restore.path) {
                (void)fprintf(stderr,
                              "recdockd: --generation and --incomplete are of --restore=DIR, which is "
                              "missing\n");
                return -EINVAL;
        }
        if (optind < argc) {
                (void)fprintf(stderr, "recdockd: unexpected argument '%s', expected options only\n",
                              argv[optind]);
                return -EINVAL;
        }
        if (log_open("recdockd", arg_log) < 0) {
                (void)fprintf(stderr, "recdockd: --log='%s': expected auto, journal, console or json\n",
                              arg_log);
                return -EINVAL;
        }
        return 1;
}

static void report_finding(const char *text, void *userdata)
{
        unsigned int *count = userdata;

        (*count)++;
        (void)fprintf(stderr, "%s\n", text);
}

static int check_config(void)
{
        _cleanup_(config_freep) struct config *config = NULL;
        unsigned int findings = 0;
        int r = config_load(&config, true, report_finding, &findings);

        if (r < 0 && findings == 0)
                (void)fprintf(stderr, "recdockd: cannot read the configuration: %s\n", log_errno_text(r));
        if (r >= 0)
                (void)printf("configuration is good\n");
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int on_stop_signal(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata)
{
        (void)sd_notify(false, "STOPPING=1");
        station_stop(userdata);
        return 0;
}

static int on_reload_signal(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata)
{
        (void)sd_notifyf(false, "RELOADING=1\nMONOTONIC_USEC=%lld", (long long)clock_monotonic());
        (void)station_reload(userdata);
        (void)sd_notify(false, "READY=1");
        return 0;
}

/* Blocked before any thread or child exists; sd-event reads them from a descriptor. */
static int signals_start(sd_event *event, struct station *s)
{
        static const struct {
                int signal;
                sd_event_signal_handler_t handler;
        } signals[] = {
                        {SIGTERM, on_stop_signal},
                        {SIGINT, on_stop_signal},
                        {SIGHUP, on_reload_signal},
        };

        for (size_t i = 0; i < ELEMENTSOF(signals); i++) {
                sd_event_source *source;
                int r = sd_event_add_signal(event, &source, signals[i].signal, signals[i].handler, s);

                if (r >= 0)
                        r = sd_event_source_set_priority(source, PRIORITY_SIGNAL);
                if (r >= 0)
                        r = sd_event_source_set_floating(source, true);
                if (r < 0)
                        return r;
                sd_event_source_unref(source);
        }
        return 0;
}

static void signals_block(void)
{
        sigset_t mask;

        (void)sigemptyset(&mask);
        (void)sigaddset(&mask, SIGTERM);
        (void)sigaddset(&mask, SIGINT);
        (void)sigaddset(&mask, SIGHUP);
        (void)sigaddset(&mask, SIGCHLD);
        (void)sigprocmask(SIG_BLOCK, &mask, NULL);
        (void)signal(SIGPIPE, SIG_IGN);
}

/* Returns what to exit with, or negative. */
static int run(void)
{
        _cleanup_(sd_event_unrefp) sd_event *event = NULL;
        _cleanup_(config_freep) struct config *config = NULL;
        _cleanup_(station_freep) struct station *station = NULL;
        int r = config_load(&config, false, NULL, NULL);

        if (r < 0)
                return r; /* it has said why */
        if (config->time_zone && zone_set(config->time_zone) < 0) {
                log_error("TimeZone='%s' is no time zone of this system", config->time_zone);
                return -EINVAL;
        }
        if (arg_restore.path)
                return restore_mode_run(config, &arg_restore);
        signals_block();
        r = sd_event_default(&event);
        if (r >= 0)
                r = station_new(&station, config, event);
        if (r < 0) {
                log_error("cannot set up: %s", log_errno_text(r));
                return r;
        }
        (void)TAKE_PTR(config);
        r = signals_start(event, station);
        if (r >= 0)
                r = station_start(station, true);
        if (r < 0)
                return r;
        (void)sd_event_set_watchdog(event, true);
        (void)sd_notify(false, "READY=1");
        return sd_event_loop(event);
}

int main(int argc, char *argv[])
{
        int r = parse_argv(argc, argv);

        if (r <= 0)
                return r < 0 ? 2 : EXIT_SUCCESS;
        if (arg_check_config)
                return check_config();
        r = run();
        return r < 0 ? EXIT_FAILURE : r;
}
