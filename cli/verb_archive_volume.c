// SPDX-License-Identifier: LGPL-2.1-or-later
/* "archive show", "verify", "label" and "retire": one volume. */
#include "cli/listing.h"
#include "cli/output.h"
#include "cli/translate.h"
#include "cli/verb_functions.h"
#include "base/cleanup.h"

#include <string.h>

DEFINE_CLEANUP(json_object *, json_object_put);

static const struct column copy_columns[] = {
                {"footage", N_("FOOTAGE"), COLUMN_NUMBER}, {"case", N_("CASE"), COLUMN_TEXT},
                {"size", N_("SIZE"), COLUMN_BYTES},        {"proved_at", N_("PROVED"), COLUMN_TIME},
                {"result", N_("RESULT"), COLUMN_STATE},    {"path", N_("PATH"), COLUMN_TEXT},
};

int verb_archive_show(const struct invocation *inv)
{
        static const struct column columns[] = {
                        {"number", N_("Volume"), COLUMN_TEXT},
                        {"medium", N_("Medium"), COLUMN_TEXT},
                        {"kind", N_("Kind"), COLUMN_TEXT},
                        {"place", N_("Place"), COLUMN_TEXT},
                        {"state", N_("State"), COLUMN_STATE},
                        {"made_at", N_("Made"), COLUMN_TIME},
                        {"written_at", N_("Written"), COLUMN_TIME},
                        {"files", N_("Files"), COLUMN_NUMBER},
                        {"bytes", N_("Bytes"), COLUMN_BYTES},
                        {"seal", N_("Seal (SHA-256)"), COLUMN_TEXT},
                        {"checked_at", N_("Checked"), COLUMN_TIME},
                        {"check_result", N_("Result"), COLUMN_STATE},
                        {"check_at", N_("Next check"), COLUMN_TIME},
                        {"reason", N_("Reason"), COLUMN_TEXT},
        };
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(json_object_putp) json_object *row = NULL;
        int r = client_open(&bus);

        if (r == EXIT_OK)
                r = listing_one(bus, "volume", "number", inv->args[0], &row);
        if (r == EXIT_OK)
                r = listing_attach(bus, row, "copies", "copy", "volume", inv->args[0]);
        if (r != EXIT_OK)
                return r;
        if (inv->json) {
                json_print_one(row);
                return EXIT_OK;
        }
        if (record_print(stdout, row, columns, ELEMENTSOF(columns)) < 0)
                return EXIT_OTHER;
        (void)putchar('\n');
        return table_print(stdout, json_member(row, "copies"), copy_columns, ELEMENTSOF(copy_columns),
                           !inv->no_legend) < 0
                               ? EXIT_OTHER
                               : EXIT_OK;
}

/* Each file, then what else is wrong, then the sum. */
static int checked_print(const struct invocation *inv, json_object *row)
{
        static const struct column others[] = {{"result", N_("RESULT"), COLUMN_STATE},
                                               {"path", N_("PATH"), COLUMN_TEXT}};
        json_object *list = json_member(row, "others");

        if (inv->json) {
                json_print_one(row);
                return EXIT_OK;
        }
        if (table_print(stdout, json_member(row, "copies"), copy_columns, ELEMENTSOF(copy_columns),
                        !inv->no_legend) < 0)
                return EXIT_OTHER;
        if (json_length(list) > 0) {
                (void)putchar('\n');
                if (table_print(stdout, list, others, ELEMENTSOF(others), !inv->no_legend) < 0)
                        return EXIT_OTHER;
        }
        (void)printf(_("\nvolume %s: %s, %s of %s files are not good\n"),
                     json_object_get_string(json_member(row, "volume")),
                     json_object_get_string(json_member(row, "check_result")),
                     json_object_get_string(json_member(row, "bad")),
                     json_object_get_string(json_member(row, "files")));
        return EXIT_OK;
}

int verb_archive_verify(const struct invocation *inv)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_(json_object_putp) json_object *row = NULL;
        const char *text;
        int r = client_open(&bus);

        if (r == EXIT_OK)
                r = client_call(bus, &reply, "VerifyVolume", "s", inv->args[0]);
        if (r != EXIT_OK)
                return r;
        if (sd_bus_message_read(reply, "s", &text) < 0 || !(row = json_tokener_parse(text))) {
                complain(_("recdockd's answer cannot be read"));
                return EXIT_OTHER;
        }
        r = listing_attach(bus, row, "copies", "copy", "volume", inv->args[0]);
        if (r == EXIT_OK)
                r = checked_print(inv, row);
        if (r != EXIT_OK)
                return r;
        return strcmp(json_object_get_string(json_member(row, "check_result")), "good") == 0 &&
                                               json_length(json_member(row, "others")) == 0
                               ? EXIT_OK
                               : EXIT_BAD;
}

struct label {
        char *text;
        size_t size;
        FILE *out;
};

static int label_on_line(void *userdata, const char *line)
{
        struct label *l = userdata;

        (void)fprintf(l->out, "%s\n", line);
        return EXIT_OK;
}

static void label_write(FILE *out, const void *userdata)
{
        const struct label *l = userdata;

        (void)fwrite(l->text, 1, l->size, out);
}

int verb_archive_label(const struct invocation *inv)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        const char *path = invocation_option(inv, "output");
        const bool force = invocation_option(inv, "force") != NULL;
        const struct query_filter filter = {"volume", inv->args[0]};
        struct label l = {NULL};
        int r = output_check(path, force);

        if (r == EXIT_OK)
                r = client_open(&bus);
        if (r != EXIT_OK)
                return r;
        l.out = open_memstream(&l.text, &l.size);
        if (!l.out) {
                complain(_("the table cannot be printed"));
                return EXIT_OTHER;
        }
        r = client_lines(bus, "LabelVolume", &filter, 1, label_on_line, &l);
        (void)fclose(l.out);
        if (r == EXIT_OK)
                r = output_write(path, force, label_write, &l);
        free(l.text);
        return r;
}

int verb_archive_retire(const struct invocation *inv)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        const char *reason = invocation_option(inv, "reason");
        int r = client_open(&bus);

        if (r == EXIT_OK)
                r = client_call(bus, NULL, "RetireVolume", "ss", inv->args[0], reason ? reason : "");
        if (r == EXIT_OK)
                done_print(inv, "volume", inv->args[0], 0);
        return r;
}
