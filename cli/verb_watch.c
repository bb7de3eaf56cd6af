// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * "watch": the bays while they change. On a terminal one picture redrawn in place, with a bar per bay; else
 * one line per change; with
 * --json one object per line, which is the contract for programs. Ends when recdockd does, or by Ctrl-C.
 */
#include "cli/bays.h"
#include "cli/follow.h"
#include "cli/listing.h"
#include "cli/translate.h"
#include "cli/verb_functions.h"
#include "base/cleanup.h"
#include "base/text.h"

#include <string.h>
#include <sys/ioctl.h>

DEFINE_CLEANUP(json_object *, json_object_put);

enum { BAR_WIDTH = 24, LINE_MAX_BYTES = 512, ALERT_MAX = 256 };

struct watching {
        sd_bus *bus;
        bool json, redraw;
        bool changed;          /* the picture is older than the last signal */
        int drawn;             /* lines of the picture on the screen */
        char alert[ALERT_MAX]; /* the last one */
};

static void line_print(const struct watching *w, char *line)
{
        text_make_printable(line);
        (void)puts(line);
        (void)fflush(stdout);
}

/* "bay 3  offloading  3700123  12/40  [####----]  50%  31.0M/s  VID_0001.mp4 pulling" */
static void row_text(json_object *row, char *line, size_t size)
{
        _cleanup_free_ char *bay = value_text(json_member(row, "bay"), COLUMN_TEXT);
        _cleanup_free_ char *state = value_text(json_member(row, "state"), COLUMN_STATE);
        _cleanup_free_ char *recorder = value_text(json_member(row, "recorder"), COLUMN_TEXT);
        _cleanup_free_ char *items = value_text(json_member(row, "items"), COLUMN_TEXT);
        _cleanup_free_ char *rate = value_text(json_member(row, "rate"), COLUMN_RATE);
        _cleanup_free_ char *name = value_text(json_member(row, "current.name"), COLUMN_TEXT);
        json_object *reason = json_member(row, "reason"), *total = json_member(row, "bytes_total");
        char bar[BAR_WIDTH + 16];

        if (!total) {
                (void)snprintf(line, size, _("bay %s  %s  %s%s%s"), bay, state, recorder, reason ? "  " : "",
                               reason ? json_object_get_string(reason) : "");
                return;
        }
        (void)progress_bar(bar, sizeof(bar), BAR_WIDTH, json_object_get_double(json_member(row, "bytes")),
                           json_object_get_double(total));
        (void)snprintf(line, size, _("bay %s  %s  %s  %s  %s  %s  %s%s%s"), bay, state, recorder, items, bar,
                       rate, name, reason ? "  " : "", reason ? json_object_get_string(reason) : "");
}

static int terminal_width(void)
{
        struct winsize size;

        return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

/* A line that wrapped would break the counting of lines: the terminal is told not to wrap while the picture
 * is drawn. */
static int picture_draw(struct watching *w)
{
        _cleanup_(json_object_putp) json_object *status = NULL, *rows = NULL;
        char line[LINE_MAX_BYTES];
        int r = client_status(w->bus, &status);

        if (r != EXIT_OK)
                return r;
        rows = bays_rows(status);
        if (w->drawn > 0)
                (void)printf("\033[%dA", w->drawn);
        (void)printf("\r\033[J\033[?7l");
        w->drawn = 0;
        for (size_t i = 0; i < json_object_array_length(rows); i++) {
                row_text(json_object_array_get_idx(rows, i), line, sizeof(line));
                line_print(w, line);
                w->drawn++;
        }
        if (*w->alert) {
                (void)snprintf(line, MIN(sizeof(line), (size_t)terminal_width() * 4), "%s", w->alert);
                line_print(w, line);
                w->drawn++;
        }
        (void)printf("\033[?7h");
        (void)fflush(stdout);
        w->changed = false;
        return EXIT_OK;
}

static int on_docking_changed(sd_bus_message *m, void *userdata, sd_bus_error *unused)
{
        _cleanup_(json_object_putp) json_object *docking = NULL, *row = NULL;
        struct watching *w = userdata;
        char line[LINE_MAX_BYTES];
        const char *text;
        uint64_t number;

        w->changed = true;
        if (w->redraw || sd_bus_message_read(m, "ts", &number, &text) < 0)
                return 0;
        if (w->json) {
                (void)puts(text);
                (void)fflush(stdout);
                return 0;
        }
        docking = json_tokener_parse(text);
        if (!docking)
                return 0;
        row = bay_row_of_docking(docking);
        row_text(row, line, sizeof(line));
        line_print(w, line);
        return 0;
}

static void alert_print_json(uint64_t id, const char *state, const char *kind, const char *subject,
                             const char *text)
{
        _cleanup_(json_object_putp) json_object *alert = json_object_new_object();

        (void)json_object_object_add(alert, "alert", json_object_new_string(kind));
        (void)json_object_object_add(alert, "id", json_object_new_int64((int64_t)id));
        (void)json_object_object_add(alert, "state", json_object_new_string(state));
        (void)json_object_object_add(alert, "subject", json_object_new_string(subject));
        (void)json_object_object_add(alert, "text", json_object_new_string(text));
        (void)puts(json_object_to_json_string_ext(alert,
                                                  JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
        (void)fflush(stdout);
}

static int on_alert_changed(sd_bus_message *m, void *userdata, sd_bus_error *unused)
{
        const char *state, *kind, *severity, *subject, *text;
        struct watching *w = userdata;
        uint64_t id;

        if (sd_bus_message_read(m, "tsssss", &id, &state, &kind, &severity, &subject, &text) < 0 ||
            (strcmp(state, "raised") != 0 && strcmp(state, "escalated") != 0))
                return 0;
        w->changed = true;
        (void)snprintf(w->alert, sizeof(w->alert), _("alert %s (%s): %s"), kind, subject, text);
        if (w->json)
                alert_print_json(id, state, kind, subject, text);
        else if (!w->redraw)
                line_print(w, w->alert);
        return 0;
}

/* What stands in the bays before anything changes. */
static int first_lines(struct watching *w)
{
        _cleanup_(json_object_putp) json_object *status = NULL, *rows = NULL;
        json_object *dockings;
        char line[LINE_MAX_BYTES];
        int r;

        if (w->redraw)
                return picture_draw(w);
        r = client_status(w->bus, &status);
        if (r != EXIT_OK)
                return r;
        dockings = json_member(status, "dockings");
        for (size_t i = 0; w->json && dockings && i < json_object_array_length(dockings); i++)
                (void)puts(json_object_to_json_string_ext(json_object_array_get_idx(dockings, i),
                                                          JSON_C_TO_STRING_PLAIN |
                                                                          JSON_C_TO_STRING_NOSLASHESCAPE));
        rows = bays_rows(status);
        for (size_t i = 0; !w->json && i < json_object_array_length(rows); i++) {
                row_text(json_object_array_get_idx(rows, i), line, sizeof(line));
                line_print(w, line);
        }
        (void)fflush(stdout);
        return EXIT_OK;
}

static int on_idle(void *userdata)
{
        struct watching *w = userdata;

        return w->redraw && w->changed ? picture_draw(w) : EXIT_OK;
}

int verb_watch(const struct invocation *inv)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        struct watching w = {.json = inv->json, .redraw = !inv->json && isatty(STDOUT_FILENO)};
        int r = client_open(&bus);

        w.bus = bus;
        if (r == EXIT_OK)
                r = follow_signal(bus, "DockingChanged", on_docking_changed, &w);
        if (r == EXIT_OK)
                r = follow_signal(bus, "AlertChanged", on_alert_changed, &w);
        if (r == EXIT_OK)
                r = first_lines(&w);
        if (r == EXIT_OK)
                r = follow_run(bus, on_idle, &w);
        return r;
}
