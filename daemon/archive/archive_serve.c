// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * recdockd's orders; see archive_serve.h and archive_messages.h. The folder is opened before the process
 * locks itself in; everything that was written on the medium by somebody else is read afterwards.
 *
 * One thread: what recdockd says is looked for whenever progress is made, so that a hold or its end is
 * noticed between two blocks.
 */
#include "daemon/archive/archive_serve.h"
#include "archive/folder_volume.h"
#include "archive/layout.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/disk_yield.h"
#include "base/durable.h"
#include "base/inject.h"
#include "base/log.h"
#include "base/message.h"
#include "base/text.h"
#include "daemon/archive/archive_contents.h"
#include "daemon/archive/archive_disc.h"
#include "daemon/archive/archive_lockdown.h"
#include "daemon/archive/archive_messages.h"

#include <fcntl.h>
#include <string.h>

#define TELL_INTERVAL (USEC_PER_SEC / 4)

enum {
        SEND_TIMEOUT_MS = 60000 /* recdockd not reading for so long is recdockd hanging */,
        FOLDER_MODE = 0755
};

DEFINE_CLEANUP(struct archive_volume *, archive_volume_free);

struct serving {
        int socket;
        struct archive_begin begin;
        int medium, folder, contents; /* 'folder': of a disc the drive's node */
        bool writable;
        struct archive_codes codes;
        int coder;                           /* of a task to look: as struct archive_drive has it */
        const struct archive_volume *volume; /* of a task to write */
        int64_t ended_at;                    /* the footage that the work ended with, 0 */
        int64_t told;                        /* when, of CLOCK_MONOTONIC */
        int broken;                          /* negative errno: recdockd cannot be spoken to any more */
};

static void serving_done(struct serving *s)
{
        (void)fd_close(s->medium);
        (void)fd_close(s->folder);
        (void)fd_close(s->contents);
        archive_codes_done(&s->codes);
}

static int say(struct serving *s, enum archive_message_type type, const void *payload, size_t size)
{
        int r = s->broken ? s->broken
                          : message_send(s->socket, type, payload, size, -EBADF, SEND_TIMEOUT_MS);

        if (r < 0)
                s->broken = r;
        return r;
}

/* --- what recdockd says meanwhile --- */

static bool is_hold(const struct message *m, bool *ret_hold)
{
        const struct archive_hold *h = message_payload(m, sizeof(*h));

        if (m->type != ARCHIVE_MESSAGE_HOLD || !h)
                return false;
        *ret_hold = h->hold != 0;
        return true;
}

/* The next message that is no hold, or MESSAGE_NONE when there is none in time and nothing holds us. */
static int next_message(struct serving *s, struct message *ret, int timeout_ms)
{
        bool hold = false;

        for (;;) {
                int r = message_receive(s->socket, ret, hold ? -1 : timeout_ms);

                if (r == MESSAGE_CLOSED)
                        r = -EPIPE;
                if (r == MESSAGE_NONE || r < 0)
                        return r;
                if (!is_hold(ret, &hold))
                        return MESSAGE_RECEIVED;
                message_done(ret);
        }
}

/* 1 ends the work. */
static int heed(struct serving *s)
{
        struct message m = {.fd = -EBADF};
        int r = next_message(s, &m, 0);

        if (r == MESSAGE_RECEIVED) { /* nothing else is due now */
                message_done(&m);
                r = -EBADMSG;
        }
        if (r < 0)
                s->broken = r;
        return s->broken != 0;
}

/* --- what the library asks and tells --- */

static int source_take(struct message *m, int64_t footage)
{
        const struct archive_source *source = message_payload(m, sizeof(*source));

        if (m->type != ARCHIVE_MESSAGE_SOURCE || !source || source->footage != footage ||
            (source->error == 0) != (m->fd >= 0))
                return -EBADMSG;
        return source->error < 0 ? source->error : TAKE_FD(m->fd);
}

static int open_source(void *userdata, const struct archive_entry *e)
{
        struct serving *s = userdata;
        const struct archive_want want = {.footage = e->id};
        struct message m = {.fd = -EBADF};
        int r = say(s, ARCHIVE_MESSAGE_WANT, &want, sizeof(want));

        inject_point("archive-copying");
        if (r >= 0)
                r = next_message(s, &m, -1);
        if (r >= 0)
                r = source_take(&m, e->id);
        message_done(&m);
        if (r == -EPIPE || r == -EBADMSG)
                s->broken = r;
        return r;
}

static int64_t footage_of(const struct serving *s, const char *path)
{
        const struct archive_entry *e = s->volume ? archive_volume_find(s->volume, path) : NULL;

        return e ? e->id : 0;
}

/* Own files are told of only when something is wrong with one. */
static void on_result(void *userdata, const char *path, enum proof_result result)
{
        struct serving *s = userdata;
        struct archive_result told = {.footage = footage_of(s, path), .result = (uint32_t)result};
        bool good = result == PROOF_GOOD || result == PROOF_CACHED;

        if (good && told.footage == 0 && (s->volume || strncmp(path, "data/", 5) != 0))
                return;
        (void)text_copy(told.path, sizeof(told.path), path);
        (void)say(s, ARCHIVE_MESSAGE_RESULT, &told, sizeof(told));
}

static int on_progress(void *userdata, enum archive_phase phase, int64_t done, int64_t total)
{
        struct serving *s = userdata;
        const struct archive_progress told = {.phase = (uint32_t)phase, .done = done, .total = total};
        int64_t now = clock_monotonic();

        if (now - s->told >= TELL_INTERVAL || done == total) {
                s->told = now;
                (void)say(s, ARCHIVE_MESSAGE_PROGRESS, &told, sizeof(told));
        }
        return heed(s);
}

static struct archive_work work_of(struct serving *s)
{
        return (struct archive_work){.open_source = open_source,
                                     .on_result = on_result,
                                     .on_progress = on_progress,
                                     .cached_is_enough = s->begin.cached_is_enough != 0,
                                     .userdata = s};
}

/* --- the task --- */

static int volume_compose(struct serving *s, struct archive_volume **ret)
{
        const struct archive_begin *b = &s->begin;
        const struct archive_imprint imprint = {b->number,
                                                b->station,
                                                b->organization,
                                                b->custodian,
                                                b->medium,
                                                b->made_at,
                                                "recdock " PACKAGE_VERSION,
                                                b->hash_list != 0};
        _cleanup_(archive_contents_done) struct archive_contents c = {NULL};
        int r = archive_contents_read(TAKE_FD(s->contents), &c);

        return r < 0 ? r : archive_volume_new(ret, &imprint, c.cases, c.n_cases, c.files, c.n_files);
}

static int volume_write(struct serving *s, struct archive_report *report)
{
        const struct archive_work work = work_of(s);
        _cleanup_(archive_volume_freep) struct archive_volume *v = NULL;
        int r = volume_compose(s, &v);

        if (r < 0)
                return r;
        s->volume = v;
        switch ((enum archive_backend)s->begin.backend) {
        case ARCHIVE_BACKEND_FOLDER:
                r = folder_volume_write(s->folder, v, &work, report);
                break;
        case ARCHIVE_BACKEND_DISC:
                r = archive_disc_write(s->begin.drive, v, &work, &s->codes, report);
                break;
        default:
                r = -EOPNOTSUPP;
        }
        s->ended_at = footage_of(s, report->path);
        s->volume = NULL;
        return r;
}

static int volume_verify(struct serving *s, struct archive_report *report)
{
        const struct archive_work work = work_of(s);

        switch ((enum archive_backend)s->begin.backend) {
        case ARCHIVE_BACKEND_FOLDER:
                return s->folder < 0 ? ARCHIVE_NO_VOLUME : archive_verify(s->folder, &work, report);
        case ARCHIVE_BACKEND_DISC:
                return archive_disc_verify(s->begin.drive, s->begin.number, &work, report);
        default:
                return -EOPNOTSUPP;
        }
}

static int ended_say(struct serving *s, int outcome, const struct archive_report *report)
{
        struct archive_ended e = {.outcome = outcome,
                                  .error = report->error,
                                  .files = report->n_files,
                                  .bytes = report->bytes,
                                  .footage = s->ended_at};

        for (size_t i = 0; i < _PROOF_MAX; i++)
                e.counts[i] = report->counts[i];
        memcpy(e.seal, report->seal, DIGEST_SIZE);
        (void)text_copy(e.path, sizeof(e.path), report->path);
        inject_point("archive-ended");
        return say(s, ARCHIVE_MESSAGE_ENDED, &e, sizeof(e));
}

/* --- the beginning --- */

static void begin_terminate(struct archive_begin *b)
{
        b->number[sizeof(b->number) - 1] = '\0';
        b->station[sizeof(b->station) - 1] = '\0';
        b->organization[sizeof(b->organization) - 1] = '\0';
        b->custodian[sizeof(b->custodian) - 1] = '\0';
        b->medium[sizeof(b->medium) - 1] = '\0';
        b->drive[sizeof(b->drive) - 1] = '\0';
}

/* What comes with it: the folder of a medium, or the file that a disc with recovery data is staged in. */
static bool descriptor_is_due(const struct archive_begin *b)
{
        return b->backend == ARCHIVE_BACKEND_FOLDER || (b->recovery > 0 && b->task == ARCHIVE_TASK_WRITE);
}

static void descriptor_take(struct serving *s, int fd)
{
        if (s->begin.backend == ARCHIVE_BACKEND_FOLDER) {
                s->medium = fd;
        } else {
                s->codes.scratch = fd;
                if (fd >= 0)
                        s->codes.percent = (int)MIN(s->begin.recovery, 100U); /* which is too much */
        }
}

static int begin_receive(struct serving *s)
{
        struct message m = {.fd = -EBADF};
        const struct archive_begin *b;
        int r = next_message(s, &m, -1);

        b = message_payload(&m, sizeof(*b));
        if (r >= 0 && (m.type != ARCHIVE_MESSAGE_BEGIN || !b || (m.fd >= 0) != descriptor_is_due(b)))
                r = -EBADMSG;
        if (r >= 0) {
                s->begin = *b;
                descriptor_take(s, TAKE_FD(m.fd));
                begin_terminate(&s->begin);
        }
        message_done(&m);
        return r;
}

static int contents_receive(struct serving *s)
{
        struct message m = {.fd = -EBADF};
        int r;

        if (s->begin.task != ARCHIVE_TASK_WRITE)
                return 0;
        r = next_message(s, &m, -1);
        if (r >= 0 && (m.type != ARCHIVE_MESSAGE_CONTENTS || m.fd < 0))
                r = -EBADMSG;
        if (r >= 0)
                s->contents = TAKE_FD(m.fd);
        message_done(&m);
        return r;
}

/* What may be opened of a drive. A stand-in that is not there yet is as good as a blank disc. */
static int drive_open(struct serving *s)
{
        int r;

        if (s->begin.task == ARCHIVE_TASK_LOOK && s->begin.recovery > 0)
                s->coder = archive_disc_look_for_coder();
        archive_codes_prepare(&s->codes);
        r = archive_disc_prepare(s->begin.drive, s->begin.task == ARCHIVE_TASK_WRITE, &s->writable);

        if (r >= 0)
                s->folder = r;
        return r == -ENOENT ? 0 : MIN(r, 0); /* libburn says so, too */
}

/* A folder of its own for each volume, below that of the medium. To verify there may be none. */
static int folder_open(struct serving *s)
{
        char name[3 * LAYOUT_NAME_UNITS + 1];
        bool writing = s->begin.task == ARCHIVE_TASK_WRITE;
        int r = 0;

        s->writable = writing;
        layout_component(s->begin.number, LAYOUT_NAME_UNITS, name);
        if (writing)
                r = durable_make_folders(s->medium, name, FOLDER_MODE);
        if (r >= 0)
                r = durable_open_beneath(s->medium, name, O_RDONLY | O_DIRECTORY, 0);
        s->medium = fd_close(s->medium);
        if (r < 0)
                return r == -ENOENT && !writing ? 0 : r;
        s->folder = r;
        return 0;
}

static int begin(struct serving *s, int *ret_medium_error)
{
        struct sandbox_state state = {.landlock_abi = 0};
        struct archive_cage cage;
        struct archive_ready ready;
        int r = begin_receive(s);

        if (r >= 0)
                r = contents_receive(s);
        if (r < 0)
                return r;
        r = disk_yield();
        if (r < 0)
                log_debug("cannot give way on the disks: %s", log_errno_text(r));
        cage.disc = s->begin.backend == ARCHIVE_BACKEND_DISC;
        *ret_medium_error = cage.disc ? drive_open(s) : folder_open(s);
        cage.folder = s->folder;
        cage.writable = s->writable;
        cage.coder = s->codes.coder;
        r = archive_lockdown(&cage, &state);
        if (r < 0)
                return r;
        ready = (struct archive_ready){state.landlock_abi, state.seccomp};
        return say(s, ARCHIVE_MESSAGE_READY, &ready, sizeof(ready));
}

static int drive_say(struct serving *s, int error)
{
        struct archive_drive d = {.error = error, .coder = s->coder};

        if (error == 0)
                archive_disc_look(s->begin.drive, &d);
        return say(s, ARCHIVE_MESSAGE_DRIVE, &d, sizeof(d));
}

/* A folder that cannot be made is the medium's failure. */
static int medium_outcome(int error, struct archive_report *report)
{
        report->error = error;
        return error == -ENOSPC || error == -EDQUOT ? ARCHIVE_FULL : ARCHIVE_MEDIUM_FAILED;
}

int archive_serve(int socket)
{
        _cleanup_(serving_done) struct serving s = {.socket = socket,
                                                    .medium = -EBADF,
                                                    .folder = -EBADF,
                                                    .contents = -EBADF,
                                                    .codes = {.scratch = -EBADF}};
        struct archive_report report = {0};
        int medium_error = 0, outcome, r = begin(&s, &medium_error);

        if (r < 0)
                return r;
        if (s.begin.task == ARCHIVE_TASK_LOOK)
                return drive_say(&s, medium_error);
        if (medium_error < 0)
                outcome = medium_outcome(medium_error, &report);
        else if (s.begin.task == ARCHIVE_TASK_WRITE)
                outcome = volume_write(&s, &report);
        else
                outcome = volume_verify(&s, &report);
        return ended_say(&s, outcome, &report);
}
