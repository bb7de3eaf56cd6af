// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Long answers. A job is a thread that reads the catalogue on a connection of its own and writes lines to a
 * socket of the client. It shares with the loop: the flags 'cancelled' and 'finished', and what its type
 * guards itself. It never touches the bus or the station. The loop joins it before anything of it is read or
 * freed.
 *
 * The descriptor must be a stream socket: only there a write can be asked not to wait and not to raise
 * SIGPIPE, whatever the client does to the flags of its own end.
 */
#include "daemon/bus.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/thread.h"
#include "catalogue/retention.h"
#include "daemon/config.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

DEFINE_CLEANUP(struct bus_job *, bus_job_free);
DEFINE_CLEANUP(struct catalogue *, catalogue_close);

void bus_job_free(struct bus_job *job)
{
        if (job->type->release)
                job->type->release(job);
        if (job->query)
                query_free(job->query);
        (void)fd_close(job->out);
        (void)fd_close(job->cancel_fd);
        sd_bus_message_unref(job->call);
        free(job->catalogue_path);
        retention_rules_unref(job->retention);
        free(job->buffer);
        free(job);
}

static int filters_read(sd_bus_message *m, struct query_filter *filters, size_t *n, sd_bus_error *error)
{
        int r = sd_bus_message_enter_container(m, 'a', "(ss)");

        if (r < 0)
                return r;
        for (;;) {
                struct query_filter filter;

                r = sd_bus_message_read(m, "(ss)", &filter.key, &filter.value);
                if (r < 0)
                        return r;
                if (r == 0)
                        return sd_bus_message_exit_container(m);
                if (*n == BUS_FILTERS_MAX)
                        return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID,
                                                 "too many filters, expected at most %d", BUS_FILTERS_MAX);
                filters[(*n)++] = filter;
        }
}

static int filters_from_message(sd_bus_message *m, const char *noun, sd_bus_error *error,
                                struct bus_job *job)
{
        struct query_filter filters[BUS_FILTERS_MAX];
        _cleanup_free_ char *text = NULL;
        size_t n = 0;
        int r;

        r = filters_read(m, filters, &n, error);
        if (r < 0)
                return r;
        if (job->type->accept)
                return job->type->accept(job, filters, n, error);
        r = query_new(noun, filters, n, clock_now(), &job->query, &text);
        job->whole = n == 0;
        if (r == 0)
                query_set_continuity(job->query, &job->server->station->config->continuity);
        if (r == -EINVAL)
                return sd_bus_error_set(error, RECDOCK_ERROR_INVALID,
                                        text ? text : "the filters are not valid");
        return r;
}

static int socket_from_message(sd_bus_message *m, sd_bus_error *error, int *ret)
{
        int fd, type = 0, r;
        socklen_t size = sizeof(type);

        r = sd_bus_message_read(m, "h", &fd);
        if (r < 0)
                return r;
        if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0 || type != SOCK_STREAM)
                return sd_bus_error_set(error, RECDOCK_ERROR_INVALID,
                                        "the descriptor for the rows is not a socket, expected a connected "
                                        "stream socket");
        r = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        if (r < 0)
                return -errno;
        *ret = r;
        return 0;
}

int bus_job_new(struct bus_server *server, sd_bus_message *m, const struct bus_job_type *type,
                const char *noun, sd_bus_error *error, struct bus_job **ret)
{
        _cleanup_(bus_job_freep) struct bus_job *job = NULL;
        int r;

        if (server->n_jobs >= BUS_JOBS_MAX)
                return sd_bus_error_setf(error, RECDOCK_ERROR_FAILED,
                                         "%d queries are under way already, expected fewer: try again when "
                                         "one has ended",
                                         BUS_JOBS_MAX);
        job = calloc(1, sizeof(*job));
        if (!job)
                return -ENOMEM;
        job->type = type;
        job->server = server;
        job->out = -EBADF;
        job->client_timeout_ms = server->client_timeout_ms;
        job->call = sd_bus_message_ref(m);
        job->cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (job->cancel_fd < 0)
                return -errno;
        job->catalogue_path = strdup(server->station->catalogue_path);
        job->retention = retention_rules_ref(server->station->config->retention);
        job->buffer = malloc(BUS_JOB_BUFFER);
        if (!job->catalogue_path || !job->buffer)
                return -ENOMEM;
        r = filters_from_message(m, noun, error, job);
        if (r < 0)
                return r;
        r = socket_from_message(m, error, &job->out);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(job);
        return 0;
}

void bus_job_wake(struct bus_job *job)
{
        uint64_t one = 1;

        /* The counter cannot be full: the loop empties it. */
        (void)!write(job->server->wake_fd, &one, sizeof(one));
}

static int job_wait_writable(struct bus_job *job)
{
        struct pollfd fds[] = {{.fd = job->out, .events = POLLOUT},
                               {.fd = job->cancel_fd, .events = POLLIN}};
        int64_t end = clock_monotonic() + job->client_timeout_ms * USEC_PER_MSEC;

        for (;;) {
                int64_t left = (end - clock_monotonic()) / USEC_PER_MSEC;
                int r = poll(fds, ELEMENTSOF(fds), left > 0 ? (int)left : 0);

                if (r < 0 && errno != EINTR)
                        return -errno;
                if (r == 0)
                        return -ETIMEDOUT;
                if (r > 0 && fds[1].revents != 0)
                        return -ECANCELED;
                if (r > 0)
                        return 0;
        }
}

static int job_send(struct bus_job *job, const char *data, size_t size)
{
        while (size > 0) {
                ssize_t n = send(job->out, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);

                if (n >= 0) {
                        data += n;
                        size -= (size_t)n;
                        continue;
                }
                if (errno == EINTR)
                        continue;
                if (errno != EAGAIN)
                        return -errno;
                int r = job_wait_writable(job);
                if (r < 0)
                        return r;
        }
        return 0;
}

int bus_job_flush(struct bus_job *job)
{
        size_t n = job->buffered;

        job->buffered = 0;
        return job_send(job, job->buffer, n);
}

static int job_append(struct bus_job *job, const char *data, size_t size)
{
        int r;

        if (job->buffered + size > BUS_JOB_BUFFER) {
                r = bus_job_flush(job);
                if (r < 0)
                        return r;
        }
        if (size > BUS_JOB_BUFFER)
                return job_send(job, data, size);
        memcpy(job->buffer + job->buffered, data, size);
        job->buffered += size;
        return 0;
}

int bus_job_write_line(struct bus_job *job, const char *line)
{
        int r;

        if (atomic_load(&job->cancelled))
                return -ECANCELED;
        r = job_append(job, line, strlen(line));
        if (r < 0)
                return r;
        return job_append(job, "\n", 1);
}

static int job_run(struct bus_job *job)
{
        _cleanup_(catalogue_closep) struct catalogue *c = NULL;
        int r;

        r = catalogue_open(&c, job->catalogue_path, true);
        if (r != 0) {
                (void)snprintf(job->error, sizeof(job->error), "the catalogue cannot be opened for reading");
                return r < 0 ? r : -EIO;
        }
        catalogue_set_retention(c, job->retention);
        r = job->type->run(job, c);
        if (r < 0)
                return r;
        return bus_job_flush(job);
}

static void *job_thread(void *userdata)
{
        struct bus_job *job = userdata;

        job->result = job_run(job);
        (void)shutdown(job->out, SHUT_WR);
        atomic_store(&job->finished, true);
        bus_job_wake(job);
        return NULL;
}

int bus_job_start(struct bus_job *job)
{
        struct bus_server *server = job->server;
        int r = thread_start(&job->thread, job_thread, job);

        if (r < 0)
                return r;
        job->next = server->jobs;
        server->jobs = job;
        server->n_jobs++;
        return 0;
}

static int job_reply_error(const struct bus_job *job)
{
        const char *text = job->error;

        if (job->result == -ETIMEDOUT)
                text = "the client read nothing for too long, the answer was cut off";
        else if (job->result == -ECANCELED)
                text = "the station is stopping, the answer was cut off";
        else if (!*text)
                text = log_errno_text(job->result);
        return sd_bus_reply_method_errorf(job->call, RECDOCK_ERROR_FAILED, "%s", text);
}

/* The thread has ended, or ends at once: joins it, answers, frees. */
static void job_finish(struct bus_job *job)
{
        int r;

        (void)pthread_join(job->thread, NULL);
        job->server->n_jobs--;
        if (job->result < 0)
                r = job_reply_error(job);
        else
                r = job->type->reply(job);
        if (r < 0)
                log_debug("reply to '%s' cannot be sent: %s", sd_bus_message_get_member(job->call),
                          log_errno_text(r));
        bus_job_free(job);
}

int bus_job_on_wake(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        struct bus_server *server = userdata;
        struct bus_job **link = &server->jobs;
        uint64_t count;

        (void)!read(fd, &count, sizeof(count));
        while (*link) {
                struct bus_job *job = *link;

                if (job->type->on_wake)
                        job->type->on_wake(job);
                if (!atomic_load(&job->finished)) {
                        link = &job->next;
                        continue;
                }
                *link = job->next;
                job_finish(job);
        }
        return 0;
}

static void job_cancel(struct bus_job *job)
{
        uint64_t one = 1;

        atomic_store(&job->cancelled, true);
        (void)!write(job->cancel_fd, &one, sizeof(one));
        if (job->type->on_cancel)
                job->type->on_cancel(job);
}

void bus_job_stop_all(struct bus_server *server)
{
        for (struct bus_job *job = server->jobs; job; job = job->next)
                job_cancel(job);
        while (server->jobs) {
                struct bus_job *job = server->jobs;

                server->jobs = job->next;
                job_finish(job);
        }
}
