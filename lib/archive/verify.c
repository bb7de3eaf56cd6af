// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The proof of any volume by its own manifests; see proof.h. tagmanifest-sha256.txt proves the manifests of
 * the payload, and those prove the payload. A volume with one thing wrong is read to its end all the same:
 * what is good on it is what can be copied to another.
 */
#include "archive/manifest.h"
#include "archive/read_back.h"
#include "base/cleanup.h"
#include "base/text.h"

#include <string.h>

#define TAG_MANIFEST    "tagmanifest-sha256.txt"
#define SHA256_MANIFEST "manifest-sha256.txt"
#define SM3_MANIFEST    "manifest-sm3.txt"
#define PAYLOAD         "data/"

struct list {
        char *text;
        struct manifest manifest;
        bool present;
};

struct verifying {
        struct proving proving;
        struct list tags, sha256, sm3;
};

static void list_done(struct list *l)
{
        manifest_done(&l->manifest);
        free(l->text);
}

static void verifying_done(struct verifying *v)
{
        list_done(&v->tags);
        list_done(&v->sha256);
        list_done(&v->sm3);
}

/* Manifests of the payload name nothing else, and others nothing of it. */
static bool list_is_of(const struct manifest *m, bool payload)
{
        for (size_t i = 0; i < m->n; i++)
                if ((strncmp(m->lines[i].path, PAYLOAD, strlen(PAYLOAD)) == 0) != payload)
                        return false;
        return true;
}

/* Reads a manifest. 1 when it can be used, 0 when it was told why not. */
static int list_read(struct verifying *v, const char *path, bool payload, struct list *ret,
                     uint8_t *ret_digest)
{
        size_t size = 0, line = 0;
        int r = text_read_back(v->proving.medium, path, &ret->text, &size);

        if (r == -ENOMEM)
                return r;
        ret->present = r != -ENOENT;
        if (r >= 0 && ret_digest)
                r = digest_sha256(ret->text, size, ret_digest);
        if (r >= 0)
                r = manifest_parse(ret->text, size, &ret->manifest, &line);
        if (r == MANIFEST_READ && list_is_of(&ret->manifest, payload))
                return 1;
        if (r == -ENOMEM)
                return r;
        manifest_done(&ret->manifest);
        return 0;
}

/* Files that the manifest of the payload lists and the SM3 one does not, or the other way round. */
static bool lists_agree(const struct manifest *a, const struct manifest *b)
{
        if (a->n != b->n)
                return false;
        for (size_t i = 0; i < a->n; i++)
                if (strcmp(a->lines[i].path, b->lines[i].path) != 0)
                        return false;
        return true;
}

static int lists_read(struct verifying *v)
{
        int r = list_read(v, TAG_MANIFEST, false, &v->tags, v->proving.report->seal);

        if (r < 0)
                return r;
        proving_tell(&v->proving, TAG_MANIFEST,
                     r > 0             ? PROOF_GOOD
                     : v->tags.present ? PROOF_BAD_LIST
                                       : PROOF_MISSING);
        r = list_read(v, SHA256_MANIFEST, true, &v->sha256, NULL);
        if (r < 0)
                return r;
        if (r == 0 || !manifest_find(&v->tags.manifest, SHA256_MANIFEST))
                proving_tell(&v->proving, SHA256_MANIFEST,
                             v->sha256.present ? PROOF_BAD_LIST : PROOF_MISSING);
        r = list_read(v, SM3_MANIFEST, true, &v->sm3, NULL);
        if (r > 0 && !lists_agree(&v->sm3.manifest, &v->sha256.manifest)) {
                manifest_done(&v->sm3.manifest);
                r = 0;
        }
        if (r == 0 && v->sm3.present)
                proving_tell(&v->proving, SM3_MANIFEST, PROOF_BAD_LIST);
        return r < 0 ? r : 0;
}

static int line_verify(struct verifying *v, const struct manifest_line *line)
{
        const struct manifest_line *sm3 = manifest_find(&v->sm3.manifest, line->path);
        struct digest_values expected = {.has_sm3 = sm3 != NULL};
        int r;

        memcpy(expected.sha256, line->digest, DIGEST_SIZE);
        if (sm3)
                memcpy(expected.sm3, sm3->digest, DIGEST_SIZE);
        r = file_read_back(&v->proving, line->path, -1, &expected);
        if (r < 0)
                (void)text_copy(v->proving.report->path, sizeof(v->proving.report->path), line->path);
        else
                proving_tell(&v->proving, line->path, (enum proof_result)r);
        return r;
}

static int list_verify(struct verifying *v, const struct manifest *m)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < m->n; i++)
                r = line_verify(v, &m->lines[i]);
        return r < 0 ? r : 0;
}

/* What there is to read, for progress. */
static int64_t list_bytes(const struct verifying *v, const struct manifest *m)
{
        int64_t bytes = 0;

        for (size_t i = 0; i < m->n; i++) {
                const struct proof_medium *medium = v->proving.medium;
                struct proof_file f;

                if (medium->open(medium->userdata, m->lines[i].path, &f) < 0)
                        continue;
                bytes += f.size;
                medium->close(medium->userdata, &f);
        }
        return bytes;
}

static bool is_listed(void *userdata, const char *path)
{
        const struct verifying *v = userdata;

        return strcmp(path, TAG_MANIFEST) == 0 || manifest_find(&v->tags.manifest, path) ||
               manifest_find(&v->sha256.manifest, path) ||
               /* told already: a list that no other list knows */
               strcmp(path, SHA256_MANIFEST) == 0 ||
               (strcmp(path, SM3_MANIFEST) == 0 && v->sm3.manifest.n == 0);
}

static int declaration_check(const struct proof_medium *medium)
{
        static const char begins[] = "BagIt-Version: ";
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r = text_read_back(medium, "bagit.txt", &text, &size);

        if (r == -ENOMEM)
                return r;
        return r >= 0 && text && strncmp(text, begins, strlen(begins)) == 0 ? ARCHIVE_DONE
                                                                            : ARCHIVE_NO_VOLUME;
}

int medium_verify(const struct proof_medium *medium, const struct archive_work *w,
                  struct archive_report *ret)
{
        _cleanup_(verifying_done) struct verifying v = {
                        .proving = {.medium = medium, .work = w, .report = ret}};
        int r = declaration_check(medium);

        *ret = (struct archive_report){0};
        if (r != ARCHIVE_DONE)
                return r;
        r = lists_read(&v);
        if (r < 0)
                return r;
        v.proving.total = list_bytes(&v, &v.tags.manifest) + list_bytes(&v, &v.sha256.manifest);
        r = list_verify(&v, &v.tags.manifest);
        if (r >= 0)
                r = list_verify(&v, &v.sha256.manifest);
        if (r >= 0)
                r = extras_find(&v.proving, is_listed, &v);
        if (r < 0)
                return r == -ECANCELED ? ARCHIVE_CANCELLED : r;
        return proving_outcome(&v.proving);
}
