// SPDX-License-Identifier: LGPL-2.1-or-later
/* Answering the worker; see import_giver.h. Nothing here waits: what the socket does not take is sent when
 * it has room. */
#include "cli/import_giver.h"
#include "base/cleanup.h"
#include "base/message.h"
#include "recorder/folder/folder_messages.h"

#include <string.h>
#include <sys/epoll.h>

enum { BURST_MAX = 64, OPENED_TIMEOUT_MS = 10 * 1000 };

static int item_send(const struct import_giver *g, uint32_t index)
{
        const struct import_file *file = &g->files->files[index];
        struct folder_item item = {
                        .index = index,
                        .size = file->size,
                        .mtime_sec = file->mtime_sec,
                        .mtime_nsec = file->mtime_nsec,
        };

        (void)snprintf(item.path, sizeof(item.path), "%s", file->path);
        return message_send(g->socket, FOLDER_ITEM, &item, sizeof(item), -EBADF, 0);
}

/* As much of the listing as there is room for. */
static int listing_go_on(struct import_giver *g)
{
        const struct folder_listed listed = {.items = (uint32_t)g->files->n};
        int r = 0;

        for (int i = 0; r == 0 && i < BURST_MAX && g->next < g->files->n; i++) {
                r = item_send(g, g->next);
                if (r == 0)
                        g->next++;
        }
        if (r == 0 && g->next == g->files->n) {
                r = message_send(g->socket, FOLDER_LISTED, &listed, sizeof(listed), -EBADF, 0);
                if (r == 0)
                        g->listing = false;
        }
        return r == -EAGAIN ? 0 : r;
}

static int file_give(const struct import_giver *g, const struct folder_open_file *ask)
{
        struct folder_opened opened = {.index = ask->index};
        _cleanup_close_ int fd = -EBADF;
        int r = ask->index < g->files->n ? import_file_open(&g->files->files[ask->index], &fd) : -ENOENT;

        opened.error = -r;
        return message_send(g->socket, FOLDER_OPENED, &opened, sizeof(opened), fd, OPENED_TIMEOUT_MS);
}

static int question_answer(struct import_giver *g, const struct message *m)
{
        const struct folder_open_file *ask = message_payload(m, sizeof(*ask));

        if (m->type == FOLDER_LIST) {
                g->listing = true;
                g->next = 0;
                return 0;
        }
        return m->type == FOLDER_OPEN && ask ? file_give(g, ask) : -EBADMSG;
}

static int question_take(struct import_giver *g)
{
        struct message m = {.fd = -EBADF};
        int r = message_receive(g->socket, &m, 0);

        if (r == MESSAGE_RECEIVED)
                r = question_answer(g, &m);
        else if (r == MESSAGE_CLOSED)
                r = -EPIPE;
        else if (r == MESSAGE_NONE)
                r = 0;
        message_done(&m);
        return r;
}

static int on_socket(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        struct import_giver *g = userdata;
        int r = events & (EPOLLIN | EPOLLHUP | EPOLLERR) ? question_take(g) : 0;

        if (r >= 0 && g->listing)
                r = listing_go_on(g);
        /* The worker is gone; how the import ended comes over the bus. */
        if (r < 0) {
                import_giver_stop(g);
                return 0;
        }
        return sd_event_source_set_io_events(g->source, g->listing ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

int import_giver_start(struct import_giver *g, sd_event *event, const struct import_files *files,
                       int *ret_theirs)
{
        int fds[2], r = message_socketpair(fds);

        if (r < 0)
                return r;
        *g = (struct import_giver){.socket = fds[0], .files = files};
        r = sd_event_add_io(event, &g->source, g->socket, EPOLLIN, on_socket, g);
        if (r < 0) {
                (void)fd_close(fds[1]);
                import_giver_stop(g);
                return r;
        }
        *ret_theirs = fds[1];
        return 0;
}

void import_giver_stop(struct import_giver *g)
{
        g->source = sd_event_source_disable_unref(g->source);
        g->socket = fd_close(g->socket);
}
