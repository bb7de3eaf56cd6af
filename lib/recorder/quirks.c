// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The quirk files; see quirks.h. inih reads the lines; what they say is strict: an unknown key or a value
 * out of range is reported with file and line and has no effect. Entries are merged key by key, so that a
 * site can change one key of a shipped entry.
 */
#include "recorder/quirks.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <dirent.h>
#include <fnmatch.h>
#include <ini.h>
#include <stdio.h>
#include <string.h>

#define ENTRIES_MAX 4096
#define ANY_PRODUCT 0x10000U

struct entry {
        uint16_t vendor;
        uint32_t product; /* or ANY_PRODUCT */
        struct quirks quirks;
        uint32_t flags_told; /* flags this entry speaks about */
        bool chunk_told, transfer_size_told, depth_told, timeout_told, interface_told, name_told;
};

struct quirk_table {
        struct entry *entries;
        size_t n;
};

struct parse {
        struct quirk_table *table;
        const char *path;
        quirks_report_fn *report;
        void *userdata;
        unsigned int reports;
        FILE *file;
        int line; /* read last */
        int error;
};

static const struct {
        const char *key;
        uint32_t flag;
} flag_keys[] = {
                {"broken-proplist", QUIRK_BROKEN_PROPLIST},
                {"no-close-session", QUIRK_NO_CLOSE_SESSION},
                {"no-partial64", QUIRK_NO_PARTIAL64},
                {"no-partial", QUIRK_NO_PARTIAL},
                {"samsung-offset", QUIRK_SAMSUNG_OFFSET},
                {"no-reset", QUIRK_NO_RESET},
                {"no-cancel", QUIRK_NO_CANCEL},
                {"no-flat-list", QUIRK_NO_FLAT_LIST},
                {"broken-battery", QUIRK_BROKEN_BATTERY},
                {"slow", QUIRK_SLOW},
};

static void report(struct parse *p, int line, const char *section, const char *key, const char *value,
                   const char *expected)
{
        char text[512];

        p->reports++;
        if (!p->report)
                return;
        if (key)
                (void)snprintf(text, sizeof(text), "%s:%d: [%.40s] %.40s='%.60s': expected %s", p->path,
                               line, section, key, value, expected);
        else
                (void)snprintf(text, sizeof(text), "%s:%d: [%.40s]: expected %s", p->path, line, section,
                               expected);
        text_make_printable(text);
        p->report(text, p->userdata);
}

static bool hex4(const char *s, uint32_t *ret)
{
        uint8_t b[2];
        char digits[5];

        if (strnlen(s, 5) < 4)
                return false;
        memcpy(digits, s, 4);
        digits[4] = '\0';
        if (text_unhex(digits, b, 2) < 0)
                return false;
        *ret = (uint32_t)b[0] << 8 | b[1];
        return true;
}

/* "18d1:4ee1" or "18d1:*". */
static bool section_parse(const char *section, uint32_t *vendor, uint32_t *product)
{
        if (!hex4(section, vendor) || section[4] != ':')
                return false;
        if (strcmp(section + 5, "*") == 0) {
                *product = ANY_PRODUCT;
                return true;
        }
        return strlen(section) == 9 && hex4(section + 5, product);
}

static struct entry *entry_find(const struct quirk_table *t, uint32_t vendor, uint32_t product)
{
        for (size_t i = 0; i < t->n; i++)
                if (t->entries[i].vendor == vendor && t->entries[i].product == product)
                        return &t->entries[i];
        return NULL;
}

static struct entry *entry_get(struct quirk_table *t, uint32_t vendor, uint32_t product)
{
        struct entry *e = entry_find(t, vendor, product), *bigger;

        if (e)
                return e;
        if (t->n == ENTRIES_MAX)
                return NULL;
        bigger = reallocarray(t->entries, t->n + 1, sizeof(*bigger));
        if (!bigger)
                return NULL;
        t->entries = bigger;
        e = &t->entries[t->n++];
        *e = (struct entry){.vendor = (uint16_t)vendor, .product = product, .quirks = QUIRKS_NONE};
        return e;
}

/* A number with an optional K or M behind it. */
static bool number_parse(const char *value, int64_t least, int64_t greatest, int64_t *ret)
{
        char digits[24];
        size_t n = strlen(value);
        int64_t v, unit = 1;

        if (n == 0 || n >= sizeof(digits))
                return false;
        memcpy(digits, value, n + 1);
        if (digits[n - 1] == 'K' || digits[n - 1] == 'M') {
                unit = digits[n - 1] == 'K' ? 1024 : 1024 * 1024;
                digits[n - 1] = '\0';
        }
        if (text_to_int64(digits, &v) < 0 || v > greatest || v * unit < least || v * unit > greatest)
                return false;
        *ret = v * unit;
        return true;
}

/* Sets *expected when the value is bad. True when the key is a flag. */
static bool flag_set(struct entry *e, const char *key, const char *value, const char **expected)
{
        for (size_t i = 0; i < ELEMENTSOF(flag_keys); i++) {
                if (strcmp(key, flag_keys[i].key) != 0)
                        continue;
                if (strcmp(value, "yes") == 0)
                        e->quirks.flags |= flag_keys[i].flag;
                else if (strcmp(value, "no") == 0)
                        e->quirks.flags &= ~flag_keys[i].flag;
                else
                        *expected = "'yes' or 'no'";
                if (!*expected)
                        e->flags_told |= flag_keys[i].flag;
                return true;
        }
        return false;
}

static const char *number_set(struct entry *e, const char *key, const char *value)
{
        int64_t v;

        if (strcmp(key, "chunk") == 0) {
                if (!number_parse(value, 4096, INT64_C(1) << 30, &v))
                        return "a size from 4K to 1024M";
                e->quirks.chunk = (uint32_t)v;
                e->chunk_told = true;
        } else if (strcmp(key, "transfer-size") == 0) {
                if (!number_parse(value, 16 * 1024, 1024 * 1024, &v) || v % 1024 != 0)
                        return "a multiple of 1K from 16K to 1M";
                e->quirks.transfer_size = (uint32_t)v;
                e->transfer_size_told = true;
        } else if (strcmp(key, "depth") == 0) {
                if (!number_parse(value, 1, 16, &v))
                        return "a number from 1 to 16";
                e->quirks.depth = (uint32_t)v;
                e->depth_told = true;
        } else if (strcmp(key, "timeout") == 0) {
                if (!number_parse(value, 500, 600000, &v))
                        return "milliseconds from 500 to 600000";
                e->quirks.timeout_ms = (uint32_t)v;
                e->timeout_told = true;
        } else if (strcmp(key, "interface") == 0) {
                if (!number_parse(value, 0, 255, &v))
                        return "an interface number from 0 to 255";
                e->quirks.interface = (int32_t)v;
                e->interface_told = true;
        } else {
                return "a known key";
        }
        return NULL;
}

static const char *entry_set(struct entry *e, const char *key, const char *value)
{
        const char *expected = NULL;

        if (flag_set(e, key, value, &expected))
                return expected;
        if (strcmp(key, "name") != 0)
                return number_set(e, key, value);
        if (value[0] == '\0' || strlen(value) >= sizeof(e->quirks.name) || !text_utf8_valid(value))
                return "a name of 1 to 63 bytes of UTF-8";
        (void)text_copy(e->quirks.name, sizeof(e->quirks.name), value);
        e->name_told = true;
        return NULL;
}

static int on_pair(void *userdata, const char *section, const char *key, const char *value)
{
        struct parse *p = userdata;
        int line = p->line;
        uint32_t vendor, product;
        const char *expected;
        struct entry *e;

        if (!section_parse(section, &vendor, &product)) {
                report(p, line, section, NULL, NULL, "[VVVV:PPPP] or [VVVV:*] in hexadecimal");
                return 1;
        }
        e = entry_get(p->table, vendor, product);
        if (!e) {
                p->error = p->table->n == ENTRIES_MAX ? -E2BIG : -ENOMEM;
                return 0;
        }
        expected = entry_set(e, key, value ? value : "");
        if (expected)
                report(p, line, section, key, value ? value : "", expected);
        return 1;
}

/* Reads lines for inih, which does not tell its handler where it is. */
static char *line_read(char *text, int size, void *stream)
{
        struct parse *p = stream;
        char *line = fgets(text, size, p->file);

        if (line)
                p->line++;
        return line;
}

int quirks_load_file(struct quirk_table *table, const char *path, quirks_report_fn *report_fn,
                     void *userdata, unsigned int *ret_reports)
{
        struct parse p = {.table = table, .path = path, .report = report_fn, .userdata = userdata};
        _cleanup_fclose_ FILE *f = fopen(path, "re");
        int line;

        if (!f)
                return -errno;
        p.file = f;
        line = ini_parse_stream(line_read, &p, on_pair, &p);
        if (p.error < 0)
                return p.error;
        if (line > 0)
                report(&p, line, "", NULL, NULL, "a [section], a key=value or a comment");
        if (ret_reports)
                *ret_reports += p.reports;
        return line < 0 ? -EIO : 0;
}

int quirks_new(struct quirk_table **ret)
{
        struct quirk_table *t = calloc(1, sizeof(*t));

        if (!t)
                return -ENOMEM;
        *ret = t;
        return 0;
}

void quirks_free(struct quirk_table *table)
{
        if (!table)
                return;
        free(table->entries);
        free(table);
}

DEFINE_CLEANUP(struct quirk_table *, quirks_free);

size_t quirks_count(const struct quirk_table *table)
{
        return table->n;
}

static int is_quirks_file(const struct dirent *e)
{
        return fnmatch("*.quirks", e->d_name, FNM_PERIOD) == 0;
}

static int load_default(struct quirk_table *t, struct parse *p)
{
        const char *dir = RECDOCK_CONFDIR "/recorders.quirks.d";
        struct dirent **names = NULL;
        int n, r = quirks_load_file(t, RECDOCK_DATADIR "/recorders.quirks", p->report, p->userdata,
                                    &p->reports);

        if (r == -ENOENT)
                r = 0;
        n = scandir(dir, &names, is_quirks_file, alphasort);
        for (int i = 0; i < n; i++) {
                char path[4096];

                (void)snprintf(path, sizeof(path), "%s/%s", dir, names[i]->d_name);
                if (r == 0)
                        r = quirks_load_file(t, path, p->report, p->userdata, &p->reports);
                free(names[i]);
        }
        free(names);
        return r;
}

static int load_listed(struct quirk_table *t, const char *paths, struct parse *p)
{
        _cleanup_free_ char *copy = strdup(paths);
        char *state = NULL;
        int r = 0;

        if (!copy)
                return -ENOMEM;
        for (char *path = strtok_r(copy, ":", &state); path && r == 0; path = strtok_r(NULL, ":", &state))
                r = quirks_load_file(t, path, p->report, p->userdata, &p->reports);
        return r;
}

int quirks_load(struct quirk_table **ret, quirks_report_fn *report_fn, void *userdata,
                unsigned int *ret_reports)
{
        _cleanup_(quirks_freep) struct quirk_table *t = NULL;
        struct parse p = {.report = report_fn, .userdata = userdata};
        const char *paths = getenv("RECDOCK_QUIRKS_PATH");
        int r = quirks_new(&t);

        if (r < 0)
                return r;
        r = paths && paths[0] ? load_listed(t, paths, &p) : load_default(t, &p);
        if (r < 0)
                return r;
        if (ret_reports)
                *ret_reports = p.reports;
        *ret = TAKE_PTR(t);
        return 0;
}

static void entry_apply(const struct entry *e, struct quirks *q)
{
        q->flags = (q->flags & ~e->flags_told) | e->quirks.flags;
        if (e->chunk_told)
                q->chunk = e->quirks.chunk;
        if (e->transfer_size_told)
                q->transfer_size = e->quirks.transfer_size;
        if (e->depth_told)
                q->depth = e->quirks.depth;
        if (e->timeout_told)
                q->timeout_ms = e->quirks.timeout_ms;
        if (e->interface_told)
                q->interface = e->quirks.interface;
        if (e->name_told)
                (void)text_copy(q->name, sizeof(q->name), e->quirks.name);
}

bool quirks_find(const struct quirk_table *table, uint16_t vendor, uint16_t product, struct quirks *ret)
{
        const struct entry *any = table ? entry_find(table, vendor, ANY_PRODUCT) : NULL;
        const struct entry *one = table ? entry_find(table, vendor, product) : NULL;

        *ret = QUIRKS_NONE;
        if (any)
                entry_apply(any, ret);
        if (one)
                entry_apply(one, ret);
        return any || one;
}
