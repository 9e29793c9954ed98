#include "power_loss.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// What a file held where it was written since its last sync.
typedef struct Undo {
    struct Undo *older;
    char *path;
    long long offset, size;
    int count, held;
    unsigned char bytes[];
} Undo;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static Undo *newest;
static int isRecording, isOut;
static int countdown;

void power_loss_record(int syncs) {
    pthread_mutex_lock(&lock);
    isRecording = 1;
    isOut = 0;
    countdown = syncs;
    pthread_mutex_unlock(&lock);
}

int power_loss_is_out(void) {
    pthread_mutex_lock(&lock);
    int out = isOut;
    pthread_mutex_unlock(&lock);
    return out;
}

// Notes what is about to be overwritten, or cut off. Returns 0 when the power is out.
int power_loss_will_write(const char *path, long long offset, int count) {
    pthread_mutex_lock(&lock);
    int isOn = !isOut;
    if (isOn && isRecording && path) {
        int file = open(path, O_RDONLY | O_CLOEXEC);
        struct stat status;
        if (file >= 0 && fstat(file, &status) == 0) {
            if (count < 0) count = status.st_size > offset ? (int)(status.st_size - offset) : 0;
            Undo *undo = malloc(sizeof(Undo) + (size_t)count);
            ssize_t held = pread(file, undo->bytes, (size_t)count, offset);
            undo->older = newest;
            undo->path = strdup(path);
            undo->offset = offset;
            undo->size = status.st_size;
            undo->count = count;
            undo->held = held > 0 ? (int)held : 0;
            newest = undo;
        }
        if (file >= 0) close(file);
    }
    pthread_mutex_unlock(&lock);
    return isOn;
}

// Forgets what a sync has made safe. Returns 0 when the power went out at this sync, before it did anything.
int power_loss_will_sync(const char *path) {
    pthread_mutex_lock(&lock);
    if (isRecording && !isOut && countdown > 0 && --countdown == 0) isOut = 1;
    int isOn = !isOut;
    if (isOn && isRecording && path) {
        for (Undo **link = &newest; *link;) {
            Undo *undo = *link;
            if (strcmp(undo->path, path) != 0) {
                link = &undo->older;
                continue;
            }
            *link = undo->older;
            free(undo->path);
            free(undo);
        }
    }
    pthread_mutex_unlock(&lock);
    return isOn;
}

static uint64_t next(uint64_t *state) {
    uint64_t z = (*state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

int power_loss_apply(enum power_loss_mode mode, uint64_t seed) {
    pthread_mutex_lock(&lock);
    int touched = 0;
    while (newest) {
        Undo *undo = newest;
        newest = undo->older;
        int file = open(undo->path, O_RDWR | O_CLOEXEC);
        if (file >= 0) {
            uint64_t bits = next(&seed);
            if (mode == POWER_LOSS_DROP || bits % 3 == 0) {
                // As if it had never been written, length included.
                if (pwrite(file, undo->bytes, (size_t)undo->held, undo->offset) == undo->held) touched++;
                if (undo->offset + undo->count > undo->size && ftruncate(file, undo->size) != 0) touched--;
            } else if (mode == POWER_LOSS_GARBLE && bits % 3 == 1 && undo->count > 0) {
                // The head was over it when the power went.
                int length = undo->count < 512 ? undo->count : 512;
                unsigned char noise[512];
                for (int i = 0; i < length; i++) noise[i] = (unsigned char)next(&seed);
                long long place = undo->offset + (long long)(next(&seed) % (uint64_t)(undo->count - length + 1));
                if (pwrite(file, noise, (size_t)length, place) == length) touched++;
            }
            close(file);
        }
        free(undo->path);
        free(undo);
    }
    isRecording = 0;
    isOut = 0;
    countdown = 0;
    pthread_mutex_unlock(&lock);
    return touched;
}
