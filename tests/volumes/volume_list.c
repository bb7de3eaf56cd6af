// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the volume reader makes of an image, as JSON on standard output: partitions, volumes, files with the
 * SHA-256 of their bytes, deleted files, findings. For tests and for looking at a card by hand.
 *
 *   volume-list [--sector BYTES] [--no-bytes] IMAGE
 *   volume-list [--sector BYTES] --cat PATH IMAGE      the bytes of one file
 */
#include "block_image.h"

#include "base/digest.h"
#include "base/text.h"
#include "recorder/ums/partition.h"
#include "recorder/ums/volume.h"

#include <getopt.h>
#include <inttypes.h>
#include <string.h>

struct entry {
        struct volume_item item;
        struct entry *next;
};

struct entries {
        struct entry *first, **end;
};

struct listing {
        struct entries files, deleted;
};

static uint32_t arg_sector = 512;
static bool arg_bytes = true;
static const char *arg_cat;

static struct entries findings;

static void json_text(const char *s)
{
        (void)putchar('"');
        for (; *s; s++) {
                if (*s == '"' || *s == '\\')
                        (void)putchar('\\');
                (void)putchar(*s);
        }
        (void)putchar('"');
}

static void json_pair(const char *name, const char *text)
{
        (void)printf("\"%s\": ", name);
        json_text(text);
}

/* Findings are told in the middle of other output, so they are kept: as entries whose path is the text. */
static void on_finding(void *userdata, enum volume_finding finding, const char *text)
{
        struct entry *e = calloc(1, sizeof(*e));

        (void)userdata;
        if (!e)
                abort();
        (void)text_copy(e->item.path, sizeof(e->item.path), text);
        (void)text_copy(e->item.time_text, sizeof(e->item.time_text), volume_finding_word(finding));
        *findings.end = e;
        findings.end = &e->next;
}

static int entry_add(struct entries *l, const struct volume_item *item)
{
        struct entry *e = malloc(sizeof(*e));

        if (!e)
                return -ENOMEM;
        *e = (struct entry){.item = *item};
        *l->end = e;
        l->end = &e->next;
        return 0;
}

static int on_file(void *userdata, const struct volume_item *item)
{
        return entry_add(&((struct listing *)userdata)->files, item);
}

static int on_deleted(void *userdata, const struct volume_item *item)
{
        return entry_add(&((struct listing *)userdata)->deleted, item);
}

static void entries_free(struct entries *l)
{
        while (l->first) {
                struct entry *e = l->first;

                l->first = e->next;
                free(e);
        }
        l->end = &l->first;
}

struct reading {
        struct digest *digest;
        uint64_t unreadable;
        bool print;
};

static int sink_write(void *userdata, const void *data, size_t size)
{
        struct reading *r = userdata;

        if (r->print)
                return fwrite(data, 1, size, stdout) == size ? 0 : -EIO;
        return digest_update(r->digest, data, size);
}

static int sink_unreadable(void *userdata, uint64_t offset, uint64_t size)
{
        struct reading *r = userdata;

        (void)offset;
        r->unreadable += size;
        return 0;
}

static void bytes_print(struct volume *v, const struct volume_file *f)
{
        struct reading r = {.digest = NULL};
        const struct volume_sink sink = {.write = sink_write, .unreadable = sink_unreadable, .userdata = &r};
        struct digest_values value;
        char hex[2 * DIGEST_SIZE + 1];
        uint64_t size = 0;
        int result;

        if (digest_new(&r.digest, false) < 0)
                abort();
        result = volume_read(v, f, 0, &sink, &size);
        if (digest_peek(r.digest, &value) < 0)
                abort();
        (void)printf(", \"read\": %" PRIu64 ", \"outcome\": \"%s\", \"unreadable\": %" PRIu64
                     ", \"sha256\": \"%s\"",
                     size, recorder_outcome_text(result), r.unreadable,
                     text_hex(value.sha256, DIGEST_SIZE, hex));
        digest_free(r.digest);
}

static void item_print(struct volume *v, const struct volume_item *item, bool deleted)
{
        (void)printf("{");
        json_pair("path", item->path);
        (void)printf(", ");
        json_pair("time", item->time_text);
        (void)printf(", ");
        json_pair("created", item->created_text);
        (void)printf(", \"size\": %" PRIu64 ", \"valid\": %" PRIu64 ", \"attributes\": %u, \"cluster\": %u",
                     item->file.size, item->file.valid_size, item->attributes, item->file.cluster);
        if (deleted)
                (void)printf(", \"recoverable\": %s", item->recoverable ? "true" : "false");
        (void)printf(", \"same\": \"%s\"", recorder_outcome_text(volume_check(v, &item->file)));
        if (arg_bytes && (!deleted || item->recoverable))
                bytes_print(v, &item->file);
        (void)printf("}");
}

static void items_print(struct volume *v, const char *name, const struct entries *l, bool deleted)
{
        (void)printf(", \"%s\": [", name);
        for (const struct entry *e = l->first; e; e = e->next) {
                (void)printf("%s\n  ", e == l->first ? "" : ",");
                item_print(v, &e->item, deleted);
        }
        (void)printf("]");
}

static void facts_print(const struct volume *v)
{
        struct volume_facts f;

        volume_facts(v, &f);
        (void)printf(", ");
        json_pair("type", volume_type_text(f.type));
        (void)printf(", ");
        json_pair("label", f.label);
        (void)printf(", \"serial\": \"%08x\", \"sector_size\": %u, \"cluster_size\": %u, \"clusters\": %u, "
                     "\"dirty\": %s",
                     f.serial, f.sector_size, f.cluster_size, f.clusters, f.dirty ? "true" : "false");
}

static int file_cat(struct volume *v, const struct entries *files)
{
        struct reading r = {.print = true};
        const struct volume_sink sink = {.write = sink_write, .unreadable = sink_unreadable, .userdata = &r};
        uint64_t size;

        for (const struct entry *e = files->first; e; e = e->next)
                if (strcmp(e->item.path, arg_cat) == 0)
                        return volume_read(v, &e->item.file, 0, &sink, &size);
        return RECORDER_ABSENT;
}

static int listing_print(struct volume *v, struct listing *l)
{
        const struct volume_listing to = {
                        .root = "v", .on_file = on_file, .on_deleted = on_deleted, .userdata = l};
        struct volume_figures figures;
        int64_t free_bytes = -1;
        bool complete = false, counted = false;
        int r = volume_list(v, &to, &complete);

        if (r != RECORDER_OK || arg_cat)
                return r == RECORDER_OK ? file_cat(v, &l->files) : r;
        volume_figures(v, &figures);
        r = volume_usage(v, &free_bytes, &counted);
        facts_print(v);
        (void)printf(", \"complete\": %s, \"free\": %" PRId64 ", \"counted\": %s, \"reads\": %" PRIu64
                     ", \"bytes\": %" PRIu64,
                     complete ? "true" : "false", free_bytes, counted ? "true" : "false", figures.reads,
                     figures.bytes);
        items_print(v, "files", &l->files, false);
        items_print(v, "deleted", &l->deleted, true);
        return r;
}

static void findings_print(void)
{
        (void)printf(", \"findings\": [");
        for (const struct entry *e = findings.first; e; e = e->next) {
                (void)printf("%s\n  [", e == findings.first ? "" : ",");
                json_text(e->item.time_text);
                (void)printf(", ");
                json_text(e->item.path);
                (void)printf("]");
        }
        (void)printf("]");
        entries_free(&findings);
}

static int volume_print(struct block_image *b, const struct partition *p, struct volume_charset *charset)
{
        const struct volume_opening how = {.charset = charset, .on = {.fn = on_finding}};
        struct listing l = {.files = {.end = &l.files.first}, .deleted = {.end = &l.deleted.first}};
        _cleanup_(volume_freep) struct volume *v = NULL;
        int r;

        if (!arg_cat)
                (void)printf("{\"number\": %u, \"offset\": %" PRIu64 ", \"place\": %" PRIu64, p->number,
                             p->offset, p->size);
        r = volume_open(&v, &b->unit, p->offset, p->size, &how);
        if (r == RECORDER_OK)
                r = listing_print(v, &l);
        entries_free(&l.files);
        entries_free(&l.deleted);
        if (arg_cat)
                return r;
        (void)printf(", ");
        json_pair("outcome", r < 0 ? strerror(-r) : recorder_outcome_text(r));
        findings_print();
        (void)printf("}");
        return r;
}

static int image_print(const char *path)
{
        _cleanup_(volume_charset_freep) struct volume_charset *charset = NULL;
        const struct volume_findings on = {.fn = on_finding};
        struct block_image b;
        struct partitions found;
        int r = volume_charset_new(&charset);

        if (r == 0)
                r = block_image_open(&b, path, arg_sector);
        if (r < 0)
                return r;
        r = partitions_find(&b.unit, &on, &found);
        if (!arg_cat)
                (void)printf("{\"volumes\": [");
        for (unsigned int i = 0; r == RECORDER_OK && i < found.n; i++) {
                if (i > 0 && !arg_cat)
                        (void)printf(",\n");
                (void)volume_print(&b, &found.at[i], charset);
        }
        if (!arg_cat) {
                (void)printf("]");
                findings_print();
                (void)printf("}\n");
        }
        block_image_close(&b);
        return r;
}

static bool arguments_parse(int argc, char **argv)
{
        static const struct option options[] = {
                        {"sector", required_argument, NULL, 's'},
                        {"no-bytes", no_argument, NULL, 'n'},
                        {"cat", required_argument, NULL, 'c'},
                        {NULL, 0, NULL, 0},
        };
        int c;

        while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0) {
                int64_t number;

                if (c == 's' && text_to_int64(optarg, &number) == 0 && number >= 512 && number <= 4096)
                        arg_sector = (uint32_t)number;
                else if (c == 'n')
                        arg_bytes = false;
                else if (c == 'c')
                        arg_cat = optarg;
                else
                        return false;
        }
        return optind + 1 == argc;
}

int main(int argc, char **argv)
{
        int r;

        if (!arguments_parse(argc, argv)) {
                (void)fprintf(stderr,
                              "usage: volume-list [--sector BYTES] [--no-bytes | --cat PATH] IMAGE\n");
                return 2;
        }
        findings.end = &findings.first;
        r = image_print(argv[optind]);
        if (r != RECORDER_OK)
                (void)fprintf(stderr, "volume-list: %s: %s\n", argv[optind],
                              r < 0 ? strerror(-r) : recorder_outcome_text(r));
        return r == RECORDER_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
