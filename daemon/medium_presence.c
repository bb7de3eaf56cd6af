// SPDX-License-Identifier: LGPL-2.1-or-later
/* See medium_presence.h. */
#include "daemon/medium_presence.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "daemon/bay.h"
#include "daemon/event.h"
#include "daemon/watch.h"

#include <inttypes.h>
#include <string.h>

static void present_free(struct medium_present *m)
{
        free(m->syspath);
        free(m);
}

DEFINE_CLEANUP(struct medium_present *, present_free);

static void present_tell(struct station *s, const struct medium_present *m, bool here)
{
        const struct log_field fields[] = {{"RECDOCK_MEDIUM", m->uuid}};
        const struct event_subject subject = {.more = fields, .n_more = ELEMENTSOF(fields)};

        if (here)
                event_log(EVENT_MEDIUM_APPEARED, &subject,
                          "port %s: medium %s is plugged in, %s of %" PRIu64 " MiB", m->port, m->uuid,
                          m->type, m->capacity >> 20);
        else
                event_log(EVENT_MEDIUM_GONE, &subject, "port %s: medium %s is gone", m->port, m->uuid);
        if (s->on_medium)
                s->on_medium(s->on_medium_userdata, m, here);
}

/* Takes it out of the list before anybody hears of it. */
static void present_remove(struct station *s, struct medium_present **link)
{
        _cleanup_(present_freep) struct medium_present *m = *link;

        *link = m->next;
        present_tell(s, m, false);
}

static struct medium_present **present_find(struct station *s, const char *syspath)
{
        struct medium_present **link = &s->media;

        while (*link && strcmp((*link)->syspath, syspath) != 0)
                link = &(*link)->next;
        return link;
}

static struct medium_present *present_new(const struct watch_medium *medium)
{
        _cleanup_(present_freep) struct medium_present *m = calloc(1, sizeof(*m));

        if (!m)
                return NULL;
        m->syspath = strdup(medium->syspath);
        if (!m->syspath)
                return NULL;
        (void)text_copy(m->type, sizeof(m->type), medium->fs_type);
        (void)text_copy(m->port, sizeof(m->port), medium->port);
        m->capacity = medium->capacity;
        return text_copy(m->uuid, sizeof(m->uuid), medium->uuid) ? TAKE_PTR(m) : NULL;
}

/* What is announced twice is told once. Another file system on the same disk is another medium. */
void station_medium_appeared(struct station *s, const struct watch_medium *medium)
{
        struct medium_present **link = present_find(s, medium->syspath);
        struct medium_present *m;

        if (*link && strcmp((*link)->uuid, medium->uuid) == 0)
                return;
        if (*link)
                present_remove(s, link);
        m = present_new(medium);
        if (!m) {
                log_error("out of memory, leaving the medium '%s' alone", medium->uuid);
                return;
        }
        m->next = s->media;
        s->media = m;
        bay_has_medium(s, m->port);
        present_tell(s, m, true);
}

void station_medium_gone(struct station *s, const char *syspath)
{
        struct medium_present **link = present_find(s, syspath);

        if (*link)
                present_remove(s, link);
}

void media_reconcile(struct station *s, bool (*still)(void *userdata, const char *syspath), void *userdata)
{
        struct medium_present **link = &s->media;

        while (*link) {
                if (still(userdata, (*link)->syspath))
                        link = &(*link)->next;
                else
                        present_remove(s, link);
        }
}

void station_on_medium(struct station *s, station_medium_fn *on_medium, void *userdata)
{
        s->on_medium = on_medium;
        s->on_medium_userdata = userdata;
        for (const struct medium_present *m = s->media, *next; on_medium && m; m = next) {
                next = m->next;
                on_medium(userdata, m, true);
        }
}

bool medium_is_at(const struct station *s, const char *port)
{
        for (const struct medium_present *m = s->media; m; m = m->next)
                if (strcmp(m->port, port) == 0)
                        return true;
        return false;
}

void media_free(struct station *s)
{
        while (s->media) {
                struct medium_present *m = s->media;

                s->media = m->next;
                present_free(m);
        }
}
