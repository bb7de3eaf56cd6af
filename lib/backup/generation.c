// SPDX-License-Identifier: LGPL-2.1-or-later
/* Generations of the catalogue; see generation.h. */
#include "backup/generation.h"
#include "base/clock.h"
#include "base/conf.h"
#include "base/durable.h"
#include "base/inject.h"
#include "base/text.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { MANIFEST_VERSION = 1 };

#define PREFIX   "catalogue-"
#define DATABASE ".sqlite"
#define MANIFEST ".manifest"

DEFINE_CLEANUP(struct catalogue *, catalogue_close);

/* The file's name in the target's folder. */
static void file_name(const char *name, const char *suffix, char ret[NAME_MAX + 1])
{
        (void)snprintf(ret, NAME_MAX + 1, PREFIX "%s%s", name, suffix);
}

int generation_path(const struct target *t, const char *name, const char *suffix, char ret[PATH_MAX])
{
        int n = snprintf(ret, PATH_MAX, "%s/" PREFIX "%s%s", t->path, name, suffix);

        return n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

/* What nobody typed cannot be a path: digits, T and Z. */
static bool name_valid(const char *name)
{
        return strlen(name) == 16 && strspn(name, "0123456789TZ") == 16;
}

static bool file_exists(const struct target *t, const char *name, const char *suffix)
{
        char file[NAME_MAX + 1];
        struct stat st;

        file_name(name, suffix, file);
        return fstatat(t->folder, file, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

int generation_name(const struct target *t, instant_t at, char ret[BACKUP_GENERATION_SIZE])
{
        time_t seconds = (time_t)(at / USEC_PER_SEC);
        struct tm tm;

        do {
                if (!gmtime_r(&seconds, &tm) ||
                    strftime(ret, BACKUP_GENERATION_SIZE, "%Y%m%dT%H%M%SZ", &tm) != 16)
                        return -ERANGE;
                seconds++;
        } while (file_exists(t, ret, DATABASE) || file_exists(t, ret, MANIFEST));
        return 0;
}

static int database_open(const struct target *t, const char *file)
{
        int fd = durable_open_beneath(t->folder, file, O_RDONLY | O_DIRECT, 0);

        return fd == -EINVAL ? durable_open_beneath(t->folder, file, O_RDONLY, 0) : fd;
}

static int database_digest(const struct target *t, const char *file, const struct pace *pace,
                           struct digest_values *ret, int64_t *ret_size)
{
        _cleanup_close_ int fd = database_open(t, file);
        bool uncached;

        return fd < 0 ? fd : proved_read(fd, pace, ret, ret_size, &uncached);
}

static int manifest_write(const struct target *t, const struct generation *g, const char *station)
{
        char sha256[DIGEST_HEX_SIZE], hash[DIGEST_HEX_SIZE], file[NAME_MAX + 1];
        _cleanup_free_ char *text = NULL;
        int n = asprintf(&text,
                         "# What " PREFIX "%s" DATABASE " is. A restore goes by this file.\n"
                         "[Generation]\nVersion=%d\nStation=%s\nTarget=%s\nSchema=%" PRId64
                         "\nFootage=%" PRId64 "\nLastFootage=%" PRId64 "\nLacking=%" PRId64
                         "\nLedgerSequence=%" PRId64 "\nLedgerHash=%s\nSize=%" PRId64 "\nSHA256=%s\n",
                         g->name, MANIFEST_VERSION, station, g->target, g->state.version, g->state.footage,
                         g->state.last_footage, g->lacking, g->state.ledger_sequence,
                         text_hex(g->state.ledger_hash, DIGEST_SIZE, hash), g->size,
                         text_hex(g->digests.sha256, DIGEST_SIZE, sha256));

        if (n < 0) {
                text = NULL;
                return -ENOMEM;
        }
        file_name(g->name, MANIFEST, file);
        return durable_replace(t->folder, file, text, (size_t)n, 0440);
}

int generation_publish(const struct target *t, struct generation *g, const char *station,
                       const struct pace *pace)
{
        char file[NAME_MAX + 1];
        int r = database_digest(t, GENERATION_PART, pace, &g->digests, &g->size);

        if (r < 0)
                return r;
        file_name(g->name, DATABASE, file);
        if (fchmodat(t->folder, GENERATION_PART, 0440, 0) < 0)
                return -errno;
        r = durable_rename_new(t->folder, GENERATION_PART, file);
        if (r != DURABLE_DONE)
                return r < 0 ? r : -EEXIST;
        r = durable_sync_file(t->folder);
        if (r < 0)
                return r;
        inject_point("backup-database");
        return manifest_write(t, g, station);
}

/* --- reading a manifest --- */

struct manifest {
        unsigned int version;
        char *target, *schema, *footage, *last_footage, *lacking, *ledger_sequence, *ledger_hash, *size,
                        *sha256;
};

static void manifest_done(struct manifest *m)
{
        char **const texts[] = {&m->target,       &m->schema,  &m->footage,
                                &m->last_footage, &m->lacking, &m->ledger_sequence,
                                &m->ledger_hash,  &m->size,    &m->sha256};

        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                free(*texts[i]);
}

static bool number_read(const char *text, int64_t *ret)
{
        return text && text_to_int64(text, ret) >= 0 && *ret >= 0;
}

static int manifest_take(const struct manifest *m, struct generation *g)
{
        if (m->version > MANIFEST_VERSION)
                return GENERATION_NEWER;
        if (m->version == 0 || !m->target || !text_copy(g->target, sizeof(g->target), m->target) ||
            !number_read(m->schema, &g->state.version) || !number_read(m->footage, &g->state.footage) ||
            !number_read(m->last_footage, &g->state.last_footage) || !number_read(m->lacking, &g->lacking) ||
            !number_read(m->ledger_sequence, &g->state.ledger_sequence) || !number_read(m->size, &g->size) ||
            !m->ledger_hash || text_unhex(m->ledger_hash, g->state.ledger_hash, DIGEST_SIZE) < 0 ||
            !m->sha256 || text_unhex(m->sha256, g->digests.sha256, DIGEST_SIZE) < 0)
                return -EBADMSG;
        return GENERATION_OK;
}

#define KEY(key, parse, member)                                             \
        {                                                                   \
                "Generation", key, parse, offsetof(struct manifest, member) \
        }

int generation_read(const struct target *t, const char *name, struct generation *ret)
{
        static const struct conf_key keys[] = {
                        KEY("Version", conf_parse_unsigned, version),
                        KEY("Target", conf_parse_string, target),
                        KEY("Schema", conf_parse_string, schema),
                        KEY("Footage", conf_parse_string, footage),
                        KEY("LastFootage", conf_parse_string, last_footage),
                        KEY("Lacking", conf_parse_string, lacking),
                        KEY("LedgerSequence", conf_parse_string, ledger_sequence),
                        KEY("LedgerHash", conf_parse_string, ledger_hash),
                        KEY("Size", conf_parse_string, size),
                        KEY("SHA256", conf_parse_string, sha256),
        };
        const struct conf_loader loader = {.keys = keys, .n_keys = ELEMENTSOF(keys)};
        _cleanup_(manifest_done) struct manifest m = {0};
        struct generation g = {0};
        char path[PATH_MAX];
        int r;

        if (!name_valid(name))
                return GENERATION_ABSENT;
        (void)text_copy(g.name, sizeof(g.name), name);
        r = generation_path(t, name, MANIFEST, path);
        if (r >= 0)
                r = conf_load(&loader, path, true, NULL, &m);
        if (r < 0)
                return r == -ENOENT ? GENERATION_ABSENT : r;
        r = manifest_take(&m, &g);
        if (r == GENERATION_OK)
                *ret = g;
        return r;
}

/* --- all of them --- */

static int compare_newer(const void *a, const void *b)
{
        const struct generation *x = a, *y = b;

        if (x->state.ledger_sequence != y->state.ledger_sequence)
                return x->state.ledger_sequence < y->state.ledger_sequence ? 1 : -1;
        return strcmp(y->name, x->name);
}

/* The generation's name in the name of a manifest; false for any other file. */
static bool name_of_file(const char *file, char ret[BACKUP_GENERATION_SIZE])
{
        const size_t n = strlen(PREFIX), whole = n + 16 + strlen(MANIFEST);

        if (strlen(file) != whole || strncmp(file, PREFIX, n) != 0 || strcmp(file + n + 16, MANIFEST) != 0)
                return false;
        (void)snprintf(ret, BACKUP_GENERATION_SIZE, "%.16s", file + n);
        return name_valid(ret);
}

static int list_add(struct generation **list, size_t *n, const struct generation *g)
{
        struct generation *grown = reallocarray(*list, *n + 1, sizeof(*grown));

        if (!grown)
                return -ENOMEM;
        *list = grown;
        grown[(*n)++] = *g;
        return 0;
}

int generation_list(const struct target *t, struct generation **ret, size_t *ret_n)
{
        int fd = openat(t->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_(closedirp) DIR *dir = fd < 0 ? NULL : fdopendir(fd);
        _cleanup_free_ struct generation *list = NULL;
        const struct dirent *e;
        size_t n = 0;
        int r = 0;

        if (!dir) {
                r = -errno;
                (void)fd_close(fd);
                return r;
        }
        while (r >= 0 && (e = readdir(dir))) {
                char name[BACKUP_GENERATION_SIZE];
                struct generation g;

                if (name_of_file(e->d_name, name) && generation_read(t, name, &g) == GENERATION_OK)
                        r = list_add(&list, &n, &g);
        }
        if (r < 0)
                return r;
        if (n > 0)
                qsort(list, n, sizeof(*list), compare_newer);
        *ret = TAKE_PTR(list);
        *ret_n = n;
        return 0;
}

/* The manifest first: a database without one is no generation. */
static int generation_remove(const struct target *t, const char *name)
{
        static const char *const suffixes[] = {MANIFEST, DATABASE};

        for (size_t i = 0; i < ELEMENTSOF(suffixes); i++) {
                char file[NAME_MAX + 1];
                int r;

                file_name(name, suffixes[i], file);
                if (unlinkat(t->folder, file, 0) < 0 && errno != ENOENT)
                        return -errno;
                r = durable_sync_file(t->folder);
                if (r < 0)
                        return r;
        }
        return 0;
}

int generation_prune(const struct target *t, unsigned int keep,
                     void (*on_pruned)(void *userdata, const char *name), void *userdata)
{
        _cleanup_free_ struct generation *list = NULL;
        bool whole_kept = false;
        size_t n = 0;
        int r = generation_list(t, &list, &n);

        for (size_t i = 0; r >= 0 && i < n; i++) {
                bool whole = list[i].lacking == 0;

                if (i >= keep && !(whole && !whole_kept)) {
                        r = generation_remove(t, list[i].name);
                        if (r >= 0)
                                on_pruned(userdata, list[i].name);
                        continue;
                }
                whole_kept |= whole;
        }
        return r;
}

/* --- checking one --- */

__attribute__((format(printf, 2, 3))) static int damaged(char error[GENERATION_ERROR_MAX],
                                                         const char *format, ...)
{
        va_list ap;

        va_start(ap, format);
        (void)vsnprintf(error, GENERATION_ERROR_MAX, format, ap);
        va_end(ap);
        return GENERATION_DAMAGED;
}

static int state_compare(const struct generation *g, const struct catalogue_state *state,
                         char error[GENERATION_ERROR_MAX])
{
        const struct catalogue_state *wanted = &g->state;

        if (state->ledger_sequence != wanted->ledger_sequence ||
            memcmp(state->ledger_hash, wanted->ledger_hash, DIGEST_SIZE) != 0)
                return damaged(error, "its ledger ends otherwise than its manifest says");
        if (state->footage != wanted->footage || state->last_footage != wanted->last_footage ||
            state->version != wanted->version)
                return damaged(error, "it has other rows than its manifest says");
        return GENERATION_OK;
}

static int database_check(const struct target *t, const struct generation *g, const struct pace *pace,
                          char error[GENERATION_ERROR_MAX])
{
        _cleanup_(catalogue_closep) struct catalogue *c = NULL;
        struct catalogue_state state;
        char path[PATH_MAX];
        int r = generation_path(t, g->name, DATABASE, path);

        if (r >= 0)
                r = catalogue_copy_open(&c, path);
        if (r == CATALOGUE_NEWER)
                return GENERATION_NEWER;
        if (r == CATALOGUE_DAMAGED)
                return damaged(error, "it is no catalogue");
        if (r >= 0)
                r = catalogue_copy_check(c, pace, &state);
        if (r == CATALOGUE_DAMAGED)
                return damaged(error, "%.200s", catalogue_error(c));
        return r < 0 ? r : state_compare(g, &state, error);
}

int generation_check(const struct target *t, const struct generation *g, const struct pace *pace,
                     char error[GENERATION_ERROR_MAX])
{
        struct digest_values found = {0};
        char file[NAME_MAX + 1];
        int64_t size = 0;
        int r;

        file_name(g->name, DATABASE, file);
        r = database_digest(t, file, pace, &found, &size);
        if (r == -ENOENT)
                return damaged(error, "its database is missing");
        if (r < 0)
                return r;
        if (size != g->size || !digest_equal(&found, &g->digests))
                return damaged(error, "its database has not the digest that its manifest says");
        return database_check(t, g, pace, error);
}
