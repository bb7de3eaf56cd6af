// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The archive's library for tests that look at its volumes with other programs.
 *
 *   make_volume write FOLDER SPEC     writes the volume that the JSON file SPEC describes; paths of sources
 * in it make_volume verify FOLDER         proves a volume by its manifests make_volume cost FORMAT CLUSTER
 * SPEC   what the model of packing says that it takes, in bytes
 *
 * Prints a line of JSON for each file that is not good, and one for the outcome.
 */
#include "archive/folder_volume.h"
#include "archive/pack.h"
#include "base/cleanup.h"

#include <fcntl.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <string.h>

DEFINE_CLEANUP(struct archive_volume *, archive_volume_free);
DEFINE_CLEANUP(struct digest *, digest_free);

struct spec {
        struct archive_imprint imprint;
        struct archive_case *cases;
        struct archive_file *files;
        json_object *json, *sources;
        size_t n_cases, n_files;
};

static const char *text_of(json_object *o, const char *key)
{
        return json_object_get_string(json_object_object_get(o, key));
}

static int digest_file(const char *path, bool sm3, struct archive_file *ret)
{
        _cleanup_(digest_freep) struct digest *d = NULL;
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
        static char block[1 << 20];
        ssize_t n = 0;
        int r = fd < 0 ? -errno : digest_new(&d, sm3);

        while (r >= 0 && (n = read(fd, block, sizeof(block))) > 0) {
                ret->size += n;
                r = digest_update(d, block, (size_t)n);
        }
        if (r >= 0)
                r = n < 0 ? -errno : digest_peek(d, &ret->digests);
        return r;
}

static void cases_read(struct spec *s, json_object *cases)
{
        s->n_cases = cases ? json_object_array_length(cases) : 0;
        s->cases = calloc(s->n_cases + 1, sizeof(*s->cases));
        for (size_t i = 0; i < s->n_cases; i++) {
                json_object *o = json_object_array_get_idx(cases, i);

                s->cases[i] = (struct archive_case){text_of(o, "number"), text_of(o, "title"),
                                                    text_of(o, "party"),  text_of(o, "handler"),
                                                    text_of(o, "place"),  text_of(o, "category")};
        }
}

static int files_read(struct spec *s, json_object *files, bool sm3)
{
        int r = 0;

        s->n_files = json_object_array_length(files);
        s->files = calloc(s->n_files + 1, sizeof(*s->files));
        s->sources = files;
        for (size_t i = 0; r >= 0 && i < s->n_files; i++) {
                json_object *o = json_object_array_get_idx(files, i);

                s->files[i] = (struct archive_file){
                                .id = json_object_get_int64(json_object_object_get(o, "id")),
                                .case_number = text_of(o, "case"),
                                .name = text_of(o, "name"),
                                .row = json_object_to_json_string_ext(json_object_object_get(o, "row"),
                                                                      JSON_C_TO_STRING_PLAIN),
                                .officer_name = text_of(o, "officer_name"),
                                .unit_name = text_of(o, "unit_name"),
                };
                r = digest_file(text_of(o, "source"), sm3, &s->files[i]);
        }
        return r;
}

static int spec_read(const char *path, struct spec *s)
{
        json_object *imprint;

        s->json = json_object_from_file(path);
        if (!s->json)
                return -EINVAL;
        imprint = json_object_object_get(s->json, "imprint");
        s->imprint = (struct archive_imprint){
                        text_of(imprint, "number"),
                        text_of(imprint, "station"),
                        text_of(imprint, "organization"),
                        text_of(imprint, "custodian"),
                        text_of(imprint, "medium"),
                        json_object_get_int64(json_object_object_get(imprint, "made_at")),
                        "recdock 0.1.0",
        };
        cases_read(s, json_object_object_get(s->json, "cases"));
        return files_read(s, json_object_object_get(s->json, "files"),
                          json_object_get_boolean(json_object_object_get(s->json, "sm3")));
}

static void spec_done(struct spec *s)
{
        free(s->cases);
        free(s->files);
        json_object_put(s->json);
}

static int open_source(void *userdata, const struct archive_entry *e)
{
        const struct spec *s = userdata;

        for (size_t i = 0; i < s->n_files; i++)
                if (s->files[i].id == e->id) {
                        int fd = open(text_of(json_object_array_get_idx(s->sources, i), "source"),
                                      O_RDONLY | O_CLOEXEC);

                        return fd < 0 ? -errno : fd;
                }
        return -ENOENT;
}

static void line_print(json_object *o)
{
        (void)printf("%s\n", json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN));
        json_object_put(o);
}

static void on_result(void *userdata, const char *path, enum proof_result result)
{
        json_object *o;

        (void)userdata;
        if (result == PROOF_GOOD || result == PROOF_CACHED)
                return;
        o = json_object_new_object();
        (void)json_object_object_add(o, "path", json_object_new_string(path));
        (void)json_object_object_add(o, "result", json_object_new_string(proof_result_text(result)));
        line_print(o);
}

static int outcome_print(int outcome, const struct archive_report *report)
{
        json_object *o = json_object_new_object();

        (void)json_object_object_add(o, "outcome", json_object_new_int(outcome));
        (void)json_object_object_add(o, "files", json_object_new_int64((int64_t)report->n_files));
        (void)json_object_object_add(o, "bytes", json_object_new_int64(report->bytes));
        (void)json_object_object_add(o, "path", json_object_new_string(report->path));
        (void)json_object_object_add(o, "error", json_object_new_int(report->error));
        line_print(o);
        return outcome == ARCHIVE_DONE ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int write_volume(const char *folder, struct spec *s)
{
        const struct archive_work work = {.open_source = open_source,
                                          .on_result = on_result,
                                          .cached_is_enough = true,
                                          .userdata = s};
        _cleanup_(archive_volume_freep) struct archive_volume *v = NULL;
        _cleanup_close_ int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        struct archive_report report = {0};
        int r = archive_volume_new(&v, &s->imprint, s->cases, s->n_cases, s->files, s->n_files);

        if (r >= 0)
                r = folder_volume_write(fd, v, &work, &report);
        return outcome_print(r, &report);
}

static int verify(const char *folder)
{
        const struct archive_work work = {.on_result = on_result, .cached_is_enough = true};
        _cleanup_close_ int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        struct archive_report report = {0};
        int r = archive_verify(fd, &work, &report);

        return outcome_print(r, &report);
}

static int cost(const char *format, const char *cluster, const struct spec *s)
{
        static const char *const formats[_PACK_FORMAT_MAX] = {"iso9660", "fat32", "exfat", "ext4"};
        struct pack_medium m = {.cluster = atoll(cluster)};
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
        if (argc < 4 || spec_read(argv[argc - 1], &s) < 0) {
                (void)fprintf(stderr, "make_volume: cannot read what it is to make\n");
                return 2;
        }
        if (strcmp(argv[1], "write") == 0)
                return write_volume(argv[2], &s);
        return argc == 5 ? cost(argv[2], argv[3], &s) : 2;
}
