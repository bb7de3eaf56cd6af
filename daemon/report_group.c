// SPDX-License-Identifier: LGPL-2.1-or-later
/* Rows by whose they are; see report_group.h. */
#include "daemon/report_group.h"
#include "daemon/report.h"

#include <string.h>

void report_count(json_object *o, const char *key)
{
        json_object *n = NULL;

        if (json_object_object_get_ex(o, key, &n))
                (void)json_object_int_inc(n, 1);
}

static const char *row_number(const json_object *row)
{
        json_object *number = NULL;

        (void)json_object_object_get_ex(row, "number", &number);
        return number ? json_object_get_string(number) : "";
}

void report_group_begin(struct report_group *g, json_object *report, const char *key)
{
        if (!json_object_object_get_ex(report, key, &g->rows)) {
                g->rows = json_object_new_array();
                (void)json_object_object_add(report, key, g->rows);
        }
        g->by_number = json_object_new_object();
        for (size_t i = 0; i < json_object_array_length(g->rows); i++) {
                json_object *row = json_object_array_get_idx(g->rows, i);

                (void)json_object_object_add(g->by_number, row_number(row), json_object_get(row));
        }
}

json_object *report_group_row(const struct report_group *g, const char *number)
{
        json_object *row = NULL;

        (void)json_object_object_get_ex(g->by_number, number ? number : "", &row);
        return row;
}

json_object *report_group_add(struct report_group *g, const char *number, const char *name)
{
        json_object *row = json_object_new_object();

        (void)json_object_object_add(row, "number", report_text(number));
        (void)json_object_object_add(row, "name", report_text(name));
        (void)json_object_object_add(g->by_number, number ? number : "", json_object_get(row));
        (void)json_object_array_add(g->rows, row);
        return row;
}

static int compare_rows(const void *a, const void *b)
{
        const char *x = row_number(*(json_object *const *)a), *y = row_number(*(json_object *const *)b);

        if (!*x || !*y) /* nobody's come last */
                return (*x == '\0') - (*y == '\0');
        return strcmp(x, y);
}

void report_group_end(struct report_group *g)
{
        json_object_array_sort(g->rows, compare_rows);
        json_object_put(g->by_number);
        g->by_number = NULL;
}
