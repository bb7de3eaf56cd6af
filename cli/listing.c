// SPDX-License-Identifier: LGPL-2.1-or-later
/* Printing rows. JSON is passed through byte by byte: what a program reads is what the station wrote, keys
 * and order included. */
#include "cli/listing.h"
#include "cli/translate.h"
#include "base/cleanup.h"

#include <string.h>

enum { TERMINAL_LIMIT = 1000 };
static const char terminal_limit_and_one[] = "1001";

DEFINE_CLEANUP(json_object *, json_object_put);

void json_stream_add(struct json_stream *stream, const char *object)
{
        (void)printf("%s%s", stream->opened ? ",\n" : "[\n", object);
        stream->opened = true;
}

void json_stream_end(struct json_stream *stream)
{
        (void)puts(stream->opened ? "\n]" : "[]");
}

void json_write_one(FILE *out, json_object *object)
{
        (void)fprintf(out, "[\n%s\n]\n",
                      json_object_to_json_string_ext(
                                      object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
}

void json_print_one(json_object *object)
{
        json_write_one(stdout, object);
}

int status_part_print(const struct invocation *inv, const char *key, const char *absent,
                      const struct column *columns, size_t n, bool *ret_overdue)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(json_object_putp) json_object *status = NULL;
        json_object *part;
        int r = client_open(&bus);

        if (r == EXIT_OK)
                r = client_status(bus, &status);
        if (r != EXIT_OK)
                return r;
        part = json_member(status, key);
        if (!part) {
                complain("%s", absent);
                return EXIT_OTHER;
        }
        if (inv->json)
                json_print_one(part);
        else if (record_print(stdout, part, columns, n) < 0)
                return EXIT_OTHER;
        if (ret_overdue)
                *ret_overdue = json_object_get_boolean(json_member(part, "overdue"));
        return EXIT_OK;
}

static int stream_on_line(void *userdata, const char *line)
{
        json_stream_add(userdata, line);
        return EXIT_OK;
}

static bool limit_given(const struct query_filter *filters, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (strcmp(filters[i].key, "limit") == 0)
                        return true;
        return false;
}

static int listing_json(sd_bus *bus, const char *noun, const struct query_filter *filters, size_t n)
{
        struct json_stream stream = {false};
        int r = client_query(bus, noun, filters, n, stream_on_line, &stream);

        if (r == EXIT_OK)
                json_stream_end(&stream);
        return r;
}

/* A person at a terminal who asks for everything gets the first thousand, and is told. One more is asked for
 * than is shown, which tells whether there are more. */
static int listing_table(const struct invocation *inv, sd_bus *bus, const char *noun,
                         struct query_filter *filters, size_t n_filters, const struct column *columns,
                         size_t n)
{
        _cleanup_(json_object_putp) json_object *rows = NULL;
        bool limited = isatty(STDOUT_FILENO) && !limit_given(filters, n_filters);
        bool more = false;
        int r;

        if (limited)
                filters[n_filters++] = (struct query_filter){"limit", terminal_limit_and_one};
        r = client_rows(bus, noun, filters, n_filters, &rows);
        if (r != EXIT_OK)
                return r;
        if (limited && json_object_array_length(rows) > TERMINAL_LIMIT) {
                (void)json_object_array_del_idx(rows, TERMINAL_LIMIT, 1);
                more = true;
        }
        if (table_print(stdout, rows, columns, n, !inv->no_legend) < 0) {
                complain(_("the table cannot be printed"));
                return EXIT_OTHER;
        }
        if (more && !inv->no_legend)
                (void)fprintf(stderr, _("There are more than %d: narrow the filters, or give --limit.\n"),
                              TERMINAL_LIMIT);
        return EXIT_OK;
}

int listing_filtered(const struct invocation *inv, sd_bus *bus, const char *noun,
                     struct query_filter *filters, size_t n_filters, const struct column *columns, size_t n)
{
        return inv->json ? listing_json(bus, noun, filters, n_filters)
                         : listing_table(inv, bus, noun, filters, n_filters, columns, n);
}

int listing_print_with(const struct invocation *inv, const struct query_filter *filter, const char *noun,
                       const struct column *columns, size_t n)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        struct query_filter filters[INVOCATION_OPTIONS_MAX + 2];
        size_t n_filters = invocation_filters(inv, filters);
        int r = client_open(&bus);

        if (filter)
                filters[n_filters++] = *filter;
        if (r != EXIT_OK)
                return r;
        return listing_filtered(inv, bus, noun, filters, n_filters, columns, n);
}

int listing_print(const struct invocation *inv, const char *noun, const struct column *columns, size_t n)
{
        return listing_print_with(inv, NULL, noun, columns, n);
}

/* For gettext: the nouns that listing_one() names. */
static const char *noun_text(const char *noun)
{
        static const char *const nouns[] = {N_("footage"), N_("docking"), N_("recorder"), N_("unit"),
                                            N_("officer"), N_("alert"),   N_("volume")};

        for (size_t i = 0; i < ELEMENTSOF(nouns); i++)
                if (strcmp(nouns[i], noun) == 0)
                        return _(nouns[i]);
        return noun;
}

void done_print(const struct invocation *inv, const char *key, const char *value, int64_t id)
{
        _cleanup_(json_object_putp) json_object *object = NULL;

        if (!inv->json)
                return;
        object = json_object_new_object();
        if (id > 0)
                (void)json_object_object_add(object, "id", json_object_new_int64(id));
        (void)json_object_object_add(object, key, json_object_new_string(value));
        json_print_one(object);
}

int listing_one(sd_bus *bus, const char *noun, const char *key, const char *value, json_object **ret)
{
        _cleanup_(json_object_putp) json_object *rows = NULL;
        const struct query_filter filter = {key, value};
        int r = client_rows(bus, noun, &filter, 1, &rows);

        if (r != EXIT_OK)
                return r;
        if (json_object_array_length(rows) == 0) {
                complain(_("there is no %s '%s'"), noun_text(noun), value);
                return EXIT_NOT_FOUND;
        }
        *ret = json_object_get(json_object_array_get_idx(rows, 0));
        return EXIT_OK;
}

int listing_attach(sd_bus *bus, json_object *object, const char *member, const char *noun, const char *key,
                   const char *value)
{
        const struct query_filter filter = {key, value};
        json_object *rows;
        int r = client_rows(bus, noun, &filter, 1, &rows);

        if (r == EXIT_OK)
                (void)json_object_object_add(object, member, rows);
        return r;
}
