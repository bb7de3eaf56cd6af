/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The up-case table of an exFAT volume and the hash of names that rests on it (exFAT specification, sections
 * 7.2 and 7.6.4). */

#include "recorder/ums/volume_entry.h"

/* Loads the table that an entry of the root leads to. A table that cannot be used is a finding, and names
 * are not checked then. */
int exfat_upcase_load(struct volume *v, const struct volume_entry *e);

/* Is 'hash' that of the name of 'n' units? True without a table. */
bool exfat_name_hash_is(const struct volume *v, const uint8_t *units, unsigned int n, uint16_t hash);
