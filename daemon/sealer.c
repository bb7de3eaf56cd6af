// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * One thread and two lists under one lock: what waits to be sealed, and what is done and waits for the loop.
 * The thread touches nothing but the store's footage and these lists.
 */
#include "daemon/sealer.h"
#include "base/cleanup.h"
#include "base/thread.h"
#include "daemon/station.h"

#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

struct seal {
        struct seal *next;
        sealer_done_fn *on_done;
        void *userdata;
        int result;
        char path[STORE_PATH_MAX];
};

struct seal_list {
        struct seal *first, **tail;
};

struct sealer {
        struct store *store;
        size_t under_way; /* taken and not answered yet: the loop's own */
        sealer_idle_fn *on_idle;
        void *idle_userdata;
        int wake_fd; /* counts what is done */
        sd_event_source *source;
        pthread_t thread;
        bool running;
        pthread_mutex_t lock; /* guards what follows */
        pthread_cond_t changed;
        struct seal_list waiting, done;
        bool stopping;
};

static void list_init(struct seal_list *l)
{
        l->first = NULL;
        l->tail = &l->first;
}

static void list_push(struct seal_list *l, struct seal *seal)
{
        seal->next = NULL;
        *l->tail = seal;
        l->tail = &seal->next;
}

static struct seal *list_pop(struct seal_list *l)
{
        struct seal *seal = l->first;

        if (!seal)
                return NULL;
        l->first = seal->next;
        if (!l->first)
                l->tail = &l->first;
        return seal;
}

/* The next file to seal, once there is one; NULL when the sealer stops. */
static struct seal *sealer_next(struct sealer *s)
{
        struct seal *seal = NULL;

        (void)pthread_mutex_lock(&s->lock);
        while (!s->stopping && !s->waiting.first)
                (void)pthread_cond_wait(&s->changed, &s->lock);
        if (!s->stopping)
                seal = list_pop(&s->waiting);
        (void)pthread_mutex_unlock(&s->lock);
        return seal;
}

static void *sealer_thread(void *userdata)
{
        struct sealer *s = userdata;
        const uint64_t one = 1;
        struct seal *seal;

        while ((seal = sealer_next(s))) {
                seal->result = store_seal(s->store, seal->path);
                (void)pthread_mutex_lock(&s->lock);
                list_push(&s->done, seal);
                (void)pthread_mutex_unlock(&s->lock);
                /* The counter cannot be full: the loop empties it. */
                (void)!write(s->wake_fd, &one, sizeof(one));
        }
        return NULL;
}

static void seal_end(struct sealer *s, struct seal *seal, int result)
{
        s->under_way--;
        seal->on_done(seal->userdata, result);
        free(seal);
}

static void list_cancel(struct sealer *s, struct seal_list *l)
{
        struct seal *seal;

        while ((seal = list_pop(l)))
                seal_end(s, seal, -ECANCELED);
}

static int sealer_on_done(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        struct sealer *s = userdata;
        uint64_t count;

        (void)!read(fd, &count, sizeof(count));
        for (;;) {
                struct seal *seal;

                (void)pthread_mutex_lock(&s->lock);
                seal = list_pop(&s->done);
                (void)pthread_mutex_unlock(&s->lock);
                if (!seal)
                        break;
                seal_end(s, seal, seal->result);
        }
        if (s->on_idle && s->under_way == 0)
                s->on_idle(s->idle_userdata);
        return 0;
}

int sealer_submit(struct sealer *s, const char *path, sealer_done_fn *on_done, void *userdata)
{
        struct seal *seal = calloc(1, sizeof(*seal));

        if (!seal)
                return -ENOMEM;
        *seal = (struct seal){.on_done = on_done, .userdata = userdata};
        if (strlen(path) >= sizeof(seal->path)) {
                free(seal);
                return -ENAMETOOLONG;
        }
        memcpy(seal->path, path, strlen(path) + 1);
        s->under_way++;
        (void)pthread_mutex_lock(&s->lock);
        list_push(&s->waiting, seal);
        (void)pthread_cond_signal(&s->changed);
        (void)pthread_mutex_unlock(&s->lock);
        return 0;
}

DEFINE_CLEANUP(struct sealer *, sealer_free);

int sealer_new(struct sealer **ret, sd_event *event, struct store *store)
{
        _cleanup_(sealer_freep) struct sealer *s = calloc(1, sizeof(*s));
        int r;

        if (!s)
                return -ENOMEM;
        s->store = store;
        list_init(&s->waiting);
        list_init(&s->done);
        (void)pthread_mutex_init(&s->lock, NULL);
        (void)pthread_cond_init(&s->changed, NULL);
        s->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (s->wake_fd < 0)
                return -errno;
        r = sd_event_add_io(event, &s->source, s->wake_fd, EPOLLIN, sealer_on_done, s);
        if (r >= 0)
                r = sd_event_source_set_priority(s->source, PRIORITY_FILING);
        if (r >= 0)
                r = thread_start(&s->thread, sealer_thread, s);
        if (r < 0)
                return r;
        s->running = true;
        *ret = TAKE_PTR(s);
        return 0;
}

/* What waits, for the loop to answer: the thread takes no more. */
static struct seal_list stop_begin(struct sealer *s)
{
        struct seal_list waiting;

        (void)pthread_mutex_lock(&s->lock);
        s->stopping = true;
        waiting = s->waiting;
        list_init(&s->waiting);
        (void)pthread_cond_signal(&s->changed);
        (void)pthread_mutex_unlock(&s->lock);
        return waiting;
}

bool sealer_stop(struct sealer *s, sealer_idle_fn *on_idle, void *userdata)
{
        struct seal_list waiting = stop_begin(s);

        list_cancel(s, &waiting);
        if (s->under_way == 0)
                return true;
        s->on_idle = on_idle;
        s->idle_userdata = userdata;
        return false;
}

void sealer_free(struct sealer *s)
{
        struct seal_list waiting;

        if (!s)
                return;
        waiting = stop_begin(s);
        if (s->running)
                (void)pthread_join(s->thread, NULL);
        list_cancel(s, &s->done);
        list_cancel(s, &waiting);
        sd_event_source_disable_unref(s->source);
        (void)fd_close(s->wake_fd);
        (void)pthread_cond_destroy(&s->changed);
        (void)pthread_mutex_destroy(&s->lock);
        free(s);
}
