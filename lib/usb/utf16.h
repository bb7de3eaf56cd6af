/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* UTF-16LE, the text of USB string descriptors (USB 2.0 section 9.6.7) and of PTP strings (PIMA 15740
 * section 5.3.4). */

#include <stddef.h>
#include <stdint.h>

#define UTF16_REPLACEMENT 0xfffd

/*
 * Converts at most 'units' 16-bit units from 'src' (unaligned), up to a zero unit, into 'dst' of 'size'
 * bytes (at least 1). A surrogate without its partner becomes U+FFFD. What does not fit is cut between two
 * characters. Always terminates. Returns the bytes written without the terminator; *ret_cut (may be NULL)
 * says whether something was cut.
 */
size_t utf16_to_utf8(const uint8_t *src, size_t units, char *dst, size_t size, _Bool *ret_cut);
