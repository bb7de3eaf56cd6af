// SPDX-License-Identifier: LGPL-2.1-or-later
/* Composing a volume; see volume.h. Documents follow each other as their digests need it: the payload's
 * manifest is on the label, everything is in the tag manifest. */
#include "archive/volume.h"
#include "archive/contents.h"
#include "archive/hash_list.h"
#include "base/cleanup.h"
#include "base/text.h"

#include <string.h>

struct archive_volume {
        struct archive_entry *entries;
        size_t n, room;
        const struct archive_entry **by_path;
        int64_t bytes;
        uint8_t seal[DIGEST_SIZE];
        struct listing *listing; /* NULL: without a media hash list */
};

/* The media hash list while digests are missing. It has the entries before it and the last one, bagit.txt;
 * behind it are its chain and the tag manifest. */
struct listing {
        size_t at;                      /* the list's entry, and so the number of those before it */
        int64_t *places;                /* of their digests in it, that of bagit.txt last */
        int64_t chain_place;            /* of its own in the chain */
        int64_t seal_places[2];         /* of its own, and of the chain's, in the tag manifest */
        uint8_t (*sha512)[SHA512_SIZE]; /* of those before it */
        bool *known;
        size_t n_unknown;
};

DEFINE_CLEANUP(struct archive_volume *, archive_volume_free);
DEFINE_CLEANUP(struct contents *, contents_free);

static void listing_free(struct listing *l)
{
        if (!l)
                return;
        free(l->places);
        free(l->sha512);
        free(l->known);
        free(l);
}

void archive_volume_free(struct archive_volume *v)
{
        if (!v)
                return;
        for (size_t i = 0; i < v->n; i++) {
                free((void *)v->entries[i].path);
                free((void *)v->entries[i].data);
        }
        free(v->entries);
        free(v->by_path);
        listing_free(v->listing);
        free(v);
}

static int entry_add(struct archive_volume *v, const struct archive_entry *e)
{
        char *path = strdup(e->path);

        if (!path)
                return -ENOMEM;
        if (v->n == v->room) {
                struct archive_entry *more = reallocarray(v->entries, v->room * 2 + 32, sizeof(*more));

                if (!more) {
                        free(path);
                        return -ENOMEM;
                }
                v->entries = more;
                v->room = v->room * 2 + 32;
        }
        v->entries[v->n] = *e;
        v->entries[v->n++].path = path;
        v->bytes += e->size;
        return 0;
}

/* Takes the text, whatever becomes of it. */
static int document_add(struct archive_volume *v, const char *path, char *text, size_t size)
{
        struct archive_entry e = {.path = path, .size = (int64_t)size, .data = text};
        int r = digest_sha256(text, size, e.sha256);

        if (r >= 0)
                r = entry_add(v, &e);
        if (r < 0)
                free(text);
        return r;
}

/* A document while it is written. */
struct draft {
        FILE *out;
        char *text;
        size_t size;
};

static int draft_open(struct draft *d)
{
        *d = (struct draft){NULL};
        d->out = open_memstream(&d->text, &d->size);
        return d->out ? 0 : -ENOMEM;
}

/* Ends it and adds it, unless writing it has failed with 'error'. */
static int draft_add(struct draft *d, struct archive_volume *v, const char *path, int error)
{
        bool failed = ferror(d->out);

        if (fclose(d->out) != 0 || failed)
                error = error < 0 ? error : -ENOMEM;
        if (error < 0) {
                free(d->text);
                return error;
        }
        return document_add(v, path, d->text, d->size);
}

static int written(struct archive_volume *v, const struct contents *c, const char *path,
                   void (*write)(FILE *out, const struct contents *c))
{
        struct draft d;
        int r = draft_open(&d);

        if (r < 0)
                return r;
        write(d.out, c);
        return draft_add(&d, v, path, 0);
}

static void manifest_sha256(FILE *out, const struct contents *c)
{
        bagit_manifest_write(out, c, false);
}

static void manifest_sm3(FILE *out, const struct contents *c)
{
        bagit_manifest_write(out, c, true);
}

static int footage_add(struct archive_volume *v, const struct contents *c)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < c->n_files; i++) {
                const struct archive_file *f = &c->files[c->order[i]];
                struct archive_entry e = {
                                .path = layout_path(c->layout, c->order[i]), .size = f->size, .id = f->id};

                memcpy(e.sha256, f->digests.sha256, DIGEST_SIZE);
                r = entry_add(v, &e);
        }
        return r;
}

static int on_case(void *userdata, const struct contents *c, size_t first, size_t n)
{
        struct archive_volume *v = userdata;
        _cleanup_free_ char *path = NULL;
        struct draft d;
        int r = draft_open(&d);

        if (r < 0)
                return r;
        description_write(d.out, c, first, n);
        if (asprintf(&path, "descriptions/%s.html", layout_folder(c->layout, c->order[first])) < 0)
                r = -ENOMEM;
        return draft_add(&d, v, path, r);
}

static int page_add(struct archive_volume *v, const struct contents *c)
{
        struct draft d;
        int r = draft_open(&d);

        return r < 0 ? r : draft_add(&d, v, "index.html", index_page_write(d.out, c));
}

static int manifests_add(struct archive_volume *v, const struct contents *c)
{
        uint8_t digest[DIGEST_SIZE];
        struct draft d;
        int r = written(v, c, "manifest-sha256.txt", manifest_sha256);

        if (r < 0)
                return r;
        memcpy(digest, v->entries[v->n - 1].sha256, DIGEST_SIZE);
        if (bagit_has_sm3(c))
                r = written(v, c, "manifest-sm3.txt", manifest_sm3);
        if (r >= 0)
                r = draft_open(&d);
        return r < 0 ? r : draft_add(&d, v, "label.svg", label_write(d.out, c, digest));
}

/* Of what is empty nobody need be asked. */
static int footage_count(const struct archive_volume *v, struct listing *l)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < v->n; i++) {
                if (v->entries[i].data)
                        continue;
                l->known[i] = v->entries[i].size == 0;
                if (l->known[i])
                        r = digest_sha512("", 0, l->sha512[i]);
                else
                        l->n_unknown++;
        }
        return r;
}

static int listing_new(struct archive_volume *v)
{
        struct listing *l = v->listing = calloc(1, sizeof(*l));

        if (!l)
                return -ENOMEM;
        l->at = v->n;
        l->places = calloc(v->n + 1, sizeof(*l->places));
        l->sha512 = calloc(v->n, sizeof(*l->sha512));
        l->known = calloc(v->n, sizeof(*l->known));
        if (!l->places || !l->sha512 || !l->known)
                return -ENOMEM;
        return footage_count(v, l);
}

static int list_add(struct archive_volume *v, const struct archive_imprint *imprint)
{
        struct listing *l = v->listing;
        char path[HASH_LIST_PATH_MAX];
        struct draft d;
        int r = draft_open(&d);

        if (r < 0)
                return r;
        hash_list_path(imprint, path);
        hash_list_begin(d.out, imprint);
        for (size_t i = 0; r >= 0 && i <= l->at; i++) {
                const struct archive_entry *e = i < l->at ? &v->entries[i] : NULL;

                l->places[i] = hash_list_file(d.out, e ? e->path : "bagit.txt",
                                              e ? e->size : (int64_t)strlen(BAGIT_DECLARATION));
                r = l->places[i] < 0 ? (int)l->places[i] : 0;
        }
        hash_list_end(d.out);
        return draft_add(&d, v, path, r);
}

static int chain_add(struct archive_volume *v, const struct archive_imprint *imprint)
{
        struct draft d;
        int r = draft_open(&d);

        if (r < 0)
                return r;
        v->listing->chain_place = hash_list_chain(d.out, imprint);
        return draft_add(&d, v, HASH_LIST_CHAIN, (int)MIN(v->listing->chain_place, INT64_C(0)));
}

static int listing_add(struct archive_volume *v, const struct archive_imprint *imprint)
{
        int r = imprint->hash_list ? listing_new(v) : 0;

        if (r < 0 || !v->listing)
                return r;
        r = list_add(v, imprint);
        return r < 0 ? r : chain_add(v, imprint);
}

static int place_note(FILE *out, int64_t *ret)
{
        *ret = ftello(out);
        return *ret < 0 ? -errno : 0;
}

/* All of the volume's own files but itself; bagit.txt comes behind it and is in it. */
static int seal_add(struct archive_volume *v)
{
        uint8_t declaration[DIGEST_SIZE];
        struct draft d;
        int r = digest_sha256(BAGIT_DECLARATION, strlen(BAGIT_DECLARATION), declaration);

        if (r >= 0)
                r = draft_open(&d);
        if (r < 0)
                return r;
        for (size_t i = 0; i < v->n; i++) {
                if (!v->entries[i].data)
                        continue;
                if (r >= 0 && v->listing && i >= v->listing->at)
                        r = place_note(d.out, &v->listing->seal_places[i - v->listing->at]);
                bagit_line_write(d.out, v->entries[i].sha256, v->entries[i].path);
        }
        bagit_line_write(d.out, declaration, "bagit.txt");
        r = draft_add(&d, v, "tagmanifest-sha256.txt", MIN(r, 0));
        if (r >= 0)
                memcpy(v->seal, v->entries[v->n - 1].sha256, DIGEST_SIZE);
        return r;
}

static int declaration_add(struct archive_volume *v)
{
        char *text = strdup(BAGIT_DECLARATION);

        return text ? document_add(v, "bagit.txt", text, strlen(text)) : -ENOMEM;
}

static int path_compare(const void *a, const void *b)
{
        const struct archive_entry *const *e = a, *const *f = b;

        return strcmp((*e)->path, (*f)->path);
}

static int by_path_make(struct archive_volume *v)
{
        v->by_path = calloc(v->n + 1, sizeof(*v->by_path));
        if (!v->by_path)
                return -ENOMEM;
        for (size_t i = 0; i < v->n; i++)
                v->by_path[i] = &v->entries[i];
        qsort(v->by_path, v->n, sizeof(*v->by_path), path_compare);
        return 0;
}

/* --- completing it --- */

static void text_put(const struct archive_entry *e, int64_t place, const char *text, size_t size)
{
        memcpy((char *)e->data + place, text, size);
}

/* The C4 of e, whose SHA-512 is given, into another document. */
static int c4_put(const struct archive_entry *document, int64_t place, const uint8_t sha512[SHA512_SIZE])
{
        char c4[C4_LENGTH + 1];
        int r = c4_format(sha512, c4);

        if (r >= 0)
                text_put(document, place, c4, C4_LENGTH);
        return r;
}

/* Digests of a document that is final now, and its line in the tag manifest. */
static int document_end(struct archive_volume *v, struct archive_entry *e, int64_t seal_place,
                        uint8_t ret_sha512[SHA512_SIZE])
{
        char hex[DIGEST_HEX_SIZE];
        int r = digest_sha256(e->data, (size_t)e->size, e->sha256);

        if (r >= 0)
                r = digest_sha512(e->data, (size_t)e->size, ret_sha512);
        if (r >= 0 && seal_place >= 0)
                text_put(&v->entries[v->listing->at + 2], seal_place, text_hex(e->sha256, DIGEST_SIZE, hex),
                         DIGEST_HEX_SIZE - 1);
        return r;
}

static int list_fill(struct archive_volume *v)
{
        const struct listing *l = v->listing;
        int r = 0;

        for (size_t i = 0; r >= 0 && i <= l->at; i++) {
                const struct archive_entry *e = &v->entries[i < l->at ? i : v->n - 1];
                uint8_t sha512[SHA512_SIZE];

                if (e->data)
                        r = digest_sha512(e->data, (size_t)e->size, sha512);
                else
                        memcpy(sha512, l->sha512[i], SHA512_SIZE);
                if (r >= 0)
                        r = c4_put(&v->entries[l->at], l->places[i], sha512);
        }
        return r;
}

/* The list, then the chain that has its digest, then the tag manifest that has those of both. */
static int volume_complete(struct archive_volume *v)
{
        const struct listing *l = v->listing;
        struct archive_entry *list = &v->entries[l->at], *chain = list + 1, *seal = list + 2;
        uint8_t sha512[SHA512_SIZE];
        int r = list_fill(v);

        if (r >= 0)
                r = document_end(v, list, l->seal_places[0], sha512);
        if (r >= 0)
                r = c4_put(chain, l->chain_place, sha512);
        if (r >= 0)
                r = document_end(v, chain, l->seal_places[1], sha512);
        if (r >= 0)
                r = document_end(v, seal, -1, sha512);
        if (r >= 0)
                memcpy(v->seal, seal->sha256, DIGEST_SIZE);
        return r;
}

bool archive_volume_wants_sha512(const struct archive_volume *v, const struct archive_entry *e)
{
        return v->listing && !e->data && !v->listing->known[e - v->entries];
}

int archive_volume_tell_sha512(struct archive_volume *v, const struct archive_entry *e,
                               const uint8_t sha512[SHA512_SIZE])
{
        struct listing *l = v->listing;
        size_t i = (size_t)(e - v->entries);

        if (!archive_volume_wants_sha512(v, e))
                return -EINVAL;
        memcpy(l->sha512[i], sha512, SHA512_SIZE);
        l->known[i] = true;
        return --l->n_unknown == 0 ? volume_complete(v) : 0;
}

bool archive_volume_is_final(const struct archive_volume *v, const struct archive_entry *e)
{
        size_t i = (size_t)(e - v->entries);

        return !v->listing || v->listing->n_unknown == 0 || i < v->listing->at || i + 1 == v->n;
}

int archive_volume_new(struct archive_volume **ret, const struct archive_imprint *imprint,
                       const struct archive_case *cases, size_t n_cases, const struct archive_file *files,
                       size_t n_files)
{
        _cleanup_(archive_volume_freep) struct archive_volume *v = calloc(1, sizeof(*v));
        _cleanup_(contents_freep) struct contents *c = NULL;
        int r = v ? contents_new(&c, imprint, cases, n_cases, files, n_files) : -ENOMEM;

        if (r >= 0)
                r = written(v, c, "bag-info.txt", bagit_info_write);
        if (r >= 0)
                r = footage_add(v, c);
        if (r >= 0)
                r = written(v, c, "README.txt", instructions_write);
        if (r >= 0)
                r = written(v, c, "index.csv", index_csv_write);
        if (r >= 0)
                r = page_add(v, c);
        if (r >= 0)
                r = contents_each_case(c, on_case, v);
        if (r >= 0)
                r = written(v, c, "index.json", index_json_write);
        if (r >= 0)
                r = manifests_add(v, c);
        if (r >= 0)
                r = listing_add(v, imprint);
        if (r >= 0)
                r = seal_add(v);
        if (r >= 0)
                r = declaration_add(v);
        if (r >= 0)
                r = by_path_make(v);
        if (r >= 0 && v->listing && v->listing->n_unknown == 0)
                r = volume_complete(v);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(v);
        return 0;
}

size_t archive_volume_size(const struct archive_volume *v)
{
        return v->n;
}

const struct archive_entry *archive_volume_entry(const struct archive_volume *v, size_t i)
{
        return &v->entries[i];
}

const struct archive_entry *archive_volume_find(const struct archive_volume *v, const char *path)
{
        const struct archive_entry wanted = {.path = path}, *key = &wanted;
        const struct archive_entry **found =
                        bsearch(&key, v->by_path, v->n, sizeof(*v->by_path), path_compare);

        return found ? *found : NULL;
}

int64_t archive_volume_bytes(const struct archive_volume *v)
{
        return v->bytes;
}

const uint8_t *archive_volume_seal(const struct archive_volume *v)
{
        return v->seal;
}
