// SPDX-License-Identifier: LGPL-2.1-or-later
/* Joining bays and dockings of the status into one row each. */
#include "cli/bays.h"
#include "cli/table.h"
#include "cli/translate.h"
#include "base/cleanup.h"

#include <stdint.h>
#include <string.h>

static void row_copy(json_object *row, json_object *from, const char *key)
{
        (void)json_object_object_add(row, key, json_object_get(json_member(from, key)));
}

static int64_t member_number(json_object *object, const char *key)
{
        json_object *value = json_member(object, key);

        return value ? json_object_get_int64(value) : 0;
}

/* "12/40": filed or held already, of all it lists. */
static json_object *items_text(json_object *docking)
{
        char text[64];

        if (!json_member(docking, "items"))
                return NULL;
        (void)snprintf(text, sizeof(text), "%lld/%lld",
                       (long long)(member_number(docking, "items.pulled") +
                                   member_number(docking, "items.held")),
                       (long long)member_number(docking, "items.seen"));
        return json_object_new_string(text);
}

/* Files that somebody brings in by hand come through no bay. */
static bool is_import(json_object *docking)
{
        json_object *source = json_member(docking, "source");

        return source && strcmp(json_object_get_string(source), "import") == 0;
}

json_object *bay_row_of_docking(json_object *docking)
{
        static const char *const keys[] = {"bay",  "state",   "recorder", "bytes",  "bytes_total",
                                           "rate", "battery", "docking",  "reason", "current"};
        json_object *row = json_object_new_object();

        for (size_t i = 0; i < ELEMENTSOF(keys); i++)
                row_copy(row, docking, keys[i]);
        if (!json_member(row, "bay") && is_import(docking))
                (void)json_object_object_add(row, "bay", json_object_new_string(_("(import)")));
        (void)json_object_object_add(row, "items", items_text(docking));
        (void)json_object_object_add(row, "failed", json_object_get(json_member(docking, "items.failed")));
        return row;
}

static json_object *docking_by_number(json_object *dockings, int64_t number)
{
        for (size_t i = 0; dockings && i < json_object_array_length(dockings); i++) {
                json_object *d = json_object_array_get_idx(dockings, i);

                if (member_number(d, "docking") == number)
                        return d;
        }
        return NULL;
}

static bool bay_is_listed(json_object *bays, int64_t docking)
{
        for (size_t i = 0; bays && i < json_object_array_length(bays); i++)
                if (member_number(json_object_array_get_idx(bays, i), "docking") == docking)
                        return true;
        return false;
}

static json_object *member_array(json_object *status, const char *key)
{
        json_object *array = json_member(status, key);

        return json_object_is_type(array, json_type_array) ? array : NULL;
}

static json_object *bay_row(json_object *bay, json_object *dockings)
{
        json_object *docking = docking_by_number(dockings, member_number(bay, "docking"));
        json_object *row;

        if (docking)
                return bay_row_of_docking(docking);
        row = json_object_new_object();
        row_copy(row, bay, "bay");
        (void)json_object_object_add(row, "state", json_object_new_string("empty"));
        return row;
}

json_object *bays_rows(json_object *status)
{
        json_object *bays = member_array(status, "bays"), *dockings = member_array(status, "dockings");
        json_object *rows = json_object_new_array();

        for (size_t i = 0; bays && i < json_object_array_length(bays); i++)
                (void)json_object_array_add(rows, bay_row(json_object_array_get_idx(bays, i), dockings));
        for (size_t i = 0; dockings && i < json_object_array_length(dockings); i++) {
                json_object *d = json_object_array_get_idx(dockings, i);

                if (!bay_is_listed(bays, member_number(d, "docking")))
                        (void)json_object_array_add(rows, bay_row_of_docking(d));
        }
        return rows;
}

char *progress_bar(char *buf, size_t size, size_t width, double done, double total)
{
        double part = total > 0 ? done / total : 0;
        char bar[64];
        size_t filled;

        if (part < 0)
                part = 0;
        if (part > 1)
                part = 1;
        width = MIN(width, sizeof(bar) - 1);
        filled = (size_t)(part * (double)width);
        memset(bar, '#', filled);
        memset(bar + filled, '-', width - filled);
        bar[width] = '\0';
        /* Rounded down: 100 % is said only of what is all there. */
        (void)snprintf(buf, size, "[%s] %3d%%", bar, (int)(part * 100));
        return buf;
}
