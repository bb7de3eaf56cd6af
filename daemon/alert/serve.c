// SPDX-License-Identifier: LGPL-2.1-or-later
/* The service of the hooks; see serve.h. */
#include "daemon/alert/serve.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/message.h"
#include "base/text.h"
#include "daemon/alert/hook_environment.h"
#include "daemon/alert/hook_list.h"
#include "daemon/alert/hook_run.h"

#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

enum { PEER_MS = 1000 }; /* recdockd has sent before it lets go */

static void outcome_log(const char *path, const char *alert, int r, int status, int hook_ms)
{
        switch (r) {
        case HOOK_GOOD:
                log_debug("alert %s: hook '%s' is done", alert, path);
                break;
        case HOOK_FAILED:
                log_warning("alert %s: hook '%s' failed with exit status %d", alert, path, status);
                break;
        case HOOK_KILLED:
                log_warning("alert %s: hook '%s' ended by signal %d (%s)", alert, path, status,
                            strsignal(status));
                break;
        case HOOK_TIMEOUT:
                log_warning("alert %s: hook '%s' took longer than %d s and was killed", alert, path,
                            hook_ms / 1000);
                break;
        default:
                log_warning("alert %s: hook '%s' cannot be started: %s", alert, path, log_errno_text(r));
        }
}

static void hooks_run(const struct alert_service *service, const struct alert_message *m)
{
        _cleanup_(hook_list_done) struct hook_list list = {NULL, 0};
        char **environment = hook_environment_new(m);
        char alert[sizeof(m->id)];
        int r = environment ? hook_list_read(service->folders, &list) : -ENOMEM;

        (void)text_copy(alert, sizeof(alert), m->id);
        if (r < 0)
                log_error("alert %s: %s, hooks are left out", alert, log_errno_text(r));
        for (size_t i = 0; r >= 0 && i < list.n; i++) {
                int status = 0;
                int outcome = hook_run(list.paths[i], environment, service->hook_ms, &status);

                outcome_log(list.paths[i], alert, outcome, status, service->hook_ms);
        }
        hook_environment_free(environment);
}

static void connection_serve(const struct alert_service *service, int fd)
{
        const struct alert_message *m = NULL;
        struct alert_message copy;
        struct message message;
        int r = message_receive(fd, &message, PEER_MS);

        if (r == MESSAGE_RECEIVED && message.type == ALERT_TOLD)
                m = message_payload(&message, sizeof(*m));
        if (r == MESSAGE_RECEIVED)
                message_done(&message);
        if (!m) {
                log_warning("what came over the socket is no alert, ignoring");
                return;
        }
        copy = *m;
        copy.id[sizeof(copy.id) - 1] = '\0';
        text_make_printable(copy.id);
        hooks_run(service, &copy);
}

int alert_serve(const struct alert_service *service, int socket)
{
        for (;;) {
                _cleanup_close_ int fd = -EBADF;
                struct pollfd p = {.fd = socket, .events = POLLIN};
                int r = poll(&p, 1, service->idle_ms);

                if (r == 0)
                        return 0;
                if (r > 0)
                        fd = accept4(socket, NULL, NULL, SOCK_CLOEXEC);
                if (fd >= 0)
                        connection_serve(service, fd);
                else if (errno != EINTR && errno != EAGAIN && errno != ECONNABORTED)
                        return -errno;
        }
}
