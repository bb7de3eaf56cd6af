// SPDX-License-Identifier: LGPL-2.1-or-later
/* Reading what a volume is to be made of; see volume_spec.h. */
#include "volume_spec.h"
#include "base/cleanup.h"

#include <fcntl.h>
#include <string.h>

DEFINE_CLEANUP(struct digest *, digest_free);

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

int spec_read(const char *path, struct spec *s)
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
                        json_object_get_boolean(json_object_object_get(s->json, "hash_list")),
        };
        cases_read(s, json_object_object_get(s->json, "cases"));
        return files_read(s, json_object_object_get(s->json, "files"),
                          json_object_get_boolean(json_object_object_get(s->json, "sm3")));
}

void spec_done(struct spec *s)
{
        free(s->cases);
        free(s->files);
        json_object_put(s->json);
}

int spec_open_source(void *userdata, const struct archive_entry *e)
{
        const struct spec *s = userdata;

        for (size_t i = 0; i < s->n_files; i++)
                if (s->files[i].id == e->id) {
                        json_object *o = json_object_array_get_idx(s->sources, i);
                        const char *changed = text_of(o, "changed_source");
                        int fd = open(changed ? changed : text_of(o, "source"), O_RDONLY | O_CLOEXEC);

                        return fd < 0 ? -errno : fd;
                }
        return -ENOENT;
}

static void line_print(json_object *o)
{
        (void)printf("%s\n", json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN));
        json_object_put(o);
}

void spec_on_result(void *userdata, const char *path, enum proof_result result)
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

int spec_outcome_print(int outcome, const struct archive_report *report)
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
