// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The container check of a whole file: the first byte of the input chooses its name, the rest is the file.
 * What is under test are our own walks and how they use libavformat; a bug of libavformat shows here, too,
 * and is contained by the sandbox in production.
 */
#include "fuzz_target.h"

#include "base/cleanup.h"
#include "media/demux_walk.h"
#include "media/media_check.h"

#include <sys/mman.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const char *const names[] = {"a.mp4", "a.avi", "a.wav", "a.ts",
                                            "a.jpg", "a.png", "a.mkv", "a.txt"};
        _cleanup_close_ int fd = -EBADF;
        struct media_source source = {0};
        struct media_report report;

        demux_prepare();
        if (size < 1)
                return 0;
        fd = memfd_create("fuzz", MFD_CLOEXEC);
        if (fd < 0 || write(fd, data + 1, size - 1) != (ssize_t)(size - 1))
                abort();
        source.fd = fd;
        source.name = names[data[0] % ELEMENTSOF(names)];
        source.size = (int64_t)size - 1;
        if (media_check(&source, &report) == 0 && report.verdict >= _VERDICT_MAX)
                abort();
        return 0;
}
