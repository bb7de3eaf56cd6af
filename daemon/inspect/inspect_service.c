// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The service loop: one poll over recdockd's socket and the children's pipes. When as many jobs are known as
 * there may be, the socket is simply not read, so the queue is recdockd's. Its end is noticed all the same.
 */
#include "daemon/inspect/inspect_service.h"
#include "base/cleanup.h"
#include "base/inject.h"
#include "base/log.h"
#include "base/message.h"
#include "daemon/inspect/inspect_jobs.h"
#include "daemon/inspect/inspect_sandbox.h"

#include <poll.h>

#define SEND_TIMEOUT_MS 60000 /* recdockd not reading for so long is recdockd hanging */

DEFINE_CLEANUP(struct jobs *, jobs_free);

static int result_send(void *userdata, const struct inspect_result *result)
{
        const int *socket = userdata;

        inject_point("inspect-answering");
        return message_send(*socket, INSPECT_RESULT, result, sizeof(*result), -EBADF, SEND_TIMEOUT_MS);
}

static int ready_send(int socket, unsigned int parallel, const struct sandbox_state *state)
{
        struct inspect_ready ready = {
                        .landlock_abi = state->landlock_abi,
                        .seccomp = state->seccomp,
                        .children_max = parallel,
        };

        return message_send(socket, INSPECT_READY, &ready, sizeof(ready), -EBADF, SEND_TIMEOUT_MS);
}

/* One request into the jobs. -EBADMSG for anything that is none. */
static int request_take(struct jobs *jobs, struct message *m)
{
        const struct inspect_request *payload = message_payload(m, sizeof(*payload));
        struct inspect_request request;

        if (m->type != INSPECT_REQUEST || !payload || m->fd < 0)
                return -EBADMSG;
        request = *payload;
        request.name[sizeof(request.name) - 1] = '\0';
        inject_point("inspect-asked");
        return jobs_add(jobs, &request, TAKE_FD(m->fd));
}

/* Takes requests while there is room. Returns 1 when recdockd is gone. */
static int requests_receive(int socket, struct jobs *jobs)
{
        while (!jobs_full(jobs)) {
                struct message m = {.fd = -EBADF};
                int r = message_receive(socket, &m, 0);

                if (r == MESSAGE_NONE)
                        return 0;
                if (r == MESSAGE_CLOSED)
                        return 1;
                if (r >= 0)
                        r = request_take(jobs, &m);
                message_done(&m);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int service_loop(int socket, struct jobs *jobs)
{
        for (;;) {
                struct pollfd fds[1 + INSPECT_JOBS_MAX];
                size_t n;
                int r;

                fds[0] = (struct pollfd){.fd = socket, .events = jobs_full(jobs) ? 0 : POLLIN};
                n = 1 + jobs_pollfds(jobs, fds + 1);
                if (poll(fds, n, jobs_timeout_ms(jobs)) < 0 && errno != EINTR)
                        return -errno;
                if (fds[0].revents & (POLLHUP | POLLERR))
                        return 0;
                r = requests_receive(socket, jobs);
                if (r != 0)
                        return MIN(r, 0);
                r = jobs_dispatch(jobs);
                if (r < 0)
                        return r == -EPIPE ? 0 : r;
        }
}

int inspect_service_run(int socket, unsigned int parallel)
{
        _cleanup_(jobs_freep) struct jobs *jobs = NULL;
        struct sandbox_state state = {0};
        int r = jobs_new(&jobs, parallel, result_send, &socket);

        if (r >= 0)
                r = inspect_lock_parent(&state);
        if (r >= 0)
                r = ready_send(socket, parallel, &state);
        if (r < 0)
                return r == -EPIPE ? 0 : r;
        return service_loop(socket, jobs);
}
