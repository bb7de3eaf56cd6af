/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A media hash list beside the bag, for the tools of film sets: ASC MHL, specification v1.0 of the
 * format 2.0 (github.com/ascmitc/mhl-specification). The folder "ascmhl" has a history of one generation:
 * the list and the chain that seals it. The format knows neither SHA-256 nor SM3. Of those it knows C4 is
 * the one that is cryptographic: SHA-512 in base 58, and the chain cannot do without it.
 *
 * The station has no SHA-512 of its footage. It is taken while the footage is copied, which is after the
 * volume was composed: so a list is written with empty digests, whose places are remembered. All digests
 * have the same length, and no size changes when they are put in.
 */

#include "archive/volume.h"

#include <stdio.h>

#define HASH_LIST_FOLDER "ascmhl/"
#define HASH_LIST_CHAIN  HASH_LIST_FOLDER "ascmhl_chain.xml"
/* Folder, "0001_", the volume's number, "_2026-11-30_080228Z.mhl", NUL. */
#define HASH_LIST_PATH_MAX 160

enum { C4_LENGTH = 90 };

/* "c4…" of a SHA-512 digest: appendix D, and SMPTE ST 2114. -ENOMEM. */
int c4_format(const uint8_t sha512[SHA512_SIZE], char ret[C4_LENGTH + 1]);

/* Where the list of the first generation is: "ascmhl/0001_<number>_<date>_<time>Z.mhl". */
void hash_list_path(const struct archive_imprint *imprint, char ret[HASH_LIST_PATH_MAX]);

/* What is before the files and behind them. */
void hash_list_begin(FILE *out, const struct archive_imprint *imprint);
void hash_list_end(FILE *out);
/* One file, with an empty digest. Returns the digest's place in the text, or a negative errno. */
int64_t hash_list_file(FILE *out, const char *path, int64_t size);
/* The chain; returns likewise the place of the list's digest. */
int64_t hash_list_chain(FILE *out, const struct archive_imprint *imprint);
