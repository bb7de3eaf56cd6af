/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A volume before it is on a medium: a list of entries, which a writer brings there in their order. Footage
 * stays where it is and is opened when its turn comes; the volume's own files are in memory. bag-info.txt,
 * by which a half-written volume is known again, is first; bagit.txt, without which it is none, is last.
 *
 * With a media hash list the volume is complete when the writer has told the SHA-512 of all footage. The
 * list, its chain and the tag manifest, which come behind the footage, change until then, but for their
 * sizes.
 */

#include "archive/archive.h"

struct archive_entry {
        const char *path; /* below the volume, checked by layout.c */
        int64_t size;
        uint8_t sha256[DIGEST_SIZE];
        const void *data; /* NULL of footage */
        int64_t id;       /* of the footage; 0 of the volume's own files */
};

struct archive_volume;

/* Lays out the files, writes the volume's own ones. What is passed may go when this returns. Frees with
 * archive_volume_free(). -EINVAL for a row that is no JSON object, a negative size, an id that comes twice,
 * no volume number; -ENOMEM. */
int archive_volume_new(struct archive_volume **ret, const struct archive_imprint *imprint,
                       const struct archive_case *cases, size_t n_cases, const struct archive_file *files,
                       size_t n_files);
void archive_volume_free(struct archive_volume *v);

size_t archive_volume_size(const struct archive_volume *v);
/* In the order of writing; owned by the volume. */
const struct archive_entry *archive_volume_entry(const struct archive_volume *v, size_t i);
/* By its path; NULL when there is none. */
const struct archive_entry *archive_volume_find(const struct archive_volume *v, const char *path);
/* Does the writer still have to tell the SHA-512 of this entry? */
bool archive_volume_wants_sha512(const struct archive_volume *v, const struct archive_entry *e);
/* Tells it; the last one completes the volume. -EINVAL when it is not wanted; -ENOMEM. */
int archive_volume_tell_sha512(struct archive_volume *v, const struct archive_entry *e,
                               const uint8_t sha512[SHA512_SIZE]);
/* False while the entry is not what it is going to be. */
bool archive_volume_is_final(const struct archive_volume *v, const struct archive_entry *e);
/* Bytes of all entries. */
int64_t archive_volume_bytes(const struct archive_volume *v);
/* SHA-256 of tagmanifest-sha256.txt, on which everything hangs: whoever keeps it can prove the whole volume.
 * Of a complete volume. */
const uint8_t *archive_volume_seal(const struct archive_volume *v);
