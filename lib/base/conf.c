// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Loading configuration files. A reader callback stands between the file and inih: it counts lines, joins
 * continued ones, follows the section headings and blanks what is malformed, after reporting it; inih splits
 * the rest into key and value. So every finding has its line, a wrong section is found even when it is
 * empty, and inih's own limits are never met.
 */
#include "base/conf.h"
#include "base/cleanup.h"
#include "base/text.h"

#include <dirent.h>
#include <ini.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

enum {
        LINE_TEXT_MAX = 4096, /* of one line, continuations included */
        FILE_SIZE_MAX = 1024 * 1024,
        NAME_TEXT_MAX = 64, /* of a section or its argument */
        DROP_INS_MAX = 1024,
};

struct heading {
        struct heading *next;
        unsigned int line;
        char section[NAME_TEXT_MAX];
        char argument[NAME_TEXT_MAX];
};

/* One load, over all its files. */
struct load {
        const struct conf_loader *loader;
        void *object;
        bool found; /* something was reported */
};

/* One file of it. */
struct reading {
        struct load *load;
        const char *file;
        FILE *stream;
        char *raw; /* getline()'s */
        size_t raw_size;
        char text[LINE_TEXT_MAX + 2];
        unsigned int line; /* where the current (joined) line begins */
        unsigned int lines_read;
        struct heading *headings; /* newest first: the current section */
        void *data; /* the object that the section's keys refer to; NULL: unknown section, keys are skipped
                     */
        int error;  /* out of memory and the like: ends the load */
};

static void headings_free(struct heading *h)
{
        while (h) {
                struct heading *next = h->next;

                free(h);
                h = next;
        }
}

static void reading_done(struct reading *r)
{
        headings_free(r->headings);
        free(r->raw);
        if (r->stream)
                (void)fclose(r->stream);
}

static void __attribute__((format(printf, 2, 3))) report(struct load *load, const char *format, ...)
{
        char text[LINE_TEXT_MAX + 1024];
        va_list ap;

        load->found = true;
        if (!load->loader->report)
                return;
        va_start(ap, format);
        (void)vsnprintf(text, sizeof(text), format, ap);
        va_end(ap);
        text_make_printable(text);
        load->loader->report(text, load->loader->userdata);
}

/* "Bay "3"" or "Station", for messages. */
static const char *heading_text(const struct heading *h, char buf[2 * NAME_TEXT_MAX + 4])
{
        if (h->argument[0] == '\0')
                (void)snprintf(buf, 2 * NAME_TEXT_MAX + 4, "%s", h->section);
        else
                (void)snprintf(buf, 2 * NAME_TEXT_MAX + 4, "%s \"%s\"", h->section, h->argument);
        return buf;
}

static struct conf_location location(const struct reading *r, const char *key)
{
        return (struct conf_location){
                        .file = r->file,
                        .line = r->line,
                        .section = r->headings->section,
                        .argument = r->headings->argument[0] ? r->headings->argument : NULL,
                        .key = key,
        };
}

static bool takes_argument(const struct conf_loader *loader, const char *section)
{
        for (const char *const *s = loader->argument_sections; s && *s; s++)
                if (strcmp(*s, section) == 0)
                        return true;
        return false;
}

static bool section_known(const struct conf_loader *loader, const char *section)
{
        for (size_t i = 0; i < loader->n_keys; i++)
                if (strcmp(loader->keys[i].section, section) == 0)
                        return true;
        return takes_argument(loader, section);
}

/* Copies the 'n' bytes at 'from' when they make a name: not empty, not too long. */
static bool name_take(char to[NAME_TEXT_MAX], const char *from, size_t n)
{
        if (n == 0 || n >= NAME_TEXT_MAX)
                return false;
        memcpy(to, from, n);
        to[n] = '\0';
        return true;
}

/* Reads [Section] or [Section "argument"] into *ret. */
static bool heading_parse(const char *line, struct heading *ret)
{
        const char *p = line + 1;
        size_t n = strcspn(p, " \t\"]");

        if (!name_take(ret->section, p, n))
                return false;
        p += n;
        p += strspn(p, " \t");
        if (*p == '"') {
                n = strcspn(++p, "\"");
                if (p[n] != '"' || memchr(p, ']', n) || !name_take(ret->argument, p, n))
                        return false;
                p += n + 1;
                p += strspn(p, " \t");
        }
        return p[0] == ']' && p[1] == '\0';
}

/* A copy of the same heading earlier in one file is a slip of the pen (two bays "3"); across files it is how
 * drop-ins amend. */
static void heading_check_twice(struct reading *r, const struct heading *h)
{
        char name[2 * NAME_TEXT_MAX + 4];

        for (const struct heading *o = h->next; o; o = o->next) {
                if (strcmp(o->section, h->section) != 0 || strcmp(o->argument, h->argument) != 0)
                        continue;
                report(r->load, "%s:%u: [%s]: expected once in a file, it stands at line %u already",
                       r->file, r->line, heading_text(h, name), o->line);
                return;
        }
}

/* Finds the object of the section just entered. Returns 0, also when the section is wrong and was reported.
 */
static int section_enter(struct reading *r)
{
        const struct conf_loader *loader = r->load->loader;
        const struct heading *h = r->headings;
        struct conf_location at = location(r, NULL);
        bool argument = takes_argument(loader, h->section);
        char name[2 * NAME_TEXT_MAX + 4];
        int error;

        r->data = NULL;
        (void)heading_text(h, name);
        if (!section_known(loader, h->section)) {
                report(r->load, "%s:%u: [%s]: unknown section", r->file, r->line, name);
                return 0;
        }
        if (argument != (h->argument[0] != '\0')) {
                report(r->load, "%s:%u: [%s]: expected [%s%s]", r->file, r->line, name, h->section,
                       argument ? " \"name\"" : "");
                return 0;
        }
        if (!argument) {
                r->data = r->load->object;
                return 0;
        }
        heading_check_twice(r, h);
        error = loader->section(&at, r->load->object, &r->data);
        if (error == -EINVAL)
                report(r->load, "%s:%u: [%s]: expected another name", r->file, r->line, name);
        return error == -EINVAL ? 0 : error;
}

static int heading_line(struct reading *r, const char *line)
{
        struct heading *h = calloc(1, sizeof(*h));

        if (!h)
                return -ENOMEM;
        if (!heading_parse(line, h)) {
                report(r->load, "%s:%u: '%s': expected [Section] or [Section \"name\"]", r->file, r->line,
                       line);
                /* The keys below it belong to nobody. */
                (void)text_copy(h->section, sizeof(h->section), "?");
                h->argument[0] = '\0';
                r->data = NULL;
                h->next = r->headings;
                r->headings = h;
                return 0;
        }
        h->line = r->line;
        h->next = r->headings;
        r->headings = h;
        return section_enter(r);
}

/* Cuts white space at both ends of 's' and returns where it begins. */
static char *trim(char *s)
{
        size_t n;

        s += strspn(s, " \t\r\n");
        for (n = strlen(s); n > 0 && strchr(" \t\r\n", s[n - 1]); n--)
                ;
        s[n] = '\0';
        return s;
}

/* Reads one line of the file behind what r->text holds. Returns 1, 0 at the end of the file, or -EINVAL for
 * one that cannot be used (reported). */
static int line_append(struct reading *r)
{
        ssize_t size = getline(&r->raw, &r->raw_size, r->stream);
        size_t used = strlen(r->text);
        const char *more;

        if (size < 0)
                return 0;
        if (r->lines_read++ == 0 && strncmp(r->raw, "\xef\xbb\xbf", 3) == 0)
                memmove(r->raw, r->raw + 3, (size_t)(size -= 3) + 1);
        if (strlen(r->raw) != (size_t)size || !text_utf8_valid(r->raw)) {
                report(r->load, "%s:%u: expected UTF-8 text", r->file, r->lines_read);
                return -EINVAL;
        }
        (void)trim(r->raw); /* of its end */
        if (used + strlen(r->raw) >= LINE_TEXT_MAX) {
                report(r->load, "%s:%u: expected a line of at most %d bytes", r->file, r->lines_read,
                       LINE_TEXT_MAX);
                return -EINVAL;
        }
        more = used > 0 ? trim(r->raw) : r->raw;
        memcpy(r->text + used, more, strlen(more) + 1);
        return 1;
}

/* Joins lines that end with a backslash. Same return as line_append(); an unusable line takes what it
 * continues with it. */
static int line_read(struct reading *r)
{
        int got;

        r->text[0] = '\0';
        r->line = r->lines_read + 1;
        for (;;) {
                size_t n;

                got = line_append(r);
                n = strlen(r->text);
                if (got <= 0 || n == 0 || r->text[n - 1] != '\\' || strchr("#;", *trim(r->text)))
                        break;
                r->text[n - 1] = ' ';
        }
        return got == 0 && r->text[0] != '\0' ? 1 : got;
}

/* Judges one line before inih sees it. Returns what inih is to see: the line itself, or "" */
static const char *line_judge(struct reading *r)
{
        char *line = trim(r->text);

        if (*line == '[') {
                r->error = heading_line(r, line);
                return "";
        }
        if (*line == '\0' || *line == '#' || *line == ';')
                return "";
        if (*line == '=' || line[strcspn(line, "=:")] != '=') {
                report(r->load, "%s:%u: '%s': expected Key=value", r->file, r->line, line);
                return "";
        }
        if (!r->headings) {
                report(r->load, "%s:%u: '%s': expected a [Section] before the first key", r->file, r->line,
                       line);
                return "";
        }
        return line;
}

/* The ini_reader: fgets() for inih. */
static char *on_read(char *str, int num, void *stream)
{
        struct reading *r = stream;
        int got = r->error < 0 ? 0 : line_read(r);
        const char *line = got > 0 ? line_judge(r) : "";

        if (got == 0 || r->error < 0)
                return NULL;
        if (snprintf(str, (size_t)num, "%s\n", line) >= num)
                r->error = -E2BIG; /* inih was built with a smaller buffer than it was told to use */
        return str;
}

static const struct conf_key *key_find(const struct conf_loader *loader, const char *section,
                                       const char *key)
{
        for (size_t i = 0; i < loader->n_keys; i++)
                if (strcmp(loader->keys[i].section, section) == 0 && strcmp(loader->keys[i].key, key) == 0)
                        return &loader->keys[i];
        return NULL;
}

/* The ini_handler: one key and its value. Always 1, since findings were reported already. */
static int on_key(void *userdata, const char *section, const char *name, const char *value)
{
        struct reading *r = userdata;
        struct conf_location at;
        const struct conf_key *key;
        const char *expected = "another value";
        char heading[2 * NAME_TEXT_MAX + 4];
        int error;

        (void)section; /* inih cuts long ones; ours is whole */
        if (!r->data || r->error < 0)
                return 1;
        at = location(r, name);
        (void)heading_text(r->headings, heading);
        key = key_find(r->load->loader, at.section, name);
        if (!key) {
                report(r->load, "%s:%u: [%s] %s='%s': unknown key", r->file, r->line, heading, name, value);
                return 1;
        }
        error = key->parse(&at, value, (char *)r->data + key->offset, &expected);
        if (error == -EINVAL)
                report(r->load, "%s:%u: [%s] %s='%s': expected %s", r->file, r->line, heading, name, value,
                       expected);
        else if (error < 0)
                r->error = error;
        return 1;
}

/* Debian's inih takes its limits at run time. systemd's dialect has no comments behind a value. Indented
 * lines, which inih would join, are trimmed before. */
static void inih_prepare(void)
{
        ini_allow_inline_comments = false;
        ini_use_stack = false;
        ini_initial_alloc = LINE_TEXT_MAX + 4;
        ini_max_line = LINE_TEXT_MAX + 4;
}

/* Opens a configuration file. Returns 0 with *ret NULL when it cannot be used and that was reported, -ENOENT
 * for none. */
static int file_open(struct load *load, const char *path, FILE **ret)
{
        _cleanup_fclose_ FILE *f = fopen(path, "re");
        struct stat st;

        *ret = NULL;
        if (!f && errno == ENOENT)
                return -ENOENT;
        if (!f || fstat(fileno(f), &st) < 0) {
                report(load, "%s: cannot be read: %m", path);
                return 0;
        }
        if (S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3))
                return 0; /* linked to /dev/null: masked */
        if (!S_ISREG(st.st_mode) || st.st_size > FILE_SIZE_MAX) {
                report(load, "%s: expected a regular file of at most %d bytes", path, FILE_SIZE_MAX);
                return 0;
        }
        *ret = TAKE_PTR(f);
        return 0;
}

static int file_load(struct load *load, const char *path)
{
        _cleanup_(reading_done) struct reading r = {.load = load, .file = path};
        int error = file_open(load, path, &r.stream);

        if (error < 0 || !r.stream)
                return error;
        inih_prepare();
        error = ini_parse_stream(on_read, &r, on_key, &r);
        if (r.error < 0)
                return r.error;
        if (ferror(r.stream)) {
                report(load, "%s: cannot be read", path);
                return 0;
        }
        return error == -2 ? -ENOMEM : 0;
}

struct drop_ins {
        char *paths[DROP_INS_MAX];
        size_t n;
};

static void drop_ins_done(struct drop_ins **d)
{
        for (size_t i = 0; *d && i < (*d)->n; i++)
                free((*d)->paths[i]);
        free(*d);
}

static const char *base_name(const char *path)
{
        return strrchr(path, '/') + 1;
}

static int by_name(const void *a, const void *b)
{
        return strcmp(base_name(*(char *const *)a), base_name(*(char *const *)b));
}

/* "*.conf", not hidden, and no folder of higher precedence has one of this name. */
static bool drop_in_wanted(const struct drop_ins *d, const char *name)
{
        size_t n = strlen(name);

        if (name[0] == '.' || n <= strlen(".conf") || strcmp(name + n - strlen(".conf"), ".conf") != 0)
                return false;
        for (size_t i = 0; i < d->n; i++)
                if (strcmp(base_name(d->paths[i]), name) == 0)
                        return false;
        return true;
}

static int drop_ins_collect(struct load *load, struct drop_ins *d, const char *folder)
{
        _cleanup_(closedirp) DIR *dir = opendir(folder);
        const struct dirent *e;

        if (!dir) {
                if (errno != ENOENT)
                        report(load, "%s: cannot be read: %m", folder);
                return 0;
        }
        while ((e = readdir(dir))) {
                if (!drop_in_wanted(d, e->d_name))
                        continue;
                if (d->n == ELEMENTSOF(d->paths)) {
                        report(load, "%s: expected at most %d files", folder, DROP_INS_MAX);
                        return 0;
                }
                if (asprintf(&d->paths[d->n], "%s/%s", folder, e->d_name) < 0)
                        return -ENOMEM;
                d->n++;
        }
        return 0;
}

static int drop_ins_load(struct load *load, const char *const *dirs)
{
        _cleanup_(drop_ins_done) struct drop_ins *d = calloc(1, sizeof(*d));
        int r;

        if (!d)
                return -ENOMEM;
        for (; dirs && *dirs; dirs++) {
                r = drop_ins_collect(load, d, *dirs);
                if (r < 0)
                        return r;
        }
        qsort(d->paths, d->n, sizeof(d->paths[0]), by_name);
        for (size_t i = 0; i < d->n; i++) {
                r = file_load(load, d->paths[i]);
                if (r == -ENOENT)
                        report(load, "%s: expected a file, the link leads nowhere", d->paths[i]);
                else if (r < 0)
                        return r;
        }
        return 0;
}

int conf_load(const struct conf_loader *loader, const char *path, bool required, const char *const *dirs,
              void *object)
{
        struct load load = {.loader = loader, .object = object};
        int r = path ? file_load(&load, path) : 0;

        if (r == -ENOENT) {
                if (required) {
                        report(&load, "%s: expected a file, there is none", path);
                        return -ENOENT;
                }
        } else if (r < 0) {
                return r;
        }
        r = drop_ins_load(&load, dirs);
        if (r < 0)
                return r;
        return load.found && loader->strict ? -EINVAL : 0;
}
