/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The inside of the bus server: what daemon/bus*.c share. All of it belongs to the loop's thread, except
 * where a member says otherwise. Answers that may be long (Query, Verify) are made by a job: a thread with a
 * read-only catalogue connection of its own, which alone waits for a slow client. The reply itself is always
 * sent from the loop.
 */

#include "daemon/bus_names.h"
#include "catalogue/query.h"
#include "catalogue/registry.h"
#include "daemon/station.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
        BUS_JOBS_MAX = 8,
        BUS_FILTERS_MAX = 64,
        BUS_CLIENT_TIMEOUT_MS = 5 * 60 * 1000, /* a pager that nobody scrolls for a while is no fault */
        BUS_JOB_BUFFER = 32 * 1024,
        BUS_ACTOR_MAX = 256,
        BUS_CHANGE_INTERVAL_US = 200000, /* DockingChanged: 5 a second per docking */
        BUS_RECONNECT_US = 5000000,
};

struct bus_change;
struct bus_job;

struct bus_server {
        struct station *station;
        sd_bus *bus;
        sd_bus_slot *object, *gate, *lost;
        sd_event_source *reconnect;
        int wake_fd; /* written by jobs, read by the loop */
        sd_event_source *wake;
        sd_event_source *retry; /* Verify: digests that found the inspector busy */
        struct bus_job *jobs;
        unsigned int n_jobs;
        int client_timeout_ms;
        struct bus_change *changes;
        sd_event_source *change_timer;
};

struct bus_job_type {
        /* On the loop, before the thread is made: takes the filters, whose texts live in the message. Sets
         * 'error' and returns negative for what it refuses. NULL: they make the job's query. */
        int (*accept)(struct bus_job *job, const struct query_filter *filters, size_t n,
                      sd_bus_error *error);
        /* In the thread. A negative errno ends the call with an error; 'error' of the job may carry a better
         * text. */
        int (*run)(struct bus_job *job, struct catalogue *c);
        /* On the loop, whenever the job asked by bus_job_wake(). May be NULL. */
        void (*on_wake)(struct bus_job *job);
        /* On the loop, after 'cancelled' was set: wakes a thread that waits for something else than its
         * client. May be NULL. */
        void (*on_cancel)(struct bus_job *job);
        /* On the loop, after a good run. */
        int (*reply)(struct bus_job *job);
        /* On the loop, after the thread has ended. May be NULL. */
        void (*release)(struct bus_job *job);
};

struct bus_job {
        struct bus_job *next;
        const struct bus_job_type *type;
        struct bus_server *server;
        sd_bus_message *call; /* loop only; the query's texts live in it */
        struct query *query;
        bool whole; /* it has no filter */
        char *catalogue_path;
        struct retention_rules *retention; /* a reference */
        int out;
        int cancel_fd;
        atomic_bool cancelled, finished;
        pthread_t thread;
        int client_timeout_ms;
        char *buffer; /* thread only */
        size_t buffered;
        int result;
        char error[512];
        uint64_t rows, bad;
        void *state; /* of the type */
};

/* bus_access.c */
/* Lets the super user, the daemon's own user and members of group "recdock" (or $RECDOCK_BUS_GROUP) pass;
 * sets 'error' and returns negative for all others. Called for every method call before it is dispatched. */
int bus_access_check(sd_bus_message *m, sd_bus_error *error);
/* "uid=1000(li) pid=4711 recdockctl", from credentials and never from what the sender says of itself. */
int bus_access_actor(sd_bus_message *m, char ret[BUS_ACTOR_MAX]);

/* bus_job.c */
/* Reads the rest of a message, "a(ss)h": filters and the descriptor for the rows; makes the query of them,
 * or gives them to the type ('noun' is then NULL). 'job' is for bus_job_start(). Sets 'error' and returns
 * negative for what a client did wrong. */
int bus_job_new(struct bus_server *server, sd_bus_message *m, const struct bus_job_type *type,
                const char *noun, sd_bus_error *error, struct bus_job **ret);
void bus_job_free(struct bus_job *job);
/* Takes the job over: the reply comes from the loop when it has ended. */
int bus_job_start(struct bus_job *job);
void bus_job_wake(struct bus_job *job);
/* In the thread: one line into the client's descriptor, through the job's buffer. -EPIPE when the client is
 * gone, -ETIMEDOUT when it reads nothing, -ECANCELED when the server stops. */
int bus_job_write_line(struct bus_job *job, const char *line);
int bus_job_flush(struct bus_job *job);
/* In the thread: a file that was read again, counted in 'rows' and, unless the result is "ok", in 'bad'.
 * What is not known is 0, -1 or NULL. */
struct bus_file_line {
        int64_t id, size;
        const char *path, *result;
        const uint8_t *sha256, *expected;
};
int bus_job_write_file(struct bus_job *job, const struct bus_file_line *file);
int bus_job_on_wake(sd_event_source *source, int fd, uint32_t revents, void *userdata);
/* Ends every job; clients get an error. */
void bus_job_stop_all(struct bus_server *server);

/* bus_registry.c: what other methods look up and accept, too. Each sets 'error' and returns negative for
 * what it refuses. */
/* Text that goes to tables, logs and folder names: printable, and shorter than 'size'. What is refused
 * leaves 'ret' undefined. */
int bus_text_accept(const char *key, const char *value, char *ret, size_t size, sd_bus_error *error);
/* What instant_parse() takes; 'when_empty' for "". */
int bus_time_accept(const char *key, const char *text, instant_t when_empty, instant_t *ret,
                    sd_bus_error *error);
/* Numbers name folders of the store, so two of them must never come out as one folder. */
int bus_number_accept(const char *key, const char *value, sd_bus_error *error);
/* Four hexadecimal digits; "" leaves *ret alone. */
int bus_usb_id_accept(const char *key, const char *text, uint16_t *ret, sd_bus_error *error);
/* *ret is 0 when 'number' is empty. */
int bus_unit_require(struct catalogue *c, const char *number, int64_t *ret, sd_bus_error *error);
/* A recorder in service. */
int bus_recorder_require(struct catalogue *c, const char *number, struct recorder_row *ret,
                         sd_bus_error *error);
int bus_officer_require(struct catalogue *c, const char *number, struct officer *ret, sd_bus_error *error);

/* bus_query.c, bus_verify.c, bus_registry.c, bus_import.c: the methods */
int bus_query(sd_bus_message *m, void *userdata, sd_bus_error *error);
int bus_verify(sd_bus_message *m, void *userdata, sd_bus_error *error);
int bus_register_recorder(sd_bus_message *m, void *userdata, sd_bus_error *error);
int bus_retire_recorder(sd_bus_message *m, void *userdata, sd_bus_error *error);
int bus_assign_recorder(sd_bus_message *m, void *userdata, sd_bus_error *error);
int bus_add_officer(sd_bus_message *m, void *userdata, sd_bus_error *error);
int bus_add_unit(sd_bus_message *m, void *userdata, sd_bus_error *error);
int bus_import(sd_bus_message *m, void *userdata, sd_bus_error *error);

/* bus_duty.c */
int bus_check_out_recorder(sd_bus_message *m, void *userdata, sd_bus_error *error);
int bus_return_recorder(sd_bus_message *m, void *userdata, sd_bus_error *error);
int bus_extend_deadline(sd_bus_message *m, void *userdata, sd_bus_error *error);

/* bus_alert.c */
int bus_acknowledge_alert(sd_bus_message *m, void *userdata, sd_bus_error *error);
int bus_clear_alert(sd_bus_message *m, void *userdata, sd_bus_error *error);

/* bus_backup.c */
int bus_init_backup(sd_bus_message *m, void *userdata, sd_bus_error *error);
int bus_start_backup(sd_bus_message *m, void *userdata, sd_bus_error *error);
int bus_verify_backup(sd_bus_message *m, void *userdata, sd_bus_error *error);

/* bus_archive.c */
int bus_start_archive(sd_bus_message *m, void *userdata, sd_bus_error *error);
int bus_start_archive_from(sd_bus_message *m, void *userdata, sd_bus_error *error);
int bus_init_medium(sd_bus_message *m, void *userdata, sd_bus_error *error);
int bus_make_medium(sd_bus_message *m, void *userdata, sd_bus_error *error);
int bus_verify_volume(sd_bus_message *m, void *userdata, sd_bus_error *error);
int bus_retire_volume(sd_bus_message *m, void *userdata, sd_bus_error *error);
/* A volume of this number, or an error of the bus. */
int bus_volume_require(struct catalogue *c, const char *number, struct volume_row *ret, sd_bus_error *error);

/* bus_file.c */
/* A file that is to be footage 'footage', which must be there: a regular one, open for reading, of its size.
 * What else it is worth is its digest's to say. Sets 'error' and returns negative for what is refused. */
int bus_file_accept(struct catalogue *c, int fd, const char *path, int64_t footage, sd_bus_error *error);

/* bus_mend.c */
int bus_mend_footage(sd_bus_message *m, void *userdata, sd_bus_error *error);

/* bus_archive_job.c */
int bus_plan_archive(sd_bus_message *m, void *userdata, sd_bus_error *error);
int bus_label_volume(sd_bus_message *m, void *userdata, sd_bus_error *error);

/* bus_health.c */
int bus_get_health(sd_bus_message *m, void *userdata, sd_bus_error *error);

/* bus_case.c */
int bus_open_case(sd_bus_message *m, void *userdata, sd_bus_error *error);
int bus_set_case(sd_bus_message *m, void *userdata, sd_bus_error *error);
int bus_close_case(sd_bus_message *m, void *userdata, sd_bus_error *error);
int bus_reopen_case(sd_bus_message *m, void *userdata, sd_bus_error *error);
int bus_tag_footage(sd_bus_message *m, void *userdata, sd_bus_error *error);
int bus_untag_footage(sd_bus_message *m, void *userdata, sd_bus_error *error);

/* bus_gap.c */
int bus_explain_gap(sd_bus_message *m, void *userdata, sd_bus_error *error);

/* bus_retention.c */
int bus_hold(sd_bus_message *m, void *userdata, sd_bus_error *error);
int bus_release_hold(sd_bus_message *m, void *userdata, sd_bus_error *error);

/* bus_report.c */
int bus_report(sd_bus_message *m, void *userdata, sd_bus_error *error);

/* bus_table.c */
int bus_enter_table(sd_bus_message *m, void *userdata, sd_bus_error *error);

/* bus_recover.c */
int bus_recover(sd_bus_message *m, void *userdata, sd_bus_error *error);

/* bus_signals.c */
/* Elements of one array of GetStatus(), 0 when there is none. */
unsigned int bus_status_count(const struct station *s, const char *key);
void bus_signals_stop(struct bus_server *server);
