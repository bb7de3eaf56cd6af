// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * "verify" and "backup verify": the station reads filed footage again, or its copies, and compares. People
 * get the bad ones, and a count while it goes on; programs get every line. Ends with EXIT_BAD when one thing
 * is not as it was, so that a timer's unit fails.
 */
#include "cli/listing.h"
#include "cli/translate.h"
#include "cli/verb_functions.h"
#include "base/cleanup.h"
#include "base/text.h"

#include <string.h>

DEFINE_CLEANUP(json_object *, json_object_put);

struct verification {
        struct json_stream stream;
        bool json, counting;
        long long checked, bad;
        bool ledger_seen, ledger_ok;
        long long ledger_number;             /* entries, or the broken one */
        char *generation, *generation_fault; /* of a backup; NULL: none, and whole */
};

static void verification_done(struct verification *v)
{
        free(v->generation);
        free(v->generation_fault);
}

static void count_print(const struct verification *v)
{
        if (v->counting)
                (void)fprintf(stderr, "\r%lld ✓  %lld ✗ ", v->checked - v->bad, v->bad);
}

static void count_wipe(const struct verification *v)
{
        if (v->counting)
                (void)fputs("\r\033[K", stderr);
}

static void ledger_take(struct verification *v, json_object *line, const char *word)
{
        json_object *number;

        v->ledger_seen = true;
        v->ledger_ok = strcmp(word, "ok") == 0;
        number = json_member(line, v->ledger_ok ? "entries" : "sequence");
        v->ledger_number = number ? json_object_get_int64(number) : 0;
}

static void footage_take(struct verification *v, json_object *line)
{
        json_object *result = json_member(line, "result"), *id = json_member(line, "id"),
                    *path = json_member(line, "path");
        _cleanup_free_ char *word = value_text(result, COLUMN_VERDICT),
                            *shown = value_text(path, COLUMN_TEXT);
        bool good = result && strcmp(json_object_get_string(result), "ok") == 0;

        v->checked++;
        v->bad += !good;
        if (!good && !v->json && word && shown) {
                text_make_printable(shown);
                count_wipe(v);
                (void)printf("%s  %s  %s\n", id ? json_object_get_string(id) : "-", word, shown);
                (void)fflush(stdout);
        }
        count_print(v);
}

static void generation_take(struct verification *v, json_object *line)
{
        json_object *reason = json_member(line, "reason");

        free(v->generation);
        free(v->generation_fault);
        v->generation = value_text(json_member(line, "generation"), COLUMN_TEXT);
        v->generation_fault = reason ? value_text(reason, COLUMN_TEXT) : NULL;
}

static int verify_on_line(void *userdata, const char *text)
{
        struct verification *v = userdata;
        _cleanup_(json_object_putp) json_object *line = json_tokener_parse(text);
        json_object *ledger;

        if (!line) {
                complain(_("a row of recdockd is not valid JSON: %s"), text);
                return EXIT_OTHER;
        }
        if (v->json)
                json_stream_add(&v->stream, text);
        ledger = json_member(line, "ledger");
        if (ledger)
                ledger_take(v, line, json_object_get_string(ledger));
        else if (json_member(line, "generation"))
                generation_take(v, line);
        else
                footage_take(v, line);
        return EXIT_OK;
}

static void summary_print(const struct verification *v)
{
        count_wipe(v);
        (void)printf(_("%lld checked, %lld bad\n"), v->checked, v->bad);
        if (v->generation && v->generation_fault)
                (void)printf(_("catalogue %s damaged: %s\n"), v->generation, v->generation_fault);
        else if (v->generation)
                (void)printf(_("catalogue %s whole\n"), v->generation);
        if (!v->ledger_seen)
                return;
        if (v->ledger_ok)
                (void)printf(_("ledger whole, %lld entries\n"), v->ledger_number);
        else
                (void)printf(_("ledger broken at entry %lld\n"), v->ledger_number);
}

/* IDs are one more way to write the filter "id". */
static int filters_collect(const struct invocation *inv, struct query_filter *filters, size_t room,
                           size_t *ret_n)
{
        size_t n = invocation_filters(inv, filters);

        for (int i = 0; i < inv->n_args; i++) {
                int64_t id;

                if (n == room) {
                        complain(_("too many footage numbers, expected at most %zu"), room);
                        return EXIT_USAGE;
                }
                if (text_to_int64(inv->args[i], &id) < 0 || id <= 0) {
                        complain(_("footage '%s' is not valid, expected a number such as 17"), inv->args[i]);
                        return EXIT_USAGE;
                }
                filters[n++] = (struct query_filter){"id", inv->args[i]};
        }
        *ret_n = n;
        return EXIT_OK;
}

int verb_verify(const struct invocation *inv)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(verification_done) struct verification v = {
                        .json = inv->json, .counting = !inv->json && isatty(STDERR_FILENO)};
        struct query_filter filters[INVOCATION_OPTIONS_MAX];
        size_t n;
        int r;

        r = filters_collect(inv, filters, ELEMENTSOF(filters), &n);
        if (r == EXIT_OK)
                r = client_open(&bus);
        if (r == EXIT_OK)
                r = client_query(bus, NULL, filters, n, verify_on_line, &v);
        if (r != EXIT_OK) {
                count_wipe(&v);
                return r;
        }
        if (inv->n_args > 0 && v.checked < inv->n_args) {
                complain(_("%lld of the %d footage numbers do not exist"), inv->n_args - v.checked,
                         inv->n_args);
                r = EXIT_NOT_FOUND;
        }
        if (inv->json)
                json_stream_end(&v.stream);
        else if (r == EXIT_OK || v.checked > 0)
                summary_print(&v);
        if (v.bad > 0 || (v.ledger_seen && !v.ledger_ok))
                return EXIT_BAD;
        return r;
}

int verb_backup_verify(const struct invocation *inv)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(verification_done) struct verification v = {
                        .json = inv->json, .counting = !inv->json && isatty(STDERR_FILENO)};
        int r = client_open(&bus);

        if (r == EXIT_OK)
                r = client_lines(bus, "VerifyBackup", NULL, 0, verify_on_line, &v);
        if (r != EXIT_OK) {
                count_wipe(&v);
                return r;
        }
        if (inv->json)
                json_stream_end(&v.stream);
        else
                summary_print(&v);
        return v.bad > 0 || v.generation_fault ? EXIT_BAD : EXIT_OK;
}
