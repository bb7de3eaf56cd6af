/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The digests of a file, computed in one pass: SHA-256 always, SM3 (GB/T 32905) when the station asks for
 * it. OpenSSL's libcrypto does the arithmetic.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DIGEST_SIZE     32 /* both SHA-256 and SM3 */
#define DIGEST_HEX_SIZE (2 * DIGEST_SIZE + 1)
#define SHA512_SIZE     64

struct digest_values {
        uint8_t sha256[DIGEST_SIZE];
        uint8_t sm3[DIGEST_SIZE]; /* all zero when has_sm3 is 0 */
        uint8_t has_sm3;
};

struct digest;

/* Starts one. Frees with digest_free(). -ENOMEM, -EOPNOTSUPP when libcrypto has no such algorithm. */
int digest_new(struct digest **ret, bool with_sm3);
/* SM3 alone, for a thread of its own: it is four times slower than SHA-256. digest_peek() leaves sha256 all
 * zero. */
int digest_new_sm3(struct digest **ret);
void digest_free(struct digest *d);

/* Computes SHA-512 as well, before anything is fed: no part of digest_values, since only one list on a
 * volume wants it. As digest_new(). */
int digest_add_sha512(struct digest *d);
/* -EINVAL when it is not computed. */
int digest_peek_sha512(const struct digest *d, uint8_t ret[SHA512_SIZE]);

int digest_update(struct digest *d, const void *data, size_t size);

/* The value of what was fed so far; the digest goes on and may be fed further. */
int digest_peek(const struct digest *d, struct digest_values *ret);

/* Constant-size comparison of what both have: SHA-256, and SM3 when both carry it. */
bool digest_equal(const struct digest_values *a, const struct digest_values *b);

/* One shot over memory. */
int digest_sha256(const void *data, size_t size, uint8_t ret[DIGEST_SIZE]);
int digest_sha512(const void *data, size_t size, uint8_t ret[SHA512_SIZE]);
