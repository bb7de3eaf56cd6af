/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A unit of two MiB that is zero but for what an input puts there. Its first byte says what sectors the unit
 * has and whether the checksums of a GPT are put right; then come patches: a sector of 512 bytes, a length,
 * so many bytes. A read outside the unit aborts in block_image.c.
 */

#include "block_image.h"

#define FUZZ_UNIT_SIZE (2U * 1024 * 1024)

/* Makes the unit, which is one for all calls; false when the input has nothing for it. */
bool fuzz_unit_make(struct block_image *ret, const uint8_t *data, size_t size);

/* Aborts when a text is not printable UTF-8. */
void fuzz_text_expect(const char *s);
