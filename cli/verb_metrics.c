// SPDX-License-Identifier: LGPL-2.1-or-later
/* "metrics": the station for a monitoring system, by a timer. A station that does not answer is a fact to be
 * told, so the file is written all the same; the exit code says it too. */
#include "cli/client.h"
#include "cli/metrics.h"
#include "cli/output.h"
#include "cli/verb_functions.h"
#include "base/cleanup.h"

struct metrics {
        json_object *status, *report, *alerts;
};

static void metrics_done(struct metrics *m)
{
        json_object_put(m->status);
        json_object_put(m->report);
        json_object_put(m->alerts);
}

static void write_metrics(FILE *out, const void *userdata)
{
        const struct metrics *m = userdata;

        metrics_write(out, m->status, m->report, m->alerts);
}

static int metrics_ask(struct metrics *m)
{
        static const struct query_filter open = {"open", "yes"};
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        json_object *status = NULL;
        int r = client_open(&bus);

        if (r == EXIT_OK)
                r = client_status(bus, &status);
        if (r == EXIT_OK)
                r = client_rows(bus, "alert", &open, 1, &m->alerts);
        if (r == EXIT_OK)
                r = client_period_report(bus, NULL, 0, &m->report);
        if (r == EXIT_OK)
                m->status = status;
        else
                json_object_put(status);
        return r;
}

int verb_metrics(const struct invocation *inv)
{
        _cleanup_(metrics_done) struct metrics m = {NULL};
        const char *path = invocation_option(inv, "output");
        int r = output_check(path, true), written;

        if (r != EXIT_OK)
                return r;
        r = metrics_ask(&m);
        if (r != EXIT_OK && r != EXIT_UNREACHABLE)
                return r;
        written = output_write(path, true, write_metrics, &m);
        return written != EXIT_OK ? written : r;
}
