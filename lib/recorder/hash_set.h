/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A set of 64-bit numbers that only grows: open addressing, at most two thirds full. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hash_set {
        uint64_t *slots; /* 0: empty */
        size_t room;     /* a power of two */
        size_t used;
};

/* Adds. 1 when it is new, 0 when it was there, -ENOMEM. */
int hash_set_add(struct hash_set *set, uint64_t value);
bool hash_set_has(const struct hash_set *set, uint64_t value);
void hash_set_done(struct hash_set *set);

/* FNV-1a over a text. */
uint64_t hash_text(const char *text);
