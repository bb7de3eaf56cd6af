/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The image of a volume as a stream that a drive takes: ISO 9660 level 3 with Rock Ridge and Joliet, files
 * in the order of the volume, so that reading the volume back is reading from the first sector to the last.
 * No image is staged. What surrounds the files, which no manifest knows, has a digest of its own: the frame.
 */

#include "archive/proof.h"
#include "optical/burner.h"
#include "optical/disc_reader.h"

struct disc_image;

/* What the frame of a burnt image is, to be read back: sectors [0, head) and the last 'tail' ones. */
struct disc_frame {
        int64_t sectors, head, tail;
        uint8_t sha256[DIGEST_SIZE];
};

/* Everything that is passed must outlive it; 'times' of modification, one for each entry. A thread begins to
 * read entries. Frees with disc_image_free(), which ends it. -EINVAL for a number that no mark can be made
 * of; -ENOMEM; -EIO: libisofs refuses. */
int disc_image_new(struct disc_image **ret, struct burner *b, struct archive_volume *v, const time_t *times,
                   const struct archive_work *work);
void disc_image_free(struct disc_image *image);

/* The number of a volume, as bag-info.txt has it. -EINVAL when it does not fit. */
int disc_image_number(const struct archive_volume *v, char *ret, size_t size);

int64_t disc_image_sectors(const struct disc_image *image);
/* What burns it; the reference is the image's. */
struct burn_source *disc_image_source(struct disc_image *image);
/* Gives that reference back and waits until libburn's thread has done the same: a drive that goes away is
 * idle before its thread has ended. False when it does not end: the image then stays, whoever frees it. */
bool disc_image_let_go(struct disc_image *image, unsigned int seconds);
/* The work of the caller's thread while it is burnt: see disc_feed.h. */
void disc_image_serve(struct disc_image *image, unsigned int milliseconds);
int disc_image_outcome(struct disc_image *image, struct archive_report *ret);
/* Lets go of sources that are waited for: before the drive is told to stop. */
void disc_image_abandon(struct disc_image *image);

/* Stages the image and adds recovery data; see disc_stage.h for errors and on_turn, which serves. What is
 * burnt afterwards is that. Takes the stage's file. */
struct disc_stage;
int disc_image_stage(struct disc_image *image, struct disc_stage *stage);

/* Of an image that was read to its end; -EIO when it was not. */
int disc_image_frame(struct disc_image *image, struct disc_frame *ret);
/* Reads the frame of a disc. Returns a proof_result, or -ENOMEM. */
int disc_frame_prove(const struct disc_frame *frame, struct disc_reader *r);
