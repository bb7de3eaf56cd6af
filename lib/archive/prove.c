// SPDX-License-Identifier: LGPL-2.1-or-later
/* The proof of a volume that was just written: against what it was made of. See proof.h. */
#include "archive/read_back.h"
#include "base/cleanup.h"
#include "base/text.h"

#include <string.h>

static bool is_of_volume(void *userdata, const char *path)
{
        return archive_volume_find(userdata, path) != NULL;
}

static int entry_prove(struct proving *p, const struct archive_entry *e)
{
        struct digest_values expected = {.has_sm3 = false};
        int r;

        memcpy(expected.sha256, e->sha256, DIGEST_SIZE);
        r = file_read_back(p, e->path, e->size, &expected);
        if (r < 0) {
                (void)text_copy(p->report->path, sizeof(p->report->path), e->path);
                return r;
        }
        if (strcmp(e->path, "tagmanifest-sha256.txt") == 0 && (r == PROOF_GOOD || r == PROOF_CACHED))
                memcpy(p->report->seal, e->sha256, DIGEST_SIZE);
        proving_tell(p, e->path, (enum proof_result)r);
        return 0;
}

int medium_prove(const struct proof_medium *medium, const struct archive_volume *v,
                 const struct archive_work *w, struct archive_report *ret)
{
        struct proving p = {.medium = medium, .work = w, .report = ret, .total = archive_volume_bytes(v)};
        int r = 0;

        *ret = (struct archive_report){0};
        for (size_t i = 0; r >= 0 && i < archive_volume_size(v); i++)
                r = entry_prove(&p, archive_volume_entry(v, i));
        if (r >= 0)
                r = extras_find(&p, is_of_volume, (void *)v);
        if (r < 0)
                return r == -ECANCELED ? ARCHIVE_CANCELLED : r;
        return proving_outcome(&p);
}
