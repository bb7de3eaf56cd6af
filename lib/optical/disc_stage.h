/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * An image in a scratch file, with recovery data inside of it. The codes of RS02 go over sectors that lie
 * far apart, so that the whole image has to be there before the first of them; an image without recovery
 * data is never staged. dvdisaster makes them and repairs by them: a volume must not hang on a format of our
 * own. That it has added codes and changed nothing else is looked at before anything is burnt: it takes an
 * image for one that has codes already when something in there looks like them.
 */

#include "archive/proof.h"
#include "optical/disc_coder.h"

#include <libburn/libburn.h>

struct disc_stage {
        struct burn_source *source; /* of the image, read to its end */
        int64_t sectors;            /* that it gives */
        int file;                   /* the scratch file: empty, open for both */
        int percent;                /* of recovery data, against the image */
        struct disc_coder *coder;
        /* Called about ten times a second, with the sectors that are staged; not 0 ends the work. */
        int (*on_turn)(void *userdata, int64_t sectors);
        void *userdata;
};

/* 0: the file is the whole image. -ECANCELED by on_turn; -EPIPE when the source ends early; -EIO when
 * dvdisaster fails, and others of disc_coder_run(); -ENOSPC and others of the file. */
int disc_stage_make(const struct disc_stage *s);
