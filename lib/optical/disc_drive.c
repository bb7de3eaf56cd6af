// SPDX-License-Identifier: GPL-2.0-or-later
/* Looking at a disc; see disc_drive.h and disc_mark.h. */
#include "optical/disc_drive.h"
#include "optical/disc_mark.h"
#include "base/cleanup.h"
#include "base/text.h"

#include <string.h>
#include <strings.h>

#define MARK "recdock-volume-1\n"

enum {
        DESCRIPTOR_SECTOR = 16,
        DESCRIPTOR_MARK = 883, /* ECMA-119 8.4.32, from 0 */
        /* UDF has an anchor at sector 256, btrfs a superblock at 64 KiB; GPT, RAID and ZFS are at the end.
         */
        EDGE_SECTORS = 512,
};

DEFINE_CLEANUP(struct disc_reader *, disc_reader_free);

const char *disc_content_text(enum disc_content c)
{
        static const char *const words[] = {[DISC_NONE] = "none",
                                            [DISC_BLANK] = "blank",
                                            [DISC_OURS] = "ours",
                                            [DISC_FOREIGN] = "foreign"};

        return (unsigned int)c < ELEMENTSOF(words) ? words[c] : "unknown";
}

int disc_mark_make(const char *number, char ret[static DISC_MARK_SIZE])
{
        if (number[0] == '\0' || strlen(number) >= DISC_NUMBER_MAX || strchr(number, '\n'))
                return -EINVAL;
        memset(ret, 0, DISC_MARK_SIZE);
        (void)snprintf(ret, DISC_MARK_SIZE, MARK "%s\n", number);
        return 0;
}

/* True, and the number, when the descriptor carries our mark. */
static bool mark_find(struct disc_reader *r, char *number, size_t size)
{
        char sector[BURNER_SECTOR], mark[DISC_MARK_SIZE + 1] = "", *end;

        if (disc_reader_read(r, DESCRIPTOR_SECTOR, 1, sector) < 0 || memcmp(sector, "\001CD001\001", 7) != 0)
                return false;
        memcpy(mark, sector + DESCRIPTOR_MARK, DISC_MARK_SIZE);
        if (strncmp(mark, MARK, strlen(MARK)) != 0)
                return false;
        end = strchr(mark + strlen(MARK), '\n');
        if (!end)
                return false;
        *end = '\0';
        return text_utf8_valid(mark + strlen(MARK)) && text_copy(number, size, mark + strlen(MARK));
}

static bool sectors_are_zero(struct disc_reader *r, int64_t from, int64_t n)
{
        static const char zeros[BURNER_SECTOR];
        char sector[BURNER_SECTOR];

        for (int64_t i = 0; i < n; i++)
                if (disc_reader_read(r, from + i, 1, sector) < 0 ||
                    memcmp(sector, zeros, sizeof(zeros)) != 0)
                        return false;
        return true;
}

static bool is_unformatted(struct burner *b)
{
        int status = 0;
        off_t size = 0;
        unsigned int descriptor = 0;
        int n = 0;

        return !b->file && burn_disc_get_formats(b->drive, &status, &size, &descriptor, &n) > 0 &&
               status == BURN_FORMAT_IS_UNFORMATTED;
}

static bool edges_are_zero(struct burner *b, struct disc_reader *r)
{
        int64_t n = disc_reader_sectors(r), edge = MIN(n, (int64_t)EDGE_SECTORS);

        if (is_unformatted(b))
                return true;
        if (n == 0)
                return b->file; /* a disc with a format has a size */
        return sectors_are_zero(r, 0, edge) && sectors_are_zero(r, n - edge, edge);
}

static int content_look(struct burner *b, enum burn_disc_status status, struct disc_state *s)
{
        _cleanup_(disc_reader_freep) struct disc_reader *r = NULL;
        int error;

        if (status == BURN_DISC_EMPTY || status == BURN_DISC_BLANK) {
                s->content = status == BURN_DISC_EMPTY ? DISC_NONE : DISC_BLANK;
                if (status == BURN_DISC_EMPTY || !s->overwritable)
                        return 0;
        }
        s->content = DISC_FOREIGN;
        error = disc_reader_new(&r, b);
        if (error < 0)
                return error;
        if (mark_find(r, s->volume, sizeof(s->volume)))
                s->content = DISC_OURS;
        else if (status == BURN_DISC_BLANK && edges_are_zero(b, r))
                s->content = DISC_BLANK;
        if (status != BURN_DISC_BLANK)
                s->capacity = disc_reader_sectors(r) * BURNER_SECTOR;
        return 0;
}

/* libburn calls them by what they can do: "BD-R sequential recording". */
static void kind_look(struct burner *b, struct disc_state *s, const char *maker)
{
        char name[80] = "";
        int profile = 0;

        if (burn_disc_get_profile(b->drive, &profile, name) <= 0)
                return;
        name[strcspn(name, " ")] = '\0';
        /* An M-DISC is only told by its maker, Millenniata. */
        (void)snprintf(s->kind, sizeof(s->kind), "%s%.20s",
                       strncasecmp(maker, "MILLEN", 6) == 0 ? "M-DISC " : "", b->file ? "file" : name);
}

static void medium_look(struct burner *b, struct disc_state *s)
{
        _cleanup_free_ char *product = NULL, *maker = NULL, *type = NULL, *book = NULL;

        s->overwritable = burner_is_overwritable(b);
        if (burn_disc_get_media_id(b->drive, &product, &maker, &type, &book, 1) > 0 && product) {
                (void)text_copy(s->media_id, sizeof(s->media_id), product);
                text_make_printable(s->media_id);
        }
        kind_look(b, s, maker ? maker : "");
}

int disc_state_read(struct burner *b, struct disc_state *ret)
{
        enum burn_disc_status status = burn_disc_get_status(b->drive);
        struct disc_state s = {0};
        int r;

        if (status != BURN_DISC_EMPTY)
                medium_look(b, &s);
        if (status == BURN_DISC_BLANK)
                s.capacity = burn_disc_available_space(b->drive, NULL) / BURNER_SECTOR * BURNER_SECTOR;
        r = content_look(b, status, &s);
        burner_messages(b);
        if (r < 0)
                return r;
        *ret = s;
        return 0;
}

int disc_drive_look(const char *drive, struct disc_state *ret)
{
        struct burner b = {0};
        int r = burner_open(&b, drive, false);

        if (r < 0)
                return r;
        r = disc_state_read(&b, ret);
        burner_close(&b, false);
        return r;
}
