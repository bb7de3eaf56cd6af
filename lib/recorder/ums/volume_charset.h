/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Text in the code page of a device, which no volume tells: GBK is tried first, then code page 437. */

#include "recorder/ums/volume.h"

/*
 * 'n' bytes (at most 16) as printable UTF-8 into 'ret', which has 'size' bytes, at least 3 for each and one
 * more. Without a charset, what is not ASCII becomes U+FFFD.
 */
void volume_charset_decode(struct volume_charset *c, const uint8_t *bytes, size_t n, char *ret, size_t size);
