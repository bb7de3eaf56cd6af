// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The files by which a volume is a bag of RFC 8493. The declaration bagit.txt is written last: a folder
 * without it is no bag, so nobody takes a half-written volume for a whole one. manifest-sm3.txt is within
 * the RFC (section 2.4 names a manifest by its algorithm, in lower case without hyphens, and its list of
 * algorithms is open); validators that do not know SM3 leave it alone and go by manifest-sha256.txt.
 */
#include "archive/contents.h"
#include "base/cleanup.h"
#include "base/text.h"

#include <inttypes.h>
#include <string.h>

static const char *const size_units[] = {"B", "KB", "MB", "GB", "TB"};

/* A value is one line. */
static void element_write(FILE *out, const char *label, const char *value)
{
        _cleanup_free_ char *line = value && value[0] ? strdup(value) : NULL;

        if (!line)
                return;
        text_make_printable(line);
        (void)fprintf(out, "%s: %s\n", label, line);
}

void bagit_info_write(FILE *out, const struct contents *c)
{
        const struct archive_imprint *i = c->imprint;
        char made[INSTANT_TEXT_MAX];
        double size = (double)c->bytes;
        size_t unit = 0;

        for (; size >= 1000 && unit + 1 < ELEMENTSOF(size_units); unit++)
                size /= 1000;
        (void)instant_format(i->made_at, made);
        element_write(out, "External-Identifier", i->number);
        element_write(out, "Source-Organization", i->organization);
        element_write(out, "Contact-Name", i->custodian);
        element_write(out, "Internal-Sender-Identifier", i->station);
        element_write(out, "External-Description", "Footage of body-worn recorders 执法记录仪音像记录");
        (void)fprintf(out, "Bagging-Date: %.10s\n", made);
        (void)fprintf(out, "Bag-Size: %.*f %s\n", unit ? 1 : 0, size, size_units[unit]);
        (void)fprintf(out, "Payload-Oxum: %" PRId64 ".%zu\n", c->bytes, c->n_files);
        element_write(out, "Made-At", made);
        element_write(out, "Medium", i->medium);
        element_write(out, "Bag-Software-Agent", i->version);
}

void bagit_line_write(FILE *out, const uint8_t digest[DIGEST_SIZE], const char *path)
{
        char hex[DIGEST_HEX_SIZE];

        (void)fprintf(out, "%s  ", text_hex(digest, DIGEST_SIZE, hex));
        for (; *path; path++)
                if (*path == '%' || *path == '\r' || *path == '\n')
                        (void)fprintf(out, "%%%02X", (unsigned int)*path);
                else
                        (void)fputc(*path, out);
        (void)fputc('\n', out);
}

void bagit_manifest_write(FILE *out, const struct contents *c, bool sm3)
{
        for (size_t i = 0; i < c->n_files; i++) {
                const struct digest_values *d = &c->files[c->order[i]].digests;

                bagit_line_write(out, sm3 ? d->sm3 : d->sha256, layout_path(c->layout, c->order[i]));
        }
}

bool bagit_has_sm3(const struct contents *c)
{
        for (size_t i = 0; i < c->n_files; i++)
                if (!c->files[i].digests.has_sm3)
                        return false;
        return c->n_files > 0;
}
