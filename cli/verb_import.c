// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * "import": what cannot dock is brought in by hand. The files are found first, then the station is asked;
 * while it pulls them they are opened here, one by one. How it goes and how it ends comes as for any
 * docking: by DockingChanged, and as a receipt. Ctrl-C closes our end, which cuts the import off in order; a
 * second one leaves at once.
 */
#include "cli/bays.h"
#include "cli/import_files.h"
#include "cli/import_giver.h"
#include "cli/receipt.h"
#include "cli/table.h"
#include "cli/translate.h"
#include "cli/verb_functions.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "daemon/bus_names.h"

#include <signal.h>
#include <string.h>

DEFINE_CLEANUP(json_object *, json_object_put);

enum { BAR_WIDTH = 24, LINE_MAX_BYTES = 512 };

struct importing {
        sd_bus *bus;
        sd_event *event;
        struct import_files files;
        struct import_giver giver;
        int64_t docking; /* 0: not begun */
        bool progress;   /* is shown */
        bool cancelled;
        bool gone; /* recdockd left the bus */
};

/* --- while it is under way
 * ----------------------------------------------------------------------------------------- */

/* "import 17  offloading  12/40  [####----]  50%  31.0M/s  a.mp4", redrawn in place. */
static void progress_draw(const struct importing *im, json_object *docking)
{
        _cleanup_(json_object_putp) json_object *row = bay_row_of_docking(docking);
        _cleanup_free_ char *state = value_text(json_member(row, "state"), COLUMN_STATE);
        _cleanup_free_ char *items = value_text(json_member(row, "items"), COLUMN_TEXT);
        _cleanup_free_ char *rate = value_text(json_member(row, "rate"), COLUMN_RATE);
        _cleanup_free_ char *name = value_text(json_member(row, "current.name"), COLUMN_TEXT);
        json_object *bytes = json_member(row, "bytes"), *total = json_member(row, "bytes_total");
        char bar[BAR_WIDTH + 16], line[LINE_MAX_BYTES];

        (void)progress_bar(bar, sizeof(bar), BAR_WIDTH, bytes ? json_object_get_double(bytes) : 0,
                           total ? json_object_get_double(total) : 0);
        (void)snprintf(line, sizeof(line), _("import %lld  %s  %s  %s  %s  %s"), (long long)im->docking,
                       state, items, bar, rate, name);
        text_make_printable(line);
        (void)fprintf(stderr, "\r\033[K\033[?7l%s\033[?7h", line);
        (void)fflush(stderr);
}

static void progress_end(const struct importing *im)
{
        if (im->progress)
                (void)fprintf(stderr, "\r\033[K");
}

static bool state_is_end(const char *state)
{
        return strcmp(state, "released") == 0 || strcmp(state, "failed") == 0 ||
               strcmp(state, "unplugged") == 0;
}

static int on_docking_changed(sd_bus_message *m, void *userdata, sd_bus_error *unused)
{
        _cleanup_(json_object_putp) json_object *docking = NULL;
        struct importing *im = userdata;
        json_object *state;
        const char *text;
        uint64_t number;

        if (sd_bus_message_read(m, "ts", &number, &text) < 0 || (int64_t)number != im->docking)
                return 0;
        docking = json_tokener_parse(text);
        state = docking ? json_member(docking, "state") : NULL;
        if (!state)
                return 0;
        if (im->progress)
                progress_draw(im, docking);
        if (state_is_end(json_object_get_string(state)))
                (void)sd_event_exit(im->event, EXIT_OK);
        return 0;
}

static int on_owner_changed(sd_bus_message *m, void *userdata, sd_bus_error *unused)
{
        const char *name, *before, *after;
        struct importing *im = userdata;

        if (sd_bus_message_read(m, "sss", &name, &before, &after) < 0 ||
            strcmp(name, RECDOCK_BUS_NAME) != 0 || *after)
                return 0;
        im->gone = true;
        return sd_event_exit(im->event, EXIT_OK);
}

static int on_stop_signal(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata)
{
        struct importing *im = userdata;

        if (im->cancelled)
                return sd_event_exit(im->event, EXIT_OK);
        im->cancelled = true;
        progress_end(im);
        (void)fprintf(stderr, _("Cancelling; once more to leave at once.\n"));
        import_giver_stop(&im->giver);
        return 0;
}

/* --- setting up
 * ---------------------------------------------------------------------------------------------------- */

static int signals_watch(struct importing *im)
{
        static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
        sigset_t mask;
        int r = 0;

        (void)sigemptyset(&mask);
        for (size_t i = 0; i < ELEMENTSOF(signals); i++)
                (void)sigaddset(&mask, signals[i]);
        (void)sigprocmask(SIG_BLOCK, &mask, NULL);
        (void)signal(SIGPIPE, SIG_IGN);
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(signals); i++)
                r = sd_event_add_signal(im->event, NULL, signals[i], on_stop_signal, im);
        return r;
}

/* Before the call: what changes between its answer and us is not missed. */
static int bus_watch(struct importing *im)
{
        int r = sd_bus_match_signal(im->bus, NULL, RECDOCK_BUS_NAME, RECDOCK_BUS_PATH, RECDOCK_BUS_INTERFACE,
                                    "DockingChanged", on_docking_changed, im);

        if (r >= 0)
                r = sd_bus_match_signal(im->bus, NULL, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                        "org.freedesktop.DBus", "NameOwnerChanged", on_owner_changed, im);
        /* The receipt is asked for after the loop has ended. */
        if (r >= 0)
                r = sd_bus_set_close_on_exit(im->bus, false);
        return r < 0 ? r : sd_bus_attach_event(im->bus, im->event, SD_EVENT_PRIORITY_NORMAL);
}

static int import_begin(struct importing *im, const char *recorder, const char *officer, const char *reason)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_close_ int theirs = -EBADF;
        uint64_t docking;
        int code, r = sd_event_new(&im->event);

        if (r >= 0)
                r = signals_watch(im);
        if (r >= 0)
                r = bus_watch(im);
        if (r >= 0)
                r = import_giver_start(&im->giver, im->event, &im->files, &theirs);
        if (r < 0)
                return client_report(r, NULL);
        code = client_call(im->bus, &reply, "Import", "sssh", recorder, officer, reason, theirs);
        if (code != EXIT_OK)
                return code;
        r = sd_bus_message_read(reply, "t", &docking);
        if (r < 0)
                return client_report(r, NULL);
        im->docking = (int64_t)docking;
        return EXIT_OK;
}

/* --- the end
 * ------------------------------------------------------------------------------------------------------- */

static long long receipt_number(json_object *docking, const char *key)
{
        json_object *value = json_member(docking, key);

        return value ? (long long)json_object_get_int64(value) : 0;
}

/* Good is only: everything that was found here was seen there, and is filed or was before. */
static int receipt_judge(const struct importing *im, json_object *docking)
{
        json_object *state = json_member(docking, "state"), *reason = json_member(docking, "reason");
        long long given = (long long)im->files.n, seen = receipt_number(docking, "seen"),
                  held = receipt_number(docking, "pulled") + receipt_number(docking, "already_held");

        if (state && strcmp(json_object_get_string(state), "released") == 0 && seen == given &&
            held == given)
                return EXIT_OK;
        if (im->cancelled)
                complain(_("import %lld was cancelled: %lld of %lld files are filed or held, what came of "
                           "the others is "
                           "kept; import again to go on"),
                         (long long)im->docking, held, given);
        else
                complain(_("import %lld has failed: %lld of %lld files are filed or held (%s); import again "
                           "to go on"),
                         (long long)im->docking, held, given, reason ? json_object_get_string(reason) : "-");
        return EXIT_BAD;
}

static int import_end(const struct invocation *inv, struct importing *im)
{
        _cleanup_(json_object_putp) json_object *docking = NULL;
        char id[24];
        int r, verdict;

        if (im->gone) {
                complain(_("recdockd went away during import %lld: what was filed stays filed; import again "
                           "to go "
                           "on"),
                         (long long)im->docking);
                return EXIT_UNREACHABLE;
        }
        (void)snprintf(id, sizeof(id), "%lld", (long long)im->docking);
        r = receipt_ask(im->bus, id, &docking);
        if (r != EXIT_OK)
                return r;
        verdict = receipt_judge(im, docking);
        r = receipt_print(inv, docking);
        return r == EXIT_OK ? verdict : r;
}

/* "Found 40 files, 1.2G." */
static void found_tell(const struct importing *im)
{
        _cleanup_(json_object_putp) json_object *bytes = json_object_new_int64(im->files.bytes);
        _cleanup_free_ char *text = value_text(bytes, COLUMN_BYTES);

        (void)fprintf(stderr,
                      ngettext("import %lld: %lu file, %s\n", "import %lld: %lu files, %s\n",
                               (unsigned long)im->files.n),
                      (long long)im->docking, (unsigned long)im->files.n, text);
}

static int import_run(const struct invocation *inv, struct importing *im)
{
        int r;

        if (!inv->json && !inv->no_legend)
                found_tell(im);
        im->progress = isatty(STDERR_FILENO);
        r = sd_event_loop(im->event);
        progress_end(im);
        return r < 0 ? client_report(r, NULL) : import_end(inv, im);
}

/* An option that has to be there, and not empty. */
static const char *option_require(const struct invocation *inv, const char *name, const char *what)
{
        const char *value = invocation_option(inv, name);

        if (value && value[strspn(value, " ")])
                return value;
        complain(_("%s is missing, expected --%s=…"), what, name);
        return NULL;
}

int verb_import(const struct invocation *inv)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        struct importing im = {.giver.socket = -EBADF};
        const char *recorder = option_require(inv, "recorder", _("the recorder's number"));
        const char *officer = recorder ? option_require(inv, "officer", _("the officer's number")) : NULL;
        const char *reason = officer ? option_require(inv, "reason", _("the reason")) : NULL;
        int r = reason ? import_files_find(&im.files, inv->args, inv->n_args) : EXIT_USAGE;

        if (r == EXIT_OK)
                r = client_open(&bus);
        im.bus = bus;
        if (r == EXIT_OK)
                r = import_begin(&im, recorder, officer, reason);
        if (r == EXIT_OK)
                r = import_run(inv, &im);
        import_giver_stop(&im.giver);
        if (bus)
                (void)sd_bus_detach_event(bus);
        im.event = sd_event_unref(im.event);
        import_files_done(&im.files);
        return r;
}
