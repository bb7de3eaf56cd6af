/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What is on a volume, laid out and with its rows understood, and the documents that tell of it: the files
 * of a volume that are its own. Each writer puts one of them into a stream, whose errors are the stream's.
 * All of them are in Chinese and English at once: who opens a volume in thirty years has no locale of ours.
 */

#include "archive/archive.h"
#include "archive/layout.h"

#include <json-c/json.h>
#include <stdio.h>

struct contents {
        const struct archive_imprint *imprint;
        const struct archive_case *cases;
        size_t n_cases;
        const struct archive_file *files;
        size_t n_files;
        struct layout *layout;
        json_object **rows; /* of each file */
        size_t *order;      /* files by path */
        int64_t bytes;
};

/* The arrays stay the caller's and must outlive it. Frees with contents_free(). -EINVAL for a row that is no
 * JSON object, a negative size, an id that comes twice or no volume number; -ENOMEM. */
int contents_new(struct contents **ret, const struct archive_imprint *imprint,
                 const struct archive_case *cases, size_t n_cases, const struct archive_file *files,
                 size_t n_files);
void contents_free(struct contents *c);

/* A text, the text of a number, "" for none or null, out of the row of files[i]. Owned by the row. */
const char *contents_text(const struct contents *c, size_t i, const char *key);

/* Facts of a case; one without anything but its number when the caller gave none, or its number is NULL. */
struct archive_case contents_case(const struct contents *c, const char *number);

/* Calls for each case: files order[first] to order[first + n - 1] are its. Stops at a negative errno, which
 * it returns. */
int contents_each_case(const struct contents *c,
                       int (*on_case)(void *userdata, const struct contents *c, size_t first, size_t n),
                       void *userdata);

/* bag-info.txt and bagit.txt of RFC 8493. */
#define BAGIT_DECLARATION "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
void bagit_info_write(FILE *out, const struct contents *c);
/* One line of a manifest, with CR, LF and % of the path encoded. */
void bagit_line_write(FILE *out, const uint8_t digest[DIGEST_SIZE], const char *path);
/* The manifest of the payload by path. */
void bagit_manifest_write(FILE *out, const struct contents *c, bool sm3);
/* Whether every file has an SM3 digest: RFC 8493 wants each manifest to list all of the payload. */
bool bagit_has_sm3(const struct contents *c);

/* index.csv: a byte order mark, since spreadsheets take it for the local charset otherwise. */
void index_csv_write(FILE *out, const struct contents *c);
/* index.json: {"format", "volume", "footage": [rows, each with its "volume_path"]}. */
void index_json_write(FILE *out, const struct contents *c);
/* index.html. -ENOMEM. */
int index_page_write(FILE *out, const struct contents *c);
/* descriptions/<case>.html, 文字说明材料, for files order[first] on. */
void description_write(FILE *out, const struct contents *c, size_t first, size_t n);
/* README.txt. */
void instructions_write(FILE *out, const struct contents *c);
/* label.svg, with the digest of the payload's manifest in it. */
int label_write(FILE *out, const struct contents *c, const uint8_t manifest[DIGEST_SIZE]);
