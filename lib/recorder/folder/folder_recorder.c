// SPDX-License-Identifier: LGPL-2.1-or-later
/* The verbs over the conversation; see folder_recorder.h. */
#include "recorder/folder/folder_recorder.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "recorder/folder/folder_messages.h"
#include "recorder/folder/folder_peer.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>

enum { READ_SIZE = 1024 * 1024, ANSWER_MS = 60 * 1000, LIST_MS = 30 * 60 * 1000 };

/* What the listing said of a file. */
struct folder_file {
        int64_t size;
        int64_t mtime_sec;
        uint32_t mtime_nsec;
};

struct folder_recorder {
        struct recorder recorder; /* first */
        struct folder_peer peer;
        int list_ms;
        struct folder_file *files;
        uint32_t n, room;
        uint8_t *buffer; /* READ_SIZE */
};

static int folder_identify(struct recorder *r, struct recorder_identity *ret)
{
        struct folder_recorder *f = (struct folder_recorder *)r;

        if (folder_peer_gone(&f->peer))
                return RECORDER_GONE;
        *ret = (struct recorder_identity){
                        .driver = "folder",
                        .capabilities = RECORDER_CAN_LIST | RECORDER_CAN_READ | RECORDER_CAN_RESUME,
                        .battery_percent = -1,
                        .free_bytes = -1,
                        .total_bytes = -1,
                        .clock_station = INSTANT_NONE,
        };
        return RECORDER_OK;
}

/* --- listing
 * ------------------------------------------------------------------------------------------------------- */

/* Relative, and no component is empty, "." or "..". */
static bool path_is_plain(const char *path)
{
        for (const char *p = path;; p++) {
                size_t n = strcspn(p, "/");

                if (n == 0 || (n == 1 && p[0] == '.') || (n == 2 && p[0] == '.' && p[1] == '.'))
                        return false;
                p += n;
                if (*p == '\0')
                        return true;
        }
}

/* "20261101T080000.25Z" as "YYYYMMDDThhmmss[.ffffff]Z": what a file system knows below the second tells two
 * files apart. "" for a year that the form has no room for. */
static void time_describe(const struct folder_file *file, char ret[RECORDER_TIME_MAX])
{
        time_t t = (time_t)file->mtime_sec;
        char fraction[16] = "";
        struct tm tm;

        ret[0] = '\0';
        if (!gmtime_r(&t, &tm) || tm.tm_year + 1900 < 1 || tm.tm_year + 1900 > 9999)
                return;
        if (file->mtime_nsec >= 1000)
                (void)snprintf(fraction, sizeof(fraction), ".%06" PRIu32, file->mtime_nsec / 1000);
        (void)snprintf(ret, RECORDER_TIME_MAX, "%04d%02d%02dT%02d%02d%02d%.7sZ", tm.tm_year + 1900,
                       tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, fraction);
}

static int file_append(struct folder_recorder *f, const struct folder_file *file)
{
        if (f->n == f->room) {
                uint32_t room = f->room ? 2 * f->room : 256;
                struct folder_file *files = reallocarray(f->files, room, sizeof(*files));

                if (!files)
                        return -ENOMEM;
                f->files = files;
                f->room = room;
        }
        f->files[f->n++] = *file;
        return 0;
}

static int item_take(struct folder_recorder *f, const struct message *m, const struct recorder_listener *to)
{
        const struct folder_item *given = message_payload(m, sizeof(*given));
        struct recorder_item item = {.index = f->n};
        struct folder_file file;
        int r;

        if (!given || m->fd >= 0)
                return folder_peer_refuse(&f->peer, "who imports sent a malformed item, leaving it");
        if (given->index != f->n)
                return folder_peer_refuse(&f->peer,
                                          "who imports sent item %" PRIu32 ", expected %" PRIu32
                                          ", leaving it",
                                          given->index, f->n);
        if (f->n >= FOLDER_ITEMS_MAX)
                return folder_peer_refuse(&f->peer, "who imports gives more than %d files, leaving it",
                                          FOLDER_ITEMS_MAX);
        if (given->size < 0 || given->mtime_nsec >= 1000000000 ||
            strnlen(given->path, FOLDER_PATH_MAX) == FOLDER_PATH_MAX || !path_is_plain(given->path))
                return folder_peer_refuse(&f->peer,
                                          "item %" PRIu32
                                          " of who imports has a bad size, time or path, leaving it",
                                          given->index);
        file = (struct folder_file){given->size, given->mtime_sec, given->mtime_nsec};
        r = file_append(f, &file);
        if (r < 0)
                return r;
        item.size = file.size;
        (void)text_copy(item.path, sizeof(item.path), given->path);
        text_make_printable(item.path);
        time_describe(&file, item.time_text);
        return to->on_item(to->userdata, &item);
}

static int listed_take(struct folder_recorder *f, const struct message *m)
{
        const struct folder_listed *listed = message_payload(m, sizeof(*listed));

        if (!listed || m->fd >= 0 || listed->items != f->n)
                return folder_peer_refuse(
                                &f->peer,
                                "who imports lists %" PRIu32 " files and says otherwise, leaving it", f->n);
        return RECORDER_OK;
}

static int folder_list(struct recorder *r, const struct recorder_listener *to, bool *ret_complete)
{
        struct folder_recorder *f = (struct folder_recorder *)r;
        int64_t until = clock_monotonic() + f->list_ms * USEC_PER_MSEC;
        bool listed = false;
        int result;

        f->n = 0;
        result = folder_peer_ask(&f->peer, FOLDER_LIST, NULL, 0);
        while (result == RECORDER_OK && !listed) {
                struct message m = {.fd = -EBADF};

                result = folder_peer_wait(&f->peer, until, &m);
                if (result == RECORDER_OK && clock_monotonic() >= until)
                        result = folder_peer_refuse(
                                        &f->peer,
                                        "who imports takes too long to list its files, leaving it");
                else if (result == RECORDER_OK && m.type == FOLDER_ITEM)
                        result = item_take(f, &m, to);
                else if (result == RECORDER_OK && m.type == FOLDER_LISTED) {
                        result = listed_take(f, &m);
                        listed = true;
                } else if (result == RECORDER_OK)
                        result = folder_peer_refuse(&f->peer,
                                                    "who imports sent a message of type %" PRIu32
                                                    " within its listing",
                                                    m.type);
                message_done(&m);
        }
        if (result == RECORDER_OK)
                *ret_complete = true;
        return result;
}

/* --- reading
 * ------------------------------------------------------------------------------------------------------- */

/* What an open or a read that failed means for the item. */
static int outcome_of_errno(int error)
{
        switch (error) {
        case ENOENT:
        case ENOTDIR:
                return RECORDER_ABSENT;
        case EACCES:
        case EPERM:
        case EBADF: /* a descriptor that cannot be read */
                return RECORDER_DENIED;
        case ESTALE:
        case ELOOP:
        case EXDEV:
                return RECORDER_MISMATCH;
        default:
                return RECORDER_UNREADABLE;
        }
}

static int opened_take(struct folder_recorder *f, struct message *m, uint32_t index, int *ret_fd)
{
        const struct folder_opened *opened =
                        m->type == FOLDER_OPENED ? message_payload(m, sizeof(*opened)) : NULL;

        if (!opened || opened->index != index || opened->error < 0 || (opened->error == 0) != (m->fd >= 0))
                return folder_peer_refuse(&f->peer,
                                          "who imports was asked for item %" PRIu32
                                          " and gave something else, leaving it",
                                          index);
        if (opened->error != 0) {
                folder_peer_note(&f->peer, LOG_WARNING, "who imports cannot open item %" PRIu32 ": %s",
                                 index, log_errno_text(-opened->error));
                return outcome_of_errno(opened->error);
        }
        *ret_fd = TAKE_FD(m->fd);
        return RECORDER_OK;
}

static int file_open(struct folder_recorder *f, uint32_t index, int *ret_fd)
{
        const struct folder_open_file ask = {.index = index};
        struct message m = {.fd = -EBADF};
        int r = folder_peer_ask(&f->peer, FOLDER_OPEN, &ask, sizeof(ask));

        if (r == RECORDER_OK)
                r = folder_peer_wait(&f->peer, INT64_MAX, &m);
        if (r == RECORDER_OK)
                r = opened_take(f, &m, index, ret_fd);
        message_done(&m);
        return r;
}

/* The file behind the descriptor is the one that was listed. */
static int file_check(const struct folder_file *listed, int fd, struct stat *ret)
{
        struct stat st;

        if (fstat(fd, &st) < 0)
                return outcome_of_errno(errno);
        if (!S_ISREG(st.st_mode) || st.st_size != listed->size || st.st_mtim.tv_sec != listed->mtime_sec ||
            st.st_mtim.tv_nsec != (long)listed->mtime_nsec)
                return RECORDER_MISMATCH;
        *ret = st;
        return RECORDER_OK;
}

static int bytes_read(struct folder_recorder *f, int fd, uint32_t index, int64_t position, size_t size,
                      size_t *ret)
{
        ssize_t n;

        do
                n = pread(fd, f->buffer, size, position);
        while (n < 0 && errno == EINTR);
        if (n < 0) {
                int error = errno;

                folder_peer_note(&f->peer, LOG_WARNING, "item %" PRIu32 " cannot be read at %" PRId64 ": %s",
                                 index, position, log_errno_text(-error));
                return outcome_of_errno(error);
        }
        *ret = (size_t)n;
        return RECORDER_OK;
}

static int file_pump(struct folder_recorder *f, int fd, uint32_t index, int64_t offset,
                     const struct recorder_sink *sink)
{
        int64_t size = f->files[index].size;

        while (offset < size) {
                size_t n = 0;
                int r;

                if (f->peer.cancelled && f->peer.cancelled(f->peer.userdata))
                        return RECORDER_CANCELLED;
                if (folder_peer_gone(&f->peer))
                        return RECORDER_GONE;
                r = bytes_read(f, fd, index, offset, (size_t)MIN(size - offset, (int64_t)READ_SIZE), &n);
                if (r == RECORDER_OK && n == 0)
                        r = RECORDER_SHORT;
                if (r == RECORDER_OK)
                        r = sink->write(sink->userdata, f->buffer, n);
                if (r != RECORDER_OK)
                        return r;
                offset += (int64_t)n;
        }
        return RECORDER_OK;
}

/* mtime can be set back, ctime cannot. */
static bool file_unchanged(const struct folder_file *listed, int fd, const struct stat *before)
{
        struct stat after;

        return file_check(listed, fd, &after) == RECORDER_OK &&
               after.st_ctim.tv_sec == before->st_ctim.tv_sec &&
               after.st_ctim.tv_nsec == before->st_ctim.tv_nsec;
}

static int folder_read(struct recorder *r, uint32_t index, int64_t offset, const struct recorder_sink *sink,
                       int64_t *ret_size)
{
        struct folder_recorder *f = (struct folder_recorder *)r;
        _cleanup_close_ int fd = -EBADF;
        struct stat before;
        int result;

        if (index >= f->n)
                return RECORDER_ABSENT;
        result = file_open(f, index, &fd);
        if (result == RECORDER_OK)
                result = file_check(&f->files[index], fd, &before);
        if (result != RECORDER_OK)
                return result;
        result = file_pump(f, fd, index, offset, sink);
        /* A file that was cut while it was read is not short, it is another one. */
        if ((result == RECORDER_OK || result == RECORDER_SHORT) &&
            !file_unchanged(&f->files[index], fd, &before)) {
                folder_peer_note(&f->peer, LOG_WARNING, "item %" PRIu32 " was changed while it was read",
                                 index);
                return RECORDER_MISMATCH;
        }
        if (result == RECORDER_OK)
                *ret_size = f->files[index].size;
        return result;
}

/* --- what a folder cannot
 * ------------------------------------------------------------------------------------------ */

static int folder_remove(struct recorder *r, uint32_t index)
{
        (void)r;
        (void)index;
        return RECORDER_UNSUPPORTED;
}

static int folder_set_clock(struct recorder *r, const char *text, struct recorder_clock *ret_after)
{
        (void)r;
        (void)text;
        (void)ret_after;
        return RECORDER_UNSUPPORTED;
}

static void folder_close(struct recorder *r)
{
        struct folder_recorder *f = (struct folder_recorder *)r;

        free(f->files);
        free(f->buffer);
        free(f);
}

static const struct recorder_verbs folder_verbs = {
                .identify = folder_identify,
                .list = folder_list,
                .read = folder_read,
                .remove = folder_remove,
                .set_clock = folder_set_clock,
                .close = folder_close,
};

int folder_recorder_open(struct recorder **ret, const struct folder_giver *giver)
{
        struct folder_recorder *f = calloc(1, sizeof(*f));

        if (!f)
                return -ENOMEM;
        f->recorder.verbs = &folder_verbs;
        f->peer = (struct folder_peer){
                        .socket = giver->socket,
                        .timeout_ms = giver->answer_ms > 0 ? giver->answer_ms : ANSWER_MS,
                        .cancelled = giver->cancelled,
                        .notice = giver->notice,
                        .userdata = giver->userdata,
        };
        f->list_ms = giver->list_ms > 0 ? giver->list_ms : LIST_MS;
        f->buffer = malloc(READ_SIZE);
        if (!f->buffer) {
                folder_close(&f->recorder);
                return -ENOMEM;
        }
        *ret = &f->recorder;
        return 0;
}
