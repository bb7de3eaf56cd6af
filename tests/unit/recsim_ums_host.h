/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A host for the simulated disk, without a bus between them: wrappers, reads and statuses one at a time. It
 * asserts what is true of every answer, and leaves the rest in variables for the test to look at.
 */

#include "recsim_ums.h"

#include <check.h>

#define SECTORS   1024u /* of 512 bytes, of the first unit: content() */
#define READ_SIZE 262144u

struct csw {
        uint32_t residue;
        uint8_t status;
};

extern struct recsim *sim;
extern uint32_t tag; /* of the last wrapper */
extern char huge[];  /* an image of 3 TiB, "end" at the beginning of its last sector */
extern uint8_t reply[READ_SIZE];
extern size_t reply_size;
extern struct csw csw;
extern uint32_t information; /* of the last sense data, 0 none */

/* A test case with the images, whose recorder is taken away after each test. */
TCase *ums_case(Suite *suite);

/* A recorder with these settings beside its first image; the reason when it is refused, "" when not. */
const char *plug_why(const char *settings);
/* The same, and it must not be refused. */
void plug(const char *settings);

/* The byte at this place of the first unit. */
uint8_t content(uint64_t at);

/* One read; its status, or -EAGAIN when it would wait. The bytes are in reply. */
int read_in(size_t want);
int send_wrapper(uint8_t lun, const uint8_t *cdb, size_t n, uint32_t size, bool in);
#define SEND(lun, size, in, ...) \
        send_wrapper(lun, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}), size, in)

/* READ (10) of unit 0. */
int send_read(uint32_t lba, uint16_t n);
/* Takes a status, which must be one: what it says, or what read_in() did. */
int status(void);
/* Sense key, code and qualifier; a sector goes to 'information'. */
uint32_t sense(uint8_t lun);
/* A command without data; its status. */
int bare(uint8_t lun, uint8_t op);
/* Reset recovery. */
void recover(void);
/* Reads sectors and looks at each byte. */
void check_read(uint32_t lba, uint16_t n);
/* A figure, perhaps within another one; -1 when there is none. */
int64_t figure(const char *key, const char *inner);
