// SPDX-License-Identifier: LGPL-2.1-or-later
/* Digests over EVP. A context is fetched once and copied for a peek, so a running digest is never disturbed.
 */
#include "base/digest.h"
#include "base/cleanup.h"

#include <openssl/evp.h>
#include <string.h>

struct digest {
        EVP_MD_CTX *sha256; /* each NULL when not asked for */
        EVP_MD_CTX *sm3;
        EVP_MD_CTX *sha512;
};

DEFINE_CLEANUP(struct digest *, digest_free);
DEFINE_CLEANUP(EVP_MD_CTX *, EVP_MD_CTX_free);

void digest_free(struct digest *d)
{
        if (!d)
                return;
        EVP_MD_CTX_free(d->sha256);
        EVP_MD_CTX_free(d->sm3);
        EVP_MD_CTX_free(d->sha512);
        free(d);
}

static int context_new(EVP_MD_CTX **ret, const EVP_MD *md)
{
        _cleanup_(EVP_MD_CTX_freep) EVP_MD_CTX *ctx = EVP_MD_CTX_new();

        if (!ctx)
                return -ENOMEM;
        if (!md || EVP_DigestInit_ex(ctx, md, NULL) != 1)
                return -EOPNOTSUPP;
        *ret = TAKE_PTR(ctx);
        return 0;
}

int digest_new(struct digest **ret, bool with_sm3)
{
        _cleanup_(digest_freep) struct digest *d = calloc(1, sizeof(*d));
        int r;

        if (!d)
                return -ENOMEM;
        r = context_new(&d->sha256, EVP_sha256());
        if (r < 0)
                return r;
        if (with_sm3) {
                r = context_new(&d->sm3, EVP_sm3());
                if (r < 0)
                        return r;
        }
        *ret = TAKE_PTR(d);
        return 0;
}

int digest_new_sm3(struct digest **ret)
{
        _cleanup_(digest_freep) struct digest *d = calloc(1, sizeof(*d));
        int r;

        if (!d)
                return -ENOMEM;
        r = context_new(&d->sm3, EVP_sm3());
        if (r < 0)
                return r;
        *ret = TAKE_PTR(d);
        return 0;
}

int digest_add_sha512(struct digest *d)
{
        return d->sha512 ? 0 : context_new(&d->sha512, EVP_sha512());
}

int digest_update(struct digest *d, const void *data, size_t size)
{
        if (d->sha256 && EVP_DigestUpdate(d->sha256, data, size) != 1)
                return -EIO;
        if (d->sm3 && EVP_DigestUpdate(d->sm3, data, size) != 1)
                return -EIO;
        if (d->sha512 && EVP_DigestUpdate(d->sha512, data, size) != 1)
                return -EIO;
        return 0;
}

static int context_peek(const EVP_MD_CTX *ctx, uint8_t *out, unsigned int size)
{
        _cleanup_(EVP_MD_CTX_freep) EVP_MD_CTX *copy = EVP_MD_CTX_new();
        unsigned int n = 0;

        if (!copy)
                return -ENOMEM;
        if (EVP_MD_CTX_copy_ex(copy, ctx) != 1 || EVP_DigestFinal_ex(copy, out, &n) != 1 || n != size)
                return -EIO;
        return 0;
}

int digest_peek(const struct digest *d, struct digest_values *ret)
{
        struct digest_values v = {0};
        int r = d->sha256 ? context_peek(d->sha256, v.sha256, DIGEST_SIZE) : 0;

        if (r < 0)
                return r;
        if (d->sm3) {
                r = context_peek(d->sm3, v.sm3, DIGEST_SIZE);
                if (r < 0)
                        return r;
                v.has_sm3 = 1;
        }
        *ret = v;
        return 0;
}

int digest_peek_sha512(const struct digest *d, uint8_t ret[SHA512_SIZE])
{
        return d->sha512 ? context_peek(d->sha512, ret, SHA512_SIZE) : -EINVAL;
}

bool digest_equal(const struct digest_values *a, const struct digest_values *b)
{
        if (memcmp(a->sha256, b->sha256, DIGEST_SIZE) != 0)
                return false;
        return !a->has_sm3 || !b->has_sm3 || memcmp(a->sm3, b->sm3, DIGEST_SIZE) == 0;
}

int digest_sha256(const void *data, size_t size, uint8_t ret[DIGEST_SIZE])
{
        return EVP_Digest(data, size, ret, NULL, EVP_sha256(), NULL) == 1 ? 0 : -EIO;
}

int digest_sha512(const void *data, size_t size, uint8_t ret[SHA512_SIZE])
{
        return EVP_Digest(data, size, ret, NULL, EVP_sha512(), NULL) == 1 ? 0 : -EIO;
}
