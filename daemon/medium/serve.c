// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The conversation; see medium_messages.h. Whatever ends it, the medium is written, unmounted and flushed
 * before the answer is given and the process ends.
 */
#include "daemon/medium/serve.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "daemon/disk/disk_mount.h"
#include "daemon/disk/peer.h"
#include "daemon/medium/medium_check.h"
#include "daemon/medium/medium_disk.h"
#include "daemon/medium/medium_make.h"
#include "daemon/medium/medium_request.h"
#include "daemon/medium/medium_why.h"

#include <pwd.h>
#include <string.h>
#include <sys/stat.h>

enum {
        REQUEST_MS = 30000,
        DISK_MS = 10000,  /* the kernel's driver waits a second before it looks at the disk, udev after it */
        CHECK_MS = 60000, /* recdockd waits for 90 seconds */
        MAKE_MS = 900000,
        FAREWELL_MS = 30000, /* recdockd registers what was made */
        SEND_MS = 5000,
        WAIT_FOR_EVER = -1,
};

struct medium {
        struct peer peer;
        struct disk_owner owner;
        struct medium_disk *disk;
        struct disk_mount mount;
        struct medium_facts facts;
        struct medium_failed why;
};

/* root, where there is no such user: in tests. */
static struct disk_owner owner_find(void)
{
        const struct passwd *user = getpwnam("recdock");

        return user ? (struct disk_owner){user->pw_uid, user->pw_gid} : (struct disk_owner){0, 0};
}

static int failed_tell(struct medium *m, int error)
{
        if (error == -EPIPE || error == -ECANCELED)
                return error;
        if (m->why.error == 0)
                (void)medium_refuse(&m->why, error, "%s", log_errno_text(error));
        log_error("nothing is done: %s", m->why.text);
        (void)message_send(m->peer.socket, MEDIUM_REFUSED, &m->why, sizeof(m->why), -EBADF, SEND_MS);
        return error;
}

/* --- a medium that is open --- */

/* What is mounted is the disk that was looked at, and a file system with owners lets recdockd write: it may
 * have been made at another station, where that user had another number. */
static int mount_check(struct medium *m)
{
        struct stat root, node;

        if (fstat(m->mount.folder, &root) < 0 || fstat(medium_disk_fd(m->disk), &node) < 0)
                return -errno;
        if (root.st_dev != node.st_rdev)
                return medium_refuse(&m->why, -ESTALE, "%s is another disk now", medium_disk_node(m->disk));
        if (root.st_uid != m->owner.user && fchown(m->mount.folder, m->owner.user, m->owner.group) < 0)
                return -errno;
        return 0;
}

static int medium_mount(struct medium *m)
{
        const char *node = medium_disk_node(m->disk), *type = m->facts.type;
        int r;

        medium_disk_yield(m->disk);
        r = medium_check(medium_disk_fd(m->disk), node, type, &m->peer, CHECK_MS, &m->why);
        if (r < 0)
                return r;
        r = disk_mount(&m->mount, node, type, &m->owner);
        if (r < 0)
                return medium_refuse(&m->why, r, "%s cannot be mounted as '%s': %s", node, type,
                                     log_errno_text(r));
        r = mount_check(m);
        if (r < 0)
                (void)disk_unmount(&m->mount);
        else
                medium_disk_share(m->disk);
        return r;
}

/* Until recdockd has enough of it. 0: it said so. */
static int close_wait(struct medium *m)
{
        struct message message;
        int r = message_send(m->peer.socket, MEDIUM_OPENED, &m->facts, sizeof(m->facts), m->mount.folder,
                             SEND_MS);

        if (r < 0)
                return r;
        log_notice("%s, %s %s, is open", medium_disk_node(m->disk), m->facts.type, m->facts.uuid);
        r = peer_message(&m->peer, &message, WAIT_FOR_EVER);
        if (r == 0 && (message.type != MEDIUM_CLOSE || message.size != 0))
                r = -EBADMSG;
        message_done(&message);
        return r;
}

static int medium_release(struct medium *m, int ended)
{
        struct medium_closed closed = {0};
        int r = disk_unmount(&m->mount), r2 = medium_disk_flush(m->disk);

        closed.error = r < 0 ? r : r2 < 0 ? r2 : ended;
        if (r < 0 || r2 < 0)
                log_error("%s: not released in order: %s", medium_disk_node(m->disk),
                          log_errno_text(r < 0 ? r : r2));
        else
                log_notice("%s is written and unmounted%s%s", medium_disk_node(m->disk),
                           ended < 0 ? ", ended by: " : "", ended < 0 ? log_errno_text(ended) : "");
        (void)message_send(m->peer.socket, MEDIUM_CLOSED, &closed, sizeof(closed), -EBADF, SEND_MS);
        return closed.error;
}

static int open_serve(struct medium *m, const struct medium_open *request)
{
        int r = request ? medium_open_check(request) : -EBADMSG;

        if (r == 0)
                r = medium_disk_open_volume(&m->disk, request->uuid, &request->place, &m->peer, DISK_MS,
                                            &m->why);
        if (r == 0)
                r = medium_disk_facts(m->disk, &m->facts);
        if (r == 0)
                r = medium_mount(m);
        return r < 0 ? failed_tell(m, r) : medium_release(m, close_wait(m));
}

/* --- a new one --- */

static int medium_new(struct medium *m, const struct medium_init *request)
{
        const char *node = medium_disk_node(m->disk), *type = medium_format_type(request->format);
        int r;

        log_notice("%s becomes a medium, %s '%s'%s", node, type, request->label,
                   medium_disk_content(m->disk)->anything ? ": what it holds is lost, as was asked for"
                                                          : "");
        medium_disk_yield(m->disk);
        r = medium_make(node, request->format, request->label, &m->owner, &m->peer, MAKE_MS);
        if (r == 0)
                r = medium_disk_facts(m->disk, &m->facts);
        if (r == 0 && (strcmp(m->facts.type, type) != 0 || !medium_uuid_is_valid(m->facts.uuid)))
                r = -EUCLEAN;
        return r == -EPIPE || r == -ECANCELED || r == 0
                               ? r
                               : medium_refuse(&m->why, r, "no file system could be made on %s: %s", node,
                                               log_errno_text(r));
}

/* Nobody answers: it ends when recdockd closes the connection. */
static int farewell_wait(struct medium *m)
{
        int r = message_send(m->peer.socket, MEDIUM_INITIALISED, &m->facts, sizeof(m->facts), -EBADF,
                             SEND_MS);

        if (r == 0) {
                log_notice("%s is %s %s", medium_disk_node(m->disk), m->facts.type, m->facts.uuid);
                (void)peer_wait(&m->peer, false, FAREWELL_MS);
        }
        return r;
}

static int init_serve(struct medium *m, const struct medium_init *request)
{
        int r = request ? medium_init_check(request) : -EBADMSG;

        if (r == 0)
                r = medium_disk_open_whole(&m->disk, &request->place, request->force, &m->peer, DISK_MS,
                                           &m->why);
        if (r == 0)
                r = medium_new(m, request);
        return r < 0 ? failed_tell(m, r) : farewell_wait(m);
}

int medium_serve(int socket, int signals)
{
        struct medium m = {.peer = {.socket = socket, .signals = signals},
                           .owner = owner_find(),
                           .mount = {.tree = -EBADF, .folder = -EBADF}};
        struct message message;
        int r = peer_message(&m.peer, &message, REQUEST_MS);

        if (r < 0)
                return r;
        message_done(&message);
        if (message.type == MEDIUM_OPEN)
                r = open_serve(&m, message_payload(&message, sizeof(struct medium_open)));
        else if (message.type == MEDIUM_INIT)
                r = init_serve(&m, message_payload(&message, sizeof(struct medium_init)));
        else
                r = failed_tell(&m, -EBADMSG);
        medium_disk_close(m.disk);
        return r;
}
