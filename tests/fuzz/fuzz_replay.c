// SPDX-License-Identifier: LGPL-2.1-or-later
/* Runs a fuzz target over the files and folders of its command line, so that every input ever found stays
 * tested. */
#include "fuzz_target.h"

#include "base/cleanup.h"

#include <limits.h>
#include <string.h>

#define INPUT_MAX (1024 * 1024)

static int file_replay(const char *path)
{
        _cleanup_fclose_ FILE *f = fopen(path, "re");
        _cleanup_free_ uint8_t *data = malloc(INPUT_MAX);
        _cleanup_free_ uint8_t *exact = NULL;
        size_t n;

        if (!f || !data)
                return -errno;
        n = fread(data, 1, INPUT_MAX, f);
        exact = malloc(n + !n); /* a sanitizer sees the first byte too many */
        if (!exact)
                return -ENOMEM;
        memcpy(exact, data, n);
        return LLVMFuzzerTestOneInput(exact, n);
}

static int folder_replay(const char *path, unsigned int *count)
{
        _cleanup_(closedirp) DIR *dir = opendir(path);
        struct dirent *e;

        if (!dir)
                return -errno;
        while ((e = readdir(dir))) {
                char file[PATH_MAX];
                int r;

                if (e->d_name[0] == '.')
                        continue;
                (void)snprintf(file, sizeof(file), "%s/%s", path, e->d_name);
                r = file_replay(file);
                if (r < 0)
                        return r;
                (*count)++;
        }
        return 0;
}

int main(int argc, char **argv)
{
        unsigned int count = 0;

        for (int i = 1; i < argc; i++) {
                int r = folder_replay(argv[i], &count);

                if (r < 0) {
                        (void)fprintf(stderr, "%s: %s\n", argv[i], strerror(-r));
                        return EXIT_FAILURE;
                }
        }
        (void)printf("%u inputs\n", count);
        return count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
