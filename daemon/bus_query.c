// SPDX-License-Identifier: LGPL-2.1-or-later
/* Query(): the rows of catalogue/query.h as they are, one a line. Filters are judged on the loop, so that a
 * bad one is refused before a thread is made. */
#include "daemon/bus.h"
#include "base/cleanup.h"

DEFINE_CLEANUP(struct bus_job *, bus_job_free);

static int query_on_row(void *userdata, const char *json)
{
        struct bus_job *job = userdata;
        int r = bus_job_write_line(job, json);

        if (r < 0)
                return r;
        job->rows++;
        return 0;
}

static int query_job_run(struct bus_job *job, struct catalogue *c)
{
        int r = query_run(c, job->query, query_on_row, job);

        /* A reader that went away or was cut off says so by its own code; anything else is the database's
         * word. */
        if (r < 0 && r != -EPIPE && r != -ETIMEDOUT && r != -ECANCELED)
                (void)snprintf(job->error, sizeof(job->error), "the catalogue cannot be read: %s",
                               catalogue_error(c));
        return r;
}

static int query_job_reply(struct bus_job *job)
{
        return sd_bus_reply_method_return(job->call, "t", job->rows);
}

static const struct bus_job_type query_job = {.run = query_job_run, .reply = query_job_reply};

int bus_query(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        _cleanup_(bus_job_freep) struct bus_job *job = NULL;
        struct bus_server *server = userdata;
        const char *noun;
        int r;

        r = sd_bus_message_read(m, "s", &noun);
        if (r < 0)
                return r;
        r = bus_job_new(server, m, &query_job, noun, error, &job);
        if (r < 0)
                return r;
        r = bus_job_start(job);
        if (r < 0)
                return r;
        job = NULL; /* the server's now */
        return 1;
}
