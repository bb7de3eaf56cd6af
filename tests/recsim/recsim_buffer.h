/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Builds datasets: in the byte order of PTP, and of networks and SCSI ("be"). Out of memory ends the
 * simulator: it has no client to keep. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct recsim_buffer {
        uint8_t *data;
        size_t size;
        size_t room;
};

void recsim_buffer_clear(struct recsim_buffer *b);
void recsim_put_bytes(struct recsim_buffer *b, const void *bytes, size_t n);
void recsim_put_u8(struct recsim_buffer *b, uint8_t v);
void recsim_put_u16(struct recsim_buffer *b, uint16_t v);
void recsim_put_u32(struct recsim_buffer *b, uint32_t v);
void recsim_put_u64(struct recsim_buffer *b, uint64_t v);
void recsim_put_be16(struct recsim_buffer *b, uint16_t v);
void recsim_put_be32(struct recsim_buffer *b, uint32_t v);
void recsim_put_be64(struct recsim_buffer *b, uint64_t v);
/* A PTP string out of UTF-8: one byte of length, UTF-16LE, NUL; "" is the single byte 0. Cut at 254 units.
 */
void recsim_put_text(struct recsim_buffer *b, const char *utf8);
/* A PTP string of exactly these units, nothing added: what only a broken device sends. n at most 255. */
void recsim_put_units(struct recsim_buffer *b, const uint16_t *units, size_t n);
/* An array of uint16: count and values. */
void recsim_put_u16_array(struct recsim_buffer *b, const uint16_t *values, size_t n);

/* malloc that does not return NULL. */
void *recsim_alloc(size_t n);
char *recsim_copy(const char *text);

uint16_t recsim_get_u16(const uint8_t *p);
uint32_t recsim_get_u32(const uint8_t *p);
uint16_t recsim_get_be16(const uint8_t *p);
uint32_t recsim_get_be32(const uint8_t *p);
uint64_t recsim_get_be64(const uint8_t *p);
/* Reads a PTP string into ASCII; false when it is cut off, not ASCII, or does not fit. */
bool recsim_get_ascii(const uint8_t *p, size_t size, char *ret, size_t room);
