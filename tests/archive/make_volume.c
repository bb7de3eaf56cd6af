// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The archive's library for tests that look at its volumes with other programs.
 *
 *   make_volume write FOLDER SPEC           the volume of the JSON file SPEC; see volume_spec.h
 *   make_volume verify FOLDER               proves a volume by its manifests
 *   make_volume cost FORMAT CLUSTER SPEC    what the model of packing says that it takes, in bytes
 *   make_volume room CAPACITY PERCENT       what it says that is left of a disc beside recovery data
 *
 * Prints a line of JSON for each file that is not good, and one for the outcome.
 */
#include "archive/folder_volume.h"
#include "archive/pack.h"
#include "base/cleanup.h"
#include "volume_spec.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

DEFINE_CLEANUP(struct archive_volume *, archive_volume_free);

static int write_volume(const char *folder, struct spec *s)
{
        const struct archive_work work = {.open_source = spec_open_source,
                                          .on_result = spec_on_result,
                                          .cached_is_enough = true,
                                          .userdata = s};
        _cleanup_(archive_volume_freep) struct archive_volume *v = NULL;
        _cleanup_close_ int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        struct archive_report report = {0};
        int r = archive_volume_new(&v, &s->imprint, s->cases, s->n_cases, s->files, s->n_files);

        if (r >= 0)
                r = folder_volume_write(fd, v, &work, &report);
        return spec_outcome_print(r, &report);
}

static int verify(const char *folder)
{
        const struct archive_work work = {.on_result = spec_on_result, .cached_is_enough = true};
        _cleanup_close_ int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        struct archive_report report = {0};
        int r = archive_verify(fd, &work, &report);

        return spec_outcome_print(r, &report);
}

static int cost(const char *format, const char *cluster, const struct spec *s)
{
        static const char *const formats[_PACK_FORMAT_MAX] = {"iso9660", "fat32", "exfat", "ext4"};
        struct pack_medium m = {.cluster = atoll(cluster), .hash_list = s->imprint.hash_list};
        int64_t total;

        for (size_t i = 0; i < _PACK_FORMAT_MAX; i++)
                if (strcmp(format, formats[i]) == 0)
                        m.format = (enum pack_format)i;
        total = pack_cost_of_volume(&m);
        for (size_t i = 0; i < s->n_files; i++) {
                const struct archive_file *f = &s->files[i];
                const struct pack_file p = {.id = f->id,
                                            .case_number = f->case_number,
                                            .name = f->name,
                                            .size = f->size,
                                            .row_size = strlen(f->row),
                                            .sm3 = f->digests.has_sm3};
                bool first = true;

                for (size_t k = 0; k < i && first; k++)
                        first = s->files[k].case_number != f->case_number &&
                                (!s->files[k].case_number || !f->case_number ||
                                 strcmp(s->files[k].case_number, f->case_number) != 0);
                total += pack_cost_of_file(&m, &p) + (first ? pack_cost_of_case(&m, f->case_number) : 0);
        }
        (void)printf("%" PRId64 "\n", total);
        return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
        _cleanup_(spec_done) struct spec s = {0};

        if (argc == 3 && strcmp(argv[1], "verify") == 0)
                return verify(argv[2]);
        if (argc == 4 && strcmp(argv[1], "room") == 0) {
                (void)printf("%" PRId64 "\n", pack_room_beside_recovery(atoll(argv[2]), atoi(argv[3])));
                return EXIT_SUCCESS;
        }
        if (argc < 4 || spec_read(argv[argc - 1], &s) < 0) {
                (void)fprintf(stderr, "make_volume: cannot read what it is to make\n");
                return 2;
        }
        if (strcmp(argv[1], "write") == 0)
                return write_volume(argv[2], &s);
        return argc == 5 ? cost(argv[2], argv[3], &s) : 2;
}
