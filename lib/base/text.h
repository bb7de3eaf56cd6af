/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Text that came from outside: checked, bounded, made safe to print or to use as one path component. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Copies at most size-1 bytes and always terminates. Returns false when the text did not fit; UTF-8 is then
 * cut between two characters, so that what was valid stays valid. */
bool text_copy(char *dst, size_t size, const char *src);

/* Bytes of the well-formed UTF-8 sequence 's' begins with, 0 when it begins with none. 1 for the terminating
 * NUL. */
size_t text_utf8_sequence(const char *s);

/* True for well-formed UTF-8 (no overlong form, no surrogate, nothing above U+10FFFF). */
bool text_utf8_valid(const char *s);

/*
 * Replaces in place every byte that is not part of well-formed UTF-8, and every control character, with '?'.
 * For anything a device says before it is logged, stored or printed.
 */
void text_make_printable(char *s);

/* Lower-case hexadecimal of 'n' bytes into buf (2n+1 bytes). Returns buf. */
char *text_hex(const void *bytes, size_t n, char *buf);

/* Reads exactly 'n' bytes of hexadecimal, either case. -EINVAL for any other length or character. */
int text_unhex(const char *hex, void *bytes, size_t n);

/* Decimal int64 with nothing before or behind it. -EINVAL or -ERANGE. */
int text_to_int64(const char *s, int64_t *ret);
