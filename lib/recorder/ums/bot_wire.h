/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Integers as they lie in packets, at any alignment: the wrappers of Bulk-Only Transport are little-endian
 * (BOT 1.0, section 5), SCSI's own data big-endian (SAM-5, section 5.2).
 */

#include <endian.h>
#include <stdint.h>
#include <string.h>

static inline uint32_t bot_get32(const uint8_t *p)
{
        uint32_t v;

        memcpy(&v, p, sizeof(v));
        return le32toh(v);
}

static inline void bot_put32(uint8_t *p, uint32_t v)
{
        v = htole32(v);
        memcpy(p, &v, sizeof(v));
}

static inline uint32_t scsi_get32(const uint8_t *p)
{
        uint32_t v;

        memcpy(&v, p, sizeof(v));
        return be32toh(v);
}

static inline uint64_t scsi_get64(const uint8_t *p)
{
        uint64_t v;

        memcpy(&v, p, sizeof(v));
        return be64toh(v);
}

static inline void scsi_put16(uint8_t *p, uint16_t v)
{
        v = htobe16(v);
        memcpy(p, &v, sizeof(v));
}

static inline void scsi_put32(uint8_t *p, uint32_t v)
{
        v = htobe32(v);
        memcpy(p, &v, sizeof(v));
}

static inline void scsi_put64(uint8_t *p, uint64_t v)
{
        v = htobe64(v);
        memcpy(p, &v, sizeof(v));
}
