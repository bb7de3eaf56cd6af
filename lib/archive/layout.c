// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Names on a volume; see layout.h. Unicode's tables are utf8proc's. What makes two names one is judged more
 * strictly than by any file system: by compatibility folding, and by the simple upper case that FAT and
 * exFAT compare by.
 */
#include "archive/layout.h"
#include "base/cleanup.h"
#include "base/text.h"

#include <ctype.h>
#include <inttypes.h>
#include <limits.h>
#include <search.h>
#include <string.h>
#include <strings.h>
#include <utf8proc.h>

enum { EXTENSION_UNITS = 12 /* with its dot; what is longer is no extension */ };

static bool category_shows(utf8proc_category_t category)
{
        switch (category) {
        case UTF8PROC_CATEGORY_CN:
        case UTF8PROC_CATEGORY_CC:
        case UTF8PROC_CATEGORY_CF: /* marks of direction, joiners, a byte order mark */
        case UTF8PROC_CATEGORY_CS:
        case UTF8PROC_CATEGORY_CO:
        case UTF8PROC_CATEGORY_ZL:
        case UTF8PROC_CATEGORY_ZP:
                return false;
        default:
                return true;
        }
}

/* May this character stand in a name? Variation selectors show as nothing by themselves. */
static bool is_allowed(utf8proc_int32_t c)
{
        if (c < 0x80)
                return c >= 0x20 && c < 0x7f && !strchr("\"*/:;<>?\\|%", c);
        return c <= 0xffff && !(c >= 0xfe00 && c <= 0xfe0f) && category_shows(utf8proc_category(c));
}

/* Any bytes as well-formed UTF-8, with '_' for each that is not. malloc'd. */
static char *text_repair(const char *text)
{
        char *copy = malloc(strlen(text) + 1), *to = copy;

        while (copy && *text) {
                size_t n = text_utf8_sequence(text);

                if (n > 0)
                        memcpy(to, text, n);
                else
                        *to = '_';
                to += n > 0 ? n : 1;
                text += n > 0 ? n : 1;
        }
        if (copy)
                *to = '\0';
        return copy;
}

/* Composed and with '_' for what may not be. NULL without memory. */
static char *text_sanitize(const char *text)
{
        _cleanup_free_ char *whole = text_repair(text);
        char *composed = whole ? (char *)utf8proc_NFC((const utf8proc_uint8_t *)whole) : NULL;
        char *to = composed;

        for (const char *at = composed; at && *at;) {
                utf8proc_int32_t c;
                utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)at, -1, &c);

                if (n > 0 && is_allowed(c))
                        to = (char *)memmove(to, at, (size_t)n) + n;
                else
                        *to++ = '_';
                at += n > 0 ? n : 1;
        }
        if (to)
                *to = '\0';
        return composed;
}

/* The name of a DOS device, with any extension: CON, COM1, "nul.txt". */
static bool is_device(const char *name)
{
        static const char *const devices[] = {"CON",    "PRN",     "AUX", "NUL", "CLOCK$",
                                              "CONIN$", "CONOUT$", "COM", "LPT"};
        size_t stem = strcspn(name, ".");

        while (stem > 0 && name[stem - 1] == ' ')
                stem--;
        for (size_t i = 0; i < ELEMENTSOF(devices); i++) {
                size_t n = strlen(devices[i]);

                if (strncasecmp(name, devices[i], n) != 0)
                        continue;
                if (i < ELEMENTSOF(devices) - 2 ? stem == n
                                                : (stem == n + 1 && isdigit((unsigned char)name[n])) ||
                                                                  (stem == n + 2 && name[n] == '\xc2'))
                        return true;
        }
        return false;
}

/* Bytes of at most 'units' characters in at most 'bytes'; all are of the Basic Multilingual Plane by now. */
static size_t bytes_of(const char *text, size_t units, size_t bytes)
{
        size_t n = 0;

        for (; text[n] && units > 0; units--) {
                size_t more = text_utf8_sequence(text + n);

                if (n + more > bytes)
                        break;
                n += more;
        }
        return n;
}

static size_t units_of(const char *text)
{
        size_t units = 0;

        for (; *text; text += text_utf8_sequence(text))
                units++;
        return units;
}

/* Where the extension begins with its dot; the end when there is none. */
static const char *extension_of(const char *name)
{
        const char *dot = strrchr(name, '.');

        return dot && dot != name && units_of(dot) <= EXTENSION_UNITS ? dot : name + strlen(name);
}

/* A name of at most 'units' characters and LAYOUT_BYTES: stem, 'mark' and extension; the stem gives way. */
static void name_compose(const char *name, const char *mark, size_t units, char *ret)
{
        const char *extension = extension_of(name);
        size_t room = units - strlen(mark) - units_of(extension);
        size_t bytes = LAYOUT_BYTES - strlen(mark) - strlen(extension);
        size_t stem = MIN(bytes_of(name, room, bytes), (size_t)(extension - name));

        (void)sprintf(ret, "%.*s%s%s", (int)stem, name, mark, extension);
}

static void ends_blunt(char *name)
{
        for (size_t n = strlen(name); n > 0 && (name[n - 1] == '.' || name[n - 1] == ' '); n--)
                name[n - 1] = '_';
        if (name[0] == '.' || name[0] == ' ')
                name[0] = '_';
}

void layout_component(const char *text, size_t units, char *ret)
{
        _cleanup_free_ char *clean = text_sanitize(text ? text : "");
        _cleanup_free_ char *guarded = NULL;

        (void)text_copy(ret, 3 * units + 1, "_");
        if (!clean || clean[0] == '\0')
                return;
        if (is_device(clean) && asprintf(&guarded, "_%s", clean) < 0)
                return;
        name_compose(guarded ? guarded : clean, "", units, ret);
        ends_blunt(ret);
}

/* What two names must not share. malloc'd, NULL without memory. */
static char *name_key(const char *name)
{
        utf8proc_uint8_t *folded = NULL, *key, *to;

        if (utf8proc_map((const utf8proc_uint8_t *)name, 0, &folded,
                         UTF8PROC_NULLTERM | UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_COMPOSE |
                                         UTF8PROC_CASEFOLD) < 0)
                return NULL;
        key = to = calloc(4, strlen((char *)folded) + 1);
        for (const utf8proc_uint8_t *at = folded; key && *at;) {
                utf8proc_int32_t c;
                utf8proc_ssize_t n = utf8proc_iterate(at, -1, &c);

                to += utf8proc_encode_char(utf8proc_toupper(c), to);
                at += n > 0 ? n : 1;
        }
        if (key)
                *to = '\0';
        free(folded);
        return (char *)key;
}

/* The keys that are taken in all folders: "<folder number>/<key>". */
struct names {
        void *root;
};

static int key_compare(const void *a, const void *b)
{
        return strcmp(a, b);
}

static void names_done(struct names *n)
{
        tdestroy(n->root, free);
}

/* Takes it when it is free. Returns 1, 0 when it is taken, -ENOMEM. */
static int names_take(struct names *n, size_t folder, const char *name)
{
        _cleanup_free_ char *folded = name_key(name);
        char *key = NULL;
        char **found;

        if (!folded || asprintf(&key, "%zu/%s", folder, folded) < 0)
                return -ENOMEM;
        found = tsearch(key, &n->root, key_compare);
        if (!found || *found != key) {
                free(key);
                return found ? 0 : -ENOMEM;
        }
        return 1;
}

/* The first of "name", "name~ID", "name~ID~2" … that is free, with 'id' 0 "name~2", "name~3" … */
static int name_distinguish(struct names *taken, size_t folder, const char *text, int64_t id, size_t units,
                            char *ret)
{
        char plain[3 * LAYOUT_NAME_UNITS + 1], mark[LAYOUT_DISTINCTION + 1] = "";
        int r;

        layout_component(text, units, plain);
        (void)text_copy(ret, 3 * units + 1, plain);
        r = names_take(taken, folder, ret);
        for (unsigned int n = id > 0 ? 1 : 2; r == 0 && n < PATH_MAX; n++) {
                if (id <= 0)
                        (void)snprintf(mark, sizeof(mark), "~%u", n);
                else if (n == 1)
                        (void)snprintf(mark, sizeof(mark), "~%" PRId64, id);
                else
                        (void)snprintf(mark, sizeof(mark), "~%" PRId64 "~%u", id, n);
                name_compose(plain, mark, units, ret);
                r = names_take(taken, folder, ret);
        }
        return r > 0 ? 0 : r < 0 ? r : -EINVAL;
}

struct place {
        size_t folder;
        char *path;
};

struct layout {
        size_t n_folders, n_files;
        char (*folders)[3 * LAYOUT_CASE_UNITS + 1];
        struct place *places;
};

void layout_free(struct layout *l)
{
        if (!l)
                return;
        for (size_t i = 0; l->places && i < l->n_files; i++)
                free(l->places[i].path);
        free(l->places);
        free(l->folders);
        free(l);
}

DEFINE_CLEANUP(struct layout *, layout_free);

static int order_compare(const void *a, const void *b, void *userdata)
{
        const struct archive_file *files = userdata, *f = &files[*(const size_t *)a],
                                  *g = &files[*(const size_t *)b];
        int r = (f->case_number != NULL) - (g->case_number != NULL); /* those of none come first */

        if (r == 0 && f->case_number)
                r = strcmp(f->case_number, g->case_number);
        return r != 0 ? r : (f->id > g->id) - (f->id < g->id);
}

static bool same_case(const char *a, const char *b)
{
        return a && b ? strcmp(a, b) == 0 : a == b;
}

static int folders_lay(struct layout *l, const struct archive_file *files, const size_t *order,
                       struct names *taken)
{
        for (size_t i = 0; i < l->n_files; i++) {
                const char *number = files[order[i]].case_number;
                int r;

                if (i > 0 && files[order[i]].id == files[order[i - 1]].id)
                        return -EINVAL;
                if (i == 0 || !same_case(number, files[order[i - 1]].case_number)) {
                        r = name_distinguish(taken, SIZE_MAX, number ? number : LAYOUT_NO_CASE, 0,
                                             LAYOUT_CASE_UNITS, l->folders[l->n_folders]);
                        if (r < 0)
                                return r;
                        l->n_folders++;
                }
                l->places[order[i]].folder = l->n_folders - 1;
        }
        return 0;
}

int layout_new(struct layout **ret, const struct archive_file *files, size_t n)
{
        _cleanup_(layout_freep) struct layout *l = calloc(1, sizeof(*l));
        _cleanup_(names_done) struct names taken = {NULL};
        _cleanup_free_ size_t *order = calloc(n + 1, sizeof(*order));
        char name[3 * LAYOUT_NAME_UNITS + 1];
        int r;

        if (!l || !order)
                return -ENOMEM;
        l->n_files = n;
        l->places = calloc(n + 1, sizeof(*l->places));
        l->folders = calloc(n + 1, sizeof(*l->folders));
        if (!l->places || !l->folders)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++)
                order[i] = i;
        qsort_r(order, n, sizeof(*order), order_compare, (void *)files);
        r = folders_lay(l, files, order, &taken);
        for (size_t i = 0; r >= 0 && i < n; i++) {
                struct place *p = &l->places[order[i]];

                r = name_distinguish(&taken, p->folder, files[order[i]].name, files[order[i]].id,
                                     LAYOUT_NAME_UNITS, name);
                if (r >= 0 && asprintf(&p->path, "data/%s/%s", l->folders[p->folder], name) < 0)
                        r = -ENOMEM;
        }
        if (r < 0)
                return r;
        *ret = TAKE_PTR(l);
        return 0;
}

const char *layout_path(const struct layout *l, size_t i)
{
        return l->places[i].path;
}

const char *layout_folder(const struct layout *l, size_t i)
{
        return l->folders[l->places[i].folder];
}
