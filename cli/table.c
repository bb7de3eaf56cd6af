// SPDX-License-Identifier: LGPL-2.1-or-later
/* Tables by libsmartcols, which knows the width of a character on a terminal and escapes what is not
 * printable. */
#include "cli/table.h"
#include "cli/translate.h"
#include "base/cleanup.h"
#include "base/text.h"

#include <libsmartcols.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

DEFINE_CLEANUP(struct libscols_table *, scols_unref_table);

struct word {
        const char *word, *shown, *colour;
};

/* What the station's words are for people. A word that is not here is shown as it is. */
static const struct word words[] = {
                {"plugged", N_("plugged"), NULL},
                {"identified", N_("identified"), NULL},
                {"listed", N_("listed"), NULL},
                {"offloading", N_("offloading"), "cyan"},
                {"released", N_("released, may be taken"), "green"},
                {"done", N_("done"), "green"},
                {"failed", N_("failed"), "red"},
                {"unplugged", N_("unplugged"), "yellow"},
                {"paused", N_("paused, no room"), "yellow"},
                {"stalled", N_("stalled"), "yellow"},
                {"waiting", N_("waiting"), NULL},
                {"empty", N_("empty"), NULL},
                {"complete", N_("complete"), "green"},
                {"truncated", N_("truncated"), "red"},
                {"damaged", N_("damaged"), "red"},
                {"encrypted", N_("encrypted"), "yellow"},
                {"unreadable", N_("unreadable"), "red"},
                {"not-media", N_("not media"), "yellow"},
                {"unknown", N_("unknown"), "yellow"},
                {"ok", N_("ok"), "green"},
                {"not-ok", N_("not ok"), "red"},
                {"set", N_("set"), "green"},
                {"not-kept", N_("not kept"), "yellow"},
                {"missing", N_("missing"), "red"},
                {"mismatch", N_("mismatch"), "red"},
                {"foreign", N_("not in the catalogue"), "red"},
                {"footage", N_("filed"), "green"},
                {"partial", N_("partial"), "yellow"},
                {"pulled", N_("pulled"), NULL},
                {"filing", N_("filing"), NULL},
                {"notice", N_("notice"), NULL},
                {"warning", N_("warning"), "yellow"},
                {"error", N_("error"), "red"},
                {"critical", N_("critical"), "red"},
                {"raised", N_("raised"), "yellow"},
                {"escalated", N_("escalated"), "red"},
                {"acknowledged", N_("acknowledged"), NULL},
                {"cleared", N_("cleared"), "green"},
                {"late", N_("late"), "red"},
                {"overdue", N_("overdue"), "red"},
                {"open", N_("open"), "yellow"},
                {"continuous-duty", N_("continuous duty"), NULL},
                {"remote-area", N_("remote area"), NULL},
                {"no-transport", N_("no transport"), NULL},
                {"sequence-gap", N_("numbers missing"), NULL},
                {"bad-weather", N_("bad weather"), NULL},
                {"equipment-failure", N_("equipment failure"), NULL},
                {"site-restriction", N_("site restriction"), NULL},
                {"state-secret", N_("state secret"), NULL},
                {"trade-secret", N_("trade secret"), NULL},
                {"personal-privacy", N_("personal privacy"), NULL},
                {"other", N_("other"), NULL},
};

static const struct word *word_find(const char *text)
{
        for (size_t i = 0; i < ELEMENTSOF(words); i++)
                if (strcmp(words[i].word, text) == 0)
                        return &words[i];
        return NULL;
}

bool table_colours_wanted(FILE *out)
{
        const char *no = getenv("NO_COLOR"), *terminal = getenv("TERM");

        return isatty(fileno(out)) && !(no && *no) && terminal && strcmp(terminal, "dumb") != 0;
}

json_object *json_member(json_object *object, const char *key)
{
        while (object && key) {
                const char *dot = strchr(key, '.');
                char name[64];

                (void)snprintf(name, sizeof(name), "%.*s", (int)(dot ? dot - key : (ptrdiff_t)strlen(key)),
                               key);
                if (!json_object_is_type(object, json_type_object) ||
                    !json_object_object_get_ex(object, name, &object))
                        return NULL;
                key = dot ? dot + 1 : NULL;
        }
        return object;
}

size_t json_length(json_object *array)
{
        return json_object_is_type(array, json_type_array) ? json_object_array_length(array) : 0;
}

__attribute__((format(printf, 1, 2))) static char *text_format(const char *format, ...)
{
        char *text;
        va_list ap;
        int n;

        va_start(ap, format);
        n = vasprintf(&text, format, ap);
        va_end(ap);
        return n < 0 ? NULL : text;
}

static char *bytes_text(json_object *value, const char *behind)
{
        static const char units[] = "BKMGTPE";
        double n = json_object_get_double(value);
        size_t unit = 0;

        while (n >= 1024 && units[unit + 1]) {
                n /= 1024;
                unit++;
        }
        return text_format(unit == 0 || n >= 100 ? "%.0f%c%s" : "%.1f%c%s", n, units[unit], behind);
}

/* "2026-11-01T08:00:00+08:00" → "2026-11-01 08:00:00": all of them are the station's own zone. */
static char *time_text(json_object *value)
{
        const char *text = json_object_get_string(value);

        if (strlen(text) < 19 || text[10] != 'T')
                return strdup(text);
        return text_format("%.10s %.8s", text, text + 11);
}

static char *seconds_text(json_object *value)
{
        long long s = llround(json_object_get_double(value));

        return text_format("%lld:%02lld:%02lld", s / 3600, s / 60 % 60, s % 60);
}

static char *share_text(json_object *value)
{
        int64_t thousandths = (int64_t)floor(json_object_get_double(value) * 1000 + 1e-9);

        return text_format("%lld.%lld%%", (long long)thousandths / 10, (long long)thousandths % 10);
}

static char *minutes_text(json_object *value)
{
        int64_t minutes = json_object_get_int64(value);

        if (minutes == 0)
                return strdup("-");
        return text_format(_("%lld h %02lld min"), (long long)minutes / 60, (long long)minutes % 60);
}

static char *late_text(json_object *value)
{
        int64_t minutes = json_object_get_int64(value);

        if (minutes == 0)
                return strdup(_("in time"));
        return text_format(_("%lld h %02lld min late"), (long long)minutes / 60, (long long)minutes % 60);
}

static char *list_text(json_object *value)
{
        char *text = strdup("");

        if (!json_object_is_type(value, json_type_array)) {
                free(text);
                return strdup(json_object_get_string(value));
        }
        for (size_t i = 0; text && i < json_object_array_length(value); i++) {
                const char *one = json_object_get_string(json_object_array_get_idx(value, i));
                char *longer = text_format("%s%s%s", text, i ? ", " : "", one ? one : "");

                free(text);
                text = longer;
        }
        return text;
}

static char *word_text(json_object *value)
{
        const char *text = json_object_get_string(value);
        const struct word *word = word_find(text);

        return strdup(word ? _(word->shown) : text);
}

char *value_text(json_object *value, enum column_kind kind)
{
        if (!value)
                return strdup("-");
        switch (kind) {
        case COLUMN_BYTES:
                return bytes_text(value, "");
        case COLUMN_RATE:
                return bytes_text(value, "/s");
        case COLUMN_TIME:
                return time_text(value);
        case COLUMN_SECONDS:
                return seconds_text(value);
        case COLUMN_OFFSET:
                return text_format("%+.1f s", json_object_get_double(value));
        case COLUMN_PERCENT:
                return text_format("%d%%", json_object_get_int(value));
        case COLUMN_SHARE:
                return share_text(value);
        case COLUMN_MINUTES:
                return minutes_text(value);
        case COLUMN_LATE:
                return late_text(value);
        case COLUMN_VERDICT:
        case COLUMN_STATE:
                return word_text(value);
        case COLUMN_YES_NO:
                return strdup(json_object_get_boolean(value) ? _("yes") : _("no"));
        case COLUMN_USB_ID:
                return text_format("%04x", (unsigned int)json_object_get_int(value));
        case COLUMN_LIST:
                return list_text(value);
        case COLUMN_TEXT:
        case COLUMN_NUMBER:
                break;
        }
        return strdup(json_object_get_string(value));
}

static const char *value_colour(json_object *value, enum column_kind kind)
{
        const struct word *word;

        if (!value)
                return NULL;
        if (kind == COLUMN_LATE)
                return json_object_get_int64(value) > 0 ? "red" : NULL;
        if (kind != COLUMN_VERDICT && kind != COLUMN_STATE)
                return NULL;
        word = word_find(json_object_get_string(value));
        return word ? word->colour : NULL;
}

bool column_right(enum column_kind kind)
{
        return kind == COLUMN_NUMBER || kind == COLUMN_BYTES || kind == COLUMN_RATE ||
               kind == COLUMN_SECONDS || kind == COLUMN_OFFSET || kind == COLUMN_PERCENT ||
               kind == COLUMN_SHARE || kind == COLUMN_MINUTES;
}

/* An own copy in which no byte can be anything but text of the terminal's encoding. */
static int cell_fill(struct libscols_line *line, size_t index, json_object *value, enum column_kind kind)
{
        _cleanup_free_ char *text = value_text(value, kind);
        struct libscols_cell *cell = scols_line_get_cell(line, index);
        const char *colour = value_colour(value, kind);
        int r;

        if (!text || !cell)
                return -ENOMEM;
        text_make_printable(text);
        r = scols_cell_set_data(cell, *text ? text : "-");
        if (r == 0 && colour)
                r = scols_cell_set_color(cell, colour);
        return r;
}

static struct libscols_table *table_new(FILE *out, bool legend)
{
        struct libscols_table *table;

        scols_init_debug(0);
        table = scols_new_table();
        if (!table)
                return NULL;
        (void)scols_table_set_stream(table, out);
        (void)scols_table_enable_colors(table, table_colours_wanted(out));
        (void)scols_table_enable_noheadings(table, !legend);
        return table;
}

int table_print(FILE *out, json_object *rows, const struct column *columns, size_t n, bool legend)
{
        _cleanup_(scols_unref_tablep) struct libscols_table *table = table_new(out, legend);

        if (!table)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++)
                if (!scols_table_new_column(table, _(columns[i].heading), 0,
                                            column_right(columns[i].kind) ? SCOLS_FL_RIGHT : 0))
                        return -ENOMEM;
        for (size_t i = 0; i < json_object_array_length(rows); i++) {
                json_object *row = json_object_array_get_idx(rows, i);
                struct libscols_line *line = scols_table_new_line(table, NULL);

                for (size_t j = 0; j < n; j++)
                        if (!line ||
                            cell_fill(line, j, json_member(row, columns[j].key), columns[j].kind) != 0)
                                return -ENOMEM;
        }
        return scols_print_table(table) == 0 ? 0 : -EIO;
}

int record_print(FILE *out, json_object *row, const struct column *columns, size_t n)
{
        _cleanup_(scols_unref_tablep) struct libscols_table *table = table_new(out, false);

        if (!table || !scols_table_new_column(table, "key", 0, 0) ||
            !scols_table_new_column(table, "value", 0, SCOLS_FL_WRAP))
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                struct libscols_line *line = scols_table_new_line(table, NULL);

                if (!line || scols_line_set_data(line, 0, _(columns[i].heading)) != 0 ||
                    cell_fill(line, 1, json_member(row, columns[i].key), columns[i].kind) != 0)
                        return -ENOMEM;
        }
        return scols_print_table(table) == 0 ? 0 : -EIO;
}
