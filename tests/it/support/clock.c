/* Moves the system's time for one process, and leaves the monotonic clock alone. Preloaded. The file that CLOCK_FILE names holds by how many
 * nanoseconds; whoever writes it moves the time of all that have it. Without the variable nothing moves. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const int64_t NANOSECONDS = 1000000000;

static int64_t moved_by(void)
{
    static const volatile int64_t *_Atomic moved;
    static atomic_int is_open;
    if (!is_open) {
        const char *name = getenv("CLOCK_FILE");
        int file = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
        void *content = file < 0 ? MAP_FAILED : mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, file, 0);
        if (name && content == MAP_FAILED)
            abort();
        if (file >= 0)
            close(file);
        moved = name ? content : NULL;
        is_open = 1;
    }
    const volatile int64_t *by = moved;
    return by ? *by : 0;
}

int clock_gettime(clockid_t clock, struct timespec *time)
{
    int failed = (int)syscall(SYS_clock_gettime, clock, time);
    if (!failed && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        int64_t now = time->tv_sec * NANOSECONDS + time->tv_nsec + moved_by();
        time->tv_sec = now / NANOSECONDS;
        time->tv_nsec = now % NANOSECONDS;
    }
    return failed;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone)
{
    (void)zone;
    struct timespec now;
    int failed = clock_gettime(CLOCK_REALTIME, &now);
    time->tv_sec = now.tv_sec;
    time->tv_usec = now.tv_nsec / 1000;
    return failed;
}

time_t time(time_t *seconds)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (seconds)
        *seconds = now.tv_sec;
    return now.tv_sec;
}
