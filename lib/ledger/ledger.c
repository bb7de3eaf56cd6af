// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The hash of one ledger entry; see ledger.h. Every field goes in with its length in front, so that moving a
 * byte from one field to the next changes the hash. The chain begins at 32 zero bytes.
 */
#include "ledger/ledger.h"
#include "base/cleanup.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <string.h>

DEFINE_CLEANUP(EVP_MD_CTX *, EVP_MD_CTX_free);

static int feed(EVP_MD_CTX *context, const void *data, size_t size)
{
        return EVP_DigestUpdate(context, data, size) == 1 ? 0 : -EIO;
}

/* "<decimal length>:<bytes>," */
static int feed_field(EVP_MD_CTX *context, const char *text)
{
        char length[24];
        size_t size = strlen(text);
        int n = snprintf(length, sizeof(length), "%zu:", size);
        int r = feed(context, length, (size_t)n);

        if (r < 0)
                return r;
        r = feed(context, text, size);
        if (r < 0)
                return r;
        return feed(context, ",", 1);
}

static int feed_number(EVP_MD_CTX *context, int64_t number)
{
        char text[24];

        (void)snprintf(text, sizeof(text), "%" PRId64, number);
        return feed_field(context, text);
}

static int feed_entry(EVP_MD_CTX *context, const struct ledger_entry *entry)
{
        const char *const texts[] = {entry->actor, entry->act, entry->subject, entry->detail};
        int r = feed_number(context, entry->sequence);

        if (r < 0)
                return r;
        r = feed_number(context, entry->at);
        for (size_t i = 0; r == 0 && i < ELEMENTSOF(texts); i++)
                r = feed_field(context, texts[i]);
        return r;
}

int ledger_hash(const uint8_t previous[DIGEST_SIZE], const struct ledger_entry *entry,
                uint8_t ret[DIGEST_SIZE])
{
        _cleanup_(EVP_MD_CTX_freep) EVP_MD_CTX *context = EVP_MD_CTX_new();
        uint8_t hash[DIGEST_SIZE];
        int r;

        if (!context)
                return -ENOMEM;
        if (EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1)
                return -EOPNOTSUPP;
        r = feed(context, previous, DIGEST_SIZE);
        if (r < 0)
                return r;
        r = feed_entry(context, entry);
        if (r < 0)
                return r;
        if (EVP_DigestFinal_ex(context, hash, NULL) != 1)
                return -EIO;
        memcpy(ret, hash, sizeof(hash));
        return 0;
}
