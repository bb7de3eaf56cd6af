// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The list of bays, and what plugging in and out means for them: an announcement of what is already docked
 * is ignored, a new device on an occupied port means that a removal was missed.
 */
#include "daemon/bay.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "daemon/config.h"
#include "daemon/docking.h"
#include "daemon/station.h"
#include "daemon/watch.h"

#include <string.h>

static void bay_free(struct bay *b)
{
        free(b->name);
        free(b->port);
        free(b);
}

DEFINE_CLEANUP(struct bay *, bay_free);

static struct bay *bay_find(struct station *s, const char *port)
{
        for (struct bay *b = s->bays; b; b = b->next)
                if (strcmp(b->port, port) == 0)
                        return b;
        return NULL;
}

static struct bay *bay_add(struct station *s, const char *name, const char *port)
{
        _cleanup_(bay_freep) struct bay *b = calloc(1, sizeof(*b));
        struct bay **tail = &s->bays;

        if (!b)
                return NULL;
        b->name = strdup(name);
        b->port = strdup(port);
        if (!b->name || !b->port)
                return NULL;
        while (*tail)
                tail = &(*tail)->next;
        *tail = b;
        return TAKE_PTR(b);
}

struct bay *bay_for_port(struct station *s, const char *port)
{
        struct bay *b = bay_find(s, port);

        return b ? b : bay_add(s, port, port);
}

static int bay_rename(struct bay *b, const char *name)
{
        char *copy = strdup(name);

        if (!copy)
                return -ENOMEM;
        free(b->name);
        b->name = copy;
        return 0;
}

int bays_configure(struct station *s)
{
        for (struct bay *b = s->bays; b; b = b->next)
                b->configured = false;
        for (struct config_bay *c = s->config->bays; c; c = c->next) {
                struct bay *b = bay_find(s, c->port);

                if (!b)
                        b = bay_add(s, c->name, c->port);
                if (!b || bay_rename(b, c->name) < 0)
                        return -ENOMEM;
                b->configured = true;
        }
        for (struct bay *b = s->bays; b; b = b->next)
                if (!b->configured && bay_rename(b, b->port) < 0)
                        return -ENOMEM;
        return 0;
}

void bays_free(struct station *s)
{
        while (s->bays) {
                struct bay *b = s->bays;

                s->bays = b->next;
                bay_free(b);
        }
}

void station_device_added(struct station *s, const struct watch_device *device)
{
        struct bay *b;
        int r;

        if (s->stopping)
                return;
        b = bay_for_port(s, device->port);
        if (!b) {
                log_error("out of memory, not docking what is on port '%s'", device->port);
                return;
        }
        if (b->docking && b->docking->devnum == device->devnum)
                return;
        if (b->docking)
                docking_unplug(b->docking);
        r = docking_start(s, b, device);
        if (r < 0)
                log_error("bay %s: could not start a docking: %s, waiting for the next plug", b->name,
                          log_errno_text(r));
}

void station_device_removed(struct station *s, const char *port)
{
        struct bay *b = bay_find(s, port);

        if (b && b->docking)
                docking_unplug(b->docking);
}
