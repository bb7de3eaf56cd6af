/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Whether the folders of a disc are a tree, before libisofs reads them: it follows each one that a record
 * names, as deep as it goes, so that a folder that contains itself is read for hours, and until there is no
 * stack. All that is looked at here is read once.
 */

#include "optical/disc_reader.h"

/* 0, also where there is no image of ISO 9660; -ENOENT: they are none that can be read, since a sector is of
 * two folders, a record does not fit in its sector, or folders lie deeper in each other than of any volume;
 * -EIO: the medium does not give one; -ENOMEM. */
int disc_folders_check(struct disc_reader *r);
