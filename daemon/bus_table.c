// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * EnterTable(): registries and rosters as tables, a line at a time, in one transaction. A line that is
 * refused ends nothing: the others are tried all the same, so that whoever has to correct the table learns
 * of all of it at once, and then everything is rolled back. What stands already as a line has it is left
 * alone, so that an export can be entered again.
 */
#include "daemon/bus_table.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "catalogue/alert.h"

#include <inttypes.h>
#include <string.h>

/* The loop waits for all of them: some seconds, well within the watchdog. */
enum { LINES_MAX = 50000, REFUSED_MAX = 1000, TEXT_SIZE_MAX = 1024 };

struct refusal {
        unsigned int line;
        char *why;
};

struct table {
        sd_bus_message *message;
        const struct table_noun *noun;
        unsigned int options;
        int places[TABLE_COLUMNS_MAX]; /* of the noun's columns in the lines, -1: not there */
        size_t n_columns;              /* of the lines */
        uint64_t entered, unchanged, refused;
        bool judged; /* to the last line */
        struct refusal refusals[REFUSED_MAX];
};

static int column_find(const struct table_noun *noun, const char *name)
{
        for (int i = 0; i < TABLE_COLUMNS_MAX && noun->columns[i]; i++)
                if (strcmp(noun->columns[i], name) == 0)
                        return i;
        return -1;
}

static int column_refuse(const struct table_noun *noun, const char *name, const char *what,
                         sd_bus_error *error)
{
        char expected[256] = "", printable[REGISTRY_TEXT_MAX];
        size_t used = 0;

        for (size_t i = 0; i < TABLE_COLUMNS_MAX && noun->columns[i] && used < sizeof(expected); i++)
                used += (size_t)snprintf(expected + used, sizeof(expected) - used, "%s%s", i ? "," : "",
                                         noun->columns[i]);
        (void)text_copy(printable, sizeof(printable), name);
        text_make_printable(printable);
        return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID,
                                 "column '%s' %s, expected a first line of columns among %s", printable,
                                 what, expected);
}

static int columns_read(struct table *t, sd_bus_error *error)
{
        const char *name;
        int r = sd_bus_message_enter_container(t->message, 'a', "s");

        for (size_t i = 0; i < TABLE_COLUMNS_MAX; i++)
                t->places[i] = -1;
        while (r >= 0 && (r = sd_bus_message_read(t->message, "s", &name)) > 0) {
                int column = column_find(t->noun, name);

                if (column < 0)
                        return column_refuse(t->noun, name, "is unknown", error);
                if (t->places[column] >= 0)
                        return column_refuse(t->noun, name, "is there twice", error);
                t->places[column] = (int)t->n_columns++;
        }
        if (r < 0)
                return r;
        for (size_t i = 0; i < TABLE_COLUMNS_MAX && t->noun->columns[i]; i++)
                if (t->noun->required & TABLE_REQUIRED(i) && t->places[i] < 0)
                        return column_refuse(t->noun, t->noun->columns[i], "is missing", error);
        return sd_bus_message_exit_container(t->message);
}

/* The values of one line in the order of the noun's columns. */
static int values_sort(const struct table *t, const char *const *line, const char **values,
                       sd_bus_error *error)
{
        size_t size = t->noun->text_size > 0 ? t->noun->text_size : REGISTRY_TEXT_MAX;
        char printable[TEXT_SIZE_MAX];

        for (size_t i = 0; i < TABLE_COLUMNS_MAX; i++) {
                values[i] = t->places[i] < 0 ? "" : line[t->places[i]];
                if (t->noun->required & TABLE_REQUIRED(i) && !*values[i])
                        return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID, "'%s' is empty",
                                                 t->noun->columns[i]);
                if (bus_text_accept(t->noun->columns[i], values[i], printable, MIN(size, sizeof(printable)),
                                    error) < 0)
                        return -EINVAL;
        }
        return 0;
}

/* 1: a line was read; 0: there is none any more. */
static int line_read(struct table *t, unsigned int *ret_line, const char **line, size_t *ret_n)
{
        sd_bus_message *m = t->message;
        const char *value;
        int r = sd_bus_message_enter_container(m, 'r', "uas");

        if (r <= 0)
                return r;
        r = sd_bus_message_read(m, "u", ret_line);
        if (r >= 0)
                r = sd_bus_message_enter_container(m, 'a', "s");
        for (*ret_n = 0; r >= 0 && (r = sd_bus_message_read(m, "s", &value)) > 0; ++*ret_n)
                if (*ret_n < TABLE_COLUMNS_MAX)
                        line[*ret_n] = value;
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        return r < 0 ? r : 1;
}

static int line_enter(struct registry_call *call, const struct table *t, const char *const *line, size_t n)
{
        const char *values[TABLE_COLUMNS_MAX];
        int r;

        if (n != t->n_columns)
                return sd_bus_error_setf(call->error, RECDOCK_ERROR_INVALID,
                                         "there are %zu fields, expected %zu as in the first line", n,
                                         t->n_columns);
        r = values_sort(t, line, values, call->error);
        return r < 0 ? r : t->noun->enter(call, values);
}

static int line_refuse(struct table *t, unsigned int line, const char *why)
{
        if (t->refused++ >= REFUSED_MAX)
                return 0;
        t->refusals[t->refused - 1] = (struct refusal){.line = line, .why = strdup(why)};
        return t->refusals[t->refused - 1].why ? 0 : -ENOMEM;
}

/* Only what the catalogue itself cannot do ends it at once. */
static int line_take(struct registry_call *call, struct table *t, unsigned int number,
                     const char *const *line, size_t n)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        struct registry_call one = *call;
        int r;

        one.error = &error;
        one.table_options = t->options;
        r = line_enter(&one, t, line, n);
        if (sd_bus_error_is_set(&error))
                return line_refuse(t, number, error.message);
        if (r < 0)
                return r;
        if (r == LINE_UNCHANGED)
                t->unchanged++;
        else
                t->entered++;
        return 0;
}

static int table_apply(struct registry_call *call, void *arguments)
{
        struct table *t = arguments;
        const char *line[TABLE_COLUMNS_MAX];
        unsigned int number = 0;
        size_t n = 0, lines = 0;
        int r = sd_bus_message_enter_container(t->message, 'a', "(uas)");

        while (r >= 0 && (r = line_read(t, &number, line, &n)) > 0) {
                if (++lines > LINES_MAX)
                        return sd_bus_error_setf(
                                        call->error, RECDOCK_ERROR_INVALID,
                                        "there are more than %d lines, expected parts of the table one "
                                        "after the other",
                                        LINES_MAX);
                r = line_take(call, t, number, line, n);
        }
        if (r < 0)
                return r;
        t->judged = true;
        return t->refused == 0 ? 0
                               : sd_bus_error_setf(call->error, RECDOCK_ERROR_INVALID,
                                                   "%" PRIu64 " lines are refused, nothing was changed",
                                                   t->refused);
}

static int table_reply(const struct table *t)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        bool none = t->refused > 0;
        int r = sd_bus_message_new_method_return(t->message, &reply);

        if (r >= 0)
                r = sd_bus_message_append(reply, "tt", none ? UINT64_C(0) : t->entered,
                                          none ? UINT64_C(0) : t->unchanged);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "(us)");
        for (uint64_t i = 0; r >= 0 && i < MIN(t->refused, (uint64_t)REFUSED_MAX); i++)
                r = sd_bus_message_append(reply, "(us)", t->refusals[i].line, t->refusals[i].why);
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

/* A recorder that has come into the registry is no unknown one any more. */
static void serial_alert_clear(struct station *s, const char *serial)
{
        char subject[REGISTRY_TEXT_MAX + 16];

        (void)snprintf(subject, sizeof(subject), "serial/%s", serial);
        if (*serial && alert_is_open(s->catalogue, "unknown-recorder", subject) == CATALOGUE_OK)
                station_alert_clear(s, "unknown-recorder", subject);
}

static void table_alerts_clear(struct station *s, struct table *t)
{
        const char *line[TABLE_COLUMNS_MAX];
        unsigned int number;
        size_t n;

        if (sd_bus_message_rewind(t->message, true) < 0 || sd_bus_message_skip(t->message, "sas") < 0 ||
            sd_bus_message_enter_container(t->message, 'a', "(uas)") < 0)
                return;
        while (line_read(t, &number, line, &n) > 0)
                for (size_t i = 0; i < TABLE_COLUMNS_MAX; i++)
                        if (t->noun->serials & TABLE_REQUIRED(i) && t->places[i] >= 0)
                                serial_alert_clear(s, line[t->places[i]]);
}

static void table_announce(struct station *s, struct table *t)
{
        if (t->entered == 0)
                return;
        if (t->noun->duties) {
                station_duties_changed(s);
        } else if (t->noun->serials) {
                table_alerts_clear(s, t);
                station_registry_changed(s);
        } else if (t->noun == &case_table) {
                station_cases_changed(s);
        }
}

static void table_free(struct table *t)
{
        for (uint64_t i = 0; i < MIN(t->refused, (uint64_t)REFUSED_MAX); i++)
                free(t->refusals[i].why);
        free(t);
}
DEFINE_CLEANUP(struct table *, table_free);

/* "NOUN[,OPTION…]". */
static int noun_read(struct table *t, const char *text, sd_bus_error *error)
{
        static const struct {
                const char *word;
                enum table_option option;
        } options[] = {{"update", TABLE_UPDATE}, {"also-elsewhere", TABLE_ALSO_ELSEWHERE}};
        _cleanup_free_ char *copy = strdup(text);
        char *rest = copy, *word;

        if (!copy)
                return -ENOMEM;
        t->noun = table_noun_by_word(strsep(&rest, ","));
        if (!t->noun)
                return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID,
                                         "noun '%s' has no table, expected unit, officer, recorder, "
                                         "assignment, duty or case",
                                         text);
        while ((word = strsep(&rest, ","))) {
                size_t i = 0;

                while (i < ELEMENTSOF(options) &&
                       (strcmp(word, options[i].word) != 0 || !(t->noun->options & options[i].option)))
                        i++;
                if (i == ELEMENTSOF(options))
                        return sd_bus_error_setf(error, RECDOCK_ERROR_INVALID,
                                                 "a table of noun '%s' is not entered with '%s'",
                                                 t->noun->word, word);
                t->options |= options[i].option;
        }
        return 0;
}

int bus_enter_table(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        struct bus_server *server = userdata;
        _cleanup_(table_freep) struct table *t = calloc(1, sizeof(*t));
        const char *word;
        int r;

        if (!t)
                return -ENOMEM;
        t->message = m;
        r = sd_bus_message_read(m, "s", &word);
        if (r < 0)
                return r;
        r = noun_read(t, word, error);
        if (r >= 0)
                r = columns_read(t, error);
        if (r >= 0)
                r = registry_run(server, m, table_apply, t, error, NULL);
        if (r < 0 && (!t->judged || t->refused == 0))
                return r;
        if (r >= 0)
                table_announce(server->station, t);
        sd_bus_error_free(error);
        return table_reply(t);
}
