// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Mending; see mender.h. The thread shares nothing with the loop but its own structure, which has a store, a
 * descriptor and texts of its own, so that it can be left behind: who gives a file may give one on a file
 * system that never answers. A copy that is left unfinished so, or dropped, is nothing to anybody; the next
 * start removes it.
 */
#include "daemon/mender.h"
#include "base/cleanup.h"
#include "base/inject.h"
#include "base/log.h"
#include "base/text.h"
#include "base/thread.h"
#include "catalogue/footage.h"
#include "catalogue/mend.h"
#include "daemon/config.h"
#include "daemon/deadline_clock.h"
#include "daemon/event.h"
#include "daemon/station_internal.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <time.h>

#define LEAVE_AFTER_S 3 /* a thread that is to end and does not: it waits for somebody's file system */

static const char alert_kind[] = "digest-mismatch";

/* Between the loop and one thread. */
struct mending {
        pthread_t thread;
        int wake_fd; /* of its own */
        atomic_bool cancelled;
        char *store_root, *station, *source, *actor;
        int from;
        bool verity;
        struct footage footage;
        mend_done_fn *on_done; /* the loop's, as is all that follows once the thread has been joined */
        void *userdata;
        const char *found; /* of the store; NULL: it is not known */
        int result;        /* a copy_outcome, or a negative errno */
        struct copy_found source_found;
};

struct mender {
        struct station *station;
        struct mending *now; /* NULL: nothing is under way */
        sd_event_source *source;
};

static void mending_free(struct mending *m)
{
        free(m->store_root);
        free(m->station);
        free(m->source);
        free(m->actor);
        (void)fd_close(m->from);
        (void)fd_close(m->wake_fd);
        free(m);
}

DEFINE_CLEANUP(struct mending *, mending_free);
DEFINE_CLEANUP(struct store *, store_close);

/* --- in the thread --- */

static int on_piece(void *userdata, uint64_t bytes)
{
        const struct mending *m = userdata;

        return atomic_load(&m->cancelled) ? -ECANCELED : 0;
}

/* What says nothing of the file. */
static bool is_own_failure(int error)
{
        return error == -ECANCELED || error == -ENOMEM || error == -EMFILE || error == -ENFILE;
}

/* What the store has, as the disk has it. */
static int store_look(struct mending *m, struct store *store, const struct pace *pace)
{
        _cleanup_close_ int fd = -EBADF;
        struct digest_values found;
        int64_t size = 0;
        struct stat st;
        bool uncached;
        int r = store_footage_open(store, m->footage.path, true, &fd);

        if (r == STORE_OK && fstat(fd, &st) == 0 && st.st_size != m->footage.size) {
                m->found = "mismatch";
                return 0;
        }
        if (r == STORE_OK)
                r = proved_read(fd, pace, &found, &size, &uncached);
        if (r < 0 && is_own_failure(r))
                return r;
        if (r < 0)
                m->found = "unreadable";
        else if (r == STORE_ABSENT)
                m->found = "missing";
        else
                m->found = size == m->footage.size && digest_equal(&found, &m->footage.digests) ? "ok"
                                                                                                : "mismatch";
        return 0;
}

static int mending_run(struct mending *m)
{
        const struct pace pace = {on_piece, m};
        _cleanup_(store_closep) struct store *store = NULL;
        struct store_mend copy = {.footage = m->footage.id,
                                  .from = m->from,
                                  .size = m->footage.size,
                                  .digests = &m->footage.digests,
                                  .pace = &pace,
                                  .found = &m->source_found};
        int r = store_open(&store, m->store_root, m->station, false);

        if (r != STORE_OK)
                return r < 0 ? r : -ENODEV;
        r = store_look(m, store, &pace);
        if (r < 0 || strcmp(m->found, "ok") == 0)
                return r;
        copy.seal = m->verity && store_can_seal(store);
        return store_mend_copy(store, &copy);
}

static void *mending_thread(void *userdata)
{
        struct mending *m = userdata;
        const uint64_t one = 1;

        m->result = mending_run(m);
        (void)!write(m->wake_fd, &one, sizeof(one)); /* the counter cannot be full */
        return NULL;
}

/* --- on the loop --- */

/* Takes what is under way; whoever waits is answered once. */
static void answer(struct mending *m, const struct mend_answer *a)
{
        m->on_done(m->userdata, a);
        mending_free(m);
}

__attribute__((format(printf, 2, 3))) static void refuse(struct mending *m, const char *format, ...)
{
        char text[1024];
        va_list ap;

        va_start(ap, format);
        (void)vsnprintf(text, sizeof(text), format, ap);
        va_end(ap);
        text_make_printable(text);
        answer(m, &(struct mend_answer){.error = text});
}

static void refuse_source(struct mending *m)
{
        const struct digest_values *want = &m->footage.digests, *found = &m->source_found.digests;
        const bool sm3 = memcmp(want->sha256, found->sha256, DIGEST_SIZE) == 0;
        char hex[2][DIGEST_HEX_SIZE];

        if (m->source_found.size != m->footage.size) {
                refuse(m,
                       "'%s' was changed while it was read, and is not the %" PRId64
                       " bytes of footage '%" PRId64 "' any more; nothing was changed",
                       m->source, m->footage.size, m->footage.id);
                return;
        }
        refuse(m, "'%s' is not footage '%" PRId64 "': its %s is %s, expected %s; nothing was changed",
               m->source, m->footage.id, sm3 ? "SM3" : "SHA-256",
               text_hex(sm3 ? found->sm3 : found->sha256, DIGEST_SIZE, hex[0]),
               text_hex(sm3 ? want->sm3 : want->sha256, DIGEST_SIZE, hex[1]));
}

static void aside_name(struct mend *ret)
{
        const time_t now = (time_t)(clock_now() / USEC_PER_SEC);
        struct tm tm;

        (void)gmtime_r(&now, &tm);
        (void)strftime(ret->aside, sizeof(ret->aside), "displaced/%Y%m%dT%H%M%SZ", &tm);
}

/* Puts the copy in place and has it on record; 'm' is on record as asked for. Returns 0, or a negative errno
 * that is on record; s->failed: the next start finishes it. */
static int place(struct station *s, const char *actor, const struct footage *f, const struct mend *m)
{
        char aside[STORE_PATH_MAX];
        const struct store_mend_place place = {f->id, f->path, aside, f->started_at};
        int r = (size_t)snprintf(aside, sizeof(aside), "%s/%s", m->aside, f->path) < sizeof(aside)
                                ? store_mend_place(s->store, &place)
                                : -ENAMETOOLONG;
        const bool placed = r >= 0;

        if (placed)
                (void)station_check(s, store_mend_sync(s->store, &place), "sync a copy of footage");
        inject_point("mend-placed");
        if (s->failed)
                return -EIO;
        station_begin(s);
        (void)station_check(s, mend_end(s->catalogue, actor, f->id, m, placed ? NULL : log_errno_text(r)),
                            "write what became of footage");
        station_commit(s);
        inject_point("mend-recorded");
        return s->failed ? -EIO : r;
}

/* It is on record as mended: what is told of it, and what is left over. */
static void settle(struct station *s, const struct footage *f)
{
        const struct event_subject about = {.footage = f->id};
        char subject[64];

        (void)snprintf(subject, sizeof(subject), "footage/%" PRId64, f->id);
        event_log(EVENT_FOOTAGE_MENDED, &about, "footage %" PRId64 " ('%s') is what it was filed as again",
                  f->id, f->path);
        station_alert_clear(s, alert_kind, subject);
        if (s->failed)
                return; /* the copy's other name has the next start see to it */
        (void)store_mend_remove(s->store, f->id);
        deadline_clock_kick(s->deadline_clock); /* copies may be due that could not be made */
}

static void footage_mend(struct station *s, struct mending *m)
{
        struct mend mend = {.aside = ""};
        char kept[MEND_ASIDE_MAX + sizeof(m->footage.path)];
        int r;

        (void)text_copy(mend.found, sizeof(mend.found), m->found);
        aside_name(&mend);
        station_begin(s);
        (void)station_check(s, mend_ask(s->catalogue, m->actor, m->footage.id, &mend, m->source),
                            "write that footage is mended");
        station_commit(s);
        inject_point("mend-asked");
        r = s->failed ? -EIO : place(s, m->actor, &m->footage, &mend);
        if (s->failed) {
                refuse(m, "the station failed before this was on record: see its log");
                return;
        }
        if (r < 0) {
                (void)store_mend_remove(s->store, m->footage.id);
                refuse(m, "a copy of footage '%" PRId64 "' cannot be put in place: %s", m->footage.id,
                       log_errno_text(r));
                return;
        }
        settle(s, &m->footage);
        (void)snprintf(kept, sizeof(kept), "%s/%s", mend.aside, m->footage.path);
        answer(m, &(struct mend_answer){.found = m->found,
                                        .kept = strcmp(m->found, "missing") == 0 ? NULL : kept});
}

/* The thread has been joined. */
static void mending_judge(struct station *s, struct mending *m)
{
        switch (m->result) {
        case COPY_DONE:
                if (m->found && strcmp(m->found, "ok") == 0)
                        answer(m, &(struct mend_answer){.found = m->found});
                else if (s->suspended || s->failed || s->stopping)
                        refuse(m, "the station stops or is paused; nothing was changed");
                else
                        footage_mend(s, m);
                break;
        case COPY_SOURCE_UNREADABLE:
                refuse(m, "'%s' cannot be read to its end; nothing was changed", m->source);
                break;
        case COPY_SOURCE_DIFFERS:
                refuse_source(m);
                break;
        case COPY_DIFFERS:
        case COPY_EXISTS:
                refuse(m, "the store's disk did not give back what was written to it; nothing was changed");
                break;
        case -ECANCELED:
                refuse(m, "the station stops or is paused; nothing was changed");
                break;
        default:
                refuse(m, "a copy of '%s' cannot be made in the store: %s; nothing was changed", m->source,
                       log_errno_text(m->result));
        }
}

static struct mending *mending_take(struct mender *m)
{
        m->source = sd_event_source_disable_unref(m->source);
        return TAKE_PTR(m->now);
}

static int on_wake(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        struct mender *m = userdata;
        struct mending *now = mending_take(m);

        (void)pthread_join(now->thread, NULL);
        mending_judge(m->station, now);
        return 0;
}

void mender_drop(struct mender *m)
{
        struct mending *now = m && m->now ? mending_take(m) : NULL;
        struct timespec until = {0};

        if (!now)
                return;
        atomic_store(&now->cancelled, true);
        (void)clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += LEAVE_AFTER_S;
        if (pthread_clockjoin_np(now->thread, NULL, CLOCK_MONOTONIC, &until) == 0) {
                now->result = now->result == COPY_DONE ? -ECANCELED : now->result;
                mending_judge(m->station, now);
                return;
        }
        log_warning("'%s' does not answer: who reads it is left behind", now->source);
        now->on_done(now->userdata,
                     &(struct mend_answer){.error = "the file does not answer; nothing was changed"});
        (void)pthread_detach(now->thread); /* what it has stays its own, for as long as recdockd runs */
}

static int mending_new(struct station *s, const struct mend_request *request, struct mending **ret)
{
        _cleanup_(mending_freep) struct mending *m = calloc(1, sizeof(*m));
        int r;

        if (!m)
                return -ENOMEM;
        m->wake_fd = m->from = -EBADF;
        r = footage_by_id(s->catalogue, request->footage, &m->footage);
        if (r != CATALOGUE_OK)
                return r < 0 ? r : -ENOENT;
        m->store_root = strdup(s->config->store_path);
        m->station = strdup(s->config->number);
        m->source = strdup(request->source);
        m->actor = strdup(request->actor);
        if (!m->store_root || !m->station || !m->source || !m->actor)
                return -ENOMEM;
        m->verity = s->config->verity;
        m->from = fcntl(request->fd, F_DUPFD_CLOEXEC, 3);
        if (m->from < 0)
                return -errno;
        m->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (m->wake_fd < 0)
                return -errno;
        *ret = TAKE_PTR(m);
        return 0;
}

int mender_begin(struct mender *m, const struct mend_request *request, mend_done_fn *on_done, void *userdata)
{
        _cleanup_(mending_freep) struct mending *now = NULL;
        struct station *s = m->station;
        int r;

        if (s->stopping || s->suspended || s->failed)
                return -ESHUTDOWN;
        if (m->now)
                return -EBUSY;
        r = mending_new(s, request, &now);
        if (!now)
                return r;
        if (!station_fits(s, now->footage.size))
                return s->failed ? -EIO : -ENOSPC;
        now->on_done = on_done;
        now->userdata = userdata;
        r = sd_event_add_io(s->event, &m->source, now->wake_fd, EPOLLIN, on_wake, m);
        if (r >= 0)
                r = sd_event_source_set_priority(m->source, PRIORITY_FILING);
        if (r >= 0)
                r = thread_start(&now->thread, mending_thread, now);
        if (r < 0) {
                m->source = sd_event_source_disable_unref(m->source);
                return r;
        }
        m->now = TAKE_PTR(now);
        return 0;
}

int mender_new(struct mender **ret, struct station *s)
{
        struct mender *m = calloc(1, sizeof(*m));

        if (!m)
                return -ENOMEM;
        m->station = s;
        *ret = m;
        return 0;
}

void mender_free(struct mender *m)
{
        mender_drop(m);
        free(m);
}

/* --- at start --- */

/* One that was asked for is finished: its copy was proved and durable before that was on record. */
static int open_finish(struct station *s, const struct footage *f, const struct mend *m)
{
        int r = place(s, STATION_ACTOR, f, m);

        if (s->failed)
                return -EIO;
        if (r >= 0) {
                settle(s, f);
                return s->failed ? -EIO : 0;
        }
        log_error("footage %" PRId64 " ('%s') cannot be mended, as was begun before: %s", f->id, f->path,
                  log_errno_text(r));
        return store_mend_remove(s->store, f->id);
}

static int good_recover(void *userdata, int64_t footage)
{
        _cleanup_free_ struct footage *f = malloc(sizeof(*f));
        struct station *s = userdata;
        struct mend mend;
        int r;

        if (!f)
                return -ENOMEM;
        r = footage_by_id(s->catalogue, footage, f);
        if (r < 0)
                return r;
        if (r == CATALOGUE_ABSENT) {
                log_warning("'mending/%" PRId64 ".good' is no copy of any footage, removing it", footage);
                return store_mend_remove(s->store, footage);
        }
        r = mend_find_open(s->catalogue, footage, &mend);
        if (r < 0)
                return r;
        if (r == CATALOGUE_OK)
                return open_finish(s, f, &mend);
        if (store_mend_is_placed(s->store, footage, f->path))
                settle(s, f); /* it was on record already */
        else
                r = store_mend_remove(s->store, footage);
        return s->failed ? -EIO : MIN(r, 0);
}

int mender_recover(struct station *s)
{
        return store_mend_each(s->store, good_recover, s);
}
