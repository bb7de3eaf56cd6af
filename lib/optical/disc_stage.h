/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * An image in a scratch file, with recovery data inside of it. The codes of RS02 go over sectors that lie
 * far apart, so that the whole image has to be there before the first of them; an image without recovery
 * data is never staged. dvdisaster makes them and repairs by them: a volume must not hang on a format of our
 * own.
 */

#include "archive/proof.h"

#include <libburn/libburn.h>

struct disc_stage {
        struct burn_source *source; /* of the image, read to its end */
        int64_t sectors;            /* that it gives */
        int scratch;                /* a folder with room for image and recovery data */
        int percent;                /* of recovery data, against the image */
        /* Called about ten times a second, with the sectors that are staged; not 0 ends the work. */
        int (*on_turn)(void *userdata, int64_t sectors);
        void *userdata;
};

/* A descriptor of a file without a name, which is the caller's. -ECANCELED by on_turn; -EPIPE when the
 * source ends early; -ENOPKG when dvdisaster is not installed; -EIO when it fails; -ENOSPC and others of the
 * scratch folder. */
int disc_stage_make(const struct disc_stage *s);
