/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Names on a volume: "data/<case>/<name>", the same on every medium, and such that each file system of a
 * medium holds them as they are: ISO 9660 with Joliet (64 characters of UCS-2, a path of 120), FAT, exFAT,
 * ext4 and what reads them on other systems. Whatever a recorder or a case number says becomes one harmless
 * component; what it was called stands in the index.
 *
 * In a component: only characters of the Basic Multilingual Plane that show, composed (NFC); none of
 * " * / : ; < > ? \ | %, the last since BagIt encodes it and sha256sum does not; no space or dot at its
 * ends; no name of a DOS device. Two names in one folder differ beyond case, width and composition.
 */

#include "archive/archive.h"

/* Characters: 5 + 40 + 1 + 64 stay below Joliet's 120. */
#define LAYOUT_NAME_UNITS 64
#define LAYOUT_CASE_UNITS 40
/* Of any component: 36 Chinese characters. A record of ISO 9660 holds 113 bytes of a name beside what else
 * Rock Ridge says; where longer names go on, libisofs 1.5.4 miscounts, burns a directory tree of another
 * size than it has reserved, and the disc is lost. */
#define LAYOUT_BYTES 108
/* What is added at most to keep two names apart: "~", an id and "~" with a number. */
#define LAYOUT_DISTINCTION 27
/* "data/", a folder, "/" and a name in bytes, with its NUL. */
#define LAYOUT_PATH_MAX (5 + 3 * LAYOUT_CASE_UNITS + 1 + 3 * LAYOUT_NAME_UNITS + 1)

/* The folder of files of no case. */
#define LAYOUT_NO_CASE "no-case"

/* One component of at most 'units' characters and LAYOUT_BYTES out of any text, into at most 3 * units + 1
 * bytes. Never empty. */
void layout_component(const char *text, size_t units, char *ret);

struct layout;

/* Gives each file its place; depends on the set of files, not on their order. Frees with layout_free().
 * -ENOMEM, -EINVAL for an id that comes twice. */
int layout_new(struct layout **ret, const struct archive_file *files, size_t n);
void layout_free(struct layout *l);

/* Of files[i]: "data/<case>/<name>", and <case> alone. Owned by the layout. */
const char *layout_path(const struct layout *l, size_t i);
const char *layout_folder(const struct layout *l, size_t i);
