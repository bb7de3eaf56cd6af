// SPDX-License-Identifier: LGPL-2.1-or-later
/* Packing: what always holds, over random files and media; and the rules one by one. */
#include "archive/pack.h"
#include "base/cleanup.h"

#include <check.h>
#include <string.h>

#define MIB (INT64_C(1) << 20)
#define DVD (INT64_C(4700372992))

enum { FILES_MAX = 60, MEDIA_MAX = 3, CASES = 7, ROUNDS = 3000 };

static uint64_t state;

static uint64_t random_bits(void)
{
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        return state >> 33;
}

static uint64_t random_below(uint64_t n)
{
        uint64_t high = random_bits();

        return (high << 31 | random_bits()) % n;
}

static const char *const numbers[CASES] = {
                NULL,
                "A-1",
                "济消行罚决字〔2026〕第0012号",
                "../../etc",
                "a-1",
                "B",
                "a case whose number is much longer than any folder of a volume may ever be called"};

struct inputs {
        struct pack_file files[FILES_MAX];
        struct pack_medium media[MEDIA_MAX];
        size_t n_files, n_media;
};

static void inputs_make(struct inputs *in)
{
        in->n_files = random_below(FILES_MAX + 1);
        in->n_media = random_below(MEDIA_MAX + 1);
        for (size_t i = 0; i < in->n_files; i++)
                in->files[i] = (struct pack_file){
                                .id = (int64_t)(i * 7 + 1),
                                .case_number = numbers[random_below(CASES)],
                                .name = "20261119_182000_3700102.MP4",
                                .size = (int64_t)(random_below(8) == 0 ? random_below(9000 * MIB)
                                                                       : random_below(300 * MIB)),
                                .row_size = random_below(2000),
                                .sm3 = random_below(2),
                };
        for (size_t k = 0; k < in->n_media; k++)
                in->media[k] = (struct pack_medium){
                                .format = (enum pack_format)random_below(_PACK_FORMAT_MAX),
                                .capacity = (int64_t)random_below(2 * DVD),
                                .cluster = random_below(2) ? 0 : 32768,
                                .count = random_below(4),
                };
}

/* What the volume costs, added up anew from its files. */
static int64_t volume_cost(const struct inputs *in, const struct pack_plan *plan, size_t v)
{
        const struct pack_medium *m = &in->media[plan->volumes[v].medium];
        bool cases[CASES] = {false};
        int64_t cost = pack_cost_of_volume(m);

        for (size_t i = 0; i < in->n_files; i++) {
                const struct pack_file *f = &in->files[i];

                if (plan->places[i].told != PACK_PLANNED || plan->places[i].volume != v)
                        continue;
                ck_assert_int_le(f->size, pack_largest_file(m));
                cost += pack_cost_of_file(m, f);
                for (size_t k = 0; k < CASES; k++)
                        if (f->case_number == numbers[k] && !cases[k]) {
                                cases[k] = true;
                                cost += pack_cost_of_case(m, numbers[k]);
                        }
        }
        return cost;
}

static bool alone_fits(const struct pack_medium *m, const struct pack_file *f)
{
        return f->size <= pack_largest_file(m) &&
               pack_cost_of_volume(m) + pack_cost_of_case(m, f->case_number) + pack_cost_of_file(m, f) <=
                               m->capacity;
}

static void check_files(const struct inputs *in, const struct pack_plan *plan)
{
        for (size_t i = 0; i < in->n_files; i++) {
                bool fits = false;

                for (size_t k = 0; k < in->n_media; k++)
                        fits |= alone_fits(&in->media[k], &in->files[i]);
                if (plan->places[i].told == PACK_PLANNED)
                        ck_assert_uint_lt(plan->places[i].volume, plan->n_volumes);
                ck_assert(fits == (plan->places[i].told != PACK_TOO_LARGE));
        }
}

static void check_volumes(const struct inputs *in, const struct pack_plan *plan)
{
        size_t used[MEDIA_MAX] = {0}, files = 0, planned = 0;

        for (size_t v = 0; v < plan->n_volumes; v++) {
                const struct pack_volume *p = &plan->volumes[v];

                ck_assert_uint_lt(p->medium, in->n_media);
                used[p->medium]++;
                ck_assert_uint_gt(p->n_files, 0);
                files += p->n_files;
                ck_assert_int_eq(p->cost, volume_cost(in, plan, v));
                ck_assert_int_le(p->cost, in->media[p->medium].capacity);
                ck_assert_int_lt(p->bytes, p->cost);
        }
        for (size_t i = 0; i < in->n_files; i++)
                planned += plan->places[i].told == PACK_PLANNED;
        ck_assert_uint_eq(files, planned);
        for (size_t k = 0; k < in->n_media; k++)
                ck_assert(in->media[k].count == 0 || used[k] <= in->media[k].count);
}

/* With media without end nothing that fits is left, and a case that one of them takes whole is in one
 * volume. */
static void check_endless(const struct inputs *in, const struct pack_plan *plan)
{
        for (size_t k = 0; k < in->n_media; k++)
                if (in->media[k].count > 0)
                        return;
        for (size_t i = 0; i < in->n_files; i++)
                ck_assert(plan->places[i].told != PACK_NO_MEDIUM);
        for (size_t n = 1; n < CASES; n++) {
                bool whole = false, together = true;
                size_t volume = SIZE_MAX;

                for (size_t k = 0; k < in->n_media; k++) {
                        const struct pack_medium *m = &in->media[k];
                        int64_t cost = pack_cost_of_volume(m) + pack_cost_of_case(m, numbers[n]);
                        bool each = true;

                        for (size_t i = 0; i < in->n_files; i++)
                                if (in->files[i].case_number == numbers[n] &&
                                    plan->places[i].told == PACK_PLANNED) {
                                        cost += pack_cost_of_file(m, &in->files[i]);
                                        each &= in->files[i].size <= pack_largest_file(m);
                                }
                        whole |= each && cost <= m->capacity;
                }
                for (size_t i = 0; i < in->n_files; i++) {
                        if (in->files[i].case_number != numbers[n] || plan->places[i].told != PACK_PLANNED)
                                continue;
                        together &= volume == SIZE_MAX || volume == plan->places[i].volume;
                        volume = plan->places[i].volume;
                }
                ck_assert(!whole || together);
        }
}

/* The same files in another order: the same volumes. */
static void check_order(const struct inputs *in, const struct pack_plan *plan)
{
        struct pack_file files[FILES_MAX];
        struct pack_plan other;

        for (size_t i = 0; i < in->n_files; i++)
                files[i] = in->files[in->n_files - 1 - i];
        ck_assert_int_eq(pack_make(files, in->n_files, in->media, in->n_media, &other), 0);
        ck_assert_uint_eq(other.n_volumes, plan->n_volumes);
        for (size_t i = 0; i < in->n_files; i++) {
                ck_assert_int_eq(other.places[in->n_files - 1 - i].told, plan->places[i].told);
                ck_assert_uint_eq(other.places[in->n_files - 1 - i].volume, plan->places[i].volume);
        }
        pack_plan_done(&other);
}

START_TEST(holds_always)
{
        size_t planned = 0, large = 0, without = 0, split = 0;

        state = 20261129;
        for (int round = 0; round < ROUNDS; round++) {
                struct inputs in;
                struct pack_plan plan;

                inputs_make(&in);
                ck_assert_int_eq(pack_make(in.files, in.n_files, in.media, in.n_media, &plan), 0);
                check_files(&in, &plan);
                check_volumes(&in, &plan);
                check_endless(&in, &plan);
                check_order(&in, &plan);
                for (size_t i = 0; i < in.n_files; i++) {
                        planned += plan.places[i].told == PACK_PLANNED;
                        large += plan.places[i].told == PACK_TOO_LARGE;
                        without += plan.places[i].told == PACK_NO_MEDIUM;
                }
                split += plan.n_split;
                pack_plan_done(&plan);
        }
        /* The inputs come to everything there is. */
        ck_assert(planned > 1000 && large > 1000 && without > 1000 && split > 100);
}
END_TEST

static const struct pack_medium dvd = {.format = PACK_ISO9660, .capacity = DVD};
static const struct pack_medium bluray = {.format = PACK_ISO9660, .capacity = INT64_C(25025314816)};

START_TEST(goes_to_the_larger_medium)
{
        const struct pack_medium media[] = {dvd, bluray};
        const struct pack_file files[] = {
                        {.id = 1, .case_number = "A", .name = "a", .size = 3000 * MIB},
                        {.id = 2, .case_number = "A", .name = "b", .size = 3000 * MIB},
                        {.id = 3, .case_number = "B", .name = "c", .size = 6000 * MIB},
                        {.id = 4, .case_number = "C", .name = "d", .size = 100 * MIB},
                        {.id = 5, .case_number = "D", .name = "e", .size = 30000 * MIB},
        };
        struct pack_plan plan;

        ck_assert_int_eq(pack_make(files, 5, media, 2, &plan), 0);
        ck_assert_uint_eq(plan.n_volumes, 1);
        ck_assert_uint_eq(plan.volumes[0].medium, 1);
        ck_assert_uint_eq(plan.volumes[0].n_files, 4);
        ck_assert_int_eq(plan.volumes[0].bytes, 12100 * MIB);
        ck_assert_int_eq(plan.places[4].told, PACK_TOO_LARGE);
        ck_assert_uint_eq(plan.n_split, 0);
        pack_plan_done(&plan);
        /* Nothing larger: the case is torn, the file told, the small case with what is left of the large
         * one. */
        ck_assert_int_eq(pack_make(files, 5, media, 1, &plan), 0);
        ck_assert_uint_eq(plan.n_volumes, 2);
        ck_assert_uint_eq(plan.n_split, 1);
        ck_assert_uint_ne(plan.places[0].volume, plan.places[1].volume);
        ck_assert_int_eq(plan.places[2].told, PACK_TOO_LARGE);
        ck_assert_uint_eq(plan.places[3].volume, plan.places[0].volume);
        pack_plan_done(&plan);
}
END_TEST

START_TEST(tells_when_media_are_used_up)
{
        const struct pack_medium one = {.format = PACK_ISO9660, .capacity = DVD, .count = 1};
        const struct pack_file files[] = {
                        {.id = 1, .name = "a", .size = 3000 * MIB},
                        {.id = 2, .name = "b", .size = 3001 * MIB},
        };
        struct pack_plan plan;

        ck_assert_int_eq(pack_make(files, 2, &one, 1, &plan), 0);
        ck_assert_uint_eq(plan.n_volumes, 1);
        ck_assert_int_eq(plan.places[0].told, PACK_NO_MEDIUM);
        ck_assert_int_eq(plan.places[1].told, PACK_PLANNED);
        pack_plan_done(&plan);
}
END_TEST

START_TEST(knows_what_a_file_system_takes)
{
        const struct pack_medium fat = {.format = PACK_FAT32, .capacity = 64000 * MIB};
        const struct pack_file files[] = {
                        {.id = 1, .name = "a", .size = INT64_C(0xffffffff)},
                        {.id = 2, .name = "b", .size = INT64_C(0x100000000)},
        };
        struct pack_plan plan;

        ck_assert_int_eq(pack_make(files, 2, &fat, 1, &plan), 0);
        ck_assert_int_eq(plan.places[0].told, PACK_PLANNED);
        ck_assert_int_eq(plan.places[1].told, PACK_TOO_LARGE);
        pack_plan_done(&plan);
}
END_TEST

START_TEST(refuses_nonsense)
{
        const struct pack_file negative = {.id = 1, .size = -1}, twice[] = {{.id = 1}, {.id = 1}};
        const struct pack_medium unknown = {.format = _PACK_FORMAT_MAX, .capacity = DVD};
        const struct pack_medium endless = {.format = PACK_EXT4, .capacity = INT64_MAX};
        struct pack_plan plan = {.n_volumes = 99};

        ck_assert_int_eq(pack_make(&negative, 1, &dvd, 1, &plan), -EINVAL);
        ck_assert_int_eq(pack_make(twice, 2, &dvd, 1, &plan), -EINVAL);
        ck_assert_int_eq(pack_make(twice, 1, &unknown, 1, &plan), -EINVAL);
        ck_assert_int_eq(pack_make(twice, 1, &endless, 1, &plan), -EINVAL);
        ck_assert_uint_eq(plan.n_volumes, 99);
        ck_assert_int_eq(pack_make(NULL, 0, NULL, 0, &plan), 0);
        ck_assert_uint_eq(plan.n_volumes, 0);
        pack_plan_done(&plan);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("archive_pack");
        TCase *t = tcase_create("pack");
        SRunner *runner;
        int failed;

        tcase_set_timeout(t, 60);
        tcase_add_test(t, holds_always);
        tcase_add_test(t, goes_to_the_larger_medium);
        tcase_add_test(t, tells_when_media_are_used_up);
        tcase_add_test(t, knows_what_a_file_system_takes);
        tcase_add_test(t, refuses_nonsense);
        suite_add_tcase(s, t);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
