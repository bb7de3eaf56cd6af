// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The conversation; see clear_messages.h. Whatever ends it, the volume is synced and unmounted and its disk
 * is read-only again before the answer is given and the process ends.
 */
#include "daemon/clear/serve.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/message.h"
#include "base/text.h"
#include "daemon/clear/clear_disk.h"
#include "daemon/disk/disk_mount.h"
#include "daemon/disk/peer.h"
#include "daemon/clear/file_remove.h"
#include "daemon/clear/request.h"

#include <inttypes.h>
#include <string.h>

enum {
        REQUEST_MS = 30000, /* recdockd asks when its worker has ended, which has 10 s for that */
        DISK_MS = 20000, /* the kernel's driver waits a second before it looks at the disk, udev after it */
        FILE_MS = 10000,
        SEND_MS = 5000,
};

static const int64_t all_of_it = 100 * USEC_PER_SEC; /* the unit's RuntimeMaxSec= is longer */

struct clearing {
        struct peer peer;
        struct disk_mount mount;
        int64_t until;
        uint32_t files, removed;
        int error, ended; /* of struct clear_finished */
};

static int next_message(const struct clearing *c, struct message *m, int timeout_ms)
{
        m->fd = -EBADF;
        return clock_monotonic() > c->until ? -ETIME : peer_message(&c->peer, m, timeout_ms);
}

static void removal_log(const struct clear_file *f, const struct clear_done *done)
{
        static const char *const words[] = {[CLEAR_REMOVED] = "removed",
                                            [CLEAR_CHANGED] =
                                                            "stays: its size or time is not the listed one",
                                            [CLEAR_ABSENT] = "is not there",
                                            [CLEAR_FAILED] = "stays"};
        char path[CLEAR_PATH_MAX];

        (void)text_copy(path, sizeof(path), f->path);
        text_make_printable(path);
        log_record(done->outcome == CLEAR_REMOVED ? LOG_INFO : LOG_WARNING, NULL, NULL, 0,
                   "item %" PRIu64 ": '%s', %" PRId64 " bytes, %s%s%s", f->item, path, f->size,
                   words[done->outcome], done->error ? ": " : "",
                   done->error ? log_errno_text(done->error) : "");
}

static int one_file(struct clearing *c, const struct clear_file *f)
{
        struct clear_done done = {.item = f->item, .outcome = CLEAR_FAILED};
        instant_t time;
        int error = clear_file_check(f, &time);

        if (error == 0)
                done.outcome = file_remove(c->mount.tree, f->path, f->size, time, &error);
        done.error = error;
        c->removed += done.outcome == CLEAR_REMOVED;
        removal_log(f, &done);
        return message_send(c->peer.socket, CLEAR_DONE, &done, sizeof(done), -EBADF, SEND_MS);
}

/* FILE…, END */
static int files_take(struct clearing *c)
{
        for (uint32_t n = 0;; n++) {
                struct message m;
                const struct clear_file *f;
                int r = next_message(c, &m, FILE_MS);
                bool end = r == 0 && m.type == CLEAR_END;

                message_done(&m);
                if (r < 0 || end)
                        return r;
                f = m.type == CLEAR_FILE ? message_payload(&m, sizeof(*f)) : NULL;
                if (!f || n >= c->files)
                        return -EBADMSG;
                r = one_file(c, f);
                if (r < 0)
                        return r;
        }
}

static void mounted_serve(struct clearing *c)
{
        c->ended = message_send(c->peer.socket, CLEAR_READY, NULL, 0, -EBADF, SEND_MS);
        if (c->ended == 0)
                c->ended = files_take(c);
        c->error = disk_unmount(&c->mount);
}

static void volume_serve(struct clearing *c, const struct clear_volume *v)
{
        struct clear_disk *disk = NULL;
        int r;

        c->error = clear_disk_open(&disk, v, &c->peer, DISK_MS);
        if (c->error < 0) {
                log_error("port %s: the disk cannot be had: %s, removing nothing", v->port,
                          log_errno_text(c->error));
                return;
        }
        c->error = disk_mount(&c->mount, clear_disk_node(disk), clear_disk_type(disk), NULL);
        if (c->error < 0) {
                log_error("%s: cannot be mounted as %s: %s, removing nothing", clear_disk_node(disk),
                          clear_disk_type(disk), log_errno_text(c->error));
        } else {
                mounted_serve(c);
                r = clear_disk_sync(disk);
                c->error = c->error < 0 ? c->error : r;
        }
        r = clear_disk_close(disk);
        if (r < 0)
                log_error("port %s: the disk was not left as it was: %s", v->port, log_errno_text(r));
        c->error = c->error < 0 ? c->error : r;
}

static void finished_tell(const struct clearing *c)
{
        const struct clear_finished finished = {.error = c->error, .ended = c->ended, .removed = c->removed};
        int r = c->error < 0 ? c->error : c->ended;

        (void)message_send(c->peer.socket, CLEAR_FINISHED, &finished, sizeof(finished), -EBADF, SEND_MS);
        log_record(r < 0 ? LOG_ERR : LOG_NOTICE, NULL, NULL, 0, "%" PRIu32 " files removed%s%s", c->removed,
                   r < 0 ? ", ended by: " : "", r < 0 ? log_errno_text(r) : "");
}

int clear_serve(int socket, int signals)
{
        struct clearing c = {.peer = {.socket = socket, .signals = signals},
                             .mount = {.tree = -EBADF, .folder = -EBADF},
                             .until = clock_monotonic() + all_of_it};
        struct message m;
        const struct clear_volume *v;
        int r = next_message(&c, &m, REQUEST_MS);

        message_done(&m);
        if (r < 0)
                return r;
        v = m.type == CLEAR_VOLUME ? message_payload(&m, sizeof(*v)) : NULL;
        c.error = v ? clear_volume_check(v) : -EBADMSG;
        if (c.error == 0) {
                c.files = v->files;
                volume_serve(&c, v);
        }
        finished_tell(&c);
        return c.error < 0 ? c.error : c.ended;
}
